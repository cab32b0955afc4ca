"""Traces -> how well leads fit each other that depend on each other.

Public: `Fit`, `fits_of`, `leaning_fits`, `agreement`, `Curve`, `same_share`.

Strips of one lead show the same curve where they show the same time, and the six limb leads, which
are made of two voltages, add up to nothing as Einthoven and Goldberger defined them.
"""

from __future__ import annotations

from collections.abc import Sequence
from copy import copy
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.ndimage import uniform_filter1d

from ecgpaper.ecg import LEAD_SUMS, FloatArray
from ecgpaper.page import PageLayout
from ecgpaper.page.raster import GridScale, Trace


@dataclass(frozen=True, slots=True)
class FitLimits:
    """How curves are compared: frequencies, shifts and parts that are left out."""

    # Points per second at which curves are compared,
    fs: float = 100.0
    # over at least this duration.
    min_s: float = 1.0
    # Slower changes than this number of points are no waves of a heartbeat.
    wander_points: int = 60
    # On a bent page one row may seem to start this number of points before or after another.
    lag_points: int = 20
    # Paper may pass the pens at a slant: print of one moment then leans, by up to this number of
    # points from the first row to the last.
    max_lean_points: int = 6
    # From this confidence on a point of a trace counts as seen.
    sure: float = 0.5
    # Points at the start of a strip that are not compared: until its ends are known exactly, a
    # pulse that stands closely before it may reach in.
    unsure_points: int = 10


LIMITS = FitLimits()


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


def fits_of(traces: tuple[Trace, ...], layout: PageLayout, scale: GridScale) -> tuple[Fit, ...]:
    """Compare the curves of a page wherever they depend on each other.

    Strips of one lead must show the same where they show the same time, and sums like
    I + III - II and aVR + aVL + aVF must be level.
    """
    return _fits([Curve(trace, layout, scale, LIMITS.unsure_points) for trace in traces])


def leaning_fits(
    traces: tuple[Trace, ...], layout: PageLayout, scale: GridScale
) -> tuple[Fit, ...]:
    """Compare the curves of a page whose paper passed the pens at a slant, at the best slant."""
    curves = [Curve(trace, layout, scale, LIMITS.unsure_points) for trace in traces]
    heights_mm = np.array([trace.strip.baseline_mm for trace in traces])
    places = (heights_mm - heights_mm.mean()) / max(float(np.ptp(heights_mm)), 1.0)
    leaning = (
        _fits([curve.later(round(lean * at)) for curve, at in zip(curves, places, strict=True)])
        for lean in range(-LIMITS.max_lean_points, LIMITS.max_lean_points + 1)
    )
    return max(leaning, key=lambda fits: agreement(fits) or -np.inf)


def _fits(curves: Sequence[Curve]) -> tuple[Fit, ...]:
    """Compare curves as they lie."""
    found = [
        (frozenset([first.lead]), same_share(first, second))
        for first, second in combinations(curves, 2)
        if first.lead == second.lead
    ]
    for weights in LEAD_SUMS:
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
        The mean over all comparisons; 1 if all fits. Leads that are not what they are taken for
        still give up to 0.6, as heartbeats look alike in all of them. None where nothing can be
        compared.
    """
    return float(np.mean([fit.share for fit in fits])) if fits else None


class Curve:
    """A strip in mV at the common times at which it is seen, but for some points at its start."""

    def __init__(
        self, trace: Trace, layout: PageLayout, scale: GridScale, n_left_out: int = 0
    ) -> None:
        segment, paper = trace.strip.segment, layout.scale
        self.lead, self.is_rhythm = segment.lead, segment.is_rhythm
        self.first, self.stop = (
            int(np.ceil(at_s * LIMITS.fs)) for at_s in (segment.start_s, segment.stop_s)
        )
        points_mm = scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px]))
        known = np.isfinite(points_mm[:, 1])
        time_s = trace.strip.at_s(points_mm[:, 0], paper)
        self.start, self.end = self.first, self.stop
        self.first += n_left_out
        # A row may end early; beyond, any line may have been followed.
        sure_s = time_s[known & (trace.confidence > LIMITS.sure)]
        if len(sure_s) and np.ptp(sure_s) > LIMITS.min_s:
            self.first = max(self.first, int(np.ceil(sure_s[0] * LIMITS.fs)))
            self.stop = min(self.stop, int(sure_s[-1] * LIMITS.fs) + 1)
        at_s = np.arange(self.first, self.stop) / LIMITS.fs
        height_mm = -trace.strip.polarity * points_mm[:, 1]
        self.known = bool(known.any())
        self.mv = np.zeros(len(at_s))
        if self.known:
            self.mv = paper.mv_from_mm(np.interp(at_s, time_s[known], height_mm[known]))
            # A bent page tilts its rows.
            self.mv = self.mv - uniform_filter1d(self.mv, LIMITS.wander_points, mode="nearest")

    @property
    def whole_mv(self) -> FloatArray:
        """All of the strip, of shape (n_points,), in mV: 0 where it is not seen."""
        return np.pad(self.mv, (self.first - self.start, max(0, self.end - self.stop)))

    def later(self, lag: int) -> Curve:
        """Return the curve as it would be so many points later."""
        moved = copy(self)
        moved.first, moved.stop = self.first + lag, self.stop + lag
        return moved

    def between(self, first: int, stop: int) -> FloatArray:
        """Return a stretch, about its mean."""
        part = self.mv[first - self.first : stop - self.first]
        centered: FloatArray = part - part.mean()
        return centered


def same_share(first: Curve, second: Curve) -> float | None:
    """Share of the power of two curves that they have in common, give or take a little time."""
    shares = [
        _level_share([first.later(lag), second], [1.0, -1.0])
        for lag in range(-LIMITS.lag_points, LIMITS.lag_points + 1)
    ]
    return max((share for share in shares if share is not None), default=None)


def _level_share(curves: list[Curve], weights: list[float]) -> float | None:
    """Share of the power of curves that vanishes in their weighted sum."""
    first, stop = max(curve.first for curve in curves), min(curve.stop for curve in curves)
    if stop - first < LIMITS.min_s * LIMITS.fs or not all(curve.known for curve in curves):
        return None
    parts = [
        weight * curve.between(first, stop) for curve, weight in zip(curves, weights, strict=True)
    ]
    power = float(sum((part**2).sum() for part in parts))
    left = float((np.sum(parts, axis=0) ** 2).sum())
    return 1 - left / power if power > 0 else None
