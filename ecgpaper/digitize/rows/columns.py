"""Row readings -> columns: where on the paper the columns of a layout stand.

Public: `Place`, `column_places`, `place_columns`, `are_around`, `with_margin`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.signal import find_peaks

from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.rows.apart import columns_apart
from ecgpaper.digitize.rows.find import PULSE_ROOM_MM, ROW_MM, ROWS_MM
from ecgpaper.digitize.rows.presence import EDGE_WIDTH_MM, Presence
from ecgpaper.digitize.rows.separators import start_by_bars
from ecgpaper.ecg import FloatArray
from ecgpaper.page import PageLayout


@dataclass(frozen=True, slots=True)
class ColumnLimits:
    """How the columns' start, length and gaps are searched for."""

    # The second search for the start moves by no more than this: a pulse may stand on either side.
    max_shift_mm: float = 14.0
    # Steps of that search.
    shift_step_mm: float = 0.0125
    # How much of the traces a window may lose.
    max_loss_mm: float = 1.5
    # Places that are looked at for the start.
    max_starts: int = 4
    # Paper does not run past a pen, nor a grid through a press, at exactly its speed: rows may be
    # longer or shorter by this share.
    max_stretch: float = 0.03
    # Steps in which that share is searched for.
    stretch_step: float = 0.0005
    # Differences in length that hardly matter are not looked for.
    min_stretch: float = 0.003
    # The ends of stretched rows must be steeper together by this factor than where rows of the
    # usual length end: of 15 generated pages, which have that length, one reached 1.47 times, for a
    # pulse.
    steeper: float = 1.4
    # Least number of narrow gaps, as far from each other as columns, that tell where these stand.
    min_gaps: int = 2
    # Presence that the least of them lacks at least; on half a dozen pages without gaps it lacked
    # 0.05 at most.
    min_gap: float = 0.25
    # Traces are taken to start this much before where they are found: 4 ms at 25 mm/s. The
    # Challenge's later scorer nearly voids a lead that is early by a sample; both forgive one that
    # is late.
    early_mm: float = 0.1
    # Where their ends are blurred or do not agree, by this much.
    unsure_early_mm: float = 0.2


LIMITS = ColumnLimits()


@dataclass(frozen=True, slots=True)
class Place:
    """Where the rows of a page may stand.

    Parameters
    ----------
    start_mm : float, in mm
    stretch : float
        Their length, as a share of the layout's.
    apart_mm : float, in mm
        Paper between columns, more than the layout leaves.
    """

    start_mm: float
    stretch: float = 1.0
    apart_mm: float = 0.0


def column_places(layout: PageLayout, readings: tuple[RowReading, ...]) -> tuple[Place, ...]:
    """Find where the columns of a layout may stand, the likeliest place first.

    All rows start together and last equally long. So the start is roughly where a window of that
    length holds most of what was read as trace, and more exactly where presence rises and falls
    most steeply at the window's two ends; an end that text or a pulse blurs then hardly counts.
    Where another length fits both ends much better, it is the last place; rows of no usual length
    are as long as fits their ends best. Bars and gaps between columns say more than ends, which a
    photo may cut off: where they are seen, theirs is the only place, unless it leaves out more of
    what was read than a pulse.
    Wide gaps, in which pulses may stand, come before all: where columns begin and end at them,
    theirs is the only place.

    Parameters
    ----------
    layout : PageLayout
    readings : tuple of RowReading
    """
    left_mm = layout.left_mm
    taken_mm = layout.right_mm - left_mm
    if apart := columns_apart(layout, readings):
        first_mm, gap_mm = apart
        return (Place(first_mm, ROW_MM / taken_mm, gap_mm),)
    presence = Presence(readings)
    row_mm = _usual_length_mm(presence, left_mm, taken_mm)
    usual_mm = ROW_MM if row_mm is None else row_mm
    start_mm = start_by_bars(layout, readings, usual_mm / layout.n_columns)
    if start_mm is not None and _holds(presence, start_mm, usual_mm):
        return (Place(start_mm, usual_mm / taken_mm),)
    if row_mm is None:
        return (_place_by_ends(presence, left_mm, taken_mm),)
    between_mm = sorted({strip.left_mm - left_mm for strip in layout.strips})[1:]
    between_mm = [at_mm * row_mm / taken_mm for at_mm in between_mm]
    starts_mm = left_mm + np.arange(
        -LIMITS.max_shift_mm, LIMITS.max_shift_mm + taken_mm - row_mm, LIMITS.shift_step_mm
    )
    places = _places(presence, starts_mm, row_mm, between_mm)
    return tuple(replace(place, stretch=place.stretch * row_mm / taken_mm) for place in places)


def _holds(presence: Presence, start_mm: float, row_mm: float) -> bool:
    """Whether rows at a place hold what was read as trace, but for the room of a pulse."""
    inside_mm = row_mm * presence.mean(np.array(start_mm), np.array(start_mm + row_mm))
    return bool(inside_mm > min(presence.sums[-1], row_mm) - PULSE_ROOM_MM)


def _usual_length_mm(presence: Presence, left_mm: float, taken_mm: float) -> float | None:
    """Return the length of rows that were taken for `taken_mm`; None if nothing usual.

    What was taken for a long row may hold an edge: if a window of the usual length holds nearly all
    that was read, rows are so long.
    """
    if min(abs(taken_mm - usual_mm) for usual_mm in ROWS_MM) < LIMITS.shift_step_mm:
        return taken_mm
    if taken_mm < ROW_MM:
        return None
    starts_mm = left_mm + np.arange(
        -LIMITS.max_shift_mm, taken_mm - ROW_MM + LIMITS.max_shift_mm, 1.0
    )
    inside_mm = ROW_MM * presence.mean(starts_mm, starts_mm + ROW_MM)
    return ROW_MM if inside_mm.max() > presence.sums[-1] - PULSE_ROOM_MM else None


