"""The three functions that the Challenge calls: the adapter between its files and `ecgpaper`."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np

from ecgpaper.classify import Classifier
from ecgpaper.digitize import Digitization, Digitizer
from ecgpaper.digitize.combine import combine_views, fit_to_record, join_frames
from ecgpaper.ecg import STANDARD_ORDER, Ecg, FloatArray
from ecgpaper.errors import EcgPaperError
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


def load_models(model_folder: str, verbose: bool) -> tuple[Digitizer, Classifier]:
    """Load the trained models."""
    _set_up_log(verbose)
    return Digitizer.load(Path(model_folder)), Classifier.load(Path(model_folder))


def run_models(
    record: str, digitization_model: Digitizer, classification_model: Classifier, verbose: bool
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
    ecg = _read_pages(Path(record).parent, header, digitization_model)
    diagnosis = classification_model.diagnose(ecg, age_years=header.age_years, sex=header.sex)
    signals = fit_to_record(ecg, header.lead_names, header.n_samples)
    return np.clip(signals, -MAX_MV, MAX_MV), list(diagnosis.labels)


def _read_pages(folder: Path, header: RecordHeader, digitizer: Digitizer) -> Ecg:
    """Digitize the images of a record; one that cannot be read costs itself only."""
    pages: list[Digitization | None] = []
    for name in header.image_names:
        try:
            pages.append(digitizer.digitize(read_image(folder / name), fs=header.fs))
        except EcgPaperError as error:
            logger.warning("%s, image %s: %s", header.name, name, error)
            pages.append(None)
    read = [page for page in pages if page is not None]
    if not read:
        logger.warning("%s: nothing could be read from %d image(s)", header.name, len(pages))
        nothing = np.full((max(1, header.n_samples), len(STANDARD_ORDER)), np.nan)
        return Ecg(nothing, header.fs, STANDARD_ORDER)
    is_long = header.n_samples / header.fs > FRAMES_FROM_PAGES * PAGE_S
    return join_frames(pages, PAGE_S) if is_long else combine_views(read)


def _set_up_log(verbose: bool) -> None:
    logging.basicConfig(format="%(message)s")
    logger.setLevel(logging.INFO if verbose else logging.WARNING)
