"""Train the segmenter on generated pages.

Public: `train_segmenter`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn import functional

from ecgpaper.digitize.networks import SEGMENTER
from ecgpaper.ecg import Ecg
from ecgpaper.nets.device import channels_last
from ecgpaper.nets.segmenter import SegmentNet
from ecgpaper.nets.unet import UNetConfig
from ecgpaper.page.raster import PIXEL_CLASSES
from ecgpaper.train.digitizer.feed import Feed, SegmentFeed, usual_feed
from ecgpaper.train.digitizer.ink import mark_ink
from ecgpaper.train.digitizer.network import TrainingRun, from_generated_pages, train_network
from ecgpaper.train.digitizer.pages import SegmentBatch
from ecgpaper.train.digitizer.source import PageSource
from ecgpaper.train.span import Span

SEGMENTER_CONFIG = UNetConfig(n_inputs=3, widths=(16, 24, 32, 48), n_outputs=len(PIXEL_CLASSES))
# Grid lines outnumber ink by ten to one; the classes that must not be missed weigh more.
_CLASS_WEIGHTS = (0.5, 0.7, 3.0, 2.0)


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
        training=from_generated_pages(len(ecgs), feed, seed),
    )
    train_network(channels_last(mark_ink(SegmentNet(SEGMENTER_CONFIG))), run, folder, start=start)


def _segment_loss(network: nn.Module, batch: SegmentBatch) -> Tensor:
    """Cross-entropy with shares of classes as targets."""
    device = next(network.parameters()).device
    images = torch.from_numpy(batch.images).to(device, memory_format=torch.channels_last)
    logits = network(images).float()
    weights = torch.tensor(_CLASS_WEIGHTS, device=device)
    maps = torch.from_numpy(batch.maps).to(device)
    return functional.cross_entropy(logits, maps, weight=weights)
