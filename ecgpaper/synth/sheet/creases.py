"""Creases: along a sharp fold the print cracks and is rubbed off.

In: the folds of `ReliefSpec`. Out: where the fold lines run, and how much print is gone.
"""

from __future__ import annotations

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.page.raster import GridScale
from ecgpaper.synth.spec.sheet import Fold

_SHIFT = 4
# Print goes in pieces of this length, at most this wide.
_PIECE_MM = 0.6
_WIDEST_MM = 0.9
# Beyond any sheet, in mm.
_FAR_MM = 1000.0


def fold_lines(folds: tuple[Fold, ...]) -> list[tuple[Fold, FloatArray]]:
    """Return the straight stretches of each fold.

    A fold through several layers is a line in the folded sheet; unfolded, it is broken by the
    earlier folds and goes on in the mirror.

    Returns
    -------
    list of (Fold, ndarray of shape (2, 2))
        The fold, and both ends of a stretch, in mm; they may lie beyond the sheet.
    """
    stretches: list[tuple[Fold, FloatArray]] = []
    closed: list[Fold] = []
    for fold in folds:
        if not fold.through:
            closed = []
        along = _direction(fold)
        lines = [np.array(fold.at_mm) + np.outer([-_FAR_MM, _FAR_MM], along)]
        for earlier in reversed(closed):
            near = [part for line in lines if (part := _clip(line, earlier)) is not None]
            lines = near + [_mirror(part, earlier) for part in near]
        stretches += [(fold, line) for line in lines]
        closed.append(fold)
    return stretches


def _direction(fold: Fold) -> FloatArray:
    angle = np.deg2rad(fold.angle_deg)
    return np.array([np.cos(angle), np.sin(angle)])


def _beside(points: FloatArray, fold: Fold) -> FloatArray:
    """Signed distance of points from a fold, positive on the side that stays."""
    along = _direction(fold)
    away: FloatArray = (points - fold.at_mm) @ np.array([-along[1], along[0]])
    return away


def _clip(line: FloatArray, fold: Fold) -> FloatArray | None:
    """Keep the part on the side of a fold that stays."""
    first, last = _beside(line, fold)
    if first < 0 and last < 0:
        return None
    if first >= 0 and last >= 0:
        return line
    crossing = line[0] + (line[1] - line[0]) * first / (first - last)
    return np.array([line[0], crossing] if first >= 0 else [crossing, line[1]])


def _mirror(line: FloatArray, fold: Fold) -> FloatArray:
    along = _direction(fold)
    normal = np.array([-along[1], along[0]])
    mirrored: FloatArray = line - 2 * np.outer(_beside(line, fold), normal)
    return mirrored


def rubbed_off(
    folds: tuple[Fold, ...], scale: GridScale, shape: tuple[int, int], *, rng: np.random.Generator
) -> ByteArray | None:
    """Return the share of the print that folds took, 255 being all; None where none took any.

    Returns
    -------
    ndarray of uint8, of shape (height, width), or None
    """
    worn = [(fold, line) for fold, line in fold_lines(folds) if fold.worn > 0]
    if not worn:
        return None
    gone = np.zeros(shape, dtype=np.uint8)
    for fold, line in worn:
        _rub(gone, fold.worn, _on_page(line, scale, shape), scale, rng)
    return gone


def _on_page(line: FloatArray, scale: GridScale, shape: tuple[int, int]) -> FloatArray:
    """Keep the lines near the page; an empty array if there are none."""
    size_mm = np.array(shape[::-1]) / scale.px_per_mm
    kept: FloatArray | None = line
    for corner, angle_deg in ((-2.0, 0.0), (-2.0, -90.0)):
        kept = None if kept is None else _clip(kept, Fold((corner, corner), angle_deg, 0.0))
    far = float(size_mm[0]) + 2, float(size_mm[1]) + 2
    for angle_deg in (180.0, 90.0):
        kept = None if kept is None else _clip(kept, Fold(far, angle_deg, 0.0))
    return np.empty((0, 2)) if kept is None else kept


def _rub(
    gone: ByteArray, worn: float, line: FloatArray, scale: GridScale, rng: np.random.Generator
) -> None:
    """Draw a stretch as short pieces, each as wide and as worn as chance has it."""
    if len(line) == 0:
        return
    n_pieces = int(np.hypot(*(line[1] - line[0])) / _PIECE_MM) + 1
    points = line[0] + np.linspace(0, 1, n_pieces + 1)[:, None] * (line[1] - line[0])
    points += rng.normal(0, 0.06, points.shape)
    fixed = np.rint(scale.px_from_mm(points) * (1 << _SHIFT)).astype(np.int32)
    widths_px = _WIDEST_MM * scale.px_per_mm[0] * rng.random(n_pieces) ** 2
    levels = np.rint(255 * worn * rng.uniform(0.2, 1, n_pieces)).astype(int)
    widths = np.maximum(np.rint(widths_px), 1).astype(int).tolist()
    for start, stop, level, width in zip(
        fixed[:-1].tolist(), fixed[1:].tolist(), levels.tolist(), widths, strict=True
    ):
        cv2.line(gone, start, stop, level, width, cv2.LINE_AA, _SHIFT)
