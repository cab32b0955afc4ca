"""Framing: draw how a sheet lies in the frame of a photo."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ecgpaper.ecg import FloatArray
from ecgpaper.synth.sample.draws import chance, uniform
from ecgpaper.synth.spec.values import Point, Size

# Least and most of the frame that the sheet takes.
SHARES = (0.5, 0.95)
_SENSORS = (3 / 4, 9 / 16)
# Shorter against longer side of pictures that somebody cut.
_CUT_RATIOS = (0.6, 0.85)


@dataclass(frozen=True, slots=True)
class Pose:
    """How a sheet is held: degrees of turn and tilt, towards where, and from how far it is seen.

    `quarters_deg` is a multiple of 90. `distance` is in diagonals of the sheet.
    """

    turn_deg: float = 0.0
    quarters_deg: float = 0.0
    tilt_deg: float = 0.0
    toward_deg: float = 0.0
    distance: float = 2.0


@dataclass(frozen=True, slots=True)
class Framing:
    """Where the corners of the sheet are: as shares of a frame of `photo_px` (height, width)."""

    photo_px: tuple[int, int]
    corners: tuple[Point, ...]
    px_per_mm: float

    def frame_from_sheet(self, point: FloatArray) -> FloatArray:
        """Map (x, y) in shares of the sheet's size to shares of the frame."""
        unit = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.float32)
        matrix = cv2.getPerspectiveTransform(unit, np.array(self.corners, dtype=np.float32))
        moved = np.asarray(matrix, dtype=np.float64) @ [*point, 1.0]
        shares: FloatArray = moved[:2] / moved[2]
        return shares


def sample_pose(most_turn_deg: float, most_tilt_deg: float, rng: np.random.Generator) -> Pose:
    """Draw a pose; people hold their phones more or less straight."""
    return Pose(
        turn_deg=uniform(rng, -most_turn_deg, most_turn_deg) * (1.0 if chance(rng, 0.5) else 0.3),
        tilt_deg=uniform(rng, 0, most_tilt_deg) * (1.0 if chance(rng, 0.4) else 0.4),
        toward_deg=uniform(rng, 0, 360),
        distance=uniform(rng, 0.8, 2.0),
    )


def frame_sheet(
    size_mm: Size, pose: Pose, length_px: int, cut_mm: float, *, rng: np.random.Generator
) -> Framing:
    """Draw a frame around a sheet, and where the sheet lies in it.

    Parameters
    ----------
    size_mm : tuple of float
    pose : Pose
        Its turn and tilt are reduced where any frame would be too large for the sheet.
    length_px : int
        Longer side of the photo.
    cut_mm : float, in mm
        How much of the sheet's margins may lie beyond the frame; 0 for none.
    rng : numpy.random.Generator
    """
    while True:
        whole, kept = (project_corners(size_mm, pose, inset_mm) for inset_mm in (0.0, cut_mm))
        for ratio in _ratios(kept, rng):
            low, high = _scales(whole, kept, ratio)
            if high > low:
                px_per_mm = uniform(rng, low if cut_mm == 0 else (low + high) / 2, high)
                return _place(whole, kept, (length_px, ratio), px_per_mm, rng)
        pose = replace(pose, turn_deg=0.7 * pose.turn_deg, tilt_deg=0.9 * pose.tilt_deg)


def frame_closely(
    size_mm: Size, pose: Pose, length_px: int, cut_mm: float, *, rng: np.random.Generator
) -> Framing:
    """Cut a photo as people do, to the print: within `cut_mm` of the sheet's edges."""
    whole, kept = (project_corners(size_mm, pose, inset_mm) for inset_mm in (0.0, cut_mm))
    extent = np.ptp(kept, axis=0)
    ratio = float(extent.min() / extent.max())
    return _place(whole, kept, (length_px, ratio), float(1 / extent.max()), rng)


def _ratios(kept: FloatArray, rng: np.random.Generator) -> list[float]:
    """Shapes of the frame in the order in which to try them."""
    extent = np.ptp(kept, axis=0)
    drawn = [*rng.permutation(_SENSORS), uniform(rng, *_CUT_RATIOS)]
    if chance(rng, 0.2):
        drawn.reverse()
    return [float(ratio) for ratio in drawn] + [float(extent.min() / extent.max())]


def _frame(kept: FloatArray, ratio: float) -> FloatArray:
    """(width, height) of a frame with a longer side of 1, lying as the sheet lies."""
    extent = np.ptp(kept, axis=0)
    return np.array([1.0, ratio] if extent[0] >= extent[1] else [ratio, 1.0])


def _scales(whole: FloatArray, kept: FloatArray, ratio: float) -> tuple[float, float]:
    """Least and most frames per mm that show enough of the sheet, and all that must be seen."""
    frame = _frame(kept, ratio)
    area_mm2 = abs(cv2.contourArea(whole.astype(np.float32)))
    least, most = (float(np.sqrt(share * frame.prod() / area_mm2)) for share in SHARES)
    return least, min(most, float((frame / np.ptp(kept, axis=0)).min()))


def _place(
    whole: FloatArray,
    kept: FloatArray,
    frame: tuple[int, float],
    per_mm: float,
    rng: np.random.Generator,
) -> Framing:
    """Put the sheet somewhere in a frame of (longer side in px, ratio) at a scale in frames."""
    length_px, ratio = frame
    sides = _frame(kept, ratio)
    low = kept.min(axis=0) * per_mm
    slack = np.maximum(sides - np.ptp(kept, axis=0) * per_mm, 0)
    offset = slack * rng.uniform(0.02, 0.98, size=2) - low
    shares = (whole * per_mm + offset) / sides
    width_px, height_px = np.rint(sides * length_px).astype(int)
    corners = tuple((float(x), float(y)) for x, y in shares)
    return Framing((int(height_px), int(width_px)), corners, per_mm * length_px)


def project_corners(size_mm: Size, pose: Pose, inset_mm: float) -> FloatArray:
    """Corners of a sheet about its center, turned and tilted, as a pinhole sees them.

    Returns
    -------
    ndarray of shape (4, 2), in mm at the center's distance
        Top left, top right, bottom right, bottom left as printed, each moved inwards by `inset_mm`.
    """
    half = np.array(size_mm) / 2
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * (half - inset_mm)
    turn_deg = pose.turn_deg + pose.quarters_deg
    turn, toward, tilt = np.deg2rad([turn_deg, pose.toward_deg, pose.tilt_deg])
    spin = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    corners = corners @ spin.T
    axis = np.array([np.cos(toward), np.sin(toward)])
    along = corners @ axis
    corners = corners + ((np.cos(tilt) - 1) * along)[:, None] * axis
    far_mm = pose.distance * 2 * np.hypot(*half)
    seen: FloatArray = corners * (far_mm / (far_mm + along * np.sin(tilt)))[:, None]
    return seen
