"""Invertible maps between the frames of a page: flat page, photo.

Public: `Warp`, `Homography`, `DenseWarp`.

Points are arrays of shape (n_points, 2) in (x, y). All warps share four members: call, `inverse`,
`compose` and `residuals` (after scikit-image's geometric transforms).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import cast

import numpy as np

from ecgpaper.ecg import FloatArray

# The fixed-point inverse of a dense warp stops here: a thousandth of a pixel is far below what a
# scan resolves.
_INVERSE_TOLERANCE_PX = 1e-3
_INVERSE_MAX_STEPS = 50


class Warp(ABC):
    """An invertible map of the plane."""

    @abstractmethod
    def __call__(self, points: FloatArray) -> FloatArray:
        """Map points of shape (n_points, 2), in (x, y)."""

    @property
    @abstractmethod
    def inverse(self) -> Warp:
        """The warp that undoes this one."""

    def compose(self, after: Warp) -> Warp:
        """Return the warp that applies this one first and `after` second."""
        return _Chain((self, after))

    def residuals(self, source: FloatArray, target: FloatArray) -> FloatArray:
        """Distances, of shape (n_points,), between the mapped `source` and `target`."""
        return cast("FloatArray", np.linalg.norm(self(source) - target, axis=1))


@dataclass(frozen=True, eq=False)
class Homography(Warp):
    """A perspective map.

    Parameters
    ----------
    matrix : ndarray of shape (3, 3)
        Acts on homogeneous (x, y, 1) columns.

    Examples
    --------
    >>> twice = Homography.scaling(2.0)
    >>> twice(np.array([[0.0, 10.0]])).tolist()
    [[0.5, 20.5]]
    """

    matrix: FloatArray

    def __post_init__(self) -> None:
        """Refuse matrices that cannot be inverted."""
        if np.shape(self.matrix) != (3, 3):
            raise ValueError(f"matrix must have shape (3, 3); got {np.shape(self.matrix)}")
        if not abs(np.linalg.det(self.matrix)) > 0:
            raise ValueError("matrix is singular: a homography must be invertible")

    @classmethod
    def identity(cls) -> Homography:
        """Return the map that leaves every point in place."""
        return cls(np.eye(3))

    @classmethod
    def scaling(cls, factor: float) -> Homography:
        """Return the map that multiplies pixel coordinates when an image is resized.

        Pixel centers are at whole numbers, so the image's corner (-0.5, -0.5) stays in place.
        """
        offset = (factor - 1) / 2
        return cls(np.array([[factor, 0, offset], [0, factor, offset], [0, 0, 1.0]]))

    @classmethod
    def translation(cls, offset: tuple[float, float]) -> Homography:
        """Return the map that moves every point by (x, y)."""
        return cls(np.array([[1, 0, offset[0]], [0, 1, offset[1]], [0, 0, 1.0]]))

    def __call__(self, points: FloatArray) -> FloatArray:
        """Map points of shape (n_points, 2), in (x, y)."""
        homogeneous = np.column_stack([points, np.ones(len(points))]) @ self.matrix.T
        return homogeneous[:, :2] / homogeneous[:, 2:]

    @property
    def inverse(self) -> Homography:
        """The homography that undoes this one."""
        return Homography(cast("FloatArray", np.linalg.inv(self.matrix)))

    def compose(self, after: Warp) -> Warp:
        """Return the warp that applies this one first and `after` second."""
        if isinstance(after, Homography):
            return Homography(after.matrix @ self.matrix)
        return super().compose(after)


@dataclass(frozen=True, eq=False)
class DenseWarp(Warp):
    """A smooth displacement field, bilinear between the nodes of a regular lattice.

    Parameters
    ----------
    step_px : float, in px
        Spacing of the nodes; the first is at (0, 0). Beyond the lattice its edge continues.
    displacements_px : ndarray of shape (n_rows, n_columns, 2), in px
        What each node moves by, in (x, y). It must not fold the plane: neighbors move by less
        than `step_px` against each other.
    """

    step_px: float
    displacements_px: FloatArray

    def __post_init__(self) -> None:
        """Refuse fields of the wrong shape or fields that fold."""
        shape = np.shape(self.displacements_px)
        if len(shape) != 3 or shape[2] != 2 or min(shape[:2]) < 2:
            raise ValueError(
                f"displacements_px must have shape (n_rows >= 2, n_columns >= 2, 2); got {shape}"
            )
        slopes = [np.abs(np.diff(self.displacements_px, axis=axis)).max() for axis in (0, 1)]
        if max(slopes) >= self.step_px:
            raise ValueError(
                f"the field folds: neighboring nodes, {self.step_px} px apart, move by up to "
                f"{max(slopes):.3g} px against each other"
            )

    def __call__(self, points: FloatArray) -> FloatArray:
        """Map points of shape (n_points, 2), in (x, y)."""
        return points + self._displacement(points)

    def _displacement(self, points: FloatArray) -> FloatArray:
        n_rows, n_columns = self.displacements_px.shape[:2]
        x = np.clip(points[:, 0] / self.step_px, 0, n_columns - 1)
        y = np.clip(points[:, 1] / self.step_px, 0, n_rows - 1)
        column = np.minimum(x.astype(np.intp), n_columns - 2)
        row = np.minimum(y.astype(np.intp), n_rows - 2)
        u, v, first = x - column, y - row, row * n_columns + column
        # Both coordinates as one complex number: half the look-ups, and no short last axis.
        field = np.ascontiguousarray(self.displacements_px, np.float64).view(np.complex128).ravel()
        top, bottom = ((1 - u) * field[at] + u * field[at + 1] for at in (first, first + n_columns))
        moved = (1 - v) * top + v * bottom
        return cast("FloatArray", moved.view(np.float64).reshape(-1, 2))

    @property
    def inverse(self) -> Warp:
        """The warp that undoes this one."""
        return _Inverse(self)


@dataclass(frozen=True, eq=False)
class _Inverse(Warp):
    """The inverse of a dense warp, by fixed-point iteration: x = y - d(x)."""

    forward: DenseWarp

    def __call__(self, points: FloatArray) -> FloatArray:
        source = points
        for _ in range(_INVERSE_MAX_STEPS):
            error = self.forward(source) - points
            source = source - error
            if not np.abs(error).max(initial=0.0) > _INVERSE_TOLERANCE_PX:
                break
        return source

    @property
    def inverse(self) -> Warp:
        return self.forward


@dataclass(frozen=True, eq=False)
class _Chain(Warp):
    """Warps one after another."""

    warps: tuple[Warp, ...]

    def __call__(self, points: FloatArray) -> FloatArray:
        for warp in self.warps:
            points = warp(points)
        return points

    @property
    def inverse(self) -> Warp:
        return _Chain(tuple(warp.inverse for warp in reversed(self.warps)))
