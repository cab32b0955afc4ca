"""A small ConvNeXt: one picture in, one logit per class out.

Public: `ConvNextConfig`, `ConvNext`.

After Liu et al. 2022 (arXiv:2201.03545): a stem of patches, blocks of a depthwise convolution and
two pointwise ones around a residual, layer normalization over channels, and strided convolutions
between the stages.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

_PATCH_PX = 4
_EXPANSION = 4
# Residual branches begin this small, so that deep stacks train from the first step.
_FIRST_SCALE = 0.1


@dataclass(frozen=True)
class ConvNextConfig:
    """Shape of a `ConvNext`.

    Parameters
    ----------
    n_channels : int
        Of the picture.
    n_classes : int
    widths, depths : tuple of int
        Channels and blocks of the stages; each stage after the first halves the resolution.
    kernel : int, odd
        Side of the depthwise convolutions.
    dropout : float
        Share of the pooled channels that the head does not see while training.
    """

    n_channels: int
    n_classes: int
    widths: tuple[int, ...] = (32, 64, 96, 160)
    depths: tuple[int, ...] = (1, 1, 2, 1)
    kernel: int = 7
    dropout: float = 0.2

    def __post_init__(self) -> None:
        """Accept the lists that JSON makes of tuples; refuse stages that do not match."""
        object.__setattr__(self, "widths", tuple(self.widths))
        object.__setattr__(self, "depths", tuple(self.depths))
        if len(self.widths) != len(self.depths) or not self.widths:
            raise ValueError(
                f"widths and depths must name the same stages, at least one; got {self.widths} and "
                f"{self.depths}"
            )
        if self.kernel % 2 == 0:
            raise ValueError(f"kernel must be odd; got {self.kernel}")


class ConvNext(nn.Module):
    """Pictures in, logits out."""

    def __init__(self, config: ConvNextConfig) -> None:
        super().__init__()
        self.config = config
        first, last = config.widths[0], config.widths[-1]
        layers: list[nn.Module] = [
            nn.Conv2d(config.n_channels, first, _PATCH_PX, stride=_PATCH_PX),
            _ChannelNorm(first),
        ]
        width = first
        for next_width, depth in zip(config.widths, config.depths, strict=True):
            if next_width != width or len(layers) > 2:
                layers += [_ChannelNorm(width), nn.Conv2d(width, next_width, 2, stride=2)]
            layers += [_Block(next_width, config.kernel) for _ in range(depth)]
            width = next_width
        self.layers = nn.Sequential(*layers)
        # What is rare on a page, such as one early beat, is lost in a mean.
        self.norm = nn.LayerNorm(2 * last)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(2 * last, config.n_classes)

    def forward(self, pictures: Tensor) -> Tensor:
        """Classify a batch.

        Parameters
        ----------
        pictures : Tensor of shape (n_items, n_channels, height, width)
            At least as large as what one sample of the last stage stands for.

        Returns
        -------
        Tensor of shape (n_items, n_classes)
            Logits.
        """
        maps = self.layers(pictures)
        pooled = torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1)
        logits: Tensor = self.head(self.dropout(self.norm(pooled)))
        return logits


class _ChannelNorm(nn.Module):
    """Layer normalization of each pixel over its channels."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)

    def forward(self, maps: Tensor) -> Tensor:
        normalized: Tensor = self.norm(maps.permute(0, 2, 3, 1))
        return normalized.permute(0, 3, 1, 2)


class _Block(nn.Module):
    """Depthwise, then pointwise convolutions around a residual."""

    def __init__(self, width: int, kernel: int) -> None:
        super().__init__()
        self.depthwise = nn.Conv2d(width, width, kernel, padding=kernel // 2, groups=width)
        self.pointwise = nn.Sequential(
            nn.LayerNorm(width),
            nn.Linear(width, _EXPANSION * width),
            nn.GELU(),
            nn.Linear(_EXPANSION * width, width),
        )
        self.scale = nn.Parameter(torch.full((width,), _FIRST_SCALE))

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps of the same shape."""
        pixels = self.depthwise(maps).permute(0, 2, 3, 1)
        change: Tensor = self.scale * self.pointwise(pixels)
        return maps + change.permute(0, 3, 1, 2)
