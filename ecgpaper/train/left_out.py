"""What each network says of the records that it has not learnt from: weights, thresholds, figures.

Public: `choose_left_out`, `LEFT_OUT_VIEWS`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit

from ecgpaper.classify import N_FEATURES, inputs_from_leads, logits_of
from ecgpaper.classify.beats import N_BEAT_SAMPLES
from ecgpaper.classify.degrade import mask_of_layout
from ecgpaper.classify.inputs import N_CHANNELS, Float32Array
from ecgpaper.classify.labels import CLASSES, labels_above, one_hot
from ecgpaper.classify.person import person_features
from ecgpaper.classify.scores import score_labels
from ecgpaper.classify.thresholds import ABSENT_THRESHOLD, PRIOR_THRESHOLD, choose_thresholds
from ecgpaper.classify.waves import N_WAVE_MEASURES
from ecgpaper.ecg import FloatArray
from ecgpaper.nets.ensemble import SignalEnsemble
from ecgpaper.train.cohort import BatchSource
from ecgpaper.train.likeness import Known, fit_likeness, fit_weights

logger = logging.getLogger(__name__)

# Layouts on which thresholds are chosen: the page of the Challenge and the whole record.
LEFT_OUT_VIEWS = ("3x4+1R", "12x1")
_N_AT_ONCE = 200


def choose_left_out(
    network: SignalEnsemble, source: BatchSource, *, unscored: Sequence[str] = ()
) -> tuple[FloatArray, dict[str, object]]:
    """Learn from the records left out: likeness and its weights, thresholds, scores.

    Parameters
    ----------
    network : SignalEnsemble
        Its likeness is fitted and weighed, so that probabilities mean how often a class occurs.
    source : BatchSource
        What it was trained on; without left-out records the networks speak alone and thresholds
        come from theory.
    unscored : sequence of str
        Classes whose examples are no truth to score against.

    Returns
    -------
    thresholds : ndarray of shape (11,)
    metrics : dict
        Scores by the name of the view; a little optimistic, because the thresholds fit them.
    """
    is_real = source.cohort.is_real
    truth, folds = source.cohort.truth[is_real], source.folds[is_real]
    if (folds < 0).any():
        return np.where(truth.any(axis=0), PRIOR_THRESHOLD, ABSENT_THRESHOLD), {}
    leads_mv = source.cohort.leads_mv[is_real]
    looks = [_look(network, leads_mv, folds, view) for view in LEFT_OUT_VIEWS]
    rng = np.random.default_rng(source.seed)
    regressed = fit_likeness(network, [look.known for look in looks], truth, rng=rng)
    opinions = np.concatenate(
        [[look.logits, *answers] for look, answers in zip(looks, regressed, strict=True)], axis=1
    )
    repeated = np.concatenate([truth] * len(looks))
    weights = fit_weights(opinions, repeated)
    network.weights.copy_(torch.from_numpy(weights))
    terms = np.concatenate([opinions, np.ones((1, *repeated.shape))])
    probabilities = expit(np.einsum("orc,co->rc", terms, weights))
    thresholds = choose_thresholds(probabilities, repeated, rng=rng)
    scored = truth & ~np.isin(CLASSES, list(unscored))
    metrics: dict[str, object] = {}
    for view, rows in zip(LEFT_OUT_VIEWS, np.split(probabilities, len(looks)), strict=True):
        answered = one_hot([labels_above(row, thresholds) for row in rows])
        found = score_labels(rows, scored, answered)
        metrics[f"left-out records, {view}"] = found.as_dict()
        logger.info("records left out, seen as %s: macro F %.3f", view, found.macro_f)
    return thresholds, metrics


class _Look(NamedTuple):
    """What is seen of records, and said of them by the networks that have left them out."""

    known: Known
    logits: FloatArray  # (n_records, 11)


def _look(
    network: SignalEnsemble, leads_mv: Float32Array, folds: NDArray[np.int64], view: str
) -> _Look:
    """Show records as a layout prints them.

    Whose a record is stays hidden, as in the Challenge's tests.
    """
    beats = np.zeros((len(folds), N_CHANNELS, N_BEAT_SAMPLES), dtype=np.float32)
    features = np.zeros((len(folds), N_FEATURES), dtype=np.float32)
    measures = np.zeros((len(folds), 2 * N_WAVE_MEASURES), dtype=np.float32)
    logits = np.zeros((len(folds), len(CLASSES)))
    for index, member in enumerate(network.networks):
        left_out = np.flatnonzero(folds == index)
        for rows in np.array_split(left_out, len(left_out) // _N_AT_ONCE + 1):
            shown = np.where(mask_of_layout(view), leads_mv[rows], np.float32(np.nan))
            inputs = inputs_from_leads(shown, np.tile(person_features(None, None), (len(rows), 1)))
            beats[rows], features[rows] = inputs.beats, inputs.features
            measures[rows] = inputs.measures
            logits[rows] = logits_of(member, inputs)
    return _Look(Known(beats, features, measures, folds), logits)
