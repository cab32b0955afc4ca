"""A network that looks at the end of a curve and tells where exactly the pen began.

Public: `EndConfig`, `EndNet`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from ecgpaper.nets.along import AlongConv, AlongNorm, as_line, residual_block
from ecgpaper.nets.stored.config import NetworkConfig, Size, Sizes

# From a three-hundredth of a point to as many points as are looked at.
_LOG_SPREAD_RANGE = (-6.0, 3.5)


@dataclass(frozen=True)
class EndConfig(NetworkConfig):
    """Sizes of an `EndNet`.

    Parameters
    ----------
    n_features : int
        Of each point of the curve.
    n_points : int
        Looked at, half of them before the end.
    width : int
        Channels.
    dilations : tuple of int
        Of the residual blocks, in points.
    """

    n_features: Size
    n_points: Size
    width: Size = 48
    dilations: Sizes = (1, 2, 4, 8, 1)


class EndNet(nn.Module):
    """Features around the end of a curve (B, n_features, n_points) -> where it is, and how surely.

    Both answers have shape (B,): points behind the middle of what is looked at, and the logarithm
    of their spread. The place is the mean of a probability over all points, which is finer than
    they are.
    """

    config_class: ClassVar[type[EndConfig]] = EndConfig
    place: Tensor

    def __init__(self, config: EndConfig) -> None:
        super().__init__()
        width = config.width
        self.first = nn.Sequential(
            AlongNorm(config.n_features), AlongConv(config.n_features, width, 7, padding=3)
        )
        self.blocks = nn.ModuleList(
            residual_block(width, dilation) for dilation in config.dilations
        )
        self.where = AlongConv(width, 1, 1)
        self.spread = nn.Linear(width, 1)
        # Not with torch's arithmetic: on tensors without memory it takes seconds to be imported.
        place = [float(point - config.n_points // 2) for point in range(config.n_points)]
        self.register_buffer("place", torch.tensor(place), persistent=False)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return the place of the end, in points, and the logarithm of its spread."""
        found = functional.gelu(self.first(as_line(features)))
        for block in self.blocks:
            found = found + block(found)
        share = self.where(found).float().flatten(1).softmax(dim=-1)
        log_spread = self.spread(found.mean(dim=(2, 3))).float().squeeze(1)
        return (share * self.place).sum(dim=-1), log_spread.clamp(*_LOG_SPREAD_RANGE)
