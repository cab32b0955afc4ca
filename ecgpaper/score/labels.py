"""How near the labels of records come to the true ones: confusion matrices and F-measures.

Public: `f_measure`, `f_from_confusion`, `confusion_matrices`, `encode_one_hot`, `is_nan`,
`mean_of_finite`.
"""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray


def mean_of_finite(values: ArrayLike) -> float:
    """Return the mean of the values that are not NaN; NaN, without a warning, if none is."""
    flat = np.asarray(values, dtype=float).ravel()
    known = flat[~np.isnan(flat)]
    return float(np.mean(known)) if known.size else np.nan


def is_nan(x: object) -> bool:
    """Tell whether a value is, or spells, NaN."""
    try:
        return bool(np.isnan(float(x)))  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return False


def encode_one_hot(data: Sequence[Iterable[str]], classes: Sequence[str]) -> NDArray[np.bool_]:
    """Return which classes each record has, of shape (n_records, n_classes).

    Labels outside `classes` are ignored; all spellings of NaN are one label.
    """
    encoding = np.zeros((len(data), len(classes)), dtype=bool)
    for row, labels in zip(encoding, data, strict=True):
        present = set(labels)
        has_nan = any(is_nan(label) for label in present)
        row[:] = [name in present or (has_nan and is_nan(name)) for name in classes]
    return encoding


def confusion_matrices(labels: ArrayLike, outputs: ArrayLike) -> NDArray[np.float64]:
    """Return ``[[TP, FP], [FN, TN]]`` of each class, of shape (n_classes, 2, 2).

    Parameters
    ----------
    labels, outputs : array_like of shape (n_records, n_classes), bool
        Which classes are true, and which were predicted.
    """
    true, predicted = np.asarray(labels, dtype=bool), np.asarray(outputs, dtype=bool)
    if true.shape != predicted.shape or true.ndim != 2:
        raise AssertionError(
            "labels and outputs must have the same shape (n_records, n_classes); "
            f"got {true.shape} and {predicted.shape}"
        )
    counts = [
        [np.sum(true & predicted, axis=0), np.sum(~true & predicted, axis=0)],
        [np.sum(true & ~predicted, axis=0), np.sum(~true & ~predicted, axis=0)],
    ]
    return np.moveaxis(np.array(counts, dtype=float), 2, 0)


def f_measure(
    labels: Sequence[Iterable[str]], outputs: Sequence[Iterable[str]]
) -> tuple[float, NDArray[np.float64], list[str]]:
    """Return the macro F-measure over the classes that occur in the reference.

    Parameters
    ----------
    labels, outputs : sequence of n_records lists of str
        True and predicted classes of each record; predictions of other classes do not count.

    Returns
    -------
    macro_f : float
    per_class_f : ndarray of shape (n_classes,)
    classes : list of str
        Sorted by code point.

    Examples
    --------
    >>> f_measure([["NORM"], ["CD", "HYP"]], [["NORM"], ["CD"]])
    (0.6666666666666666, array([1., 0., 1.]), ['CD', 'HYP', 'NORM'])
    """
    if not len(labels):
        raise TypeError("the F-measure needs at least one labeled record; got none")
    if len(labels) != len(outputs):
        raise AssertionError(
            f"each record needs true and predicted labels; got {len(labels)} and {len(outputs)}"
        )
    classes = sorted(set[str]().union(*labels))
    counts = confusion_matrices(encode_one_hot(labels, classes), encode_one_hot(outputs, classes))
    per_class_f = f_from_confusion(counts)
    return mean_of_finite(per_class_f), per_class_f, classes


def f_from_confusion(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the F-measure of each class, NaN for one that is neither true nor predicted.

    Parameters
    ----------
    counts : ndarray of shape (n_classes, 2, 2)
        As `confusion_matrices` returns them.
    """
    tp, fp, fn = counts[:, 0, 0], counts[:, 0, 1], counts[:, 1, 0]
    with np.errstate(invalid="ignore"):
        return 2 * tp / (2 * tp + fp + fn)
