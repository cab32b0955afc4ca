"""A network that runs along a curve and tells how far off the first reading is.

Public: `RefinerConfig`, `Refiner`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from ecgpaper.nets.along import AlongConv, AlongNorm, as_line, residual_block
from ecgpaper.nets.stored.config import NetworkConfig, Size, Sizes

# From a fiftieth of a row to twenty rows.
_LOG_SPREAD_RANGE = (-4.0, 3.0)


@dataclass(frozen=True)
class RefinerConfig(NetworkConfig):
    """Sizes of a `Refiner`.

    Parameters
    ----------
    n_features : int
        Of each point of the curve.
    width : int
        Channels.
    dilations : tuple of int
        Of the residual blocks, in points.
    """

    n_features: Size
    width: Size = 96
    dilations: Sizes = (1, 2, 4, 8, 16, 32, 1, 2, 4)


class Refiner(nn.Module):
    """Features along a curve (B, n_features, n) -> offset and logarithm of its spread (B, n).

    Fresh, it leaves every curve where it is.
    """

    config_class: ClassVar[type[RefinerConfig]] = RefinerConfig

    def __init__(self, config: RefinerConfig) -> None:
        super().__init__()
        width = config.width
        self.first = nn.Sequential(
            AlongNorm(config.n_features), AlongConv(config.n_features, width, 7, padding=3)
        )
        self.blocks = nn.ModuleList(
            residual_block(width, dilation) for dilation in config.dilations
        )
        self.last = AlongConv(width, 2, 1)
        for parameter in self.last.parameters():
            nn.init.zeros_(parameter)

    def forward(self, features: Tensor) -> tuple[Tensor, Tensor]:
        """Return what to add to the heights, in rows, and the logarithm of its spread."""
        found = functional.gelu(self.first(as_line(features)))
        for block in self.blocks:
            found = found + block(found)
        offset, log_spread = self.last(found).float().squeeze(2).unbind(dim=1)
        return offset, log_spread.clamp(*_LOG_SPREAD_RANGE)
