"""Teach the refiner, on curves of generated pages as the tracer reads them.

Public: `train_refiner`, `Curves`, `read_curves`, `CurveSource`, `CurveBatch`.

Drawing and reading a page takes a hundred times as long as learning from it once, so every page is
kept and seen many times: in other crops, upside down and backwards.
"""

from __future__ import annotations

import logging
import shutil
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file
from safetensors.numpy import save as arrays_as_bytes
from torch import Tensor, nn
from tqdm import tqdm

from ecgpaper.digitize import TRACER, load_network
from ecgpaper.digitize.refine import (
    N_FEATURES,
    REFINER,
    Course,
    course_of,
    row_of,
    seen_backwards,
    seen_upside_down,
)
from ecgpaper.digitize.trace import STRIP_PX_PER_MM, TraceCutter, read_rows
from ecgpaper.ecg import BoolArray, Ecg, FloatArray
from ecgpaper.files import write_whole
from ecgpaper.nets.checkpoint import CheckpointInfo, save_checkpoint
from ecgpaper.nets.device import best_device
from ecgpaper.nets.refiner import Refiner, RefinerConfig
from ecgpaper.nets.unet import StripNet
from ecgpaper.page import PageLayout, Segment
from ecgpaper.raster import FlatPage, GridScale, Trace
from ecgpaper.synth import SyntheticPage, sample_spec, synthesize
from ecgpaper.train.datasets import curve_of, height_at, jittered, without_gaps
from ecgpaper.train.loop import TrainConfig, fit

logger = logging.getLogger(__name__)

# Half of the pages as wild as can be, the others as they mostly are.
PRESETS = ("wild", "wild", "clean", "wild", "scan-color", "wild", "photo", "scan-bw")
MOST_ROWS = 4
# Points of a stretch: 2.5 s at 25 mm/s, a strip of the usual layout from end to end. Ends, where a
# separator or the neighbor's trace stands, are the hardest: of longer strips this share is drawn
# to show one.
N_POINTS = 1250
END_SHARE = 0.5
BATCH_SIZE = 10
# What the stages before leave behind: where rows are and where they start, in mm.
_BASELINE_JITTER_MM, _START_JITTER_MM = 1.0, 0.1
# A curve further off than this is another one: nothing can be learned from it.
_FARTHEST_ROWS = 60.0
# Shares of the loss, as for the tracer; a spread is judged by its likelihood.
_ACCURACY, _ABSOLUTE, _SPREAD = 0.5, 0.1, 0.05
_FLOOR_MM2 = 1e-3


@dataclass(frozen=True, eq=False)
class Curves:
    """Curves as they were read, and how far off they are; one after another.

    Parameters
    ----------
    features : ndarray of float16, of shape (n_points, N_FEATURES)
    offset : ndarray of float32, of shape (n_points,), in rows
        What is to be added to the heights; 0 where it is not known.
    is_known : ndarray of bool, of shape (n_points,)
    lengths : ndarray of int, of shape (n_curves,)
    """

    features: NDArray[np.float16]
    offset: NDArray[np.float32]
    is_known: NDArray[np.bool_]
    lengths: NDArray[np.int64]


def train_refiner(
    ecgs: Sequence[Ecg], folder: Path, *, n_pages: int, n_steps: int, seed: int
) -> None:
    """Read generated pages with the tracer of a folder, and learn how far off it is.

    Parameters
    ----------
    ecgs : sequence of Ecg
        What the pages show.
    folder : Path
        Of the tracer; an interrupted run goes on where it stopped.
    n_pages, n_steps : int
    seed : int
    """
    torch.manual_seed(seed + 3)
    kept = folder / f".{REFINER}-pages"
    tracer = load_network(folder, TRACER, StripNet)
    curves = [
        read_curves(tracer, ecgs, page, seed=seed, kept=kept)
        for page in tqdm(range(n_pages), desc="curves", disable=not sys.stderr.isatty())
    ]
    config = RefinerConfig(N_FEATURES)
    network = Refiner(config).to(best_device())
    source = CurveSource(curves, seed)
    task = f"{n_pages} pages of {len(ecgs)} records, seed {seed}"
    plan = TrainConfig(n_steps, task=task)
    fit(network, source.batch, _loss, plan, name=REFINER, state_file=folder / f".{REFINER}")
    info = CheckpointInfo(
        architecture=type(network).__name__,
        config=asdict(config),
        inputs={"px_per_mm": STRIP_PX_PER_MM, "curves": "as the tracer reads them"},
        training={
            "n_records": len(ecgs),
            "pages": f"{n_pages} generated, {', '.join(sorted(set(PRESETS)))}",
            "n_curves": sum(len(page.lengths) for page in curves),
            "n_steps": n_steps,
            "seed": seed,
        },
    )
    save_checkpoint(folder, REFINER, network, info)
    shutil.rmtree(kept)


