"""Affine maps of row vectors: from where PDFium says that things are to the page as it is seen.

Public: `Matrix`, `page_matrix`, `matrix_of`, `mapped`, `FARTHEST_PT`.
"""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np

from ecgpaper.ecg import FloatArray

# 3 x 3; points are rows, multiplied from the left.
Matrix: TypeAlias = FloatArray
# Points further out are nonsense, and overflow what is computed from them.
FARTHEST_PT = 1e5


def page_matrix(
    box: tuple[float, float, float, float], degrees: int
) -> tuple[Matrix, tuple[float, float]]:
    """Matrix from PDF's coordinates, y up, to the page as it is seen, and its size."""
    left, bottom, right, top = box
    width, height = right - left, top - bottom
    # Rows: what x and y add, and the offset; after a clockwise turn.
    matrices = {
        0: ([[1, 0], [0, -1], [-left, top]], (width, height)),
        90: ([[0, 1], [1, 0], [-bottom, -left]], (height, width)),
        180: ([[-1, 0], [0, 1], [right, -bottom]], (width, height)),
        270: ([[0, -1], [-1, 0], [top, right]], (height, width)),
    }
    matrix, size = matrices[degrees % 360]
    return _square(np.array(matrix, dtype=np.float64)), size


def _square(rows: FloatArray) -> Matrix:
    """3 x 3 from the 3 x 2 of an affine map of row vectors."""
    return np.column_stack([rows, [0.0, 0.0, 1.0]])


def matrix_of(raw: Any, thing: Any) -> Matrix:
    """Matrix of a PDFium object; without one, the identity."""
    found = raw.FS_MATRIX()
    if not raw.FPDFPageObj_GetMatrix(thing, found):
        return np.eye(3)
    rows = [[found.a, found.b], [found.c, found.d], [found.e, found.f]]
    return _square(np.array(rows, dtype=np.float64))


def mapped(points: FloatArray, matrix: Matrix) -> FloatArray:
    """Map points, (n_points, 2); nonsense goes further out than `FARTHEST_PT`."""
    with np.errstate(over="ignore", invalid="ignore"):
        moved: FloatArray = points @ matrix[:2, :2] + matrix[2, :2]
    return np.nan_to_num(moved, nan=2 * FARTHEST_PT)
