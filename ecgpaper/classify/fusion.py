"""A logistic stacker per class: it mixes signals and picture by how well the page was digitized.

Public: `Stacker`, `fit_stacker`, `choose_stacker`, `signals_only`, `log_loss`,
`N_TERMS`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize
from scipy.special import expit

from ecgpaper.ecg import BoolArray, FloatArray

# Drawn towards the first opinion alone, as strongly as so many records would.
_PRIOR_RECORDS = 20.0
_PRIOR = np.array([1.0, 0.0, 0.0, 0.0, 0.0])
N_TERMS = len(_PRIOR)
# Logits beyond this say nothing more.
_LARGEST_LOGIT = 8.0
_N_FOLDS = 5


@dataclass(frozen=True, eq=False)
class Stacker:
    """Weights of the opinions.

    Parameters
    ----------
    weights : ndarray of shape (n_classes, 5)
        Of the logit of the signals, of that logit times the doubt, of the logit of the picture, of
        the doubt, and of 1; doubt is what trust lacks to 1.
    """

    weights: FloatArray

    def __post_init__(self) -> None:
        """Refuse weights that are not five finite numbers per class."""
        shape = np.shape(self.weights)
        if len(shape) != 2 or shape[1] != N_TERMS or not np.isfinite(self.weights).all():
            raise ValueError(f"expected {N_TERMS} finite weights per class; got {shape}")

    def combine(
        self, signal_logits: FloatArray, picture_logits: FloatArray, trust: FloatArray
    ) -> FloatArray:
        """Return probabilities of shape (n_records, n_classes).

        Parameters
        ----------
        signal_logits, picture_logits : ndarray of shape (n_records, n_classes)
        trust : ndarray of shape (n_records,), in [0, 1]
            Of the digitization; 0 where it failed.
        """
        terms = _terms(signal_logits, picture_logits, trust)
        return np.asarray(expit(np.einsum("rct,ct->rc", terms, self.weights)))


def signals_only(n_classes: int) -> Stacker:
    """Return the stacker that listens to the signals alone."""
    return Stacker(np.tile(_PRIOR, (n_classes, 1)))


def fit_stacker(
    signal_logits: FloatArray, picture_logits: FloatArray, trust: FloatArray, truth: BoolArray
) -> Stacker:
    """Fit a stacker on records that neither network has learned from.

    Parameters
    ----------
    signal_logits, picture_logits : ndarray of shape (n_records, n_classes)
    trust : ndarray of shape (n_records,), in [0, 1]
    truth : ndarray of bool, of shape (n_records, n_classes)

    Notes
    -----
    Logistic regression by maximum likelihood with a Gaussian prior around the first opinion; a
    class without examples stays there.
    """
    terms = _terms(signal_logits, picture_logits, trust)
    columns = [_fit_class(terms[:, i], truth[:, i]) for i in range(truth.shape[1])]
    return Stacker(np.stack(columns))


def choose_stacker(
    signal_logits: FloatArray, picture_logits: FloatArray, trust: FloatArray, truth: BoolArray
) -> tuple[Stacker, FloatArray]:
    """Fit a stacker, unless what it says of pages left out is worse than the signals alone.

    Parameters
    ----------
    signal_logits, picture_logits, trust, truth
        As for `fit_stacker`; one page of each record.

    Returns
    -------
    stacker : Stacker
    probabilities : ndarray of shape (n_records, n_classes)
        Of each page, by a stacker that was fitted on the others.
    """
    opinions = (signal_logits, picture_logits, trust)
    mixed = np.zeros(truth.shape)
    for fold in range(_N_FOLDS):
        is_out = np.arange(len(truth)) % _N_FOLDS == fold
        fitted = fit_stacker(*(part[~is_out] for part in (*opinions, truth)))
        mixed[is_out] = fitted.combine(*(part[is_out] for part in opinions))
    alone = signals_only(truth.shape[1])
    if log_loss(mixed, truth) >= log_loss(alone.combine(*opinions), truth):
        return alone, mixed
    return fit_stacker(*opinions, truth), mixed


def log_loss(probabilities: FloatArray, truth: BoolArray) -> float:
    """Return the mean surprise, in nats, at what is true."""
    likely = np.where(truth, probabilities, 1 - probabilities)
    return float(-np.log(np.maximum(likely, 1e-9)).mean())


def _terms(signal_logits: FloatArray, picture_logits: FloatArray, trust: FloatArray) -> FloatArray:
    """Return what the weights stand for, of shape (n_records, n_classes, 5)."""
    signal, picture = (
        np.clip(logits, -_LARGEST_LOGIT, _LARGEST_LOGIT)
        for logits in (signal_logits, picture_logits)
    )
    doubt = np.broadcast_to(1 - trust[:, None], signal.shape)
    return np.stack([signal, signal * doubt, picture, doubt, np.ones_like(signal)], axis=2)


def _fit_class(terms: FloatArray, is_true: BoolArray) -> FloatArray:
    if not is_true.any():
        return _PRIOR.copy()
    sign = np.where(is_true, 1.0, -1.0)

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        margin = sign * (terms @ weights)
        off = weights - _PRIOR
        value = np.logaddexp(0, -margin).sum() + 0.5 * _PRIOR_RECORDS * off @ off
        slope = -(sign * expit(-margin)) @ terms + _PRIOR_RECORDS * off
        return float(value), slope

    return np.asarray(minimize(loss, _PRIOR, jac=True, method="L-BFGS-B").x, dtype=np.float64)
