"""What each network says of the records that it has not learnt from: calibration, thresholds.

Public: `choose_left_out`, `fit_line`, `LEFT_OUT_VIEWS`.
"""

from __future__ import annotations

import logging

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit

from ecgpaper.classify import inputs_from_leads, logits_of
from ecgpaper.classify.degrade import mask_of_layout
from ecgpaper.classify.infarcts import class_logits, questions_of
from ecgpaper.classify.labels import CLASSES, labels_above, one_hot
from ecgpaper.classify.person import person_features
from ecgpaper.classify.scores import score_labels
from ecgpaper.classify.thresholds import ABSENT_THRESHOLD, PRIOR_THRESHOLD, choose_thresholds
from ecgpaper.ecg import BoolArray, FloatArray
from ecgpaper.nets.ensemble import SignalEnsemble
from ecgpaper.train.cohort import Cohort

logger = logging.getLogger(__name__)

# Layouts on which thresholds are chosen: the page of the Challenge and the whole record.
LEFT_OUT_VIEWS = ("3x4+1R", "12x1")
_N_AT_ONCE = 200
# A line is drawn towards the network's own answers, as strongly as so many records would.
_PRIOR_RECORDS = 3.0


def choose_left_out(
    network: SignalEnsemble, cohort: Cohort, folds: NDArray[np.int64], *, seed: int
) -> tuple[FloatArray, dict[str, object]]:
    """Learn from the records left out: calibration, thresholds, scores.

    Parameters
    ----------
    network : SignalEnsemble
        Gets the lines that make its probabilities mean how often a class occurs.
    cohort : Cohort
        The records of which it was trained on a part.
    folds : ndarray of int, of shape (n_records,)
        The member that has left a record out; -1 for none. Where no record was left out, the
        network stays as it is and thresholds come from theory.
    seed : int

    Returns
    -------
    thresholds : ndarray of shape (11,)
    metrics : dict
        Scores by the name of the view; a little optimistic, because the thresholds fit them.
    """
    rows = np.flatnonzero(folds >= 0)
    truth = cohort.truth[rows]
    if not len(rows):
        is_learnt = cohort.truth.any(axis=0)
        return np.where(is_learnt, PRIOR_THRESHOLD, ABSENT_THRESHOLD), {}
    views = [_left_out_logits(network, cohort, folds, view)[rows] for view in LEFT_OUT_VIEWS]
    repeated = np.concatenate([truth] * len(views))
    answers, is_asked = questions_of(repeated)
    for column, logits in enumerate(np.concatenate(views).T):
        asked = is_asked[:, column]
        slope, shift = fit_line(logits[asked], answers[asked, column])
        network.slope[column], network.shift[column] = slope, shift
    lines = network.slope.cpu().numpy(), network.shift.cpu().numpy()
    seen = [expit(class_logits(lines[0] * logits + lines[1])) for logits in views]
    rng = np.random.default_rng(seed)
    thresholds = choose_thresholds(np.concatenate(seen), repeated, rng=rng)
    metrics: dict[str, object] = {}
    for view, probabilities in zip(LEFT_OUT_VIEWS, seen, strict=True):
        answered = one_hot([labels_above(row, thresholds) for row in probabilities])
        found = score_labels(probabilities, truth, answered)
        metrics[f"left-out records, {view}"] = found.as_dict()
        logger.info("records left out, seen as %s: macro F %.3f", view, found.macro_f)
    return thresholds, metrics


def _left_out_logits(
    network: SignalEnsemble, cohort: Cohort, folds: NDArray[np.int64], view: str
) -> FloatArray:
    """Show records as a layout prints them to the members that have left them out.

    Whose a record is stays hidden, as in the Challenge's tests.
    """
    logits = np.zeros((len(folds), len(CLASSES)))
    for index, member in enumerate(network.networks):
        left_out = np.flatnonzero(folds == index)
        for rows in np.array_split(left_out, len(left_out) // _N_AT_ONCE + 1):
            if len(rows):
                leads_mv = cohort.leads_mv[rows].astype(np.float32)
                shown = np.where(mask_of_layout(view), leads_mv, np.float32(np.nan))
                nobody = np.tile(person_features(None, None), (len(rows), 1))
                logits[rows] = logits_of(member, inputs_from_leads(shown, nobody))
    return logits


def fit_line(logits: FloatArray, is_true: BoolArray) -> tuple[float, float]:
    """Return slope and shift that make logits mean how often something is true.

    Logistic regression by maximum likelihood (Platt 1999) with a Gaussian prior of the slope
    around 1. What always is true, or never, tells nothing: the logits stay as they are.
    """
    if not is_true.any() or is_true.all():
        return 1.0, 0.0
    sign = np.where(is_true, 1.0, -1.0)

    def loss(line: FloatArray) -> tuple[float, FloatArray]:
        margin = sign * (line[0] * logits + line[1])
        off = line[0] - 1
        surplus = -sign * expit(-margin)
        slope = np.array([surplus @ logits + _PRIOR_RECORDS * off, surplus.sum()])
        return float(np.logaddexp(0, -margin).sum() + 0.5 * _PRIOR_RECORDS * off**2), slope

    found = minimize(loss, np.array([1.0, 0.0]), jac=True, method="L-BFGS-B")
    return float(found.x[0]), float(found.x[1])
