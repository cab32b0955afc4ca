"""Train the picture branch of the classifier, and how it is mixed with the signals.

Public: `train_picture_branch`.

A tenth of the records is spared: the network does not learn from them. On pictures of their pages
its answers are calibrated, and on pages that the digitizer has read they are mixed with those of
the signals' network that has left the same record out.
"""

from __future__ import annotations

import logging
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import expit

from ecgpaper.classify.branches import CONTRACT, PICTURE
from ecgpaper.classify.fusion import signals_only
from ecgpaper.classify.labels import CLASSES, labels_above, one_hot
from ecgpaper.classify.picture import ink_of
from ecgpaper.ecg import BoolArray, FloatArray
from ecgpaper.nets.checkpoint import save_checkpoint
from ecgpaper.nets.convnext import ConvNext, ConvNextConfig
from ecgpaper.nets.description import CheckpointInfo
from ecgpaper.train.classifier.scores import score_labels
from ecgpaper.train.classifier.thresholds import (
    PRIOR_THRESHOLD,
    calibration_shift,
    choose_thresholds,
)
from ecgpaper.train.picture.holdout import Labeled
from ecgpaper.train.picture.pictures import (
    TARGET_PRESETS,
    PictureSource,
    picture_logits,
    train_pictures,
    two_stages,
)
from ecgpaper.train.picture.stacking import Readers, fit_stacking
from ecgpaper.train.picture.store import PictureStore
from ecgpaper.train.span import Span

logger = logging.getLogger(__name__)

# Pictures of each spared record, to calibrate by.
_N_PAGES = 2
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
    config: ConvNextConfig | None = None,
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
    config : ConvNextConfig, optional
    """
    learned, spared = records.split(seed)
    kept = folder / f".{PICTURE}-pages"
    stages = two_stages(span.n_steps, len(learned))
    source = PictureSource(learned.ecgs, kept, stages, ink_of, seed)
    state_file = folder / f".{PICTURE}"
    network = train_pictures(
        source, learned.truth, config=config, state_file=state_file, span=span
    ).cpu()
    thresholds, metrics = _calibrate(network, spared, kept, seed)
    stacker = signals_only(len(CLASSES))
    pages = replace(opinions, n_steps=min(opinions.n_steps, len(spared)))
    if pages.n_steps:
        readers = Readers.load(folder, network, kept)
        stacker, figures = fit_stacking(readers, spared, pages, seed=seed)
        metrics |= figures
    training = {
        "seed": seed,
        "n_records": len(learned),
        "n_spared": len(spared),
        "stages": [asdict(stage) for stage in stages],
        "batch_size": source.batch_size,
        "n_steps": span.meter.n_steps,
        "n_pages_of_opinions": pages.meter.n_steps,
        "examples": dict(zip(CLASSES, learned.truth.sum(axis=0).tolist(), strict=True)),
    }
    info = CheckpointInfo(
        ConvNext.__name__,
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
    network: ConvNext, spared: Labeled, kept: Path, seed: int
) -> tuple[FloatArray, dict[str, object]]:
    """Make the network's answers mean how often a class occurs; choose thresholds; score."""
    if not len(spared):
        logger.warning("too few records to judge the picture branch by: it is not calibrated")
        return np.full(len(CLASSES), PRIOR_THRESHOLD), {}
    store = PictureStore(spared.ecgs, TARGET_PRESETS, _N_PAGES, seed, kept)
    logits = picture_logits(network, [ink_of(picture) for picture in store])
    truth = np.tile(spared.truth, (_N_PAGES, 1))
    slope, shift = calibration(logits, truth)
    network.rescale_logits(slope, shift.tolist())
    probabilities = expit(slope * logits + shift)
    rng = np.random.default_rng(seed)
    thresholds = choose_thresholds(probabilities, truth, rng=rng)
    answered = one_hot([labels_above(row, thresholds) for row in probabilities])
    found = score_labels(probabilities, truth, answered)
    logger.info(
        "pictures of spared records: macro AUROC %.3f, macro F %.3f",
        *(found.macro_auroc, found.macro_f),
    )
    return thresholds, {"spared records, pictures of their pages": found.as_dict()}


def calibration(logits: FloatArray, truth: BoolArray) -> tuple[float, FloatArray]:
    """Return the factor of all logits, and then the shift of those of each class.

    Parameters
    ----------
    logits : ndarray of shape (n_pictures, 11)
    truth : ndarray of bool, of shape (n_pictures, 11)
    """
    sign = np.where(truth, 1.0, -1.0)

    def loss(slope: float) -> float:
        shift = calibration_shift(expit(slope * logits), truth)
        return float(np.logaddexp(0, -sign * (slope * logits + shift)).mean())

    slope = float(minimize_scalar(loss, bounds=(_FLATTEST, _STEEPEST), method="bounded").x)
    return slope, calibration_shift(expit(slope * logits), truth)
