"""Calibration pulses among the strands of a page.

Public: `DrawnPulse`, `take_pulses`.

A drawn pulse is exactly level on top and as steep on both sides; no heartbeat is. It may stand
alone or begin (or end) the curve of a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ecgpaper.drawn.grid import Millimetre
from ecgpaper.drawn.strands import Strand

# Its top is so long and so high, in mm, its sides so steep and both of them alike.
_TOP_MM, _HEIGHT_MM = (1.5, 25.0), (2.0, 45.0)
_LEVEL_MM, _SIDE_MM, _UNEVEN = 0.05, 1.0, 0.08
# A stub before and behind it is no longer than this, in mm.
_STUB_MM = 6.0
# What is not longer than this, in mm, is a pulse alone.
_ALONE_MM = 30.0


@dataclass(frozen=True, slots=True)
class DrawnPulse:
    """A calibration pulse, in points of the page.

    Parameters
    ----------
    left_pt, right_pt : float
        Its sides.
    base_pt : float
        The height of its foot: 0 mV.
    height_pt : float
    """

    left_pt: float
    right_pt: float
    base_pt: float
    height_pt: float

    @property
    def width_pt(self) -> float:
        """From side to side."""
        return self.right_pt - self.left_pt


def take_pulses(
    strands: tuple[Strand, ...], unit: Millimetre
) -> tuple[tuple[Strand, ...], tuple[DrawnPulse, ...]]:
    """Part the pulses of a page from its curves.

    Returns
    -------
    strands : tuple of Strand
        Those that are more than a pulse, without it.
    pulses : tuple of DrawnPulse
    """
    rest: list[Strand] = []
    pulses: list[DrawnPulse] = []
    for strand in strands:
        pulse = next(_pulses(strand, unit), None)
        if pulse is None:
            rest.append(strand)
            continue
        pulses.append(pulse)
        if strand.width_pt > _ALONE_MM * unit.x_pt:
            rest.append(_without(strand, pulse, unit))
    return tuple(rest), tuple(pulses)


def _pulses(strand: Strand, unit: Millimetre) -> Iterator[DrawnPulse]:
    """Yield pulses at either end of a strand."""
    level_pt = _LEVEL_MM * unit.y_pt
    # Runs of points of one height.
    breaks = np.flatnonzero(np.abs(np.diff(strand.y_pt)) > level_pt) + 1
    starts, stops = np.concatenate([[0], breaks]), np.concatenate([breaks, [len(strand.y_pt)]])
    for start, stop in zip(starts, stops, strict=True):
        left_pt, right_pt = float(strand.x_pt[start]), float(strand.x_pt[stop - 1])
        is_long = _TOP_MM[0] <= (right_pt - left_pt) / unit.x_pt <= _TOP_MM[1]
        if is_long and _is_at_end(strand, left_pt, right_pt, unit):
            yield from _pulse(strand, int(start), int(stop), unit)


def _is_at_end(strand: Strand, left_pt: float, right_pt: float, unit: Millimetre) -> bool:
    reach_pt = _STUB_MM * unit.x_pt
    return left_pt - strand.left_pt < reach_pt or strand.right_pt - right_pt < reach_pt


def _pulse(strand: Strand, start: int, stop: int, unit: Millimetre) -> Iterator[DrawnPulse]:
    """Yield the pulse of which these points are the top, if they are."""
    side_pt = _SIDE_MM * unit.x_pt
    x_pt, y_pt = strand.x_pt, strand.y_pt
    before = slice(int(np.searchsorted(x_pt, x_pt[start] - side_pt)), start)
    behind = slice(stop, int(np.searchsorted(x_pt, x_pt[stop - 1] + side_pt, side="right")))
    if before.start >= before.stop or behind.start >= behind.stop:
        return
    top_pt = float(y_pt[start])
    feet_pt = float(y_pt[before].max()), float(y_pt[behind].max())
    heights_mm = [(foot_pt - top_pt) / unit.y_pt for foot_pt in feet_pt]
    is_high = all(_HEIGHT_MM[0] <= height <= _HEIGHT_MM[1] for height in heights_mm)
    if is_high and abs(heights_mm[0] - heights_mm[1]) < _UNEVEN * max(heights_mm):
        base_pt = feet_pt[0]
        yield DrawnPulse(float(x_pt[start]), float(x_pt[stop - 1]), base_pt, base_pt - top_pt)


def _without(strand: Strand, pulse: DrawnPulse, unit: Millimetre) -> Strand:
    """Return a strand without the pulse and its stubs."""
    is_first = pulse.left_pt - strand.left_pt < strand.right_pt - pulse.right_pt
    if not is_first:
        return strand.between(strand.left_pt, pulse.left_pt - _SIDE_MM * unit.x_pt)
    behind = strand.between(pulse.right_pt + 1e-3, strand.right_pt)
    level_pt = _LEVEL_MM * unit.y_pt
    # The falling side down to the foot, and then the foot as long as it is level.
    foot = int(np.argmax(behind.y_pt > pulse.base_pt - _UNEVEN * pulse.height_pt))
    is_off = np.abs(behind.y_pt - pulse.base_pt) > level_pt
    is_off |= behind.x_pt - pulse.right_pt > _STUB_MM * unit.x_pt
    is_off[:foot] = False
    first = int(np.argmax(is_off)) if is_off.any() else len(is_off)
    return Strand(behind.x_pt[first:], behind.y_pt[first:])
