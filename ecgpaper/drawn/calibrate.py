"""Grid, pulses and print -> what a point of the page is in seconds and millivolts.

Public: `Calibration`, `calibrate`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecgpaper.drawn.grid import TRUE_SIZE, Millimeter, find_grid
from ecgpaper.drawn.pdf.drawing import Drawing
from ecgpaper.drawn.print import Printed, read_print
from ecgpaper.drawn.pulse import DrawnPulse, take_pulses
from ecgpaper.drawn.strands import Strand
from ecgpaper.page import PULSE_S, PaperScale
from ecgpaper.runtime.bounds import GAIN_MM_PER_MV

_USUAL = PaperScale()
_GAINS_MM_PER_MV = (2.5, 5.0, 10.0, 20.0, 40.0)
# A pulse is as high as a gain says to this share.
_SAME_HEIGHT = 0.06
# A page whose pulses are as high as print says to this share is drawn at true size.
_TRUE = 0.02
# A pulse as wide as this share of `PULSE_S` at twice the usual speed tells that speed.
_SAME_WIDTH = 0.1


@dataclass(frozen=True, slots=True)
class Calibration:
    """What was found of a page's scale.

    Parameters
    ----------
    unit : Millimeter
    paper : PaperScale
    printed : Printed
    warnings : tuple of str
        What was not on the page and was taken to be the usual.
    """

    unit: Millimeter
    paper: PaperScale
    printed: Printed
    warnings: tuple[str, ...] = ()


def calibrate(drawing: Drawing, strands: Sequence[Strand]) -> Calibration:
    """Find out what a point of the page stands for.

    The size of a millimeter is what the grid says; without a grid it is what a pulse of 1 mV at
    the printed gain says, and without either the page is taken to be drawn at its true size.
    """
    printed = read_print(drawing)
    grid = find_grid(drawing)
    _, pulses = take_pulses(tuple(strands), grid or TRUE_SIZE)
    unit, warnings = (grid, []) if grid else _unit_of_pulses(pulses, printed)
    if not printed.is_sure:
        warnings.append("several speeds or gains are printed: the one printed most is taken")
    gain_mm_per_mv = _gain(pulses, printed, unit, warnings)
    speed_mm_per_s = _speed(pulses, printed, unit, warnings)
    paper = PaperScale(speed_mm_per_s, gain_mm_per_mv)
    return Calibration(unit, paper, printed, tuple(warnings))


def _unit_of_pulses(pulses: Sequence[DrawnPulse], printed: Printed) -> tuple[Millimeter, list[str]]:
    gain = printed.gain_mm_per_mv
    if not pulses or gain is None:
        return TRUE_SIZE, ["neither a grid nor a pulse is drawn: taken to be of true size"]
    high_pt = float(np.median([pulse.height_pt for pulse in pulses]))
    per_mm_pt = high_pt / gain
    if abs(per_mm_pt / TRUE_SIZE.y_pt - 1) < _TRUE:
        per_mm_pt = TRUE_SIZE.y_pt
    return Millimeter(per_mm_pt, per_mm_pt, "calibration pulse and printed gain"), []


def _gain(
    pulses: Sequence[DrawnPulse], printed: Printed, unit: Millimeter, warnings: list[str]
) -> float:
    said = printed.gain_mm_per_mv
    if not pulses:
        if said is None:
            warnings.append(f"no gain is printed: {_USUAL.gain_mm_per_mv:g} mm/mV are taken")
        return said or _USUAL.gain_mm_per_mv
    high_mm = float(np.median([pulse.height_pt for pulse in pulses])) / unit.y_pt
    if said is not None:
        if abs(high_mm / said - 1) > _SAME_HEIGHT:
            warnings.append(f"a pulse of {high_mm:.1f} mm stands beside a gain of {said:g} mm/mV")
        return said
    usual = min(_GAINS_MM_PER_MV, key=lambda gain: abs(np.log(high_mm / gain)))
    if abs(high_mm / usual - 1) < _SAME_HEIGHT:
        return usual
    if GAIN_MM_PER_MV.low <= high_mm <= GAIN_MM_PER_MV.high:
        warnings.append(f"no gain is printed: the pulse of {high_mm:.1f} mm is taken for 1 mV")
        return high_mm
    warnings.append(f"no gain is printed: {_USUAL.gain_mm_per_mv:g} mm/mV are taken")
    return _USUAL.gain_mm_per_mv


def _speed(
    pulses: Sequence[DrawnPulse], printed: Printed, unit: Millimeter, warnings: list[str]
) -> float:
    if printed.speed_mm_per_s is not None:
        return printed.speed_mm_per_s
    usual = _USUAL.speed_mm_per_s
    if pulses:
        wide_mm = float(np.median([pulse.width_pt for pulse in pulses])) / unit.x_pt
        for speed in (usual, 2 * usual):
            if abs(wide_mm / (PULSE_S * speed) - 1) < _SAME_WIDTH:
                return speed
    warnings.append(f"no speed is printed: {usual:g} mm/s are taken")
    return usual
