"""U-Nets for pages: one classifies pixels, the other reads the height of a trace.

Public: `UNetConfig`, `SegmentNet`, `StripNet`, `heights_from_logits`, `widen`.

Both start by folding 2x2 pixels into channels, which makes a step six times cheaper than a stem at
full resolution at equal parameters, and unfold them again in the head.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from ecgpaper.nets.stored.config import NetworkConfig, Size, Sizes

# Height is decoded as the mean of the probabilities this many rows around the most probable one.
DECODE_HALF_ROWS = 20
# The layer that reads a column of features
_POOLED = "presence.0.weight"
# pooled in this many ways.
_N_POOLED = 3


@dataclass(frozen=True)
class UNetConfig(NetworkConfig):
    """Sizes of a U-Net.

    Parameters
    ----------
    n_inputs : int
        Channels of the image.
    widths : tuple of int
        Channels per level, each level at half the resolution of the one before; at least 16,
        because narrower strided layers corrupt memory in some CPU builds of torch.
    n_outputs : int
        Classes per pixel (`SegmentNet`) or heights per pair of columns (`StripNet`).
    """

    n_inputs: Size = 3
    widths: Sizes = (24, 32, 48, 64)
    n_outputs: Size = 4


class _Block(nn.Sequential):
    """Two 3x3 convolutions."""

    def __init__(self, n_inputs: int, n_outputs: int) -> None:
        super().__init__(
            nn.Conv2d(n_inputs, n_outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(n_outputs),
            nn.ReLU(inplace=True),
            nn.Conv2d(n_outputs, n_outputs, 3, padding=1, bias=False),
            nn.BatchNorm2d(n_outputs),
            nn.ReLU(inplace=True),
        )


class _Body(nn.Module):
    """Encoder and decoder with skips: (B, C, H, W) -> (B, widths[0], H / 2, W / 2)."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        widths = config.widths
        self.fold = nn.PixelUnshuffle(2)
        self.down = nn.ModuleList(
            _Block(n_in, n_out)
            for n_in, n_out in zip((4 * config.n_inputs, *widths), widths, strict=False)
        )
        self.reduce = nn.ModuleList(nn.Conv2d(low, high, 1) for high, low in pairwise(widths))
        self.up = nn.ModuleList(_Block(width, width) for width in widths[:-1])
        self.multiple = 2 ** len(widths)

    def forward(self, image: Tensor) -> Tensor:
        if image.shape[2] % self.multiple or image.shape[3] % self.multiple:
            raise ValueError(
                f"height and width must be multiples of {self.multiple}; got "
                f"{tuple(image.shape[2:])}: pad the image"
            )
        features: Tensor = self.fold(image)
        skips = []
        for level, block in enumerate(self.down):
            features = block(features if level == 0 else functional.max_pool2d(features, 2))
            skips.append(features)
        for level in reversed(range(len(self.up))):
            raised = functional.interpolate(self.reduce[level](features), scale_factor=2.0)
            features = self.up[level](raised + skips[level])
        return features


class SegmentNet(nn.Module):
    """Pixel classes: (B, n_inputs, H, W) -> logits (B, n_outputs, H, W)."""

    config_class: ClassVar[type[UNetConfig]] = UNetConfig

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.body = _Body(config)
        self.head = nn.Conv2d(config.widths[0], 4 * config.n_outputs, 1)
        self.unfold = nn.PixelShuffle(2)

    def forward(self, image: Tensor) -> Tensor:
        """Return the logits of each pixel."""
        logits: Tensor = self.unfold(self.head(self.body(image)))
        return logits


class StripNet(nn.Module):
    """The height of one trace: where, per sub-column, the curve runs.

    (B, n_inputs, H, W) -> row logits (B, W / 2 * n_outputs, H) and presence logits
    (B, W / 2 * n_outputs). Each pair of image columns gives `n_outputs` sub-columns, evenly spaced.
    """

    config_class: ClassVar[type[UNetConfig]] = UNetConfig

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.n_outputs = config.n_outputs
        self.body = _Body(config)
        self.rows = nn.Conv2d(config.widths[0], 2 * config.n_outputs, 1)
        self.presence = nn.Sequential(
            nn.Conv1d(_N_POOLED * config.widths[0], 2 * config.widths[0], 5, padding=2),
            nn.ReLU(inplace=True),
            nn.Conv1d(2 * config.widths[0], config.n_outputs, 5, padding=2),
        )

    def forward(self, strip: Tensor) -> tuple[Tensor, Tensor]:
        """Return row logits and presence logits."""
        features = self.body(strip)
        n_batch, _, n_rows, n_columns = features.shape
        rows = self.rows(features).view(n_batch, self.n_outputs, 2, n_rows, n_columns)
        # (B, sub, 2, H/2, W/2) -> (B, W/2, sub, H/2, 2) -> (B, W/2 * sub, H)
        logits = rows.permute(0, 4, 1, 3, 2).reshape(n_batch, -1, 2 * n_rows)
        # What is seen where the trace would run says most about whether it is there.
        attention = rows.float().mean(dim=(1, 2)).softmax(dim=1)[:, None]
        # Pooled: the same as `sum`, `mean` and `amax`, some times as fast on a CPU.
        column = (n_rows, 1)
        at_trace = functional.avg_pool2d(features * attention, column)[:, :, 0] * n_rows
        mean = functional.avg_pool2d(features, column)[:, :, 0]
        highest = functional.max_pool2d(features, column)[:, :, 0]
        pooled = torch.cat([at_trace, mean, highest], dim=1)
        presence = self.presence(pooled).transpose(1, 2).reshape(n_batch, -1)
        return logits, presence


def heights_from_logits(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Decode row logits: the mean row near the most probable one, and the mass found there.

    Parameters
    ----------
    logits : Tensor of shape (..., n_rows)

    Returns
    -------
    row : Tensor of shape (...,)
        In rows, sub-row accurate; differentiable.
    mass : Tensor of shape (...,)
        Share of the probability in the window, in [0, 1].
    """
    probability = logits.softmax(dim=-1)
    index = torch.arange(logits.shape[-1], device=logits.device, dtype=logits.dtype)
    peak = logits.argmax(dim=-1, keepdim=True)
    window = probability * ((index - peak).abs() <= DECODE_HALF_ROWS)
    mass = window.sum(dim=-1)
    return (window * index).sum(dim=-1) / mass, mass


def widen(narrow: nn.Module, wide: nn.Module) -> None:
    """Give a fresh network what a narrower one of its kind has learned, in place.

    The wide network computes what the narrow one does: the channels that both have do not listen
    yet to the new ones, which start out random (Chen et al. 2016, Net2Net).

    Parameters
    ----------
    narrow, wide : nn.Module
        Networks of one class and depth; `wide` as its class makes it.
    """
    learned = narrow.state_dict()
    with torch.no_grad():
        for name, tensor in wide.state_dict().items():
            values, known = tensor, learned[name]
            if values.dim() > 1:
                # Channels pooled in several ways lie one way after the other.
                n_parts = _N_POOLED if name == _POOLED else 1
                values, known = (part.unflatten(1, (n_parts, -1)) for part in (values, known))
                values[: len(known)] = 0
            values[tuple(slice(0, size) for size in known.shape)] = known
