"""Two opinions -> one: a logistic stacker per class that sees how well the page was digitized.

Public: `Stacker`, `fit_stacker`.
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
# Logits beyond this say nothing more.
_LARGEST_LOGIT = 8.0


@dataclass(frozen=True, eq=False)
class Stacker:
    """Weights of the opinions.

    Parameters
    ----------
    weights : ndarray of shape (n_classes, 5)
        Of the logit of the signals, of that logit times the doubt, of the logit of the picture, of
        the doubt, and of 1; doubt is what quality lacks to 1.
    """

    weights: FloatArray

    def combine(
        self, signal_logits: FloatArray, picture_logits: FloatArray, quality: FloatArray
    ) -> FloatArray:
        """Return probabilities of shape (n_records, n_classes).

        Parameters
        ----------
        signal_logits, picture_logits : ndarray of shape (n_records, n_classes)
        quality : ndarray of shape (n_records,), in [0, 1]
            Of the digitization; 0 where it failed.
        """
        terms = _terms(signal_logits, picture_logits, quality)
        return np.asarray(expit(np.einsum("rct,ct->rc", terms, self.weights)))


def fit_stacker(
    signal_logits: FloatArray, picture_logits: FloatArray, quality: FloatArray, truth: BoolArray
) -> Stacker:
    """Fit a stacker on records that neither network has learnt from.

    Parameters
    ----------
    signal_logits, picture_logits : ndarray of shape (n_records, n_classes)
    quality : ndarray of shape (n_records,), in [0, 1]
    truth : ndarray of bool, of shape (n_records, n_classes)

    Notes
    -----
    Logistic regression by maximum likelihood with a Gaussian prior around the first opinion; a
    class without examples stays there.
    """
    terms = _terms(signal_logits, picture_logits, quality)
    columns = [_fit_class(terms[:, i], truth[:, i]) for i in range(truth.shape[1])]
    return Stacker(np.stack(columns))


def _terms(
    signal_logits: FloatArray, picture_logits: FloatArray, quality: FloatArray
) -> FloatArray:
    """Return what the weights stand for, of shape (n_records, n_classes, 5)."""
    signal, picture = (
        np.clip(logits, -_LARGEST_LOGIT, _LARGEST_LOGIT)
        for logits in (signal_logits, picture_logits)
    )
    doubt = np.broadcast_to(1 - quality[:, None], signal.shape)
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
