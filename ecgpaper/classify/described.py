"""Read arrays and class names from the JSON beside a network.

Public: `numbers_from`, `check_classes`.
"""

from __future__ import annotations

import reprlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from ecgpaper.classify.labels import CLASSES
from ecgpaper.ecg import FloatArray


def check_classes(extra: Mapping[str, Any]) -> None:
    """Refuse other classes than `CLASSES`, and another order.

    Raises
    ------
    ValueError
    """
    if extra["classes"] != list(CLASSES):
        raise ValueError(
            f"classes must be {', '.join(CLASSES)}; they are {reprlib.repr(extra['classes'])}"
        )


def numbers_from(extra: Mapping[str, Any], name: str, shape: tuple[int, ...]) -> FloatArray:
    """Read finite numbers.

    Parameters
    ----------
    extra : mapping
        Of the JSON; has the name.
    name : str
    shape : tuple of int

    Returns
    -------
    ndarray of the shape

    Raises
    ------
    ValueError
        If the lists have another shape, or hold anything else than finite numbers.
    """
    found = np.array(_nested(extra[name], len(shape)), dtype=np.float64)
    if found.shape != shape or not np.isfinite(found).all():
        raise ValueError(
            f"{name} must be finite numbers in lists of {shape}; got {reprlib.repr(extra[name])}"
        )
    return found


def _nested(value: object, depth: int) -> list[Any]:
    """Return lists of lists, as deep as they should be, of numbers; what is none becomes NaN."""
    if not isinstance(value, list):
        return []
    if depth > 1:
        return [_nested(item, depth - 1) for item in value]
    return [item if type(item) in (int, float) else np.nan for item in value]
