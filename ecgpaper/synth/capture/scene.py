"""Scene: all that a camera sees besides the sheet, as frozen dataclasses.

Places and sizes are shares of the frame, so that a scene is the same at any resolution; what lies
in the plane of the sheet is in millimeters of the sheet. Drawn by `table`, `monitor`, `light` and
`foreground`.
"""

from __future__ import annotations

import numpy as np

from ecgpaper.ecg import FloatArray
from ecgpaper.synth.spec.scene import SceneSpec
from ecgpaper.synth.spec.values import Point


def corners_photo(spec: SceneSpec) -> FloatArray:
    """Corners of the sheet in the photo, of shape (4, 2), in px."""
    height, width = spec.photo_px
    # The frame's corner is that of its first pixel, half a pixel off its center.
    return np.array(spec.corners) * [width, height] - 0.5


def frame_points(spec: SceneSpec, at: Point, outline: FloatArray, size: float) -> FloatArray:
    """Place an outline, given in multiples of `size`, around a point of the frame.

    Returns
    -------
    ndarray of shape (n_points, 2), in multiples of the frame's longer side
    """
    height, width = spec.photo_px
    center = np.array([at[0] * width, at[1] * height]) / max(spec.photo_px)
    placed: FloatArray = center + size * outline
    return placed


def turned(points: FloatArray, angle_deg: float) -> FloatArray:
    """Turn points about (0, 0), clockwise as seen in a picture."""
    angle = np.deg2rad(angle_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    result: FloatArray = points @ turn.T
    return result


def projected(matrix: FloatArray, points: FloatArray) -> FloatArray:
    """Map points of shape (n_points, 2) by a homography."""
    moved = np.column_stack([points, np.ones(len(points))]) @ matrix.T
    result: FloatArray = moved[:, :2] / moved[:, 2:]
    return result
