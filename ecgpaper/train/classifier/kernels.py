"""Fit the kernel regressions on likeness, what rates say, and all weights in the ensemble.

Public: `fit_likeness`, `fit_rates`, `fit_weights`.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit, logit

from ecgpaper.classify import Traits
from ecgpaper.ecg import BoolArray, FloatArray
from ecgpaper.nets.classifier import KINDS, N_TERMS, SignalEnsemble

# Weight of the squared coefficients in the loss of the ridge regressions.
_RIDGE = 0.5
# What a rate says is what the records of the nearest rates have. Their weights fall from the
# nearest one on as a Gaussian, whose standard deviation is this many steps at least.
_LEAST_STEPS = 1.0
# Where records are few, it is as many steps as hold this number of them.
_NEAREST_RECORDS = 20
# Each rate also hears this number of records with the usual frequencies of the classes.
_USUAL_RECORDS = 2.0
# The weights are drawn towards the networks alone, as strongly as by this number of records.
_PRIOR = np.eye(N_TERMS + 1)[0]
_PRIOR_RECORDS = np.array([*[3.0] * N_TERMS, 0.0])
# No weight of an opinion is negative.
_BOUNDS = [(0.0, None)] * N_TERMS + [(None, None)]


def fit_likeness(
    network: SignalEnsemble, traits: Traits, truth: BoolArray, stored: NDArray[np.int64]
) -> None:
    """Store some of the records, and regress the classes of all of them on likeness to these.

    Parameters
    ----------
    network : SignalEnsemble
    traits : Traits
        Of n_records records.
    truth : ndarray of bool, of shape (n_records, 11)
    stored : ndarray of int, of shape (n_stored,)

    Notes
    -----
    Kernel ridge regression with a subset of the records as regressors (Smola and Bartlett 2001).
    """
    device = network.coefficients.device
    network.store(*(torch.from_numpy(rows[stored]).to(device) for rows in traits.compared))
    targets = torch.from_numpy(2.0 * truth - 1)
    centered = targets - targets.mean(dim=0)
    with torch.inference_mode():
        compared = network.compare(
            *(torch.from_numpy(rows).to(device) for rows in traits.compared)
        ).cpu()
    for kind in range(len(KINDS)):
        likeness = compared[kind].double()
        square = likeness.T @ likeness + _RIDGE * likeness[torch.from_numpy(stored)]
        # Equal records make it singular.
        square.diagonal().add_(1e-6 * len(likeness))
        solved = torch.linalg.solve(square, likeness.T @ centered)
        network.coefficients[kind] = solved.to(network.coefficients)


def fit_rates(network: SignalEnsemble, rates: NDArray[np.int64], truth: BoolArray) -> None:
    """Fit what each heart rate says: how often records of the nearest rates have each class.

    Where records are few, as of very slow and very fast hearts, those of the nearest rates speak.

    Parameters
    ----------
    network : SignalEnsemble
    rates : ndarray of int64, of shape (n_records,)
        Steps of the heart rate; 0 where it is unknown: that says what is usual.
    truth : ndarray of bool, of shape (n_records, 11)
    """
    usual = (truth.sum(axis=0) + 0.5) / (len(truth) + 1)
    share = np.tile(usual, (len(network.by_rate), 1))
    known, has = rates[rates > 0], truth[rates > 0]
    if len(known):
        steps = np.arange(1, len(share))
        distance = np.abs(steps[:, None] - known)
        further = distance - distance.min(axis=1, keepdims=True)
        reach = np.sort(further, axis=1)[:, min(_NEAREST_RECORDS, len(known)) - 1]
        weight = np.exp(-0.5 * (further / np.maximum(reach, _LEAST_STEPS)[:, None]) ** 2)
        seen = weight.sum(axis=1, keepdims=True)
        share[1:] = (weight @ has + _USUAL_RECORDS * usual) / (seen + _USUAL_RECORDS)
    network.by_rate.copy_(torch.from_numpy(logit(share)))


def fit_weights(opinions: FloatArray, answers: BoolArray, is_asked: BoolArray) -> FloatArray:
    """Weigh opinions per question, and calibrate them, by records left out.

    Parameters
    ----------
    opinions : ndarray of shape (5, n_records, 11)
        Of the networks, of the regressions, and of the rate.
    answers, is_asked : ndarray of bool, of shape (n_records, 11)
        See `ecgpaper.classify.infarcts.questions_of`.

    Returns
    -------
    ndarray of shape (11, 6)
        As `SignalEnsemble.weights`. A question with one answer is left to the networks.

    Notes
    -----
    Logistic regression by maximum likelihood, with a Gaussian prior around the networks alone and
    without negative weights.
    """
    weights = np.tile(_PRIOR, (answers.shape[1], 1))
    for column in range(answers.shape[1]):
        asked = is_asked[:, column]
        is_true = answers[asked, column]
        if is_true.any() and not is_true.all():
            terms = np.stack([*opinions[:, asked, column], np.ones(asked.sum())], axis=1)
            weights[column] = _fit_class(terms, is_true)
    return weights


def _fit_class(terms: FloatArray, is_true: BoolArray) -> FloatArray:
    sign = np.where(is_true, 1.0, -1.0)

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        margin = sign * (terms @ weights)
        off = _PRIOR_RECORDS * (weights - _PRIOR)
        value = np.logaddexp(0, -margin).sum() + 0.5 * off @ (weights - _PRIOR)
        return float(value), off - (sign * expit(-margin)) @ terms

    found = minimize(loss, _PRIOR, jac=True, method="L-BFGS-B", bounds=_BOUNDS)
    return np.asarray(found.x, dtype=np.float64)
