"""What a millimeter of paper means: speed and gain of a print, boxes of its grid, its pulse.

Public: `PaperScale`, the only home of the paper's speed and gain; `MM_PER_INCH`, `SMALL_BOX_MM`,
`LARGE_BOX_MM`, `PULSE_MV`, `PULSE_S`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeVar

from ecgpaper.ecg import FloatArray

MM_PER_INCH = 25.4
SMALL_BOX_MM = 1.0
LARGE_BOX_MM = 5.0
# The calibration pulse: 1 mV for 0.2 s.
PULSE_MV = 1.0
PULSE_S = 0.2

Scalar = TypeVar("Scalar", float, FloatArray)


@dataclass(frozen=True, slots=True)
class PaperScale:
    """Speed and gain of a print: what a millimeter means in seconds and millivolts.

    Examples
    --------
    >>> PaperScale(speed_mm_per_s=50.0).mm_from_s(0.2)
    10.0
    """

    speed_mm_per_s: float = 25.0
    gain_mm_per_mv: float = 10.0

    def __post_init__(self) -> None:
        """Refuse scales that cannot be inverted."""
        if not (self.speed_mm_per_s > 0 and self.gain_mm_per_mv > 0):
            raise ValueError(f"speed and gain must be positive; got {self}")

    def mm_from_s(self, time_s: Scalar) -> Scalar:
        """Width on paper of a stretch of time."""
        return time_s * self.speed_mm_per_s

    def s_from_mm(self, width_mm: Scalar) -> Scalar:
        """Time that a width on paper stands for."""
        return width_mm / self.speed_mm_per_s

    def mm_from_mv(self, amplitude_mv: Scalar) -> Scalar:
        """Height on paper of a voltage."""
        return amplitude_mv * self.gain_mm_per_mv

    def mv_from_mm(self, height_mm: Scalar) -> Scalar:
        """Voltage that a height on paper stands for."""
        return height_mm / self.gain_mm_per_mv
