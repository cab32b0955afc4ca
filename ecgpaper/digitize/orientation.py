"""Which side of a flat page is up: a photo may show it turned by quarters, or upside down.

Public: `rows_are_upright`, `turned`, `agreement`.

The grid looks the same after a quarter turn, the traces do not: their ink lies in rows. Whether
these are upside down shows when they are read: what must be the same curve, or add up to nothing,
then does not.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ecgpaper.ecg import FloatArray
from ecgpaper.geometry import Homography
from ecgpaper.page import PageLayout
from ecgpaper.raster import FlatPage, GridScale, PixelMaps, Trace

# Sums of leads that vanish wherever they are shown together (Einthoven, Goldberger).
_SUMS = (
    {"I": 1.0, "II": -1.0, "III": 1.0},
    {"aVR": 1.0, "aVL": 1.0, "aVF": 1.0},
)
# Curves are compared at so many points per second, over at least so many seconds.
_FS = 100.0
_LEAST_S = 1.0


def rows_are_upright(maps: PixelMaps) -> bool:
    """Tell whether the ink lies in rows, and not in columns."""
    ink = maps.of("ink")
    across, down = ink.sum(axis=1), ink.sum(axis=0)
    return _peakedness(across) >= _peakedness(down)


def _peakedness(profile: NDArray[np.float32]) -> float:
    """Return how far from even a profile is: 1 for an even one, its length for a single peak."""
    total = float(profile.sum())
    return len(profile) * float((profile**2).sum()) / total**2 if total > 0 else 1.0


def turned(page: FlatPage, maps: PixelMaps, n_quarters: int) -> tuple[FlatPage, PixelMaps]:
    """Turn a page and its maps counterclockwise; the page still knows its place on the photo."""
    image = page.image
    back = Homography.identity()
    for _ in range(n_quarters % 4):
        # Pixel (x, y) of the turned page was at (width - 1 - y, x).
        width = image.shape[1]
        quarter = Homography(np.array([[0, -1, width - 1], [1, 0, 0], [0, 0, 1.0]]))
        image, back = np.rot90(image), Homography(back.matrix @ quarter.matrix)
    probabilities = np.ascontiguousarray(np.rot90(maps.probabilities, n_quarters))
    return (
        FlatPage(np.ascontiguousarray(image), back.compose(page.page_to_photo)),
        PixelMaps(probabilities, maps.px_per_map_px),
    )


def agreement(traces: tuple[Trace, ...], layout: PageLayout, scale: GridScale) -> float | None:
    """Tell how well the curves of a page fit each other.

    Strips of one lead must show the same where they show the same time, and I + III - II and aVR +
    aVL + aVF must be level.

    Returns
    -------
    float, up to 1
        Share of the curves' power that is explained, the mean over all such places; 1 if all fits,
        below 0.6 if the leads are not what they are taken for, as heartbeats look alike in all of
        them. None where nothing can be compared.
    """
    curves = [_Curve(trace, layout, scale) for trace in traces]
    found = [
        _level_share([first, second], [1.0, -1.0])
        for first, second in combinations(curves, 2)
        if first.lead == second.lead
    ]
    for weights in _SUMS:
        shown = [curve for curve in curves if curve.lead in weights and not curve.is_rhythm]
        if {curve.lead for curve in shown} == set(weights):
            found.append(_level_share(shown, [weights[curve.lead] for curve in shown]))
    known = [share for share in found if share is not None]
    return float(np.mean(known)) if known else None


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

    def between(self, first: int, stop: int) -> FloatArray:
        """Return a stretch, about its mean."""
        part = self.mv[first - self.first : stop - self.first]
        centered: FloatArray = part - part.mean()
        return centered


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
