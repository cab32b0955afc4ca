"""The three functions that the Challenge calls: the adapter between its files and `ecgpaper`.

The organizers put their own `run_model.py` and `helper_code.py` in the place of ours, and there a
record that raises, or returns what cannot be saved, ends the run. So `run_models` answers each
record with as much as can be read and saved, and names the rest in the log.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np

import helper_code
from ecgpaper.classify import NAME as CLASSIFIER
from ecgpaper.classify.branches import PICTURE, PageClassifier
from ecgpaper.classify.picture import Sight, look_at
from ecgpaper.digitize import Digitization, Digitizer
from ecgpaper.digitize.answer.combine import combine_views, fit_to_record, join_frames
from ecgpaper.digitize.networks import CONTRACTS
from ecgpaper.ecg import STANDARD_ORDER, ByteArray, Ecg, FloatArray
from ecgpaper.errors import RecordError
from ecgpaper.files.records.challenge import RecordHeader, read_comments, read_header, read_image
from ecgpaper.nets.stored.checkpoint import require_files
from ecgpaper.nets.stored.weights import shipped_model
from ecgpaper.runtime.boundary import PageFault, attempt
from ecgpaper.runtime.bounds import FS_HZ
from ecgpaper.train.challenge import train_all

logger = logging.getLogger("ecgpaper")

# A header longer than this many pages says that its images are successive frames.
FRAMES_FROM_PAGES = 1.5
PAGE_S = 10.0
# The pages of a record without a usable header are read as the Challenge's are.
USUAL_FS_HZ = 500.0
# What the harness and wfdb raise on signals, or headers, that they cannot save.
_NOT_SAVED = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def train_models(data_folder: str, model_folder: str, verbose: bool) -> None:
    """Train everything from scratch, in a time that fits the records, into the model folder.

    The environment's ECGPAPER_TRAIN_MINUTES states another time.
    """
    _set_up_log(verbose)
    train_all(Path(data_folder), Path(model_folder))


def load_models(model_folder: str, verbose: bool) -> tuple[Digitizer, PageClassifier]:
    """Load the trained models; those that come with the program where the folder is empty."""
    _set_up_log(verbose)
    folder = Path(model_folder)
    if folder.is_dir() and not any(folder.iterdir()):
        folder = shipped_model()
        logger.warning("%s is empty: the weights of %s are used", model_folder, folder)
    require_files(folder, (*CONTRACTS, CLASSIFIER, PICTURE))
    return Digitizer.load(folder), PageClassifier.load(folder)


def run_models(
    record: str,
    digitization_model: Digitizer,
    classification_model: PageClassifier,
    verbose: bool,
) -> tuple[FloatArray | None, list[str] | None]:
    """Digitize and classify the images of one record.

    Returns
    -------
    signals : ndarray of float64, of shape (n_samples, n_leads), in the header's units, or None
        In the header's order of leads; NaN where nothing was recovered, see `_not_empty`. None
        where the header lets no signal be saved.
    labels : list of str or None
        At least one; None if the classifier itself is broken.
    """
    del verbose  # load_models has set the log up
    header = _read_header(record)
    photos = _read_images(Path(record).parent, header)
    pages = [_read_page(photo, header, digitization_model) for photo in photos]
    ecg = _join(pages, header)
    labels = _labels(ecg, _sights(photos, pages, header), header, classification_model)
    if not header.lead_names:
        logger.warning("%s.hea, answered without signals: it describes no lead", record)
        return None, labels
    signals = _signals(ecg, pages, header)
    return (signals if _is_saved(record, signals) else None), labels


def _read_header(record: str) -> RecordHeader:
    """Read a header; of one that makes no sense, the comments, which name the images."""
    found = attempt(lambda: read_header(record), "reading a header")
    if not isinstance(found, PageFault):
        return found
    _log(record, found)
    comments = attempt(lambda: read_comments(record), "reading the comments of a header")
    known = () if isinstance(comments, PageFault) else comments
    return RecordHeader(Path(record).name, USUAL_FS_HZ, 0, (), (), known)


def _read_images(folder: Path, header: RecordHeader) -> list[ByteArray | None]:
    """Read the images of a record; one that is missing or damaged costs itself only."""
    photos: list[ByteArray | None] = []
    for name in header.image_names:
        photo = attempt(partial(read_image, folder / name), "reading an image")
        if isinstance(photo, PageFault):
            _log(f"{header.name}, image {name}", photo)
        photos.append(None if isinstance(photo, PageFault) else photo)
    return photos


def _read_page(
    photo: ByteArray | None, header: RecordHeader, digitizer: Digitizer
) -> Digitization | None:
    """Digitize an image; None if it defeats the digitizer."""
    if photo is None:
        return None
    page = attempt(partial(_digitize, photo, header, digitizer), "digitizing an image")
    if isinstance(page, PageFault):
        _log(f"{header.name}, an image of {photo.shape[:2]} pixels", page)
        return None
    return page


def _digitize(photo: ByteArray, header: RecordHeader, digitizer: Digitizer) -> Digitization:
    try:
        fs = FS_HZ.checked(header.fs)
    except ValueError as error:
        raise RecordError(f"{error}: mend the header") from error
    return digitizer.digitize(photo, fs=fs)


def _join(pages: Sequence[Digitization | None], header: RecordHeader) -> Ecg:
    """Make one signal of all pages; nothing but NaN where none could be read."""
    read = [page for page in pages if page is not None]
    if not read:
        logger.warning("%s: nothing could be read from %d image(s)", header.name, len(pages))
        return _nothing(header)
    is_long = header.n_samples / header.fs > FRAMES_FROM_PAGES * PAGE_S
    return join_frames(pages, PAGE_S) if is_long else combine_views(read)


def _nothing(header: RecordHeader) -> Ecg:
    n_samples = header.n_samples or max(1, round(PAGE_S * header.fs))
    return Ecg(np.full((n_samples, len(STANDARD_ORDER)), np.nan), header.fs, STANDARD_ORDER)


def _sights(
    photos: Sequence[ByteArray | None], pages: Sequence[Digitization | None], header: RecordHeader
) -> list[Sight]:
    """Look at the images that were digitized or, if none was, at all that there are."""
    both = list(zip(photos, pages, strict=True))
    read = [(photo, page) for photo, page in both if photo is not None and page is not None]
    unread = [(photo, None) for photo, _ in both if photo is not None]
    for chosen in (read, unread):
        seen = [
            attempt(partial(look_at, photo, page), "looking at an image") for photo, page in chosen
        ]
        for fault in seen:
            if isinstance(fault, PageFault):
                _log(header.name, fault)
        sights = [sight for sight in seen if not isinstance(sight, PageFault)]
        if sights:
            return sights
    return []


def _labels(
    ecg: Ecg, sights: Sequence[Sight], header: RecordHeader, classifier: PageClassifier
) -> list[str] | None:
    """Classify a record: by what defeats the classifier no longer, if something does."""
    diagnose = partial(classifier.diagnose, age_years=header.age_years, sex=header.sex)
    nothing = _nothing(header)
    for signals, seen in ((ecg, sights), (nothing, sights), (nothing, ())):
        found = attempt(partial(diagnose, signals, seen), "classifying a record")
        if not isinstance(found, PageFault):
            return list(found.labels)
        _log(header.name, found)
    return None


def _signals(ecg: Ecg, pages: Sequence[Digitization | None], header: RecordHeader) -> FloatArray:
    """Put a record's leads into the header's order, length and units, within what its files hold.

    Returns
    -------
    ndarray of shape (n_samples, n_leads)
    """
    fitted_mv = fit_to_record(ecg, header.lead_names, header.n_samples or ecg.n_samples)
    fitted_mv = _not_empty(fitted_mv, pages, header)
    low_mv, high_mv = np.array(header.limits_mv, dtype=np.float64).T
    holds_zero = (low_mv <= 0) & (high_mv >= 0)
    fitted_mv = np.where(holds_zero, np.clip(fitted_mv, low_mv, high_mv), np.nan)
    # What is no voltage has no factor, and stays empty.
    return np.asarray(fitted_mv / np.array(header.mv_per_unit, dtype=np.float64))


def _not_empty(
    signals_mv: FloatArray, pages: Sequence[Digitization | None], header: RecordHeader
) -> FloatArray:
    """Give each lead that could not be read one sample, of 0 mV, in the middle of its place.

    The organizers' `evaluate_model.py -x` ends, for all records, at the first lead with nothing to
    compare. Where the reference has a sample as well, one suffices. A lead without any scores 0 dB,
    and so does one of 0 mV. Alignment may move the sample onto the curve: at most 0.01 dB with all
    of a lead in the reference, 0.05 with a quarter.
    """
    filled = signals_mv.copy()
    n_samples = len(filled)
    for column in np.flatnonzero(np.isnan(filled).all(axis=0)) if n_samples else ():
        at = round(_middle_s(header.lead_names[column], pages) * header.fs)
        if at >= n_samples:
            at = round(_usual_place(header.lead_names[column]) * n_samples)
        filled[min(at, n_samples - 1), column] = 0.0
    return filled


def _middle_s(lead: str, pages: Sequence[Digitization | None]) -> float:
    """Time in the middle of what the first page shows of a lead, or else of what 3x4 pages do."""
    page = pages[0] if pages else None
    for strip in page.layout.strips if page is not None else ():
        if strip.segment.lead == lead:
            return (strip.segment.start_s + strip.segment.stop_s) / 2
    return _usual_place(lead) * PAGE_S


def _usual_place(lead: str) -> float:
    """Middle of a lead's column of a 3x4 page, as a share of the width."""
    column = STANDARD_ORDER.index(lead) // 3 if lead in STANDARD_ORDER else 0
    return (column + 0.5) / 4


