"""What segmenter and tracer share: the body of a U-Net.

Public: `UNetConfig`, `UNet`, `widen`.

It starts by folding 2x2 pixels into channels, which makes a step six times cheaper than a stem at
full resolution at equal parameters; each network unfolds them again in its head.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from ecgpaper.nets.stored.config import NetworkConfig, Size, Sizes


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


class UNet(nn.Module):
    """A body, and whatever head a network adds to it."""

    config_class: ClassVar[type[UNetConfig]] = UNetConfig
    # Layers whose inputs are features pooled in several ways, one way after the other: how many.
    n_pooled: ClassVar[Mapping[str, int]] = {}

    def __init__(self, config: UNetConfig) -> None:
        super().__init__()
        self.body = _Body(config)


def widen(narrow: UNet, wide: UNet) -> None:
    """Give a fresh network what a narrower one of its kind has learned, in place.

    The wide network computes what the narrow one does: the channels that both have do not listen
    yet to the new ones, which start out random (Chen et al. 2016, Net2Net).

    Parameters
    ----------
    narrow, wide : UNet
        Networks of one class and depth; `wide` as its class makes it.
    """
    learned = narrow.state_dict()
    with torch.no_grad():
        for name, tensor in wide.state_dict().items():
            values, known = tensor, learned[name]
            if values.dim() > 1:
                n_parts = wide.n_pooled.get(name, 1)
                values, known = (part.unflatten(1, (n_parts, -1)) for part in (values, known))
                values[: len(known)] = 0
            values[tuple(slice(0, size) for size in known.shape)] = known
