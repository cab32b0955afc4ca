"""Curves of generated pages: as the tracer reads them, and where they really run.

Public: `Curves`, `read_pages`, `read_curves`, `forget_pages`; `origin_of` for the checkpoints
of what learns from curves.

Drawing and reading a page takes a hundred times as long as learning from it once, so every page is
kept for all that learns from curves.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from safetensors.numpy import save as arrays_as_bytes
from tqdm import tqdm

from ecgpaper.digitize.curves.looks import read_rows
from ecgpaper.digitize.curves.path import TraceCutter
from ecgpaper.digitize.curves.refine import BEYOND_POINTS, Course, course_of, with_rows
from ecgpaper.digitize.networks import SEGMENTER, TRACER, load_network
from ecgpaper.digitize.page.flatten import flatten
from ecgpaper.digitize.segment import segment
from ecgpaper.ecg import BoolArray, Ecg, FloatArray
from ecgpaper.nets.segmenter import SegmentNet
from ecgpaper.nets.stored.checkpoint import load_info
from ecgpaper.nets.tracer import StripNet
from ecgpaper.page import PageLayout
from ecgpaper.page.raster import GridScale, Trace
from ecgpaper.runtime.files import write_whole
from ecgpaper.synth import SyntheticPage, sample_spec, synthesize
from ecgpaper.synth.layout import page_shape
from ecgpaper.synth.plan import PageTruth
from ecgpaper.train.digitizer.collisions import with_collisions
from ecgpaper.train.digitizer.pages import COLLISION_SHARE, curve_of, height_at, jittered
from ecgpaper.train.digitizer.source import without_gaps
from ecgpaper.train.span import Span

# Half of the pages as wild as can be, the others as they mostly are.
PRESETS = ("wild", "wild", "clean", "wild", "scan-color", "wild", "photo", "scan-bw")
MOST_ROWS = 4
# Folder of the pages that were read.
KEPT = ".curves"
# Letters of a checksum that tell networks apart.
_SHORT = 12


@dataclass(frozen=True, slots=True)
class PlacementErrors:
    """How far rows and strips are from where the stages before find them."""

    # Rows are this far up or down (standard deviation).
    baseline_mm: float = 1.0
    # How far strips are from where these find them to start and end is drawn for each page between
    # what clean pages show
    least_end_mm: float = 0.01
    # and the worst photos: a network taught with the worst alone smooths over every end.
    most_end_mm: float = 0.1
    # Share of pages that are placed by something else, a pulse or a name,
    lost_share: float = 0.15
    # up to this far off: there no curve begins.
    lost_mm: float = 3.0
    # Along x, a scale is off by as much over such a width.
    width_mm: float = 200.0
    # A curve further off than this is another one: nothing can be learned from it.
    farthest_rows: float = 60.0


ERRORS = PlacementErrors()


@dataclass(frozen=True, eq=False)
class Curves:
    """Curves as they were read, and how far off they are; one after another.

    Parameters
    ----------
    features : ndarray of float16, of shape (n_points, N_FEATURES)
    offset : ndarray of float32, of shape (n_points,), in rows
        Correction of the heights; 0 where it is not known.
    is_known : ndarray of bool, of shape (n_points,)
    lengths : ndarray of int, of shape (n_curves,)
    ends : ndarray of float32, of shape (n_curves, 2), in points
        How far behind their first and last point the curves truly begin and end; NaN where that
        is not known.
    """

    features: NDArray[np.float16]
    offset: NDArray[np.float32]
    is_known: NDArray[np.bool_]
    lengths: NDArray[np.int64]
    ends: NDArray[np.float32]


def read_pages(ecgs: Sequence[Ecg], folder: Path, *, span: Span, seed: int) -> tuple[Curves, ...]:
    """Draw pages and read their curves with the networks of a folder.

    They are kept there, by tracer and seed: an interrupted run goes on where it stopped.

    Parameters
    ----------
    ecgs : sequence of Ecg
        Records that the pages show.
    folder : Path
        Of segmenter and tracer.
    span : Span
        Of pages.
    seed : int
    """
    segmenter = load_network(folder, SEGMENTER, SegmentNet)
    tracer = load_network(folder, TRACER, StripNet)
    by = load_info(folder, TRACER, StripNet.__name__).sha256[:_SHORT]
    kept = folder / KEPT / f"{by}-{seed}"
    pages: list[Curves] = []
    numbers = span.pages(lambda: _can_teach(pages))
    for page in tqdm(numbers, desc="curves", disable=not sys.stderr.isatty()):
        pages.append(read_curves(segmenter, tracer, ecgs, page, seed=seed, kept=kept))
    return tuple(pages)


def _can_teach(pages: Sequence[Curves]) -> bool:
    """Whether anything is learned from these pages: a tracer that has just begun finds little."""
    has_curves = any(page.is_known.any() for page in pages)
    return has_curves and any(np.isfinite(page.ends).any() for page in pages)


def origin_of(pages: Sequence[Curves]) -> str:
    """Describe the pages that were drawn."""
    return f"{len(pages)} generated, {', '.join(sorted(set(PRESETS)))}"


def forget_pages(folder: Path) -> None:
    """Remove the pages that were kept for learning."""
    shutil.rmtree(folder / KEPT)


def read_curves(
    segmenter: SegmentNet,
    tracer: StripNet,
    ecgs: Sequence[Ecg],
    page: int,
    *,
    seed: int,
    kept: Path,
) -> Curves:
    """Draw a page and read its curves; the result is kept, and depends on seed and page alone."""
    file = kept / f"{page:06d}.safetensors"
    if not file.exists():
        rng = np.random.default_rng([seed, page])
        ecg = without_gaps(ecgs[int(rng.integers(len(ecgs)))])
        spec = sample_spec(PRESETS[page % len(PRESETS)], rng=rng)
        if rng.random() < COLLISION_SHARE:
            ecg, spec = with_collisions(ecg, spec, rng=rng)
        drawn = synthesize(ecg, spec)
        kept.mkdir(parents=True, exist_ok=True)
        write_whole(file, arrays_as_bytes(vars(_curves(segmenter, tracer, drawn, rng))))
    return Curves(**load_file(file))


def _curves(
    segmenter: SegmentNet, tracer: StripNet, page: SyntheticPage, rng: np.random.Generator
) -> Curves:
    truth = page.truth
    flat, maps = flatten(
        page.image,
        segment(page.image, segmenter),
        truth.page_to_photo,
        page_shape(truth.layout, truth.scale),
    )
    end_mm = float(np.exp(rng.uniform(np.log(ERRORS.least_end_mm), np.log(ERRORS.most_end_mm))))
    x_px_per_mm = truth.scale.px_per_mm[0] * (1 + rng.normal(0, end_mm) / ERRORS.width_mm)
    scale = replace(truth.scale, px_per_mm=(x_px_per_mm, jittered(truth.scale, rng).px_per_mm[1]))
    layout = _moved(_some_rows(truth.layout, rng), end_mm, rng)
    readings = read_rows(page.image, flat, maps, scale, layout, tracer)
    true_of = {trace.strip.segment: trace for trace in truth.traces}
    features, offsets, are_known, ends = [], [], [], []
    for trace, reading in with_rows(TraceCutter(scale).cut(layout, readings), readings):
        course = course_of(trace, reading, scale)
        true = true_of[trace.strip.segment]
        offset, is_known = _offset(course, trace, true, scale)
        features.append(course.features)
        offsets.append(np.pad(offset, BEYOND_POINTS))
        are_known.append(np.pad(is_known, BEYOND_POINTS))
        ends.append(_ends(trace, true, truth, scale))
    return Curves(
        np.concatenate(features).astype(np.float16),
        np.concatenate(offsets).astype(np.float32),
        np.concatenate(are_known),
        np.array([len(offset) for offset in offsets], dtype=np.int64),
        np.array(ends, dtype=np.float32),
    )


def _offset(
    course: Course, trace: Trace, true: Trace, scale: GridScale
) -> tuple[FloatArray, BoolArray]:
    """How far off a trace is, in rows, and where that is known."""
    at_mm = scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px]))[:, 0]
    x_mm, y_mm = curve_of([true], scale)
    if np.isfinite(y_mm).sum() < 2:
        nothing = np.zeros(len(course.row))
        return nothing, nothing > 0
    height_mm, is_known = height_at(at_mm, x_mm, y_mm)
    offset = course.rows_from_mm(height_mm) - course.row
    is_known &= np.abs(offset) < ERRORS.farthest_rows
    return np.where(is_known, offset, 0), is_known


def _ends(trace: Trace, true: Trace, truth: PageTruth, scale: GridScale) -> FloatArray:
    """How far behind its first and its last point a curve begins and ends, in points."""
    strip = true.strip
    true_mm = np.array([[strip.left_mm, 0.0], [strip.right_mm(truth.layout.scale), 0.0]])
    ends_mm = scale.mm_from_px(truth.scale.px_from_mm(true_mm))[:, 0]
    x_mm = scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px]))[:, 0]
    points = (ends_mm - x_mm[[0, -1]]) / (x_mm[1] - x_mm[0])
    is_seen = (true.confidence > 0) & np.isfinite(true.y_px)
    return np.where(is_seen[[0, -1]], points, np.nan)


def _some_rows(layout: PageLayout, rng: np.random.Generator) -> PageLayout:
    """Return a layout of a few of the rows: many pages teach more than many rows of one."""
    rows = sorted({strip.segment.row for strip in layout.strips})
    some = set(rng.permutation(rows)[:MOST_ROWS].tolist())
    return replace(layout, strips=tuple(s for s in layout.strips if s.segment.row in some))


def _moved(layout: PageLayout, end_mm: float, rng: np.random.Generator) -> PageLayout:
    """Return the layout as it may be found: each row a little higher or lower, sooner or later."""
    rows = {strip.segment.row for strip in layout.strips}
    down_mm = {row: rng.normal(0, ERRORS.baseline_mm) for row in sorted(rows)}
    lost_mm = (
        rng.uniform(-ERRORS.lost_mm, ERRORS.lost_mm) if rng.random() < ERRORS.lost_share else 0.0
    )
    right_mm = {row: lost_mm + rng.normal(0, end_mm) for row in sorted(rows)}
    strips = tuple(
        replace(
            strip,
            baseline_mm=strip.baseline_mm + down_mm[strip.segment.row],
            left_mm=strip.left_mm + right_mm[strip.segment.row],
        )
        for strip in layout.strips
    )
    return replace(layout, strips=strips)