def read_curves(
    tracer: StripNet, ecgs: Sequence[Ecg], page: int, *, seed: int, kept: Path
) -> Curves:
    """Draw a page and read its curves; the result is kept, and depends on seed and page alone."""
    file = kept / f"{page:06d}.safetensors"
    if not file.exists():
        rng = np.random.default_rng([seed, page])
        ecg = without_gaps(ecgs[int(rng.integers(len(ecgs)))])
        drawn = synthesize(ecg, sample_spec(PRESETS[page % len(PRESETS)], rng=rng))
        kept.mkdir(parents=True, exist_ok=True)
        write_whole(file, arrays_as_bytes(vars(_curves(tracer, drawn, rng))))
    return Curves(**load_file(file))


def _curves(tracer: StripNet, page: SyntheticPage, rng: np.random.Generator) -> Curves:
    truth = page.truth
    scale = jittered(truth.scale, rng)
    layout = _moved(_some_rows(truth.layout, rng), rng)
    flat = FlatPage(page.image, truth.page_to_photo)
    readings = read_rows(page.image, flat, scale, layout, tracer)
    true_of = {trace.strip.segment: trace for trace in truth.traces}
    found = [
        _curve(course_of(trace, row_of(trace, readings), scale), trace, true_of, scale)
        for trace in TraceCutter(scale).cut(layout, readings)
    ]
    return Curves(
        np.concatenate([features for features, _, _ in found]).astype(np.float16),
        np.concatenate([offset for _, offset, _ in found]).astype(np.float32),
        np.concatenate([is_known for _, _, is_known in found]),
        np.array([len(offset) for _, offset, _ in found], dtype=np.int64),
    )


def _curve(
    course: Course, trace: Trace, true_of: Mapping[Segment, Trace], scale: GridScale
) -> tuple[NDArray[np.float32], FloatArray, BoolArray]:
    """Features of a trace, how far off it is, and where that is known."""
    at_mm = scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px]))[:, 0]
    x_mm, y_mm = curve_of([true_of[trace.strip.segment]], scale)
    if np.isfinite(y_mm).sum() < 2:
        nothing = np.zeros(len(at_mm))
        return course.features, nothing, nothing > 0
    height_mm, is_known = height_at(at_mm, x_mm, y_mm)
    offset = course.rows_from_mm(height_mm) - course.row
    is_known &= np.abs(offset) < _FARTHEST_ROWS
    return course.features, np.where(is_known, offset, 0), is_known


def _some_rows(layout: PageLayout, rng: np.random.Generator) -> PageLayout:
    """Return a layout of a few of the rows: many pages teach more than many rows of one."""
    rows = sorted({strip.segment.row for strip in layout.strips})
    some = set(rng.permutation(rows)[:MOST_ROWS].tolist())
    return replace(layout, strips=tuple(s for s in layout.strips if s.segment.row in some))


