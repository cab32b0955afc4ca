"""Train the picture branch of the classifier, and how it is mixed with the signals.

Public: `train_picture_branch`.

The network begins as the first of the signals' networks, and spares the records that this one has
left out. On pictures of their pages its answers are calibrated, and on pages that the digitizer has
read they are mixed with those of the signals' network.
"""

from __future__ import annotations

import logging
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit

from ecgpaper.classify import Classifier
from ecgpaper.classify.branches import CONTRACT, PICTURE, picture_logits
from ecgpaper.classify.fusion import signals_only
from ecgpaper.classify.infarcts import class_logits, questions_of
from ecgpaper.classify.labels import CLASSES, labels_above, one_hot
from ecgpaper.ecg import BoolArray, FloatArray
from ecgpaper.nets.picture import InkResNet
from ecgpaper.nets.stored.checkpoint import save_checkpoint
from ecgpaper.nets.stored.description import CheckpointInfo
from ecgpaper.synth import PRESETS
from ecgpaper.train.classifier.scores import score_labels
from ecgpaper.train.classifier.thresholds import (
    PRIOR_THRESHOLD,
    calibration_shift,
    choose_thresholds,
)
from ecgpaper.train.picture.holdout import Labeled
from ecgpaper.train.picture.pictures import (
    BATCH_SIZE,
    FIRST,
    PictureSource,
    begin,
    pages_for,
    teach,
    train_pictures,
)
from ecgpaper.train.picture.stacking import Readers, fit_stacking
from ecgpaper.train.picture.store import PictureStore
from ecgpaper.train.span import Span

logger = logging.getLogger(__name__)

# Pages of spared records to calibrate by: of each,
_SIGHTS_OF_EACH = 2
# and in all.
_MOST_PAGES = 600
# Slope of the calibration: between this
_FLATTEST = 0.1
# and this.
_STEEPEST = 3.0


def train_picture_branch(
    records: Labeled,
    folder: Path,
    *,
    span: Span,
    opinions: Span,
    seed: int,
) -> None:
    """Train the network, calibrate it, fit the stacker and write them to a model folder.

    Parameters
    ----------
    records : Labeled
    folder : Path
        Of the digitizer and the signals' networks; an interrupted training goes on where it
        stopped.
    span : Span
        Of the network's steps, which are planned: what it sees depends on how many there are.
    opinions : Span
        Of pages to draw and digitize; no more than one of each spared record.
    seed : int
    """
    learned, spared = records.split(FIRST)
    kept = folder / f".{PICTURE}-pages"
    signals = Classifier.load(folder).network
    pages = PictureStore(learned.ecgs, tuple(PRESETS), pages_for(span.n_steps), seed, kept)
    network = train_pictures(
        begin(signals, seed),
        PictureSource(learned.ecgs, pages, seed),
        teach(signals, learned.ecgs, learned.truth),
        span=span,
        state_file=folder / f".{PICTURE}",
    ).cpu()
    thresholds, metrics = _calibrate(network, spared, kept, seed)
    stacker = signals_only(len(CLASSES))
    read = replace(opinions, n_steps=min(opinions.n_steps, len(spared)))
    if read.n_steps:
        readers = Readers.load(folder, network, kept)
        stacker, figures = fit_stacking(readers, spared, read, seed=seed)
        metrics |= figures
    training = {
        "seed": seed,
        "n_records": len(learned),
        "n_spared": len(spared),
        "n_pages": len(pages),
        "batch_size": BATCH_SIZE,
        "n_steps": span.meter.n_steps,
        "n_pages_of_opinions": read.meter.n_steps,
        "examples": dict(zip(CLASSES, learned.truth.sum(axis=0).tolist(), strict=True)),
    }
    info = CheckpointInfo(
        InkResNet.__name__,
        asdict(network.config),
        inputs=dict(CONTRACT.inputs),
        training=training,
        metrics=metrics,
        extra={
            "classes": CLASSES,
            "thresholds": thresholds.round(4).tolist(),
            "stacker": stacker.weights.round(4).tolist(),
        },
    )
    save_checkpoint(folder, PICTURE, network, info)
    shutil.rmtree(kept, ignore_errors=True)


def _calibrate(
    network: InkResNet, spared: Labeled, kept: Path, seed: int
) -> tuple[FloatArray, dict[str, object]]:
    """Make the network's answers mean how often a class occurs; choose thresholds; score."""
    if not len(spared):
        logger.warning("too few records to judge the picture branch by: it is not calibrated")
        return np.full(len(CLASSES), PRIOR_THRESHOLD), {}
    n_pages = min(_SIGHTS_OF_EACH * len(spared), _MOST_PAGES)
    store = PictureStore(spared.ecgs, tuple(PRESETS), n_pages, seed, kept)
    questions = np.concatenate([picture_logits(network, [picture]) for picture in store])
    truth = spared.truth[[store.record(index) for index in range(n_pages)]]
    slope, shift = calibration(questions, *questions_of(truth))
    network.rescale_logits(slope, shift.tolist())
    probabilities = expit(class_logits(slope * questions + shift))
    rng = np.random.default_rng(seed)
    thresholds = choose_thresholds(probabilities, truth, rng=rng)
    answered = one_hot([labels_above(row, thresholds) for row in probabilities])
    found = score_labels(probabilities, truth, answered)
    logger.info(
        "pictures of spared records: macro AUROC %.3f, macro F %.3f",
        *(found.macro_auroc, found.macro_f),
    )
    return thresholds, {"spared records, pictures of their pages": found.as_dict()}


def calibration(
    logits: FloatArray, answers: BoolArray, is_asked: BoolArray
) -> tuple[float, FloatArray]:
    """Return the factor of all logits, and then the shift of those of each question.

    Parameters
    ----------
    logits : ndarray of shape (n_pictures, 11)
    answers, is_asked : ndarray of bool, of shape (n_pictures, 11)
        See `questions_of`.
    """
    sign = np.where(answers, 1.0, -1.0)

    def shift_of(slope: float) -> FloatArray:
        columns = zip(expit(slope * logits).T, answers.T, is_asked.T, strict=True)
        shifts = [calibration_shift(p[on, None], yes[on, None]) for p, yes, on in columns]
        return np.concatenate(shifts)

    def loss(slope: float) -> float:
        margin = sign * (slope * logits + shift_of(slope))
        return float(np.logaddexp(0, -margin)[is_asked].mean())

    slope = float(minimize_scalar(loss, bounds=(_FLATTEST, _STEEPEST), method="bounded").x)
    return slope, shift_of(slope)
