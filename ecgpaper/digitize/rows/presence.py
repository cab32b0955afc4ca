"""Row readings -> presence: where on the paper the rows of a page show traces, all together.

Public: `Presence`, `EDGE_WIDTH_MM`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.ecg import FloatArray

# Stretch over which the ends of a window are looked at.
EDGE_WIDTH_MM = 0.6
# Columns may leave a gap of this width between them, in all rows of columns,
_GAP_MM = 0.6
# beside stretches of trace within these distances.
_BESIDE_MM = (0.8, 1.6)


class Presence:
    """Means, over any stretches of a page, of the presence of all rows."""

    def __init__(self, readings: Sequence[RowReading]) -> None:
        x_mm = readings[0].x_mm
        self.step_mm = float(x_mm[1] - x_mm[0])
        # The sum up to a point holds everything up to half a step to its right.
        self.edges_mm = np.concatenate([[x_mm[0] - self.step_mm / 2], x_mm + self.step_mm / 2])
        presence = np.mean([reading.presence for reading in readings], axis=0)
        self.sums = np.concatenate([[0.0], np.cumsum(presence) * self.step_mm])

    def mean(self, left_mm: FloatArray, right_mm: FloatArray) -> FloatArray:
        """Mean presence from left to right, arrays of one shape; nothing is beyond the strip."""
        upper = np.interp(right_mm, self.edges_mm, self.sums)
        lower = np.interp(left_mm, self.edges_mm, self.sums)
        mean: FloatArray = (upper - lower) / (right_mm - left_mm)
        return mean

    def rise(self, at_mm: FloatArray) -> FloatArray:
        """How much more presence there is closely behind a place than before it."""
        return self.mean(at_mm, at_mm + EDGE_WIDTH_MM) - self.mean(at_mm - EDGE_WIDTH_MM, at_mm)

    def gap(self, at_mm: FloatArray) -> FloatArray:
        """How much less presence there is at a place than on both its sides."""
        near_mm, far_mm = _BESIDE_MM
        before = self.mean(at_mm - far_mm, at_mm - near_mm)
        behind = self.mean(at_mm + near_mm, at_mm + far_mm)
        inside = self.mean(at_mm - _GAP_MM / 2, at_mm + _GAP_MM / 2)
        return np.minimum(before, behind) - inside
