"""Fit what resembling known records says, and what it counts beside the networks.

Public: `Known`, `fit_likeness`, `fit_weights`.
"""

from __future__ import annotations

from collections.abc import Sequence
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
# No opinion counts against what it says: one that knows nothing, if it is left without a record,
# says a little the opposite of the truth, as the others have one of that kind less.
_BOUNDS = [(0.0, None)] * N_OPINIONS + [(None, None)]


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
    network: SignalEnsemble, looks: Sequence[Known], truth: BoolArray, *, rng: np.random.Generator
) -> FloatArray:
    """Store some records, and regress the classes of all records on likeness to these.

    Each member's regressions know nothing of the records that its network has left out; the last
    ones know all records.

    Parameters
    ----------
    network : SignalEnsemble
    looks : sequence of Known
        The same records as one layout or another prints them; learnt from as the first does.
    truth : ndarray of bool, of shape (n_records, 11)
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (n_looks, 3, n_records, 11)
        What the last regressions would say of each record if they did not know its classes.

    Notes
    -----
    Kernel ridge regression with a subset of the records as regressors (Smola and Bartlett 2001).
    """
    stored = np.sort(rng.permutation(len(truth))[: network.coefficients.shape[2]])
    first = looks[0]
    network.store(*(rows[stored] for rows in first.tensors(network.coefficients.device)))
    targets = torch.from_numpy(2.0 * truth - 1)
    compared = [look.compared_by(network) for look in looks]
    answers = np.zeros((len(looks), N_OPINIONS - 1, *truth.shape))
    for kind in range(N_OPINIONS - 1):
        seen = [likeness[kind].double() for likeness in compared]
        coefficients, answers[:, kind] = _regress_all(seen, stored, targets)
        network.coefficients[kind, -1] = coefficients.to(network.coefficients)
        for member in range(len(network.networks)):
            part = _regress_part(seen[0], stored, targets, first.folds != member)
            network.coefficients[kind, member] = part.to(network.coefficients)
    return answers


def _regress_all(
    looks: Sequence[Tensor], stored: NDArray[np.int64], targets: Tensor
) -> tuple[Tensor, FloatArray]:
    """Regress on all records; tell also what each would be told without its own target.

    Parameters
    ----------
    looks : sequence of Tensor of shape (n_records, n_stored)
        Likeness of the records, seen in one way or another; the first is regressed on.
    stored : ndarray of int, of shape (n_stored,)
        Which of the records are stored.
    targets : Tensor of shape (n_records, n_classes)

    Returns
    -------
    coefficients : Tensor of shape (n_stored, n_classes)
    left_out : ndarray of shape (n_looks, n_records, n_classes)
    """
    learnt = looks[0]
    influence = _influence(learnt, learnt[torch.from_numpy(stored)])
    centered = targets - targets.mean(dim=0)
    coefficients = influence @ centered
    own = (learnt * influence.T).sum(dim=1, keepdim=True)
    # A linear fit without a record misses it by so much.
    missed = (centered - learnt @ coefficients) / (1 - own)
    left_out = [
        seen @ coefficients - (seen * influence.T).sum(dim=1, keepdim=True) * missed
        for seen in looks
    ]
    return coefficients, torch.stack(left_out).numpy()


def _regress_part(
    likeness: Tensor, stored: NDArray[np.int64], targets: Tensor, is_learnt: BoolArray
) -> Tensor:
    """Regress on some records alone, and on likeness to those of them that are stored."""
    learnt, is_known = torch.from_numpy(is_learnt), torch.from_numpy(is_learnt[stored])
    rows = likeness[:, is_known]
    influence = _influence(rows[learnt], rows[torch.from_numpy(stored)][is_known])
    coefficients = torch.zeros(len(stored), targets.shape[1], dtype=targets.dtype)
    own = targets[learnt]
    coefficients[is_known] = influence @ (own - own.mean(dim=0))
    return coefficients


def _influence(likeness: Tensor, among: Tensor) -> Tensor:
    """Return what the target of each record adds to each coefficient, (n_stored, n_records).

    Parameters
    ----------
    likeness : Tensor of shape (n_records, n_stored)
    among : Tensor of shape (n_stored, n_stored)
        Of the stored records to each other.
    """
    square = likeness.T @ likeness + _RIDGE * among
    # Equal records make it singular.
    square.diagonal().add_(1e-6 * len(likeness))
    influence: Tensor = torch.linalg.solve(square, likeness.T)
    return influence


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
    Logistic regression by maximum likelihood, with a Gaussian prior around the networks alone and
    without negative weights.
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

    found = minimize(loss, _PRIOR, jac=True, method="L-BFGS-B", bounds=_BOUNDS)
    return np.asarray(found.x, dtype=np.float64)
