"""What training pages are made of: crops of generated pages, and the truth about them.

Public: `StripBatch`, `StripCrop`, `crops_of_page`, `as_strip_batch`; `SegmentBatch`, `SegmentPage`,
`segment_page`, `segment_crop`, `as_segment_batch`; `jittered`, `curve_of`, `height_at`.

`feed` makes batches of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from ecgpaper.digitize.curves.strip import (
    MARGIN_MM,
    STRIP_PX_PER_MM,
    sample_strip,
    strip_tensor,
    sub_columns_px,
)
from ecgpaper.digitize.segment import MAP_LONG_SIDE_PX, working_image
from ecgpaper.ecg import BoolArray, ByteArray, FloatArray
from ecgpaper.page import MM_PER_INCH
from ecgpaper.page.raster import FlatPage, GridScale, Trace
from ecgpaper.synth import (
    PageTruth,
    SyntheticPage,
    draw_maps,
    resized,
    synthesize,
)
from ecgpaper.train.digitizer.collisions import with_collisions
from ecgpaper.train.digitizer.source import PageSource

CROP_WIDTH_PX = 384
SEGMENT_CROP_PX = (320, 448)
# Share of pages on which complexes run through names.
COLLISION_SHARE = 0.4


@dataclass(frozen=True, slots=True)
class CropChoices:
    """What crops show, and how far off the stages before the networks may be."""

    # Errors of the stages before the tracer: of the height of the row's middle,
    baseline_jitter_mm: float = 2.0
    # of the grid's scale, as a share.
    scale_jitter: float = 0.003
    # Pictures are drawn this much finer than the segmenter sees them;
    finer: float = 1.3
    # and the share of pages that it sees without what is around them.
    close_share: float = 0.6
    # Share of crops that show where a row begins or ends: the hardest places are the rarest.
    end_share: float = 0.35
    # Share of crops that show where one of its strips begins.
    start_share: float = 0.35
    # Two points of a trace further apart than this have a gap between them.
    max_gap_mm: float = 0.3


CHOICES = CropChoices()


@dataclass(frozen=True, eq=False)
class StripBatch:
    """Crops of rows with the truth about their curves.

    Parameters
    ----------
    strips : ndarray of float32, of shape (n, 4, height, width)
    rows : ndarray of float32, of shape (n, n_sub_columns), in px of the strip
        Height of the curve; 0 where there is none.
    is_present : ndarray of bool, of shape (n, n_sub_columns)
    """

    strips: NDArray[np.float32]
    rows: NDArray[np.float32]
    is_present: BoolArray


class StripCrop(NamedTuple):
    """A crop of a row as it was photographed, and the truth about its curve."""

    image: ByteArray  # (height, width, 3)
    rows: NDArray[np.float32]  # (n_sub_columns,), in px of the crop; 0 where there is no curve
    is_present: BoolArray  # (n_sub_columns,)


def as_strip_batch(crops: Sequence[StripCrop]) -> StripBatch:
    """Return crops as the network sees them."""
    images, rows, present = zip(*crops, strict=True)
    return StripBatch(
        np.stack([strip_tensor(image) for image in images]), np.stack(rows), np.stack(present)
    )


def crops_of_page(
    source: PageSource, rng: np.random.Generator, height_mm: float, n_crops: int
) -> list[StripCrop]:
    """Draw a page and cut crops of random rows, of a height, out of it."""
    _, ecg, spec = source.draw(rng)
    if rng.random() < COLLISION_SHARE:
        ecg, spec = with_collisions(ecg, spec, rng=rng)
    page = synthesize(ecg, spec)
    return [_strip_crop(page, height_mm, rng) for _ in range(n_crops)]


def _strip_crop(page: SyntheticPage, height_mm: float, rng: np.random.Generator) -> StripCrop:
    truth = page.truth
    scale = jittered(truth.scale, rng)
    x_mm, y_mm, starts_mm = _any_row(truth, scale, rng)
    center_mm = float(np.nanmedian(y_mm)) + rng.normal(0, CHOICES.baseline_jitter_mm)
    width_mm = CROP_WIDTH_PX / STRIP_PX_PER_MM
    first_mm, last_mm = x_mm[0] - MARGIN_MM, max(x_mm[-1] + MARGIN_MM - width_mm, x_mm[0])
    reach_mm = width_mm - MARGIN_MM
    place = rng.random()
    if place < CHOICES.start_share:
        start_mm = float(rng.choice(starts_mm))
        first_mm, last_mm = start_mm - reach_mm, start_mm - MARGIN_MM / 2
    elif place < CHOICES.start_share + CHOICES.end_share:
        if rng.random() < 0.5:
            last_mm = min(last_mm, first_mm + reach_mm)
        else:
            first_mm = max(first_mm, last_mm - reach_mm)
    left_mm = float(rng.uniform(first_mm, last_mm))
    corner_mm = (left_mm, center_mm - height_mm / 2)
    flat = FlatPage(page.image, truth.page_to_photo)
    size_px = (round(height_mm * STRIP_PX_PER_MM), CROP_WIDTH_PX)
    image = sample_strip(page.image, flat, scale, corner_mm, size_px)
    at_mm = corner_mm[0] + (sub_columns_px(CROP_WIDTH_PX) + 0.5) / STRIP_PX_PER_MM
    curve_mm, is_present = height_at(at_mm, x_mm, y_mm)
    rows = (curve_mm - corner_mm[1]) * STRIP_PX_PER_MM - 0.5
    is_present &= (rows > 0) & (rows < image.shape[0] - 1)
    return StripCrop(image, np.where(is_present, rows, 0).astype(np.float32), is_present)


def _any_row(
    truth: PageTruth, scale: GridScale, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Draw a row of which something is seen: its points, and where its strips begin, in mm."""
    rows = [
        (curve_of([trace for trace in truth.traces if trace.strip in row], scale), row)
        for row in truth.layout.rows()
    ]
    seen = [(curve, row) for curve, row in rows if np.isfinite(curve[1]).any()]
    (x_mm, y_mm), row = seen[int(rng.integers(len(seen)))]
    corners_mm = np.array([[strip.left_mm, strip.baseline_mm] for strip in row])
    starts_mm = scale.mm_from_px(truth.scale.px_from_mm(corners_mm))[:, 0]
    return x_mm, y_mm, starts_mm


