"""A network that reads a line of print: one letter after the other.

Public: `OcrConfig`, `OcrNet`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from ecgpaper.nets.along import AlongConv, as_line, residual_block
from ecgpaper.nets.stored.config import NetworkConfig, Size, Sizes

# Stages of the network,
_N_STAGES = 4
# which halve the picture's height so often that this becomes one.
_HEIGHT_UNIT = 16


@dataclass(frozen=True)
class OcrConfig(NetworkConfig):
    """Sizes of an `OcrNet`.

    Parameters
    ----------
    n_outputs : int
        Letters that are told apart, and one more for none.
    height : int, in px
        Of a line; a multiple of 16.
    widths : tuple of int
        Channels at full, half, quarter and eighth height.
    width : int
        Channels along the line.
    dilations : tuple of int
        Of the residual blocks, in steps of 4 px.
    """

    n_outputs: Size
    height: Size = 32
    widths: Sizes = (24, 40, 64, 96)
    width: Size = 112
    dilations: Sizes = (1, 2)

    def __post_init__(self) -> None:
        """Refuse what the four stages cannot be made of."""
        super().__post_init__()
        if len(self.widths) != _N_STAGES:
            raise ValueError(f"widths must be {_N_STAGES}; got {self.widths}")
        if self.height % _HEIGHT_UNIT:
            raise ValueError(f"height must be a multiple of {_HEIGHT_UNIT}; got {self.height}")


class OcrNet(nn.Module):
    """Lines (B, 3, height, width) -> logarithms of probabilities (B, n_outputs, width / 4).

    A convolutional network over the picture, then along it, as for text in scenes [1]_; without
    a recurrent part, as what is to be read is shorter than what it sees.

    References
    ----------
    .. [1] Shi, Bai and Yao, "An end-to-end trainable neural network for image-based sequence
       recognition", IEEE TPAMI 39 (2017).
    """

    config_class: ClassVar[type[OcrConfig]] = OcrConfig

    def __init__(self, config: OcrConfig) -> None:
        super().__init__()
        first, second, third, fourth = config.widths
        self.picture = nn.Sequential(
            _layer(3, first),
            nn.MaxPool2d(2),
            _layer(first, second),
            nn.MaxPool2d(2),
            _layer(second, third),
            nn.MaxPool2d((2, 1)),
            _layer(third, fourth),
            nn.MaxPool2d((2, 1)),
        )
        self.flat = AlongConv(fourth * config.height // _HEIGHT_UNIT, config.width, 3, padding=1)
        self.blocks = nn.ModuleList(
            residual_block(config.width, dilation) for dilation in config.dilations
        )
        self.letters = AlongConv(config.width, config.n_outputs, 1)

    def forward(self, lines: Tensor) -> Tensor:
        """Return the logarithm of the probability of each letter at each step."""
        found = functional.gelu(self.flat(as_line(self.picture(lines).flatten(1, 2))))
        for block in self.blocks:
            found = found + block(found)
        log_probability: Tensor = self.letters(found).float().squeeze(2).log_softmax(dim=1)
        return log_probability


def _layer(n_inputs: int, n_outputs: int) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(n_inputs, n_outputs, 3, padding=1, bias=False),
        nn.BatchNorm2d(n_outputs),
        nn.GELU(),
    )
