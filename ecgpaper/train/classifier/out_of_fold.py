"""Out-of-fold predictions: ensemble weights, calibration, thresholds and scores.

Public: `fit_out_of_fold`, `LEFT_OUT_VIEWS`.
"""

from __future__ import annotations

import logging
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit

from ecgpaper.classify import Traits, inputs_from_leads, logits_of, traits_of
from ecgpaper.classify.infarcts import class_logits, questions_of
from ecgpaper.classify.inputs import Float32Array
from ecgpaper.classify.labels import CLASSES, labels_above, one_hot
from ecgpaper.classify.person import person_features
from ecgpaper.ecg import BoolArray, FloatArray
from ecgpaper.nets.classifier import N_TERMS, SignalEnsemble
from ecgpaper.train.classifier.augment.degrade import mask_of_layout
from ecgpaper.train.classifier.cohort import Cohort
from ecgpaper.train.classifier.kernels import fit_likeness, fit_rates, fit_weights
from ecgpaper.train.classifier.scores import score_labels
from ecgpaper.train.classifier.thresholds import (
    ABSENT_THRESHOLD,
    PRIOR_THRESHOLD,
    choose_thresholds,
)

logger = logging.getLogger(__name__)

# Layouts on which thresholds are chosen: the page of the Challenge and the whole record.
LEFT_OUT_VIEWS = ("3x4+1R", "12x1")
# Records, at most, whose classes are regressed on likeness.
_MOST_REGRESSED = 8000
_N_AT_ONCE = 200


def fit_out_of_fold(
    network: SignalEnsemble, cohort: Cohort, folds: NDArray[np.int64], *, seed: int
) -> tuple[FloatArray, dict[str, object]]:
    """Fit likeness and rates to records that all have learned from; by the others choose the rest.

    Parameters
    ----------
    network : SignalEnsemble
        Its likeness and rates are fitted, and weighed so that probabilities mean how often a class
        occurs.
    cohort : Cohort
        The records of which it was trained on a part.
    folds : ndarray of int, of shape (n_records,)
        The member that has left a record out; -1 for none. Where no record was left out, the
        networks speak alone and thresholds come from theory.
    seed : int

    Returns
    -------
    thresholds : ndarray of shape (11,)
    metrics : dict
        Scores by the name of the view; a little optimistic, because the thresholds fit them.
    """
    left_out = np.flatnonzero(folds >= 0)
    if not len(left_out):
        is_learned = cohort.truth.any(axis=0)
        return np.where(is_learned, PRIOR_THRESHOLD, ABSENT_THRESHOLD), {}
    rng = np.random.default_rng(seed)
    _fit_known(network, cohort, rng.permutation(np.flatnonzero(folds < 0))[:_MOST_REGRESSED])
    views = {view: _opinions(network, cohort, folds, view) for view in LEFT_OUT_VIEWS}
    truth = cohort.truth[left_out]
    answers, is_asked = (np.concatenate([part] * len(views)) for part in questions_of(truth))
    weights = fit_weights(np.concatenate([*views.values()], axis=1), answers, is_asked)
    network.weights.copy_(torch.from_numpy(weights))
    seen = {view: _weighed(opinions, weights) for view, opinions in views.items()}
    repeated = np.concatenate([truth] * len(views))
    thresholds = choose_thresholds(np.concatenate([*seen.values()]), repeated, rng=rng)
    return thresholds, _score(seen, truth, thresholds)


def _fit_known(network: SignalEnsemble, cohort: Cohort, rows: NDArray[np.int64]) -> None:
    """Fit likeness and rates to records as a page shows them."""
    answers, _ = questions_of(cohort.truth[rows])
    parts = np.array_split(rows, len(rows) // _N_AT_ONCE + 1)
    looks = [_look(cohort, part, LEFT_OUT_VIEWS[0]).traits for part in parts]
    traits = Traits(*(np.concatenate(column) for column in zip(*looks, strict=True)))
    fit_likeness(network, traits, answers, np.arange(network.coefficients.shape[1]))
    fit_rates(network, traits.rates, answers)


class _Look(NamedTuple):
    """Records, as a layout shows them."""

    series: Float32Array
    persons: Float32Array
    traits: Traits


def _look(cohort: Cohort, rows: NDArray[np.int64], view: str) -> _Look:
    """Show records as a layout prints them; whose they are stays hidden, as in a test."""
    leads_mv = cohort.leads_mv[rows].astype(np.float32)
    shown = np.where(mask_of_layout(view), leads_mv, np.float32(np.nan))
    nobody = np.tile(person_features(None, None), (len(rows), 1))
    series, persons = inputs_from_leads(shown, nobody)
    return _Look(series, persons, traits_of(series))


def _opinions(
    network: SignalEnsemble, cohort: Cohort, folds: NDArray[np.int64], view: str
) -> FloatArray:
    """Return the opinions on the records left out, of shape (5, n_left_out, 11).

    By the network that has left them out, and by the regressions and rates, which have, too.
    """
    said = np.zeros((N_TERMS, len(folds), len(CLASSES)))
    for index, member in enumerate(network.networks):
        rows_of = np.flatnonzero(folds == index)
        for rows in np.array_split(rows_of, len(rows_of) // _N_AT_ONCE + 1):
            if len(rows):
                look = _look(cohort, rows, view)
                said[0, rows] = logits_of(member, look.series, look.persons)
                said[1:, rows] = _said(network, look.traits)
    return said[:, folds >= 0]


def _said(network: SignalEnsemble, traits: Traits) -> FloatArray:
    """Answer without the networks, of shape (4, n_records, 11)."""
    device = network.coefficients.device
    with torch.inference_mode():
        found = network.opinions(*(torch.from_numpy(rows).to(device) for rows in traits))
    return np.asarray(found.cpu().double().numpy(), dtype=np.float64)


def _weighed(opinions: FloatArray, weights: FloatArray) -> FloatArray:
    """Return probabilities, of shape (n_records, 11)."""
    terms = np.concatenate([opinions, np.ones_like(opinions[:1])])
    return np.asarray(expit(class_logits(np.einsum("orc,co->rc", terms, weights))))


def _score(
    seen: dict[str, FloatArray], truth: BoolArray, thresholds: FloatArray
) -> dict[str, object]:
    """Score probabilities by view."""
    metrics: dict[str, object] = {}
    for view, probabilities in seen.items():
        answered = one_hot([labels_above(row, thresholds) for row in probabilities])
        found = score_labels(probabilities, truth, answered)
        metrics[f"left-out records, {view}"] = found.as_dict()
        logger.info("records left out, seen as %s: macro F %.3f", view, found.macro_f)
    return metrics