def jittered(scale: GridScale, rng: np.random.Generator) -> GridScale:
    """Return a scale as the stages before may find it."""
    x, y = np.array(scale.px_per_mm) * (1 + rng.normal(0, CHOICES.scale_jitter, 2))
    return replace(scale, px_per_mm=(float(x), float(y)))


def curve_of(traces: Sequence[Trace], scale: GridScale) -> tuple[FloatArray, FloatArray]:
    """Points of a whole row in mm, in rising x; y is NaN where nobody can see it."""
    seen = [np.where(trace.confidence > 0, trace.y_px, np.nan) for trace in traces]
    points = np.concatenate(
        [np.column_stack([trace.x_px, y_px]) for trace, y_px in zip(traces, seen, strict=True)]
    )
    points = scale.mm_from_px(points)
    order = np.argsort(points[:, 0], kind="stable")
    return points[order, 0], points[order, 1]


def height_at(
    at_mm: FloatArray, x_mm: FloatArray, y_mm: FloatArray
) -> tuple[FloatArray, BoolArray]:
    """Height of a curve at given places, and whether there is one."""
    known = np.isfinite(y_mm)
    x_mm, y_mm = x_mm[known], y_mm[known]
    after = np.clip(np.searchsorted(x_mm, at_mm), 1, len(x_mm) - 1)
    gap_mm = x_mm[after] - x_mm[after - 1]
    inside = (at_mm >= x_mm[0]) & (at_mm <= x_mm[-1]) & (gap_mm < CHOICES.max_gap_mm)
    return np.interp(at_mm, x_mm, y_mm), inside


