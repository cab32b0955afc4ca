"""Train the tracer on strips of generated pages.

Public: `TRACER_LEARNER`.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from ecgpaper.digitize.curves.strip import N_SUB_COLUMNS, STRIP_PX_PER_MM
from ecgpaper.digitize.networks import TRACER
from ecgpaper.nets.device import channels_last
from ecgpaper.nets.tracer import StripNet, heights_from_logits
from ecgpaper.nets.unet import UNetConfig
from ecgpaper.train.digitizer.ink import follow_ink
from ecgpaper.train.digitizer.network import Learner
from ecgpaper.train.digitizer.pages import StripBatch


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


def _tracer_loss(network: nn.Module, batch: StripBatch) -> Tensor:
    """Cross-entropy over rows + logarithm of the square error + absolute error + presence."""
    device = next(network.parameters()).device
    strips = torch.from_numpy(batch.strips).to(device, memory_format=torch.channels_last)
    target = torch.from_numpy(batch.rows).to(device)
    is_present = torch.from_numpy(batch.is_present).to(device).float()
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


TRACER_LEARNER = Learner(
    name=TRACER,
    config=UNetConfig(n_inputs=4, widths=(24, 40, 64, 96, 96), n_outputs=N_SUB_COLUMNS),
    untrained=lambda config: channels_last(follow_ink(StripNet(config))),
    loss=_tracer_loss,
    seed_offset=1,
)
