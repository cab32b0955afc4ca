"""A small ConvNeXt: one picture in, one logit per class out.

Public: `ConvNextConfig`, `ConvNext`.

After Liu et al. 2022 (arXiv:2201.03545): a stem of patches, blocks of a depthwise convolution and
two pointwise ones around a residual, layer normalization over channels, and strided convolutions
between the stages. Each pixel also knows where it is (Liu et al. 2018, arXiv:1807.03247).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ecgpaper.nets.config import Depths, NetworkConfig, Share, Size, Sizes

# What the first convolution tells apart: strokes and where they turn.
_N_STROKES = 24
_EXPANSION = 4
_N_AXES = 2
# Places count from minus to plus this: as much as ink, of which there is little.
_REACH = 0.2
# Residual branches begin this small, so that deep stacks train from the first step.
_FIRST_SCALE = 0.1


@dataclass(frozen=True)
class ConvNextConfig(NetworkConfig):
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

    n_channels: Size
    n_classes: Size
    widths: Sizes = (48, 96, 160)
    depths: Depths = (1, 2, 1)
    kernel: Size = 7
    dropout: Share = 0.2

    def __post_init__(self) -> None:
        """Refuse stages that do not match, and kernels without a middle."""
        super().__post_init__()
        if len(self.widths) != len(self.depths):
            raise ValueError(
                f"widths and depths must name the same stages; got {self.widths} and {self.depths}"
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
            nn.Conv2d(config.n_channels + _N_AXES, _N_STROKES, 7, stride=4, padding=3, bias=False),
            nn.BatchNorm2d(_N_STROKES),
            nn.GELU(),
            nn.Conv2d(_N_STROKES, first, 2, stride=2, bias=False),
            nn.BatchNorm2d(first),
        ]
        for index, (width, depth) in enumerate(zip(config.widths, config.depths, strict=True)):
            if index:
                before = config.widths[index - 1]
                layers += [_ChannelNorm(before), nn.Conv2d(before, width, 2, stride=2)]
            layers += [_Block(width, config.kernel) for _ in range(depth)]
        self.layers = nn.Sequential(*layers)
        # What is rare on a page, such as one early beat, is lost in a mean.
        self.n_summary = 2 * last
        self.norm = nn.LayerNorm(self.n_summary)
        self.dropout = nn.Dropout(config.dropout)
        self.head = nn.Linear(self.n_summary, config.n_classes)

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
        logits: Tensor = self.head(self.summarize(pictures))
        return logits

    def summarize(self, pictures: Tensor) -> Tensor:
        """Return what the head sees, of shape (n_items, n_summary)."""
        maps = self.layers(torch.cat([pictures, _places(pictures)], dim=1))
        pooled = torch.cat([maps.mean(dim=(2, 3)), maps.amax(dim=(2, 3))], dim=1)
        summary: Tensor = self.dropout(self.norm(pooled))
        return summary

    def rescale_logits(self, slope: float, shift: Sequence[float]) -> None:
        """Multiply all logits with `slope` and add to each class's its `shift`."""
        with torch.no_grad():
            self.head.weight.mul_(slope)
            self.head.bias.mul_(slope).add_(torch.tensor(shift, device=self.head.bias.device))


def _places(pictures: Tensor) -> Tensor:
    """Return how far down and how far right each pixel is, as two more channels.

    The same wave means another thing in another lead, and leads differ by where they stand.
    """
    n_items, _, height, width = pictures.shape
    down = torch.linspace(-_REACH, _REACH, height, device=pictures.device).view(1, 1, -1, 1)
    right = torch.linspace(-_REACH, _REACH, width, device=pictures.device).view(1, 1, 1, -1)
    shape = (n_items, 1, height, width)
    return torch.cat([down.expand(shape), right.expand(shape)], dim=1).to(pictures.dtype)


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