def _places(
    presence: Presence, starts_mm: FloatArray, duration_mm: float, between_mm: list[float]
) -> tuple[Place, ...]:
    """Find where rows of a length, whose columns start at given distances, may stand."""
    inside_mm = duration_mm * presence.mean(starts_mm, starts_mm + duration_mm)
    least_mm = inside_mm.max() - LIMITS.max_loss_mm
    steepness = _steepness(presence, starts_mm, duration_mm, least_mm)
    best = int(np.argmax(steepness))
    peaks, _ = find_peaks(steepness, distance=round(EDGE_WIDTH_MM / LIMITS.shift_step_mm))
    others = sorted(set(peaks.tolist()) - {best}, key=lambda peak: -steepness[peak])
    places = [Place(float(starts_mm[at])) for at in (best, *others[: LIMITS.max_starts - 1])]
    stretches = 1 + np.arange(
        -LIMITS.max_stretch, LIMITS.max_stretch + LIMITS.stretch_step / 2, LIMITS.stretch_step
    )
    if place := _place_by_gaps(presence, starts_mm, between_mm, stretches):
        return (place,)
    found = [_steepness(presence, starts_mm, duration_mm * by, least_mm) for by in stretches]
    which, at = np.unravel_index(int(np.argmax(found)), np.shape(found))
    is_steeper = found[which][at] > LIMITS.steeper * steepness[best]
    if is_steeper and abs(stretches[which] - 1) > LIMITS.min_stretch:
        places.append(Place(float(starts_mm[at]), float(stretches[which])))
    return tuple(places)


def _place_by_ends(presence: Presence, left_mm: float, duration_mm: float) -> Place:
    """Find rows of any length by both their ends; they may have been taken for more."""
    shortest_mm = max(duration_mm - 2 * PULSE_ROOM_MM, duration_mm / 2)
    lengths_mm = np.arange(shortest_mm, duration_mm + PULSE_ROOM_MM, 0.1)
    starts_mm = left_mm + np.arange(-LIMITS.max_shift_mm, 2 * LIMITS.max_shift_mm, 0.1)
    rises, falls = presence.rise(starts_mm), -presence.rise(starts_mm[:, None] + lengths_mm)
    held = lengths_mm * presence.mean(starts_mm[:, None], starts_mm[:, None] + lengths_mm)
    both = np.where(held > held.max() - PULSE_ROOM_MM, rises[:, None] + falls, -np.inf)
    at, which = np.unravel_index(int(np.argmax(both)), both.shape)
    return Place(float(starts_mm[at]), float(lengths_mm[which] / duration_mm))


def _place_by_gaps(
    presence: Presence, starts_mm: FloatArray, between_mm: list[float], stretches: FloatArray
) -> Place | None:
    """Find where all columns are separated by gaps, at distances from the start of the rows."""
    if len(between_mm) < LIMITS.min_gaps:
        return None
    gaps = [
        np.min([presence.gap(starts_mm + by * at_mm) for at_mm in between_mm], axis=0)
        for by in stretches
    ]
    which, at = np.unravel_index(int(np.argmax(gaps)), np.shape(gaps))
    if gaps[which][at] < LIMITS.min_gap:
        return None
    return Place(float(starts_mm[at]), float(stretches[which]))


def _steepness(
    presence: Presence, starts_mm: FloatArray, length_mm: float, least_mm: float
) -> FloatArray:
    """How steeply presence rises and falls at the ends of windows of a length.

    Returns
    -------
    ndarray of the shape of `starts_mm`
        Zero where a window holds less presence than `least_mm`.
    """
    stops_mm = starts_mm + length_mm
    steepness = presence.rise(starts_mm) - presence.rise(stops_mm)
    steepness[length_mm * presence.mean(starts_mm, stops_mm) < least_mm] = 0.0
    return steepness


def are_around(layout: PageLayout, readings: tuple[RowReading, ...]) -> bool:
    """Whether rows were read from where columns start to where they end."""
    right_mm = layout.right_mm
    x_mm = readings[0].x_mm
    return bool(x_mm[0] < layout.left_mm and right_mm < x_mm[-1])


def place_columns(layout: PageLayout, place: Place) -> PageLayout:
    """Move the strips of a layout so that the first ones start at a place; stretch, part them."""
    left_mm = layout.left_mm
    strips = tuple(
        replace(
            strip.slowed(place.stretch),
            left_mm=place.start_mm
            + (strip.left_mm - left_mm) * place.stretch
            + strip.segment.column * place.apart_mm,
        )
        for strip in layout.strips
    )
    return replace(layout, strips=strips)


def with_margin(layout: PageLayout, *, is_sure: bool) -> PageLayout:
    """Return a page whose rows are taken to start a little before where they do.

    The traces are cut before: at their very start a pulse's stroke may stand.

    Parameters
    ----------
    layout : PageLayout
    is_sure : bool
        Whether the ends of its traces are sharp and agree; else these may start up to some samples
        before where they were found.
    """
    margin_mm = LIMITS.early_mm if is_sure else LIMITS.unsure_early_mm
    return place_columns(layout, Place(layout.left_mm - margin_mm))
