"""A tracer that follows dark ink before it has learned anything.

Public: `follow_ink`.

A network that starts at random takes some hundred steps to find out that a curve is dark. So a few
of its channels pass on what the strip shows, from the input to the answer, and the learning starts
from there. All its weights are free to change.
"""

from __future__ import annotations

import torch
from torch import nn

from ecgpaper.nets.unet import StripNet

# How much the darkness of red, green and blue counts: printed grids are reddish mostly, and red
# does not show them.
_COLORS = (0.5, 0.25, 0.25)
# Place of the height among the inputs, after the colors.
_HEIGHT = 3
# Pixels that the network folds into one, 2 x 2.
_N_FOLDED = 4
# Channels that pass something on: darkness of each of these pixels, lower half and upper half.
_N_OWN = _N_FOLDED + 2
# Log-probability per standard deviation of darkness, of which ink is about five away from paper,
_GAIN = 1.5
# and of distance from the strip's middle, of which its edge is about two away.
_MIDDLE = 0.7
# Logarithm of the odds that there is a curve.
_PRESENT = 1.0


def follow_ink(network: StripNet) -> StripNet:
    """Let a fresh tracer say, in place, that the curve runs where it is dark, near the middle.

    Each normalization on the way takes the mean away and each rectifier what is left below it, so
    that paper and pale grids fade.

    Parameters
    ----------
    network : StripNet
        Of the inputs darkness of R, G, B and height; all other channels stay random.
    """
    body = network.body
    first, *others = [*_convolutions(body.down[0]), *_convolutions(body.up[0])]
    with torch.no_grad():
        # None of these channels listens to the deeper levels yet.
        for parameter in body.reduce[0].parameters():
            parameter[:_N_OWN] = 0
        _listen(first)
        for layer in others:
            _pass_on(layer)
        _answer(network.rows, network.n_outputs)
        # Nearly everywhere in a row there is a curve.
        weight, bias = network.presence[-1].parameters()
        weight.zero_()
        bias.fill_(_PRESENT)
    return network


def _convolutions(block: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in block.modules() if isinstance(layer, nn.Conv2d)]


def _listen(layer: nn.Conv2d) -> None:
    """Take darkness, and height up and down, out of the folded strip."""
    weight = layer.weight
    weight[:_N_OWN] = 0
    for pixel in range(_N_FOLDED):
        for color, share in enumerate(_COLORS):
            weight[pixel, _N_FOLDED * color + pixel, 1, 1] = share
    heights = slice(_N_FOLDED * _HEIGHT, _N_FOLDED * (_HEIGHT + 1))
    weight[_N_FOLDED, heights, 1, 1] = 1 / _N_FOLDED
    weight[_N_FOLDED + 1, heights, 1, 1] = -1 / _N_FOLDED


def _pass_on(layer: nn.Conv2d) -> None:
    weight = layer.weight
    weight[:_N_OWN] = 0
    for channel in range(_N_OWN):
        weight[channel, channel, 1, 1] = 1


def _answer(layer: nn.Conv2d, n_outputs: int) -> None:
    """Give each sub-column the darkness of the pixels at its place, in both rows."""
    weight = layer.weight
    weight[:, :_N_OWN] = 0
    weight[:, _N_FOLDED:_N_OWN] = -_MIDDLE
    for output in range(n_outputs):
        # Sub-columns lie evenly in two columns of pixels, some between their middles.
        right = min(1.0, max(0.0, (output + 0.5) * 2 / n_outputs - 0.5))
        for row in range(2):
            weight[2 * output + row, 2 * row] = _GAIN * (1 - right)
            weight[2 * output + row, 2 * row + 1] = _GAIN * right
