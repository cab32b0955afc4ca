"""Scores of probabilities and labels: F-measure, AUROC, calibration error, with intervals.

Public: `LabelScores`, `score_labels`, `score_intervals`, `auroc`, `superclass_columns`,
`calibration_error`, `SUPERCLASSES`.

The F-measure is the Challenge's, from `ecgpaper.score`; the other figures allow comparisons with
what is published on PTB-XL.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import rankdata

from ecgpaper.classify.labels import CLASSES
from ecgpaper.ecg import BoolArray, FloatArray
from ecgpaper.score import confusion_matrices, f_from_confusion, mean_of_finite

# The five diagnostic superclasses of PTB-XL (Wagner et al. 2020); the Challenge splits one of them.
SUPERCLASSES = {
    "NORM": ("NORM",),
    "MI": ("Acute MI", "Old MI"),
    "STTC": ("STTC",),
    "CD": ("CD",),
    "HYP": ("HYP",),
}
N_RESAMPLES = 1000
_INTERVAL_PERCENT = (2.5, 97.5)
_N_BINS = 10


@dataclass(frozen=True)
class LabelScores:
    """Figures of answers on some records; NaN where a figure has nothing to go by.

    Parameters
    ----------
    f : tuple of float
        F-measure of each class of `CLASSES`; NaN for one that does not occur.
    macro_f : float
        Their mean, as the Challenge takes it.
    macro_auroc : float
        Mean area under the ROC curve over the classes that occur.
    superclass_auroc : float
        The same over `SUPERCLASSES`.
    calibration_error : float
        Mean over the classes that occur of `calibration_error`.
    """

    f: tuple[float, ...]
    macro_f: float
    macro_auroc: float
    superclass_auroc: float
    calibration_error: float

    def as_row(self) -> FloatArray:
        """Return all figures in one array, those of the classes first."""
        means = (self.macro_f, self.macro_auroc, self.superclass_auroc, self.calibration_error)
        return np.array([*self.f, *means])

    def as_dict(self) -> dict[str, float | dict[str, float]]:
        """Return the finite scores, to four digits, by name."""
        f = {name: round(value, 4) for name, value in zip(CLASSES, self.f, strict=True)}
        means = {
            "macro_f": self.macro_f,
            "macro_auroc": self.macro_auroc,
            "superclass_auroc": self.superclass_auroc,
            "calibration_error": self.calibration_error,
        }
        known = {name: round(value, 4) for name, value in means.items() if not np.isnan(value)}
        return {**known, "f": {name: value for name, value in f.items() if not np.isnan(value)}}

    @classmethod
    def from_row(cls, row: FloatArray) -> LabelScores:
        """Make scores of such an array."""
        *f, macro_f, macro_auroc, superclass_auroc, error = row.tolist()
        return cls(tuple(f), macro_f, macro_auroc, superclass_auroc, error)


def score_labels(probabilities: FloatArray, truth: BoolArray, answered: BoolArray) -> LabelScores:
    """Score probabilities and answers of some records.

    Parameters
    ----------
    probabilities : ndarray of shape (n_records, n_classes)
    truth, answered : ndarray of bool, of shape (n_records, n_classes)
    """
    f = f_from_confusion(confusion_matrices(truth, answered))
    f = np.where(truth.any(axis=0), f, np.nan)
    occurs = np.flatnonzero(truth.any(axis=0))
    areas = [auroc(probabilities[:, column], truth[:, column]) for column in occurs]
    errors = [calibration_error(probabilities[:, column], truth[:, column]) for column in occurs]
    merged, merged_truth = superclass_columns(probabilities, truth)
    super_areas = [auroc(p, is_true) for p, is_true in zip(merged.T, merged_truth.T, strict=True)]
    return LabelScores(
        tuple(f.tolist()),
        mean_of_finite(f),
        mean_of_finite(areas),
        mean_of_finite(super_areas),
        mean_of_finite(errors),
    )


def score_intervals(
    probabilities: FloatArray,
    truth: BoolArray,
    answered: BoolArray,
    *,
    groups: Sequence[str],
    rng: np.random.Generator,
    n_resamples: int = N_RESAMPLES,
) -> tuple[LabelScores, LabelScores]:
    """Return the ends of the 95 % intervals of all figures, by the percentile bootstrap.

    Parameters
    ----------
    probabilities, truth, answered
        As for `score_labels`.
    groups : sequence of str, of n_records
        Records of one group, such as of one patient, are drawn together.
    rng : numpy.random.Generator
    n_resamples : int

    Returns
    -------
    low, high : LabelScores
    """
    _, member_of = np.unique(list(groups), return_inverse=True)
    rows_of = np.split(np.argsort(member_of, kind="stable"), np.cumsum(np.bincount(member_of))[:-1])
    draws = []
    for _ in range(n_resamples):
        rows = np.concatenate([rows_of[i] for i in rng.integers(len(rows_of), size=len(rows_of))])
        draws.append(score_labels(probabilities[rows], truth[rows], answered[rows]).as_row())
    # A class may be missing from some of the draws, or from all.
    rows = np.array(draws)
    is_known = ~np.isnan(rows).all(axis=0)
    ends = np.full((2, rows.shape[1]), np.nan)
    ends[:, is_known] = np.nanpercentile(rows[:, is_known], _INTERVAL_PERCENT, axis=0)
    return LabelScores.from_row(ends[0]), LabelScores.from_row(ends[1])


def auroc(probabilities: FloatArray, is_true: BoolArray) -> float:
    """Return the area under the ROC curve, ties counting half; NaN without both kinds of records.

    It is the share of pairs of a true and another record of which the true one is more probable.
    """
    n_true = int(is_true.sum())
    n_other = len(is_true) - n_true
    if n_true == 0 or n_other == 0:
        return np.nan
    ranks = rankdata(probabilities)
    return float((ranks[is_true].sum() - n_true * (n_true + 1) / 2) / (n_true * n_other))


def superclass_columns(probabilities: FloatArray, truth: BoolArray) -> tuple[FloatArray, BoolArray]:
    """Merge the classes of each superclass: any of them is true, as if they were independent.

    Returns
    -------
    probabilities, truth : ndarray of shape (n_records, 5)
    """
    columns = [[CLASSES.index(name) for name in names] for names in SUPERCLASSES.values()]
    merged = [1 - np.prod(1 - probabilities[:, column], axis=1) for column in columns]
    return np.stack(merged, axis=1), np.stack([truth[:, c].any(axis=1) for c in columns], axis=1)


def calibration_error(probabilities: FloatArray, is_true: BoolArray) -> float:
    """Return the expected calibration error: how far probabilities are from frequencies.

    The mean over ten bins of equal width, by their records, of the difference between the mean
    probability and the share of true records (Guo et al. 2017, arXiv:1706.04599).
    """
    bins = np.minimum((probabilities * _N_BINS).astype(int), _N_BINS - 1)
    surplus = np.bincount(bins, probabilities - is_true, minlength=_N_BINS)
    return float(np.abs(surplus).sum() / len(probabilities))