def _is_saved(record: str, signals: FloatArray) -> bool:
    """Tell whether the harness can save signals under the header, by saving a copy that goes."""
    fault = attempt(partial(_save, record, signals), "saving the signals of a record")
    if isinstance(fault, PageFault):
        _log(f"{record}.hea, answered without signals", fault)
        return False
    return True


def _save(record: str, signals: FloatArray) -> None:
    """Save signals as `run_model.py` does, and read them as `evaluate_model.py` does.

    Raises
    ------
    RecordError
        If the header prevents it.
    """
    try:
        with tempfile.TemporaryDirectory() as folder, np.errstate(all="ignore"):
            copy = f"{folder}/{Path(record).name}"
            header = helper_code.load_header(record)
            helper_code.save_header(copy, header)
            comments = [line for line in header.split("\n") if line.startswith("#")]
            helper_code.save_signals(copy, signals, comments)
            saved, _ = helper_code.load_signals(copy)
            if np.shape(saved) != signals.shape:
                raise ValueError(f"what is saved is read as {np.shape(saved)} values")
    except _NOT_SAVED as error:
        raise RecordError(
            f"{record}.hea must describe signals that can be saved; {type(error).__name__}: "
            f"{error}: write the header again, with a line 'FILE 16 1000.0(0)/mV 16 0 0 0 0 NAME' "
            "for each lead"
        ) from error
    except OSError as error:  # of this machine: no reason to withhold signals
        logger.warning("%s: saving could not be tried: %s", record, error)


def _log(where: str, fault: PageFault) -> None:
    """Name what was not answered, and for the one who wants to know, where the program failed."""
    logger.warning("%s: %s", where, fault)
    if fault.details:
        logger.info("%s", fault.details)


def _set_up_log(verbose: bool) -> None:
    logging.basicConfig(format="%(message)s")
    logger.setLevel(logging.INFO if verbose else logging.WARNING)
