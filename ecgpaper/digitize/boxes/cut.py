"""Boxes that are stated -> traces of their strips; all other traces stay as they are.

Their signals may not: see `cut_boxes`.

Public: `cut_boxes`, `within_box`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np

from ecgpaper.digitize.answer.traced import Traced
from ecgpaper.digitize.boxes.place import PaperBox, paper_box_of
from ecgpaper.digitize.curves.looks import read_rows
from ecgpaper.digitize.curves.path import ROWS_PER_STEP, TraceCutter
from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.curves.refine import refine_traces
from ecgpaper.digitize.curves.spikes import with_spikes
from ecgpaper.digitize.curves.strip import EDGE_MM, STRIP_HEIGHT_MM, STRIP_PX_PER_MM
from ecgpaper.digitize.reading import Reading
from ecgpaper.digitize.request import StatedBox
from ecgpaper.digitize.rows.names import without_names
from ecgpaper.digitize.rows.separators import without_separators
from ecgpaper.nets.refiner import Refiner
from ecgpaper.nets.tracer import StripNet
from ecgpaper.page import PageLayout, Strip
from ecgpaper.page.raster import Trace

# Where the tracer gives all heights of a box together less than one in a hundred, it sees no curve
# there (log-probability).
_LEAST = float(np.log(0.01))
# Row and column of a layout.
StripPlace: TypeAlias = tuple[int, int]


def cut_boxes(
    traced: Traced, boxes: Sequence[StatedBox], tracer: StripNet, refiner: Refiner
) -> Traced:
    """Read the curves of strips where their boxes say that they stand.

    Rows that were read in the first phase are used again, where they hold the box.

    The curves of other strips stay. What is made of them later may change: limb leads that are made
    to add up, the SNR that is expected of other leads, and so which leads are left out.

    Parameters
    ----------
    traced : Traced
        Its other traces, and all that was found of the page, stay as they are.
    boxes : sequence of StatedBox
    tracer : StripNet
    refiner : Refiner

    Raises
    ------
    LayoutError
        If a box is too small, or on no paper.
    """
    layout = traced.layout
    paper_boxes = dict(_paper_boxes(traced.reading, layout, boxes))
    if not paper_boxes:
        return traced
    strips = tuple(_moved(strip, paper_boxes, layout) for strip in layout.strips)
    layout = replace(layout, strips=strips)
    read = _Rows.of(traced, layout, paper_boxes)
    boxed = tuple(
        read.cut(strip, paper_boxes[strip.segment.place], tracer, refiner)
        for strip in strips
        if strip.segment.place in paper_boxes
    )
    return replace(traced, boxed=boxed)


def _paper_boxes(
    reading: Reading, layout: PageLayout, boxes: Sequence[StatedBox]
) -> Iterator[tuple[StripPlace, PaperBox]]:
    """Yield the places of a layout that have boxes, and where these stand on the paper."""
    places = {strip.segment.place for strip in layout.strips}
    page = reading.page
    for box in boxes:
        if box.place in places:
            to_picture = page.flat_on_whole.page_to_photo
            yield box.place, paper_box_of(box, to_picture, reading.scale, page.whole_px)


def _moved(strip: Strip, paper_boxes: Mapping[StripPlace, PaperBox], layout: PageLayout) -> Strip:
    """Return a strip where its box stands, if it has one: it begins and ends with it.

    Or with the page's time: no box makes a record longer.
    """
    paper_box, segment = paper_boxes.get(strip.segment.place), strip.segment
    if paper_box is None:
        return strip
    stop_s = segment.start_s + layout.scale.s_from_mm(paper_box.right_mm - paper_box.left_mm)
    stop_s = min(stop_s, max(each.segment.stop_s for each in layout.strips))
    is_inside = paper_box.top_mm <= strip.baseline_mm <= paper_box.bottom_mm
    return replace(
        strip,
        segment=replace(segment, stop_s=stop_s),
        left_mm=paper_box.left_mm,
        baseline_mm=strip.baseline_mm
        if is_inside
        else (paper_box.top_mm + paper_box.bottom_mm) / 2,
    )


@dataclass(frozen=True, eq=False)
class _Rows:
    """The rows of a page: `seen` as the tracer read them, `doubted` at its bars and names."""

    reading: Reading
    layout: PageLayout
    seen: tuple[RowReading, ...]
    doubted: tuple[RowReading, ...]

    @classmethod
    def of(
        cls, traced: Traced, layout: PageLayout, paper_boxes: Mapping[StripPlace, PaperBox]
    ) -> _Rows:
        """Take the rows of the first phase; `layout` is the one with the boxes."""
        reading, seen = traced.reading, traced.reading.rows
        row_of = dict(zip(_row_numbers(layout), seen, strict=True))
        # Strips whose boxes these rows do not hold tell nothing about them.
        strips = tuple(
            strip if paper_box is None or _holds(row_of[strip.segment.row], paper_box) else before
            for before, strip in zip(traced.layout.strips, layout.strips, strict=True)
            for paper_box in (paper_boxes.get(strip.segment.place),)
        )
        # Bars are where they are printed, names where strips begin.
        bare = without_separators(traced.layout, seen)
        held = replace(layout, strips=strips)
        doubted = without_names(held, bare, reading.page.maps, reading.scale)
        return cls(reading, layout, seen, doubted)

    def cut(self, strip: Strip, paper_box: PaperBox, tracer: StripNet, refiner: Refiner) -> Trace:
        """Follow the curve of a strip between the top and the bottom of its box."""
        alone = replace(self.layout, strips=(strip,))
        at = _row_numbers(self.layout).index(strip.segment.row)
        seen, doubted = self.seen[at], self.doubted[at]
        if not _holds(seen, paper_box):
            seen = doubted = self._read(strip, paper_box, tracer)
        scale = self.reading.scale
        traces = TraceCutter(scale).cut(alone, (within_box(doubted, paper_box),))
        traces = refine_traces(traces, (seen,), scale, refiner)
        (trace,) = with_spikes(traces, (within_box(seen, paper_box),), scale)
        return trace

    def _read(self, strip: Strip, paper_box: PaperBox, tracer: StripNet) -> RowReading:
        """Read the paper around a box that no row of the first phase holds.

        Of one that is higher than what is read at once, what is nearest to the strip's row.
        """
        page = self.reading.page
        room_mm = max(0.0, paper_box.bottom_mm - paper_box.top_mm - STRIP_HEIGHT_MM) / 2
        middle_mm = (paper_box.top_mm + paper_box.bottom_mm) / 2
        at_mm = float(np.clip(strip.baseline_mm, middle_mm - room_mm, middle_mm + room_mm))
        around = replace(self.layout, strips=(replace(strip, baseline_mm=at_mm),))
        scale = self.reading.scale
        return read_rows(page.photo, page.flat, page.maps, scale, around, tracer)[0]


def _row_numbers(layout: PageLayout) -> list[int]:
    return sorted({strip.segment.row for strip in layout.strips})


def _holds(row: RowReading, paper_box: PaperBox) -> bool:
    """Whether a row was read where a box stands, or lies in it; paper at its edge may lack."""
    bottom_mm = row.top_mm + row.log_probability.shape[1] / STRIP_PX_PER_MM
    is_high = (
        row.top_mm - EDGE_MM <= paper_box.top_mm and paper_box.bottom_mm <= bottom_mm + EDGE_MM
    )
    is_inside = paper_box.top_mm <= row.top_mm and bottom_mm <= paper_box.bottom_mm
    return bool(
        (is_high or is_inside)
        and row.x_mm[0] <= paper_box.left_mm
        and paper_box.right_mm <= row.x_mm[-1]
    )


def within_box(row: RowReading, paper_box: PaperBox) -> RowReading:
    """Return a row between the top and the bottom of a box; its curve is surely in there."""
    n_rows = row.log_probability.shape[1]
    top, bottom = (
        int(np.clip(round((at_mm - row.top_mm) * STRIP_PX_PER_MM), 0, n_rows))
        for at_mm in (paper_box.top_mm, paper_box.bottom_mm)
    )
    # Paths go in steps of some rows.
    n_inside = max(1, -(-(bottom - top) // ROWS_PER_STEP)) * ROWS_PER_STEP
    top = min(top, n_rows - n_inside)
    inside = slice(top, top + n_inside)
    log_probability = row.log_probability[:, inside]
    most = log_probability.max(axis=1, keepdims=True)
    whole = np.log(np.exp(log_probability - most).sum(axis=1, keepdims=True)) + most
    return replace(
        row,
        top_mm=row.top_mm + top / STRIP_PX_PER_MM,
        log_probability=log_probability - np.where(whole > _LEAST, whole, 0),
        ink=row.ink[:, inside],
        darkness=row.darkness[:, inside],
        # The box says where the strip begins: no pulse hides it.
        pulses_mm=(),
    )
