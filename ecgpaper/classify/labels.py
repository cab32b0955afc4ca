"""The labels of the Challenge: names, one-hot rows, and from probabilities to an answer.

Public: `CLASSES`, `one_hot`, `labels_above`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecgpaper.ecg import BoolArray, FloatArray

# The order of the network's outputs; changing it makes saved models wrong.
CLASSES = (
    "NORM",
    "Acute MI",
    "Old MI",
    "STTC",
    "CD",
    "HYP",
    "PAC",
    "PVC",
    "AFIB/AFL",
    "TACHY",
    "BRADY",
)


def one_hot(labels: Sequence[Sequence[str]]) -> BoolArray:
    """Tell which classes each record has; names that are no class are ignored.

    Returns
    -------
    ndarray of bool, of shape (n_records, n_classes)
    """
    rows = [[name in row for name in CLASSES] for row in labels]
    return np.array(rows, dtype=np.bool_).reshape(len(rows), len(CLASSES))


def labels_above(probabilities: FloatArray, thresholds: FloatArray) -> tuple[str, ...]:
    """Return the classes that reach their threshold, or else the one that comes closest.

    Parameters
    ----------
    probabilities, thresholds : ndarray of shape (n_classes,)
        Closest is the class of the largest probability divided by its threshold.

    Returns
    -------
    tuple of str
        In the order of `CLASSES`; never empty.
    """
    chosen = probabilities >= thresholds
    if not chosen.any():
        chosen = np.arange(len(CLASSES)) == np.argmax(probabilities / thresholds)
    return tuple(name for name, is_chosen in zip(CLASSES, chosen, strict=True) if is_chosen)
