"""Fit what resembling known records says, and what it counts beside the networks.

Public: `Known`, `fit_likeness`, `regressed_by`, `fit_weights`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from torch import Tensor

from ecgpaper.classify.inputs import Float32Array
from ecgpaper.ecg import BoolArray, FloatArray
from ecgpaper.nets.ensemble import N_OPINIONS, SignalEnsemble

# What the squared coefficients of the regressions cost beside the squared errors of the answers.
_RIDGE = 0.5
# The weights are drawn towards the networks alone, as strongly as so many records would.
_PRIOR = np.eye(N_OPINIONS + 1)[0]
_PRIOR_RECORDS = np.array([*[3.0] * N_OPINIONS, 0.0])


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of records, and which member is to know nothing of them.

    Parameters
    ----------
    beats : ndarray of shape (n_records, 24, 80)
        As `ecgpaper.classify.beats.typical_beats` makes them.
    features : ndarray of shape (n_records, 20)
        The rhythm's first.
    measures : ndarray of shape (n_records, 2 * N_WAVE_MEASURES)
        As `ecgpaper.classify.waves.wave_measures` makes them.
    folds : ndarray of int, of shape (n_records,)
        The member that leaves a record out.
    """

    beats: Float32Array
    features: Float32Array
    measures: Float32Array
    folds: NDArray[np.int64]

    def compared_by(self, network: SignalEnsemble) -> Tensor:
        """Likeness to what the network has stored, of shape (3, n_records, n_stored)."""
        with torch.inference_mode():
            return network.compare(*self.tensors(network.coefficients.device)).cpu()

    def tensors(self, device: torch.device) -> tuple[Tensor, Tensor, Tensor]:
        """Return what records are compared in."""
        beats, features, measures = (
            torch.from_numpy(array).to(device)
            for array in (self.beats, self.features, self.measures)
        )
        return beats, features, measures


def fit_likeness(
    network: SignalEnsemble, known: Known, truth: BoolArray, *, rng: np.random.Generator
) -> None:
    """Store some records, and regress the classes of all records on likeness to these.

    Each member's regressions know nothing of the records that its network has left out.

    Parameters
    ----------
    network : SignalEnsemble
    known : Known
    truth : ndarray of bool, of shape (n_records, 11)
    rng : numpy.random.Generator

    Notes
    -----
    Kernel ridge regression with a subset of the records as regressors (Smola and Bartlett 2001).
    """
    stored = np.sort(rng.permutation(len(truth))[: network.coefficients.shape[2]])
    network.store(*(rows[stored] for rows in known.tensors(network.coefficients.device)))
    targets = torch.from_numpy(2.0 * truth - 1)
    for kind, likeness in enumerate(known.compared_by(network).double()):
        for member in range(len(network.networks)):
            learnt = torch.from_numpy(known.folds != member)
            is_known = learnt[stored]
            coefficients = torch.zeros(len(stored), truth.shape[1], dtype=torch.float64)
            among = likeness[stored][is_known][:, is_known]
            coefficients[is_known] = _regress(likeness[learnt][:, is_known], among, targets[learnt])
            network.coefficients[kind, member] = coefficients.to(network.coefficients)


def _regress(likeness: Tensor, among: Tensor, targets: Tensor) -> Tensor:
    """Regress targets about their means on the likeness to stored records and among these."""
    square = likeness.T @ likeness + _RIDGE * among
    # Equal records make it singular.
    square.diagonal().add_(1e-6 * len(likeness))
    solution: Tensor = torch.linalg.solve(square, likeness.T @ (targets - targets.mean(dim=0)))
    return solution


def regressed_by(network: SignalEnsemble, known: Known) -> FloatArray:
    """Answers, (3, n_records, 11), of each record by the regressions that know nothing of it."""
    likeness = known.compared_by(network)
    answers = np.zeros((*likeness.shape[:2], network.coefficients.shape[3]))
    for member in range(len(network.networks)):
        rows = np.flatnonzero(known.folds == member)
        answers[:, rows] = (likeness[:, rows] @ network.coefficients[:, member].cpu()).numpy()
    return answers


def fit_weights(opinions: FloatArray, truth: BoolArray) -> FloatArray:
    """Weigh opinions per class, and calibrate them, by records left out.

    Parameters
    ----------
    opinions : ndarray of shape (4, n_records, 11)
        Of the networks, and of the regressions.
    truth : ndarray of bool, of shape (n_records, 11)

    Returns
    -------
    ndarray of shape (11, 5)
        As `SignalEnsemble.weights`. A class that all records have, or none, is left to the
        networks.

    Notes
    -----
    Logistic regression by maximum likelihood, with a Gaussian prior around the networks alone.
    """
    weights = np.tile(_PRIOR, (truth.shape[1], 1))
    for column in np.flatnonzero(truth.any(axis=0) & ~truth.all(axis=0)):
        terms = np.stack([*opinions[:, :, column], np.ones(len(truth))], axis=1)
        weights[column] = _fit_class(terms, truth[:, column])
    return weights


def _fit_class(terms: FloatArray, is_true: BoolArray) -> FloatArray:
    sign = np.where(is_true, 1.0, -1.0)

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        margin = sign * (terms @ weights)
        off = _PRIOR_RECORDS * (weights - _PRIOR)
        value = np.logaddexp(0, -margin).sum() + 0.5 * off @ (weights - _PRIOR)
        return float(value), off - (sign * expit(-margin)) @ terms

    return np.asarray(minimize(loss, _PRIOR, jac=True, method="L-BFGS-B").x, dtype=np.float64)
