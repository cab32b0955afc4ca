"""What each network says of the records that it has not learnt from: thresholds and figures.

Public: `choose_left_out`, `LEFT_OUT_VIEWS`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import cast

import numpy as np
import torch
from scipy.special import expit, logit

from ecgpaper.classify import probabilities_of
from ecgpaper.classify.degrade import mask_of_layout
from ecgpaper.classify.labels import CLASSES, labels_above, one_hot
from ecgpaper.classify.scores import score_labels
from ecgpaper.classify.thresholds import (
    ABSENT_THRESHOLD,
    PRIOR_THRESHOLD,
    calibration_shift,
    choose_thresholds,
)
from ecgpaper.ecg import FloatArray
from ecgpaper.nets.resnet1d import ResNet1d, ResNet1dEnsemble
from ecgpaper.train.cohort import BatchSource

logger = logging.getLogger(__name__)

# Layouts on which thresholds are chosen: the page of the Challenge and the whole record.
LEFT_OUT_VIEWS = ("3x4+1R", "12x1")
_N_AT_ONCE = 200


def choose_left_out(
    network: ResNet1dEnsemble, source: BatchSource, *, unscored: Sequence[str] = ()
) -> tuple[FloatArray, dict[str, object]]:
    """Calibrate by what each member says of the records it has left out; choose thresholds; score.

    Parameters
    ----------
    network : ResNet1dEnsemble
        Its biases are moved so that probabilities mean how often a class occurs.
    source : BatchSource
        What it was trained on; without left-out records thresholds come from theory.
    unscored : sequence of str
        Classes whose examples are no truth to score against.

    Returns
    -------
    thresholds : ndarray of shape (11,)
    metrics : dict
        Scores by the name of the view; a little optimistic, because the thresholds fit them.
    """
    is_real = source.cohort.is_real
    truth = source.cohort.truth[is_real]
    if (source.folds[is_real] < 0).any():
        return np.where(truth.any(axis=0), PRIOR_THRESHOLD, ABSENT_THRESHOLD), {}
    probabilities = [_left_out(network, source, view)[is_real] for view in LEFT_OUT_VIEWS]
    shift = calibration_shift(np.mean(probabilities, axis=0), truth)
    _move_biases(network, shift)
    probabilities = [expit(logit(rows) + shift) for rows in probabilities]
    thresholds = choose_thresholds(
        np.concatenate(probabilities),
        np.concatenate([truth] * len(LEFT_OUT_VIEWS)),
        rng=np.random.default_rng(source.seed),
    )
    scored = truth & ~np.isin(CLASSES, list(unscored))
    metrics: dict[str, object] = {}
    for view, rows in zip(LEFT_OUT_VIEWS, probabilities, strict=True):
        answered = one_hot([labels_above(row, thresholds) for row in rows])
        found = score_labels(rows, scored, answered)
        metrics[f"left-out records, {view}"] = found.as_dict()
        logger.info("records left out, seen as %s: macro F %.3f", view, found.macro_f)
    return thresholds, metrics


def _move_biases(network: ResNet1dEnsemble, shift: FloatArray) -> None:
    """Add the same to the logits of all members."""
    with torch.no_grad():
        for member in network.members:
            bias = cast("ResNet1d", member).head.bias
            bias.add_(torch.from_numpy(shift).to(bias))


def _left_out(network: ResNet1dEnsemble, source: BatchSource, view: str) -> FloatArray:
    """Probabilities, (n_records, 11), of each record by the member that has left it out."""
    cohort = source.cohort
    probabilities = np.zeros(cohort.truth.shape)
    for index, member in enumerate(network.members):
        left_out = np.flatnonzero(source.folds == index)
        for rows in np.array_split(left_out, len(left_out) // _N_AT_ONCE + 1):
            shown = np.where(mask_of_layout(view), cohort.leads_mv[rows], np.float32(np.nan))
            probabilities[rows] = probabilities_of(member, shown, cohort.persons[rows])
    return probabilities
