"""Which leads the rows of a page show: those whose curves fit each other.

Public: `name_leads`, `take_names`.

Of several layouts with as many rows one is right: in it, leads that depend on each other fit.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from ecgpaper.digitize.curves.path import TraceCutter
from ecgpaper.digitize.curves.read import MIN_PRESENCE, RowReading
from ecgpaper.digitize.rows.fit import Curve, fits_of, same_share
from ecgpaper.digitize.rows.named import Named
from ecgpaper.digitize.rows.one_lead import goes_on, nobody_knows, repeat_of
from ecgpaper.digitize.rows.rhythm import rhythm_names
from ecgpaper.digitize.rows.together import beat_together
from ecgpaper.ecg import LEAD_SUMS, LIMB_LEADS, UNKNOWN_LEAD, FloatArray
from ecgpaper.page import LAYOUTS, SIX_LEADS, LeadLayout, PageLayout, Strip, continued, strips_of
from ecgpaper.page.raster import GridScale, Trace


@dataclass(frozen=True, slots=True)
class FitLimits:
    """How well curves must fit each other for a layout to be believed."""

    # A layout whose curves fit as well as this may be right;
    good: float = 0.85
    # if they fit as well as this, no other is tried: with a line for a first row, which fits a
    # little by chance, and rhythm strips that fit, curves did by 0.92 (24 records).
    surely_good: float = 0.95
    # Another must fit better by this.
    better: float = 0.15
    # Fit from which columns count as simultaneous: that is rare, and a steady pulse looks a little
    # like it.
    surely_at_once: float = 0.97
    # A row that is read as surely as this,
    surely_read: float = 0.8
    # with waves of such a standard deviation, is no line and no text.
    min_waves_mv: float = 0.03
    # A last row that is read less surely may be the edge of a sheet: three such had 0.5 to 0.6.
    hardly_read: float = 0.7
    # Of 400 records (PTB-XL) six precordial leads, taken for limb leads, fit each other by 0.21 at
    # the most; limb leads, which differ by reading errors alone, by 1.
    limb: float = 0.7
    # Rows of one lead are as long as the layout's, if their lengths differ by less than this.
    same_mm: float = 1.0


LIMITS = FitLimits()


def name_leads(layout: PageLayout, readings: tuple[RowReading, ...], scale: GridScale) -> Named:
    """Cut the rows of a page into strips, and give these the names that fit best.

    Parameters
    ----------
    layout : PageLayout
        Where the rows stand; its names are those of the usual layout with as many rows.
    readings : tuple of RowReading
    scale : GridScale

    Raises
    ------
    LayoutError
        If each row shows one lead from end to end, and there are too many of them.
    """
    cutter = TraceCutter(scale)
    if layout.name == "1x1":
        layout = replace(layout, strips=tuple(_renamed(s, UNKNOWN_LEAD) for s in layout.strips))
        return _named(layout, readings, cutter.cut(layout, readings), scale)
    layout, readings = _without_edge(layout, readings, scale, cutter)
    usual = _named(layout, readings, cutter.cut(layout, readings), scale)
    repeat = repeat_of(_parts(usual, scale, short_only=True))
    if repeat.is_likely:
        limb = _six_leads("6x1-limb", usual, cutter, scale)
        if limb is not None and limb.rank > LIMITS.limb:
            return limb
    best = _best_named(usual, cutter, scale)
    read = _read_rows(usual)
    if not best.is_level and goes_on(_parts(read, scale), _parts(read, scale, whole=True)):
        return _one_lead(read, cutter, scale)
    if not repeat.is_sure:
        return best
    # V1 to V6 change so steadily that sums of limb leads in Cabrera's order nearly vanish; rhythm
    # strips that equal a column do not lie.
    if best.rank >= LIMITS.good and any(strip.segment.is_rhythm for strip in best.layout.strips):
        return best
    precordial = _six_leads("6x1-precordial", usual, cutter, scale)
    if precordial is None:
        raise nobody_knows(len(usual.rows))
    return precordial


def _best_named(usual: Named, cutter: TraceCutter, scale: GridScale) -> Named:
    """Return the layout of all leads that fits best."""
    layout, readings = usual.layout, usual.rows
    best = next(_at_once(usual, scale), usual)
    if best.fit is None or best.fit >= LIMITS.surely_good:
        return best
    n_rows = len(readings)
    # Edges of a plot or a sheet, or lines of text, may have been taken for a first and a last row.
    kept = [slice(0, n_rows), slice(0, n_rows - 1), slice(1, n_rows)]
    if not any(_is_curve(trace, usual, scale) for trace in _beyond(usual, 1, n_rows - 1)):
        kept.append(slice(1, n_rows - 1))
    for rows in kept:
        for other in _others(layout, rows):
            named = _named(other, readings[rows], cutter.cut(other, readings[rows]), scale)
            # Of a good fit a half of what it lacks is much.
            better = min(LIMITS.better, (1 - best.rank) / 2)
            if named.rank > max(best.rank + better, LIMITS.good):
                # A lead that fits none of the others stays, and is not counted.
                only_lacks = _only_lacks_a_lead(other, usual, scale)
                best = replace(usual, fits=named.fits) if only_lacks else named
    return best


def _parts(
    usual: Named, scale: GridScale, *, short_only: bool = False, whole: bool = False
) -> list[list[FloatArray]]:
    """Curves of the strips of each row, whole or where they are seen: (n_samples,), in mV."""
    rows: dict[int, list[FloatArray]] = {}
    for segment, curve in ((t.strip.segment, Curve(t, usual.layout, scale)) for t in usual.traces):
        if not (short_only and segment.is_rhythm):
            mv = curve.whole_mv if whole else curve.mv
            rows.setdefault(segment.row, []).append(mv)
    return [*rows.values()]


def _six_leads(name: str, usual: Named, cutter: TraceCutter, scale: GridScale) -> Named | None:
    """Name six rows of one lead each; None if there are not six."""
    if len(usual.rows) != len(LIMB_LEADS):
        return None
    baselines_mm = [row[0].baseline_mm for row in usual.layout.rows()]
    layout = _with_leads(usual.layout, LAYOUTS[name], baselines_mm)
    return _named(layout, usual.rows, cutter.cut(layout, usual.rows), scale)


def _read_rows(usual: Named) -> Named:
    """Leave out rows that are hardly read."""
    sure = {
        row
        for row in range(len(usual.rows))
        if np.mean([t.confidence.mean() for t in usual.traces if t.strip.segment.row == row])
        > LIMITS.hardly_read
    }
    traces = tuple(trace for trace in usual.traces if trace.strip.segment.row in sure)
    layout = replace(usual.layout, strips=tuple(trace.strip for trace in traces))
    return replace(
        usual, layout=layout, rows=tuple(usual.rows[row] for row in sorted(sure)), traces=traces
    )


def _one_lead(usual: Named, cutter: TraceCutter, scale: GridScale) -> Named:
    """Take the rows for one lead, of which each shows the next stretch."""
    seen = np.mean([row.presence for row in usual.rows], axis=0) > MIN_PRESENCE
    left_mm, right_mm = usual.rows[0].x_mm[seen][[0, -1]]
    paper = usual.layout.scale
    row_mm = right_mm - left_mm
    usual_mm = usual.layout.right_mm - usual.layout.left_mm
    # What is off by so little adds up from row to row.
    if abs(usual_mm - row_mm) < LIMITS.same_mm:
        row_mm = usual_mm
    leads = continued(len(usual.rows), float(paper.s_from_mm(row_mm)))
    baselines_mm = [row[0].baseline_mm for row in usual.layout.rows()]
    strips = strips_of(leads, paper, float(left_mm), baselines_mm)
    layout = replace(usual.layout, name=leads.name, strips=strips)
    return _named(layout, usual.rows, cutter.cut(layout, usual.rows), scale)


def _without_edge(
    layout: PageLayout, readings: tuple[RowReading, ...], scale: GridScale, cutter: TraceCutter
) -> tuple[PageLayout, tuple[RowReading, ...]]:
    """Leave out a last row that is hardly read as a trace and looks like none of the leads.

    The lower edge of a sheet runs as level as a rhythm strip.
    """
    traces = cutter.cut(layout, readings)
    last = traces[-1]
    if not last.strip.segment.is_rhythm or last.confidence.mean() > LIMITS.hardly_read:
        return layout, readings
    *others, rhythm = (Curve(trace, layout, scale) for trace in traces)
    shares = [same_share(rhythm, other) for other in others if not other.is_rhythm]
    if max((share for share in shares if share is not None), default=0.0) > LIMITS.good:
        return layout, readings
    for shorter in _others(layout, slice(0, len(readings) - 1)):
        if _short_leads(shorter) == _short_leads(layout):
            return shorter, readings[:-1]
    return layout, readings


def _short_leads(layout: PageLayout) -> set[tuple[float, int, str, int]]:
    """Return where on a page, and which way up, leads stand that are no rhythm strips."""
    return {
        (strip.baseline_mm, strip.segment.column, strip.segment.lead, strip.polarity)
        for strip in layout.strips
        if not strip.segment.is_rhythm
    }


def _only_lacks_a_lead(other: PageLayout, usual: Named, scale: GridScale) -> bool:
    """Whether a layout has the short strips of the usual one, and lacks a row that is a curve.

    What is not compared cannot contradict: such a layout always fits as well or better, and says
    nothing against the row.
    """
    kept = {row[0].baseline_mm for row in other.rows()}
    lacking = [trace for trace in usual.traces if trace.strip.baseline_mm not in kept]
    if not lacking or _short_leads(other) != _short_leads(usual.layout):
        return False
    return all(_is_curve(trace, usual, scale) for trace in lacking)


def _beyond(usual: Named, first: int, stop: int) -> list[Trace]:
    """Return the traces of the rows before and behind some."""
    baselines_mm = [row[0].baseline_mm for row in usual.layout.rows()]
    outer = {*baselines_mm[:first], *baselines_mm[stop:]}
    return [trace for trace in usual.traces if trace.strip.baseline_mm in outer]


def _is_curve(trace: Trace, usual: Named, scale: GridScale) -> bool:
    """Whether a trace is surely read, and no level line."""
    waves_mv = float(Curve(trace, usual.layout, scale).mv.std())
    return bool(trace.confidence.mean() > LIMITS.surely_read and waves_mv > LIMITS.min_waves_mv)


def take_names(layout: PageLayout, readings: tuple[RowReading, ...], scale: GridScale) -> Named:
    """Cut the rows of a page into the strips of its layout; only rhythm strips may be others."""
    return _named(layout, readings, TraceCutter(scale).cut(layout, readings), scale)


def _named(
    layout: PageLayout, rows: tuple[RowReading, ...], traces: tuple[Trace, ...], scale: GridScale
) -> Named:
    """Name the rhythm strips after the short strips they look like."""
    curves = [Curve(trace, layout, scale) for trace in traces]
    short = [curve for curve in curves if not curve.is_rhythm]
    names = rhythm_names([curve for curve in curves if curve.is_rhythm], short)
    strips = tuple(
        _renamed(trace.strip, next(names)) if trace.strip.segment.is_rhythm else trace.strip
        for trace in traces
    )
    traces = tuple(replace(trace, strip=strip) for trace, strip in zip(traces, strips, strict=True))
    layout = replace(layout, strips=strips)
    return Named(layout, rows, traces, fits_of(traces, layout, scale))


def _renamed(strip: Strip, lead: str) -> Strip:
    return replace(strip, segment=replace(strip.segment, lead=lead))


def _at_once(usual: Named, scale: GridScale) -> Iterator[Named]:
    """Yield the same strips as columns of the same time, if that fits very well."""
    leads = LAYOUTS.get(f"{usual.layout.name}-simultaneous")
    if leads is None:
        return
    layout = _with_leads(usual.layout, leads, [row[0].baseline_mm for row in usual.layout.rows()])
    traces = tuple(
        replace(trace, strip=strip)
        for trace, strip in zip(usual.traces, layout.strips, strict=True)
    )
    named = _named(layout, usual.rows, traces, scale)
    if any(_spans_columns(leads, weights) for weights in LEAD_SUMS):
        is_sure = named.rank > LIMITS.surely_at_once
    else:
        is_sure = beat_together([Curve(trace, usual.layout, scale) for trace in usual.traces])
    if is_sure:
        yield named


def _spans_columns(leads: LeadLayout, weights: dict[str, float]) -> bool:
    """Whether a sum takes leads of several columns: of one column, it holds at any time."""
    columns = {segment.column for segment in leads.segments if segment.lead in weights}
    return len(columns) > 1


def _others(layout: PageLayout, rows: slice) -> Iterator[PageLayout]:
    """Yield the page with the leads of each other layout that has as many rows as are kept."""
    kept = list(layout.rows())[rows]
    for name, leads in LAYOUTS.items():
        is_new = name != layout.name or len(kept) < len(list(layout.rows()))
        is_whole = name not in SIX_LEADS and not leads.is_simultaneous
        if leads.n_rows == len(kept) and is_new and is_whole:
            yield _with_leads(layout, leads, [row[0].baseline_mm for row in kept])


def _with_leads(layout: PageLayout, leads: LeadLayout, baselines_mm: Sequence[float]) -> PageLayout:
    """Return a page whose rows start where they did and show other leads, in as wide columns."""
    leads = leads.lasting(max(strip.segment.stop_s for strip in layout.strips))
    gap_mm = layout.column_gap_mm if leads.n_columns == layout.n_columns else 0.0
    strips = strips_of(leads, layout.scale, layout.left_mm, baselines_mm, gap_mm)
    return replace(layout, name=leads.name, strips=strips)