@dataclass(frozen=True, eq=False)
class SegmentBatch:
    """Crops of pages with the class of each pixel.

    Parameters
    ----------
    images : ndarray of float32, of shape (n, 3, height, width)
    maps : ndarray of float32, of shape (n, 4, height, width)
        Share of each of `PIXEL_CLASSES`, adding up to 1 within a hundredth.
    """

    images: NDArray[np.float32]
    maps: NDArray[np.float32]


class SegmentPage(NamedTuple):
    """A page as the segmenter sees it, and what its pixels are."""

    image: ByteArray  # (height, width, 3)
    # Shares of all classes but the first, in 1/255. The first has what is left of 1, and nothing
    # where the others are rounded to more.
    shares: ByteArray  # (height, width, n_classes - 1)


def as_segment_batch(
    crops: Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]],
) -> SegmentBatch:
    """Put crops together."""
    images, maps = zip(*crops, strict=True)
    return SegmentBatch(np.stack(images), np.stack(maps))


def segment_page(source: PageSource, rng: np.random.Generator) -> SegmentPage:
    """Draw a page, small as the segmenter sees it: that is faster, too."""
    _, ecg, spec = source.draw(rng)
    page_px = max(spec.layout.size_mm) * spec.camera.dpi / MM_PER_INCH
    spec = resized(spec, min(1.0, CHOICES.finer * MAP_LONG_SIDE_PX / page_px))
    page, full = synthesize(ecg, spec), draw_maps(ecg, spec).probabilities
    part = _page_part(page, rng) if rng.random() < CHOICES.close_share else np.s_[:, :]
    small, _ = working_image(np.ascontiguousarray(page.image[part]))
    shares = cv2.resize(full[part], small.shape[1::-1], interpolation=cv2.INTER_AREA)
    return SegmentPage(small, np.rint(255 * shares[..., 1:]).astype(np.uint8))


def _page_part(page: SyntheticPage, rng: np.random.Generator) -> tuple[slice, slice]:
    """Rows and columns of the page alone, more or less, as the segmenter sees it a second time."""
    truth = page.truth
    width_mm, height_mm = truth.layout.size_mm
    corners_mm = np.array([[0, 0], [width_mm, 0], [width_mm, height_mm], [0, height_mm]])
    corners = truth.page_to_photo(truth.scale.px_from_mm(corners_mm))
    border = rng.uniform(-0.03, 0.12, size=(2, 2)) * np.ptp(corners, axis=0).max()
    low = np.clip(corners.min(axis=0) - border[0], 0, None).astype(int)
    high = np.clip(corners.max(axis=0) + border[1], low + 64, None).astype(int)
    return slice(low[1], high[1]), slice(low[0], high[0])


def segment_crop(
    dark: NDArray[np.float32], shares: ByteArray, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Cut a crop of a random size out of a page: darkness and shares of classes, channels first.

    Shares are those of a `SegmentPage`, whose size the darkness has.
    """
    height, width = SEGMENT_CROP_PX
    zoom = rng.uniform(0.8, 1.25)
    source_size = (
        min(round(width / zoom), dark.shape[1]),
        min(round(height / zoom), dark.shape[0]),
    )
    left = int(rng.integers(dark.shape[1] - source_size[0] + 1))
    top = int(rng.integers(dark.shape[0] - source_size[1] + 1))
    window = np.s_[top : top + source_size[1], left : left + source_size[0]]
    image = cv2.resize(dark[window], (width, height), interpolation=cv2.INTER_LINEAR)
    others = cv2.resize(shares[window], (width, height), interpolation=cv2.INTER_LINEAR)
    maps = np.empty((1 + others.shape[2], height, width), np.float32)
    maps[1:] = others.transpose(2, 0, 1)
    maps[1:] /= 255
    maps[0] = np.clip(1 - maps[1:].sum(axis=0), 0, 1)
    return np.asarray(image, np.float32).transpose(2, 0, 1), maps
