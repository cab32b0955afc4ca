"""Train the segmenter and the tracer of the digitizer on generated pages.

Public: `train_segmenter`, `train_tracer`, `usual_feed`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ecgpaper.digitize.curves.strip import N_SUB_COLUMNS, STRIP_PX_PER_MM
from ecgpaper.digitize.networks import SEGMENTER, TRACER
from ecgpaper.ecg import Ecg
from ecgpaper.nets.device import best_device, channels_last
from ecgpaper.nets.unet import (
    SegmentNet,
    StripNet,
    UNetConfig,
    heights_from_logits,
)
from ecgpaper.page.raster import PIXEL_CLASSES
from ecgpaper.train.ahead import n_cores
from ecgpaper.train.digitizer.feed import Feed, SegmentFeed, StripFeed
from ecgpaper.train.digitizer.ink import follow_ink, mark_ink
from ecgpaper.train.digitizer.network import TrainingRun, train_network
from ecgpaper.train.digitizer.pages import SegmentBatch, StripBatch
from ecgpaper.train.digitizer.source import PageSource
from ecgpaper.train.span import Span

SEGMENTER_CONFIG = UNetConfig(n_inputs=3, widths=(16, 24, 32, 48), n_outputs=len(PIXEL_CLASSES))
TRACER_CONFIG = UNetConfig(n_inputs=4, widths=(24, 40, 64, 96, 96), n_outputs=N_SUB_COLUMNS)
# Grid lines outnumber ink by ten to one; the classes that must not be missed weigh more.
_CLASS_WEIGHTS = (0.5, 0.7, 3.0, 2.0)
# Most crops of each page: those of the segmenter are larger.
_MOST_CROPS = {SEGMENTER: 2, TRACER: 4}
# Time of one core that teaches most with one crop of each page. In little time many small steps
# teach more than a few large ones, whose gradients are more exact.
_ONE_CROP_S = {SEGMENTER: 90.0, TRACER: 270.0}


@dataclass(frozen=True, slots=True)
class TracerLoss:
    """Shares of the loss of the tracer, and how sharp its target is."""

    # Spread of the target over rows: a curve seen at a sub-column is that sharp,
    sigma_rows: float = 1.2
    # and on a steep stroke one sub-column spans several rows: this much more per row of a step,
    sigma_per_slope: float = 0.4
    # up to this.
    max_sigma_rows: float = 6.0
    # Share of the logarithm of the mean square error. That is the SNR up to a constant, so that
    # quiet strips count as much as loud ones;
    accuracy: float = 0.5
    # the floor is the error that paper cannot go below.
    floor_mm2: float = 1e-3
    # Share of the absolute error.
    absolute: float = 0.1
    # Share of whether there is a curve.
    presence: float = 1.0


_LOSS = TracerLoss()


def usual_feed(name: str, seconds: float = math.inf) -> Feed:
    """Return what a step shows a network that learns for a time, new pages only.

    The batch grows with the root of the time. A GPU is used well by large ones only. Crops of one
    page cost less than pages.
    """
    most = _MOST_CROPS[name]
    if best_device().type == "cuda":
        return Feed(8, most)
    root = math.sqrt(min(seconds * n_cores() / _ONE_CROP_S[name], most**2))
    n_strips = 2 * max(1, round(root))
    n_pages = 1 if n_strips <= most else 2
    return Feed(n_pages, n_strips // n_pages)


def train_segmenter(
    ecgs: Sequence[Ecg],
    folder: Path,
    *,
    span: Span,
    seed: int,
    feed: Feed | None = None,
    start: Path | None = None,
) -> None:
    """Train the segmenter and write it to a model folder.

    Parameters
    ----------
    ecgs : sequence of Ecg
        Records that the pages show.
    folder : Path
    span : Span
    seed : int
    feed : Feed, optional
        By default new pages only, as many as the device takes at once.
    start : Path, optional
        Model folder whose weights to go on from; its network may be narrower. From scratch without.
    """
    torch.manual_seed(seed)
    feed = feed or usual_feed(SEGMENTER)
    source = SegmentFeed(PageSource(ecgs, seed), feed, folder / f".pages-{SEGMENTER}")
    run = TrainingRun(
        name=SEGMENTER,
        config=SEGMENTER_CONFIG,
        make_batch=source.batch,
        loss=_segment_loss,
        span=span,
        task=f"pages of {len(ecgs)} records, {feed}, seed {seed}",
        training=_provenance(ecgs, feed, seed),
    )
    train_network(channels_last(mark_ink(SegmentNet(SEGMENTER_CONFIG))), run, folder, start=start)


def train_tracer(
    ecgs: Sequence[Ecg],
    folder: Path,
    *,
    span: Span,
    seed: int,
    feed: Feed | None = None,
    start: Path | None = None,
) -> None:
    """Train the tracer and write it to a model folder.

    Parameters
    ----------
    ecgs : sequence of Ecg
        Records that the pages show.
    folder : Path
    span : Span
    seed : int
    feed : Feed, optional
        By default new pages only, as many as the device takes at once.
    start : Path, optional
        Model folder whose weights to go on from; its network may be narrower. From scratch without.
    """
    torch.manual_seed(seed + 1)
    feed = feed or usual_feed(TRACER)
    source = StripFeed(PageSource(ecgs, seed + 1), feed, folder / f".pages-{TRACER}")
    run = TrainingRun(
        name=TRACER,
        config=TRACER_CONFIG,
        make_batch=source.batch,
        loss=_tracer_loss,
        span=span,
        task=f"strips of {len(ecgs)} records, {feed}, seed {seed}",
        training=_provenance(ecgs, feed, seed),
    )
    network = channels_last(follow_ink(StripNet(TRACER_CONFIG)))
    train_network(network, run, folder, start=start)


def _tensor(values: NDArray[Any], like: nn.Module) -> Tensor:
    return torch.from_numpy(values).to(next(like.parameters()).device)


def _segment_loss(network: nn.Module, batch: SegmentBatch) -> Tensor:
    """Cross-entropy with shares of classes as targets."""
    images = _tensor(batch.images, network).contiguous(memory_format=torch.channels_last)
    logits = network(images).float()
    weights = torch.tensor(_CLASS_WEIGHTS, device=logits.device)
    return functional.cross_entropy(logits, _tensor(batch.maps, network), weight=weights)


def _tracer_loss(network: nn.Module, batch: StripBatch) -> Tensor:
    """Cross-entropy over rows + logarithm of the square error + absolute error + presence."""
    strips = _tensor(batch.strips, network).contiguous(memory_format=torch.channels_last)
    target = _tensor(batch.rows, network)
    is_present = _tensor(batch.is_present, network).float()
    logits, presence = network(strips)
    logits, presence = logits.float(), presence.float()
    crossed = _row_cross_entropy(logits, target)
    height, _ = heights_from_logits(logits)
    error_mm = (height - target) / STRIP_PX_PER_MM
    n_present = is_present.sum(dim=1).clamp(min=1)
    square_mm2 = (error_mm.square() * is_present).sum(dim=1) / n_present
    absolute_mm = (error_mm.abs() * is_present).sum(dim=1) / n_present
    per_strip = (
        (crossed * is_present).sum(dim=1) / n_present
        + _LOSS.accuracy * torch.log10(square_mm2 + _LOSS.floor_mm2)
        + _LOSS.absolute * absolute_mm
    )
    has_any = (is_present.sum(dim=1) > 0).float()
    seen = functional.binary_cross_entropy_with_logits(presence, is_present)
    return (per_strip * has_any).sum() / has_any.sum().clamp(min=1) + _LOSS.presence * seen


def _row_cross_entropy(logits: Tensor, target: Tensor) -> Tensor:
    """Cross-entropy, of shape (B, n), with a Gaussian around the target row."""
    slope = torch.diff(target, dim=1, append=target[:, -1:]).abs()
    sigma = (_LOSS.sigma_rows + _LOSS.sigma_per_slope * slope).clamp(max=_LOSS.max_sigma_rows)
    index = torch.arange(logits.shape[-1], device=logits.device, dtype=logits.dtype)
    wanted = torch.exp(-0.5 * ((index - target[..., None]) / sigma[..., None]).square())
    wanted = wanted / wanted.sum(dim=-1, keepdim=True).clamp(min=1e-6)
    return -(wanted * logits.log_softmax(dim=-1)).sum(dim=-1)


def _provenance(ecgs: Sequence[Ecg], feed: Feed, seed: int) -> dict[str, Any]:
    return {
        "n_records": len(ecgs),
        "feed": asdict(feed),
        "seed": seed,
        "pages": "generated, preset wild",
        "torch": torch.__version__,
        "numpy": np.__version__,
    }