def _moved(layout: PageLayout, rng: np.random.Generator) -> PageLayout:
    """Return the layout as it may be found: each row a little higher or lower, sooner or later."""
    rows = {strip.segment.row for strip in layout.strips}
    down_mm = {row: rng.normal(0, _BASELINE_JITTER_MM) for row in sorted(rows)}
    right_mm = {row: rng.normal(0, _START_JITTER_MM) for row in sorted(rows)}
    strips = tuple(
        replace(
            strip,
            baseline_mm=strip.baseline_mm + down_mm[strip.segment.row],
            left_mm=strip.left_mm + right_mm[strip.segment.row],
        )
        for strip in layout.strips
    )
    return replace(layout, strips=strips)


@dataclass(frozen=True, eq=False)
class CurveBatch:
    """Stretches of curves.

    Parameters
    ----------
    features : ndarray of float32, of shape (n, N_FEATURES, N_POINTS)
    offset : ndarray of float32, of shape (n, N_POINTS)
    is_known : ndarray of bool, of shape (n, N_POINTS)
    """

    features: NDArray[np.float32]
    offset: NDArray[np.float32]
    is_known: NDArray[np.bool_]


class CurveSource:
    """Batches of stretches; batch i depends on the curves, the seed and i alone.

    Parameters
    ----------
    pages : sequence of Curves
    seed : int
    """

    def __init__(self, pages: Sequence[Curves], seed: int) -> None:
        self.seed = seed
        self._stretches = [
            (page, int(first), int(first + length))
            for page in pages
            for first, length in zip(
                np.cumsum(page.lengths) - page.lengths, page.lengths, strict=True
            )
            if page.is_known[first : first + length].any()
        ]
        if not self._stretches:
            raise ValueError(f"expected pages with curves; none of {len(pages)} shows any")

    def batch(self, step: int) -> CurveBatch:
        """Draw a batch."""
        rng = np.random.default_rng([self.seed, step])
        items = [self._stretch(rng) for _ in range(BATCH_SIZE)]
        features, offset, is_known = (np.stack(part) for part in zip(*items, strict=True))
        return CurveBatch(features, offset, is_known)

    def _stretch(
        self, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
        page, first, stop = self._stretches[int(rng.integers(len(self._stretches)))]
        first += _place(max(0, stop - first - N_POINTS), rng)
        part = slice(first, min(stop, first + N_POINTS))
        features = page.features[part].astype(np.float32)
        offset, is_known = page.offset[part], page.is_known[part]
        if rng.random() < 0.5:
            features, offset = seen_upside_down(features), -offset
        if rng.random() < 0.5:
            features, offset, is_known = seen_backwards(features), offset[::-1], is_known[::-1]
        lacking = N_POINTS - len(offset)
        return (
            np.pad(features, ((0, lacking), (0, 0))).T,
            np.pad(offset, (0, lacking)),
            np.pad(is_known, (0, lacking)),
        )


def _place(n_spare: int, rng: np.random.Generator) -> int:
    """Choose how many of the points that a stretch has no room for lie before it."""
    if rng.random() < END_SHARE:
        return int(rng.choice([0, n_spare]))
    return int(rng.integers(n_spare + 1))


def _loss(network: nn.Module, batch: CurveBatch) -> Tensor:
    """Logarithm of the square error + absolute error + likelihood of the spread."""
    like = next(network.parameters())
    offset, log_spread = network(torch.from_numpy(batch.features).to(like.device))
    error = offset - torch.from_numpy(batch.offset).to(like.device)
    is_known = torch.from_numpy(batch.is_known).to(like.device).float()
    n_known = is_known.sum(dim=1).clamp(min=1)

    def mean(values: Tensor) -> Tensor:
        return (values * is_known).sum(dim=1) / n_known

    error_mm = error / STRIP_PX_PER_MM
    # The offset does not learn from what the spread thinks of it.
    unlikely = log_spread + 0.5 * (error.detach() * torch.exp(-log_spread)).square()
    per_stretch = (
        _ACCURACY * torch.log10(mean(error_mm.square()) + _FLOOR_MM2)
        + _ABSOLUTE * mean(error_mm.abs())
        + _SPREAD * mean(unlikely)
    )
    has_any = (is_known.sum(dim=1) > 0).float()
    return (per_stretch * has_any).sum() / has_any.sum().clamp(min=1)
