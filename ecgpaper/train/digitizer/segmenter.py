"""Train the segmenter on generated pages.

Public: `SEGMENTER_LEARNER`.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from ecgpaper.digitize.networks import SEGMENTER
from ecgpaper.nets.device import channels_last
from ecgpaper.nets.segmenter import SegmentNet
from ecgpaper.nets.unet import UNetConfig
from ecgpaper.page.raster import PIXEL_CLASSES
from ecgpaper.train.digitizer.ink import mark_ink
from ecgpaper.train.digitizer.network import Learner
from ecgpaper.train.digitizer.pages import SegmentBatch

# Grid lines outnumber ink by ten to one; the classes that must not be missed weigh more.
_CLASS_WEIGHTS = (0.5, 0.7, 3.0, 2.0)


def _segment_loss(network: nn.Module, batch: SegmentBatch) -> Tensor:
    """Cross-entropy with shares of classes as targets."""
    device = next(network.parameters()).device
    images = torch.from_numpy(batch.images).to(device, memory_format=torch.channels_last)
    logits = network(images).float()
    weights = torch.tensor(_CLASS_WEIGHTS, device=device)
    maps = torch.from_numpy(batch.maps).to(device)
    return functional.cross_entropy(logits, maps, weight=weights)


SEGMENTER_LEARNER = Learner(
    name=SEGMENTER,
    config=UNetConfig(n_inputs=3, widths=(16, 24, 32, 48), n_outputs=len(PIXEL_CLASSES)),
    untrained=lambda config: channels_last(mark_ink(SegmentNet(config))),
    loss=_segment_loss,
    seed_offset=0,
)
