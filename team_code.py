"""The three functions that the Challenge calls: the adapter between its files and `ecgpaper`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ecgpaper.classify.branches import PageClassifier
from ecgpaper.classify.picture import Sight, look_at
from ecgpaper.digitize import Digitization, Digitizer
from ecgpaper.digitize.combine import combine_views, fit_to_record, join_frames
from ecgpaper.ecg import STANDARD_ORDER, ByteArray, Ecg, FloatArray
from ecgpaper.errors import EcgPaperError, RecordError
from ecgpaper.records import RecordHeader, read_header, read_image
from ecgpaper.train.challenge import train_all

logger = logging.getLogger("ecgpaper")

# Beyond this a sample does not fit the Challenge's 16-bit files.
MAX_MV = 32.767
# A header longer than this many pages says that its images are successive frames.
FRAMES_FROM_PAGES = 1.5
PAGE_S = 10.0


def train_models(data_folder: str, model_folder: str, verbose: bool) -> None:
    """Train the digitizer and the classifier from scratch and write them to the model folder."""
    _set_up_log(verbose)
    train_all(Path(data_folder), Path(model_folder))


def load_models(model_folder: str, verbose: bool) -> tuple[Digitizer, PageClassifier]:
    """Load the trained models."""
    _set_up_log(verbose)
    return Digitizer.load(Path(model_folder)), PageClassifier.load(Path(model_folder))


def run_models(
    record: str,
    digitization_model: Digitizer,
    classification_model: PageClassifier,
    verbose: bool,
) -> tuple[FloatArray, list[str]]:
    """Digitize and classify the images of one record.

    Returns
    -------
    signals : ndarray of float64, of shape (n_samples, n_leads), in mV
        In the header's order of leads; NaN where nothing was recovered.
    labels : list of str
        At least one.
    """
    del verbose  # load_models has set the log up
    header = read_header(record)
    photos = _read_images(Path(record).parent, header)
    pages = [_read_page(photo, header, digitization_model) for photo in photos]
    ecg = _join(pages, header)
    diagnosis = classification_model.diagnose(
        ecg, _sights(photos, pages), age_years=header.age_years, sex=header.sex
    )
    signals = fit_to_record(ecg, header.lead_names, header.n_samples)
    return np.clip(signals, -MAX_MV, MAX_MV), list(diagnosis.labels)


def _read_images(folder: Path, header: RecordHeader) -> list[ByteArray | None]:
    """Read the images of a record; one that is missing or damaged costs itself only."""
    photos: list[ByteArray | None] = []
    for name in header.image_names:
        try:
            photos.append(read_image(folder / name))
        except RecordError as error:
            logger.warning("%s, image %s: %s", header.name, name, error)
            photos.append(None)
    return photos


def _read_page(
    photo: ByteArray | None, header: RecordHeader, digitizer: Digitizer
) -> Digitization | None:
    """Digitize an image; None if it defeats the digitizer."""
    if photo is None:
        return None
    try:
        return digitizer.digitize(photo, fs=header.fs)
    except EcgPaperError as error:
        logger.warning("%s, an image of %s pixels: %s", header.name, photo.shape[:2], error)
        return None


def _join(pages: Sequence[Digitization | None], header: RecordHeader) -> Ecg:
    """Make one signal of all pages; nothing but NaN where none could be read."""
    read = [page for page in pages if page is not None]
    if not read:
        logger.warning("%s: nothing could be read from %d image(s)", header.name, len(pages))
        nothing = np.full((max(1, header.n_samples), len(STANDARD_ORDER)), np.nan)
        return Ecg(nothing, header.fs, STANDARD_ORDER)
    is_long = header.n_samples / header.fs > FRAMES_FROM_PAGES * PAGE_S
    return join_frames(pages, PAGE_S) if is_long else combine_views(read)


def _sights(
    photos: Sequence[ByteArray | None], pages: Sequence[Digitization | None]
) -> list[Sight]:
    """Look at the images that were digitized or, if none was, at all that there are."""
    both = list(zip(photos, pages, strict=True))
    read = [look_at(photo, page) for photo, page in both if photo is not None and page is not None]
    return read or [look_at(photo, None) for photo in photos if photo is not None]


def _set_up_log(verbose: bool) -> None:
    logging.basicConfig(format="%(message)s")
    logger.setLevel(logging.INFO if verbose else logging.WARNING)
