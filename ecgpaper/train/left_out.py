"""What each network says of the records that it has not learnt from: thresholds and figures.

Public: `choose_left_out`, `LEFT_OUT_VIEWS`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np

from ecgpaper.classify import probabilities_of
from ecgpaper.classify.degrade import mask_of_layout
from ecgpaper.classify.labels import CLASSES, labels_above, one_hot
from ecgpaper.classify.scores import score_labels
from ecgpaper.classify.thresholds import ABSENT_THRESHOLD, PRIOR_THRESHOLD, choose_thresholds
from ecgpaper.ecg import FloatArray
from ecgpaper.nets.resnet1d import ResNet1dEnsemble
from ecgpaper.train.cohort import BatchSource

logger = logging.getLogger(__name__)

# Layouts on which thresholds are chosen: the page of the Challenge and the whole record.
LEFT_OUT_VIEWS = ("3x4+1R", "12x1")
_N_AT_ONCE = 200


def choose_left_out(
    network: ResNet1dEnsemble, source: BatchSource, *, unscored: Sequence[str] = ()
) -> tuple[FloatArray, dict[str, object]]:
    """Choose thresholds by what each member says of the records it has left out, and score them.

    Parameters
    ----------
    network : ResNet1dEnsemble
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
    truth = source.cohort.truth
    if (source.folds < 0).any():
        return np.where(truth.any(axis=0), PRIOR_THRESHOLD, ABSENT_THRESHOLD), {}
    probabilities = [_left_out(network, source, view) for view in LEFT_OUT_VIEWS]
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
