"""Curves of straight lines -> the samples that they join, and what lies between them.

Public: `Knots`, `find_knots`, `through_knots`.

Some pages are printed from copies of 100 samples per second. Their curves are straight between two
samples, and kinked at each; the record is round there. A page tells by its kinks: they stand 10 ms
apart in all its strips, at the same part of 10 ms.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline, make_lsq_spline

from ecgpaper.ecg import FloatArray
from ecgpaper.page import PageLayout
from ecgpaper.page.raster import GridScale, Trace


@dataclass(frozen=True, slots=True)
class KnotLimits:
    """When kinks are believed to be samples."""

    # Samples per second that are looked for. At twice as many kinks are too near to each other for
    # a print to show, and straight lines cost little.
    fs: float = 100.0
    # A kink is the curve's bend over so much to both sides: less than the distance of two samples.
    reach_s: float = 0.004
    # Share of the bends' power that stands at the samples, times how well strips agree where these
    # are. Pages printed from 100 samples per second: 0.13 to 0.52 (18 generated ones, clean,
    # scanned, photographed, and two real scans); from 500: at most 0.055 (10 pages of another
    # generator and 9 phone photos).
    min_strength: float = 0.1
    # Strips that agree by chance are fewer.
    min_strips: int = 3


LIMITS = KnotLimits()


@dataclass(frozen=True, slots=True)
class Knots:
    """The times of the samples that a page was printed from.

    Parameters
    ----------
    fs : float, in Hz
    first_s : float, in s
        Time of one of them, at least 0 and below ``1 / fs``.
    """

    fs: float
    first_s: float

    def between(self, start_s: float, stop_s: float) -> FloatArray:
        """Return the times of the samples from one time to another."""
        first = np.ceil((start_s - self.first_s) * self.fs)
        last = np.floor((stop_s - self.first_s) * self.fs)
        times_s: FloatArray = self.first_s + np.arange(first, last + 1) / self.fs
        return times_s


def find_knots(traces: Sequence[Trace], layout: PageLayout, scale: GridScale) -> Knots | None:
    """Return the samples that all curves of a page have kinks at; None where there are none.

    Parameters
    ----------
    traces : sequence of Trace
    layout : PageLayout
        At the page's speed.
    scale : GridScale

    Notes
    -----
    The bends' power, as a function of time, is a wave of 100 Hz where kinks make it: its Fourier
    coefficient there says how much of it does, and at which part of 10 ms they stand.
    """
    waves = np.array([wave for trace in traces for wave in _wave(trace, layout, scale)])
    if len(waves) < LIMITS.min_strips:
        return None
    agreement = abs((waves / np.abs(waves)).mean())
    if agreement * abs(waves.mean()) < LIMITS.min_strength:
        return None
    part = np.angle(waves.mean()) / (2 * np.pi) % 1.0
    return Knots(LIMITS.fs, float(part / LIMITS.fs))


def _wave(trace: Trace, layout: PageLayout, scale: GridScale) -> Iterator[complex]:
    """Yield the wave of 100 Hz in the bends of a strip, as a share of their power."""
    x_mm, height_mm = scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px])).T
    time_s = trace.strip.at_s(x_mm, layout.scale)
    if len(time_s) < 2 or not np.isfinite(height_mm).any():
        return
    reach = round(LIMITS.reach_s * (len(time_s) - 1) / (time_s[-1] - time_s[0]))
    if reach < 1 or len(time_s) <= 2 * reach:
        return
    bend_mm = height_mm[2 * reach :] - 2 * height_mm[reach:-reach] + height_mm[: -2 * reach]
    power = np.where(np.isfinite(bend_mm), bend_mm, 0.0) ** 2
    if power.sum() > 0:
        phases = np.exp(2j * np.pi * LIMITS.fs * time_s[reach:-reach])
        yield complex((power * phases).sum() / power.sum())


def through_knots(
    knots: Knots, time_s: FloatArray, height_mm: FloatArray, at_s: FloatArray
) -> FloatArray:
    """Return the round curve through the samples of a curve of straight lines.

    Parameters
    ----------
    knots : Knots
    time_s, height_mm : ndarray of shape (n_points,), in s and mm
        The curve as it was read, its times rising evenly; finite.
    at_s : ndarray of shape (n,), in s
        Times within the curve's.

    Returns
    -------
    ndarray of shape (n,), in mm
        NaN before the first and after the last sample within the curve, and everywhere if points
        are too far apart to tell the samples.
    """
    at_knots_s = knots.between(time_s[0], time_s[-1])
    if len(at_knots_s) < 2 or np.diff(time_s).max() > 0.5 / knots.fs:
        return np.full(len(at_s), np.nan)
    there = (time_s >= at_knots_s[0]) & (time_s <= at_knots_s[-1])
    # The samples are the corners of the straight lines that fit best.
    padded = np.r_[at_knots_s[0], at_knots_s, at_knots_s[-1]]
    sampled_mm = make_lsq_spline(time_s[there], height_mm[there], padded, k=1).c
    within = (at_s >= at_knots_s[0]) & (at_s <= at_knots_s[-1])
    return np.where(within, CubicSpline(at_knots_s, sampled_mm)(at_s), np.nan)
