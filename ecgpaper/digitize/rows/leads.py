"""Which leads the rows of a page show: those whose curves fit each other.

Public: `Fit`, `fits_of`, `agreement`, `Named`, `NameLeads`, `name_leads`,
`take_names`.

Of several layouts with as many rows one is right. In it, strips of one lead show the same curve
where they show the same time, and the six limb leads, which are made of two voltages, add up to
nothing as Einthoven and Goldberger defined them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from copy import copy
from dataclasses import dataclass, replace
from itertools import combinations
from typing import TypeAlias

import numpy as np
from scipy.ndimage import gaussian_filter1d, uniform_filter1d

from ecgpaper.digitize.curves.path import TraceCutter
from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.rows.find import strips_of
from ecgpaper.ecg import FloatArray
from ecgpaper.page import LAYOUTS, LeadLayout, PageLayout, Strip
from ecgpaper.raster import GridScale, Trace

# Sums of leads that vanish at any time.
_SUMS: tuple[dict[str, float], ...] = (
    {"I": 1.0, "II": -1.0, "III": 1.0},
    {"aVR": 1.0, "aVL": 1.0, "aVF": 1.0},
    {"I": 0.5, "II": 0.5, "aVR": 1.0},
    {"II": 0.5, "III": 0.5, "aVF": -1.0},
    {"I": 1.5, "aVR": 1.0, "aVL": -1.0},
)
# Curves are compared at so many points per second, over at least so many seconds.
_FS = 100.0
# What is slower than so many points is no wave of a heartbeat.
_WANDER = 60
# On a bent page one row may seem to start so many points before or after another.
_LAG = 20
_LEAST_S = 1.0
# A layout whose curves fit as well as this is not doubted; another must fit better by so much. That
# all columns show the same time is rare, and a steady pulse looks a little like it.
_GOOD, _BETTER, _SURELY_AT_ONCE = 0.85, 0.15, 0.97
# Where no sum tells, heartbeats do, blurred by so many points: columns of the same 5 s correlate by
# 0.93 and more in nine of ten records, one after another by 0.88 at the most (719 of PTB-XL).
_BEAT, _SURELY_TOGETHER = 1.0, 0.93
# A row that is read so surely and has waves of such a standard deviation is no line and no text.
_SURELY_READ, _LEAST_WAVES_MV = 0.8, 0.03
# A last row that is read less surely may be the edge of a sheet: three such had 0.5 to 0.6.
_HARDLY_READ = 0.7
# A rhythm strip is the usual lead unless it is nothing like that one and just like another: on bent
# pages even the same lead looks different twice.
_POOR_RHYTHM, _SURE_RHYTHM = 0.5, 0.95


@dataclass(frozen=True, slots=True)
class Fit:
    """How well some leads fit each other.

    Parameters
    ----------
    leads : frozenset of str
    share : float, up to 1
        Of their power, how much is explained.
    """

    leads: frozenset[str]
    share: float


@dataclass(frozen=True, eq=False)
class Named:
    """A layout, the rows and the curves of its strips, and how well these fit."""

    layout: PageLayout
    rows: tuple[RowReading, ...]
    traces: tuple[Trace, ...]
    fits: tuple[Fit, ...]

    @property
    def fit(self) -> float | None:
        """See `agreement`."""
        return agreement(self.fits)

    @property
    def rank(self) -> float:
        """The fit; a layout that nothing speaks for is the last."""
        return -np.inf if self.fit is None else self.fit


# What cuts the rows of a page into strips and names them.
NameLeads: TypeAlias = Callable[[PageLayout, tuple[RowReading, ...], GridScale], Named]


def name_leads(layout: PageLayout, readings: tuple[RowReading, ...], scale: GridScale) -> Named:
    """Cut the rows of a page into strips, and give these the names that fit best.

    Parameters
    ----------
    layout : PageLayout
        Where the rows stand; its names are those of the usual layout with as many rows.
    readings : tuple of RowReading
    scale : GridScale
    """
    cutter = TraceCutter(scale)
    layout, readings = _without_edge(layout, readings, scale, cutter)
    usual = _named(layout, readings, cutter.cut(layout, readings), scale)
    best = next(_at_once(usual, scale), usual)
    if best.fit is None or best.fit >= _GOOD:
        return best
    n_rows = len(readings)
    # The edge of a plot or a line of text may have been taken for a first or last row.
    for rows in (slice(0, n_rows), slice(0, n_rows - 1), slice(1, n_rows)):
        for other in _others(layout, rows):
            named = _named(other, readings[rows], cutter.cut(other, readings[rows]), scale)
            if named.rank > max(best.rank + _BETTER, _GOOD):
                # A lead that fits none of the others stays, and is not counted.
                only_lacks = _only_lacks_a_lead(other, usual, scale)
                best = replace(usual, fits=named.fits) if only_lacks else named
    return best


def _without_edge(
    layout: PageLayout, readings: tuple[RowReading, ...], scale: GridScale, cutter: TraceCutter
) -> tuple[PageLayout, tuple[RowReading, ...]]:
    """Leave out a last row that is hardly read as a trace and looks like none of the leads.

    The lower edge of a sheet runs as level as a rhythm strip.
    """
    traces = cutter.cut(layout, readings)
    last = traces[-1]
    if not last.strip.segment.is_rhythm or last.confidence.mean() > _HARDLY_READ:
        return layout, readings
    *others, rhythm = (_Curve(trace, layout, scale) for trace in traces)
    shares = [_same_share(rhythm, other) for other in others if not other.is_rhythm]
    if max((share for share in shares if share is not None), default=0.0) > _GOOD:
        return layout, readings
    short = [strip for strip in layout.strips if not strip.segment.is_rhythm]
    for shorter in _others(layout, slice(0, len(readings) - 1)):
        if [strip for strip in shorter.strips if not strip.segment.is_rhythm] == short:
            return shorter, readings[:-1]
    return layout, readings


def _only_lacks_a_lead(other: PageLayout, usual: Named, scale: GridScale) -> bool:
    """Whether a layout has the short strips of the usual one, and lacks a row that is a curve.

    What is not compared cannot contradict: such a layout always fits as well or better, and says
    nothing against the row.
    """
    kept = {row[0].baseline_mm for row in other.rows()}
    lacking = [trace for trace in usual.traces if trace.strip.baseline_mm not in kept]
    short, usual_short = (
        {strip for strip in strips if not strip.segment.is_rhythm}
        for strips in (other.strips, usual.layout.strips)
    )
    if not lacking or short != usual_short:
        return False
    return all(
        trace.confidence.mean() > _SURELY_READ
        and _Curve(trace, usual.layout, scale).mv.std() > _LEAST_WAVES_MV
        for trace in lacking
    )


def take_names(layout: PageLayout, readings: tuple[RowReading, ...], scale: GridScale) -> Named:
    """Cut the rows of a page into the strips of its layout; only rhythm strips may be others."""
    return _named(layout, readings, TraceCutter(scale).cut(layout, readings), scale)


def _named(
    layout: PageLayout, rows: tuple[RowReading, ...], traces: tuple[Trace, ...], scale: GridScale
) -> Named:
    """Name the rhythm strips after the short strips they look like."""
    curves = [_Curve(trace, layout, scale) for trace in traces]
    short = [curve for curve in curves if not curve.is_rhythm]
    strips = tuple(
        _renamed(trace.strip, _best_name(curve, short)) if curve.is_rhythm else trace.strip
        for trace, curve in zip(traces, curves, strict=True)
    )
    traces = tuple(replace(trace, strip=strip) for trace, strip in zip(traces, strips, strict=True))
    layout = replace(layout, strips=strips)
    return Named(layout, rows, traces, fits_of(traces, layout, scale))


def _renamed(strip: Strip, lead: str) -> Strip:
    return replace(strip, segment=replace(strip.segment, lead=lead))


def _best_name(rhythm: _Curve, short: Sequence[_Curve]) -> str:
    """Return the lead whose short strip a rhythm strip repeats; in doubt the usual one."""
    shares = {curve.lead: _same_share(rhythm, curve) for curve in short}
    known = {lead: share for lead, share in shares.items() if share is not None}
    usual = known.get(rhythm.lead)
    if usual is None or usual > _POOR_RHYTHM:
        return rhythm.lead
    best = max(known, key=lambda lead: known[lead])
    return best if known[best] > _SURE_RHYTHM else rhythm.lead


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
    if any(_spans_columns(leads, weights) for weights in _SUMS):
        is_sure = named.rank > _SURELY_AT_ONCE
    else:
        is_sure = _beat_together([_Curve(trace, usual.layout, scale) for trace in usual.traces])
    if is_sure:
        yield named


def _beat_together(curves: Sequence[_Curve]) -> bool:
    """Whether the heartbeats of all columns come at the same times."""
    powers: dict[int, FloatArray] = {}
    for curve in curves:
        slope_power = np.gradient(curve.mv) ** 2
        power = slope_power / max(float(slope_power.mean()), 1e-12)
        powers[curve.first] = powers.get(curve.first, 0.0) + power
    n_shared = min(len(power) for power in powers.values())
    beats = [gaussian_filter1d(power, _BEAT)[:n_shared] for power in powers.values()]
    return bool(np.corrcoef(beats).min() > _SURELY_TOGETHER)


def _spans_columns(leads: LeadLayout, weights: dict[str, float]) -> bool:
    """Whether a sum takes leads of several columns: of one column, it holds at any time."""
    columns = {segment.column for segment in leads.segments if segment.lead in weights}
    return len(columns) > 1


def _others(layout: PageLayout, rows: slice) -> Iterator[PageLayout]:
    """Yield the page with the leads of each other layout that has as many rows as are kept."""
    kept = list(layout.rows())[rows]
    for name, leads in LAYOUTS.items():
        is_new = name != layout.name or len(kept) < len(list(layout.rows()))
        if leads.n_rows == len(kept) and is_new and not leads.is_simultaneous:
            yield _with_leads(layout, leads, [row[0].baseline_mm for row in kept])


def _with_leads(layout: PageLayout, leads: LeadLayout, baselines_mm: Sequence[float]) -> PageLayout:
    """Return a page whose rows start where they did and show other leads."""
    left_mm = min(strip.left_mm for strip in layout.strips)
    leads = leads.lasting(max(strip.segment.stop_s for strip in layout.strips))
    strips = strips_of(leads, layout.scale, left_mm, baselines_mm)
    return replace(layout, name=leads.name, strips=strips)


def fits_of(traces: tuple[Trace, ...], layout: PageLayout, scale: GridScale) -> tuple[Fit, ...]:
    """Compare the curves of a page wherever they depend on each other.

    Strips of one lead must show the same where they show the same time, and sums like
    I + III - II and aVR + aVL + aVF must be level.
    """
    curves = [_Curve(trace, layout, scale) for trace in traces]
    found = [
        (frozenset([first.lead]), _same_share(first, second))
        for first, second in combinations(curves, 2)
        if first.lead == second.lead
    ]
    for weights in _SUMS:
        shown = [curve for curve in curves if curve.lead in weights and not curve.is_rhythm]
        if {curve.lead for curve in shown} == set(weights):
            share = _level_share(shown, [weights[curve.lead] for curve in shown])
            found.append((frozenset(weights), share))
    return tuple(Fit(leads, share) for leads, share in found if share is not None)


def agreement(fits: Sequence[Fit]) -> float | None:
    """Tell how well the curves of a page fit each other.

    Returns
    -------
    float, up to 1
        The mean over all comparisons; 1 if all fits, below 0.6 if the leads are not what they are
        taken for, as heartbeats look alike in all of them. None where nothing can be compared.
    """
    return float(np.mean([fit.share for fit in fits])) if fits else None


class _Curve:
    """A strip in mV at the common times."""

    def __init__(self, trace: Trace, layout: PageLayout, scale: GridScale) -> None:
        segment, paper = trace.strip.segment, layout.scale
        self.lead, self.is_rhythm = segment.lead, segment.is_rhythm
        self.first, self.stop = (
            int(np.ceil(at_s * _FS)) for at_s in (segment.start_s, segment.stop_s)
        )
        points_mm = scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px]))
        known = np.isfinite(points_mm[:, 1])
        time_s = segment.start_s + paper.s_from_mm(points_mm[:, 0] - trace.strip.left_mm)
        at_s = np.arange(self.first, self.stop) / _FS
        height_mm = -trace.strip.polarity * points_mm[:, 1]
        self.known = bool(known.any())
        self.mv = np.zeros(len(at_s))
        if self.known:
            self.mv = paper.mv_from_mm(np.interp(at_s, time_s[known], height_mm[known]))
            # A bent page tilts its rows.
            self.mv = self.mv - uniform_filter1d(self.mv, _WANDER, mode="nearest")

    def later(self, lag: int) -> _Curve:
        """Return the curve as it would be so many points later."""
        moved = copy(self)
        moved.first, moved.stop = self.first + lag, self.stop + lag
        return moved

    def between(self, first: int, stop: int) -> FloatArray:
        """Return a stretch, about its mean."""
        part = self.mv[first - self.first : stop - self.first]
        centered: FloatArray = part - part.mean()
        return centered


def _same_share(first: _Curve, second: _Curve) -> float | None:
    """Share of the power of two curves that they have in common, give or take a little time."""
    shares = [
        _level_share([first.later(lag), second], [1.0, -1.0]) for lag in range(-_LAG, _LAG + 1)
    ]
    return max((share for share in shares if share is not None), default=None)


def _level_share(curves: list[_Curve], weights: list[float]) -> float | None:
    """Share of the power of curves that vanishes in their weighted sum."""
    first, stop = max(curve.first for curve in curves), min(curve.stop for curve in curves)
    if stop - first < _LEAST_S * _FS or not all(curve.known for curve in curves):
        return None
    parts = [
        weight * curve.between(first, stop) for curve, weight in zip(curves, weights, strict=True)
    ]
    power = float(sum((part**2).sum() for part in parts))
    left = float((np.sum(parts, axis=0) ** 2).sum())
    return 1 - left / power if power > 0 else None
