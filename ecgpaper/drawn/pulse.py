"""Calibration pulses among the strands of a page.

Public: `DrawnPulse`, `take_pulses`.

A drawn pulse is exactly level on top and as steep on both sides; no heartbeat is. It may stand
alone or begin (or end) the curve of a row.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from ecgpaper.drawn.grid import Millimeter
from ecgpaper.drawn.strands import Strand


@dataclass(frozen=True, slots=True)
class DrawnPulseLimits:
    """The shape of a calibration pulse."""

    # Least and largest length of its top,
    top_mm: tuple[float, float] = (1.5, 25.0)
    # and its height.
    height_mm: tuple[float, float] = (2.0, 45.0)
    # Its top and its feet are level to this,
    level_mm: float = 0.05
    # its sides lean by no more than this,
    side_mm: float = 1.0
    # and both are of one height to this share.
    uneven: float = 0.08
    # A stub before and behind it is no longer than this.
    stub_mm: float = 6.0
    # A strand that is not longer than this is a pulse alone.
    alone_mm: float = 30.0


LIMITS = DrawnPulseLimits()


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
    strands: tuple[Strand, ...], unit: Millimeter
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
        if strand.width_pt > LIMITS.alone_mm * unit.x_pt:
            rest.append(_without(strand, pulse, unit))
    return tuple(rest), tuple(pulses)


def _pulses(strand: Strand, unit: Millimeter) -> Iterator[DrawnPulse]:
    """Yield pulses at either end of a strand."""
    level_pt = LIMITS.level_mm * unit.y_pt
    # Runs of points of one height.
    breaks = np.flatnonzero(np.abs(np.diff(strand.y_pt)) > level_pt) + 1
    starts, stops = np.concatenate([[0], breaks]), np.concatenate([breaks, [len(strand.y_pt)]])
    for start, stop in zip(starts, stops, strict=True):
        left_pt, right_pt = float(strand.x_pt[start]), float(strand.x_pt[stop - 1])
        is_long = LIMITS.top_mm[0] <= (right_pt - left_pt) / unit.x_pt <= LIMITS.top_mm[1]
        if is_long and _is_at_end(strand, left_pt, right_pt, unit):
            yield from _pulse(strand, int(start), int(stop), unit)


def _is_at_end(strand: Strand, left_pt: float, right_pt: float, unit: Millimeter) -> bool:
    reach_pt = LIMITS.stub_mm * unit.x_pt
    return left_pt - strand.left_pt < reach_pt or strand.right_pt - right_pt < reach_pt


def _pulse(strand: Strand, start: int, stop: int, unit: Millimeter) -> Iterator[DrawnPulse]:
    """Yield the pulse of which these points are the top, if they are."""
    side_pt = LIMITS.side_mm * unit.x_pt
    x_pt, y_pt = strand.x_pt, strand.y_pt
    before = slice(int(np.searchsorted(x_pt, x_pt[start] - side_pt)), start)
    behind = slice(stop, int(np.searchsorted(x_pt, x_pt[stop - 1] + side_pt, side="right")))
    if before.start >= before.stop or behind.start >= behind.stop:
        return
    top_pt = float(y_pt[start])
    feet_pt = float(y_pt[before].max()), float(y_pt[behind].max())
    heights_mm = [(foot_pt - top_pt) / unit.y_pt for foot_pt in feet_pt]
    is_high = all(LIMITS.height_mm[0] <= height <= LIMITS.height_mm[1] for height in heights_mm)
    if is_high and abs(heights_mm[0] - heights_mm[1]) < LIMITS.uneven * max(heights_mm):
        base_pt = feet_pt[0]
        yield DrawnPulse(float(x_pt[start]), float(x_pt[stop - 1]), base_pt, base_pt - top_pt)


def _without(strand: Strand, pulse: DrawnPulse, unit: Millimeter) -> Strand:
    """Return a strand without the pulse and its stubs."""
    is_first = pulse.left_pt - strand.left_pt < strand.right_pt - pulse.right_pt
    if not is_first:
        return strand.between(strand.left_pt, pulse.left_pt - LIMITS.side_mm * unit.x_pt)
    behind = strand.between(pulse.right_pt + 1e-3, strand.right_pt)
    level_pt = LIMITS.level_mm * unit.y_pt
    # The falling side down to the foot, and then the foot as long as it is level.
    foot = int(np.argmax(behind.y_pt > pulse.base_pt - LIMITS.uneven * pulse.height_pt))
    is_off = np.abs(behind.y_pt - pulse.base_pt) > level_pt
    is_off |= behind.x_pt - pulse.right_pt > LIMITS.stub_mm * unit.x_pt
    is_off[:foot] = False
    first = int(np.argmax(is_off)) if is_off.any() else len(is_off)
    return Strand(behind.x_pt[first:], behind.y_pt[first:])
