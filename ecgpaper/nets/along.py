"""Convolutions along a curve.

Public: `as_line`, `AlongConv`, `AlongNorm`, `residual_block`.

A curve is a picture one pixel high, and its channels lie last in memory: on a CPU the same
convolution takes half of the time that it takes as one of a series. Weights are stored as those
of a series.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

_KERNEL = 5


def as_line(features: Tensor) -> Tensor:
    """Return features along curves, of shape (B, C, n), as what these layers take: (B, C, 1, n)."""
    return features.unsqueeze(2).contiguous(memory_format=torch.channels_last)


class AlongConv(nn.Conv1d):
    """A convolution of (B, C, 1, n) along n, with the weights of `nn.Conv1d`."""

    def forward(self, line: Tensor) -> Tensor:
        """Return (B, C', 1, n)."""
        if self.kernel_size == (1,):
            last = functional.linear(line.permute(0, 2, 3, 1), self.weight[:, :, 0], self.bias)
            return last.permute(0, 3, 1, 2)
        weight = self.weight.unsqueeze(2).contiguous(memory_format=torch.channels_last)
        padding, dilation = (0, int(self.padding[0])), (1, self.dilation[0])
        return functional.conv2d(line, weight, self.bias, padding=padding, dilation=dilation)


class AlongNorm(nn.BatchNorm1d):
    """A batch normalization of (B, C, 1, n), with the weights of `nn.BatchNorm1d`."""

    def _check_input_dim(self, input: Tensor) -> None:  # noqa: A002 - torch's name
        if input.dim() != 4:
            raise ValueError(f"expected features of shape (B, C, 1, n); got {tuple(input.shape)}")


def residual_block(width: int, dilation: int) -> nn.Sequential:
    """Return what is added to the channels along a curve (B, width, 1, n), of the same shape."""
    padding = _KERNEL // 2 * dilation
    return nn.Sequential(
        AlongNorm(width),
        AlongConv(width, width, _KERNEL, padding=padding, dilation=dilation),
        nn.GELU(),
        AlongConv(width, width, 1),
    )
