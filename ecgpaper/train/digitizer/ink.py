"""A tracer that follows dark ink, and a segmenter that marks it, before they have learned anything.

Public: `follow_ink`, `mark_ink`.

A network that starts at random takes some hundred steps to find out that a curve is dark. So a few
of its channels pass on what the strip shows, from the input to the answer, and the learning starts
from there. All its weights are free to change.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from ecgpaper.nets.segmenter import SegmentNet
from ecgpaper.nets.tracer import StripNet
from ecgpaper.page.raster import PIXEL_CLASSES

# Place of the height among the inputs, after the colors.
_HEIGHT = 3
# Pixels that the network folds into one, 2 x 2.
_N_FOLDED = 4
# Channels that pass something on: darkness of each of these pixels, lower half and upper half.
_N_OWN = _N_FOLDED + 2
# Of each class: log-probability per standard deviation of darkness, of tint, and without either.
_MARKS = {
    "background": (-0.7, -0.7, 1.0),
    "grid": (0.0, 0.7, 0.0),
    "ink": (0.7, 0.0, -2.0),
    "text": (0.5, 0.0, -2.5),
}


@dataclass(frozen=True, slots=True)
class FirstWeights:
    """What a network that has learned nothing makes of darkness, color and height."""

    # How much the darkness of red, green and blue counts: printed grids are reddish mostly, and red
    # does not show them.
    colors: tuple[float, float, float] = (0.5, 0.25, 0.25)
    # What the segmenter's first channels see of each folded pixel beside this: how red it is.
    tint: tuple[float, float, float] = (-1.0, 0.5, 0.5)
    # Log-probability per standard deviation of darkness, of which ink is about five away from
    # paper,
    gain: float = 1.5
    # and of distance from the strip's middle, of which its edge is about two away.
    middle: float = 0.7
    # Logarithm of the odds that there is a curve.
    present: float = 1.0


_WEIGHTS = FirstWeights()


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
            _pass_on(layer, _N_OWN)
        _answer(network.rows, network.n_outputs)
        # Nearly everywhere in a row there is a curve.
        weight, bias = network.presence[-1].parameters()
        weight.zero_()
        bias.fill_(_WEIGHTS.present)
    return network


def mark_ink(network: SegmentNet) -> SegmentNet:
    """Let a fresh segmenter say, in place, that dark pixels are ink and red ones are grid.

    Parameters
    ----------
    network : SegmentNet
        Of the inputs darkness of R, G and B, and of an output for each of `PIXEL_CLASSES`; all
        other channels stay random.
    """
    body = network.body
    first, *others = [*_convolutions(body.down[0]), *_convolutions(body.up[0])]
    n_own = 2 * _N_FOLDED
    with torch.no_grad():
        for parameter in body.reduce[0].parameters():
            parameter[:n_own] = 0
        first.weight[:n_own] = 0
        for kind, shares in enumerate((_WEIGHTS.colors, _WEIGHTS.tint)):
            _see(first, shares, _N_FOLDED * kind)
        for layer in others:
            _pass_on(layer, n_own)
        _mark(network.head, n_own)
    return network


def _convolutions(block: nn.Module) -> list[nn.Conv2d]:
    return [layer for layer in block.modules() if isinstance(layer, nn.Conv2d)]


def _listen(layer: nn.Conv2d) -> None:
    """Take darkness, and height up and down, out of the folded strip."""
    weight = layer.weight
    weight[:_N_OWN] = 0
    _see(layer, _WEIGHTS.colors, 0)
    heights = slice(_N_FOLDED * _HEIGHT, _N_FOLDED * (_HEIGHT + 1))
    weight[_N_FOLDED, heights, 1, 1] = 1 / _N_FOLDED
    weight[_N_FOLDED + 1, heights, 1, 1] = -1 / _N_FOLDED


def _see(layer: nn.Conv2d, shares: Sequence[float], first: int) -> None:
    """Give each folded pixel a channel with its shares of the colors."""
    for pixel in range(_N_FOLDED):
        for color, share in enumerate(shares):
            layer.weight[first + pixel, _N_FOLDED * color + pixel, 1, 1] = share


def _pass_on(layer: nn.Conv2d, n_own: int) -> None:
    weight = layer.weight
    weight[:n_own] = 0
    for channel in range(n_own):
        weight[channel, channel, 1, 1] = 1


def _mark(layer: nn.Conv2d, n_own: int) -> None:
    """Give each class what its pixels' darkness and tint say."""
    weight, bias = layer.parameters()
    weight[:, :n_own] = 0
    for index, name in enumerate(PIXEL_CLASSES):
        *gains, usual = _MARKS[name]
        bias[_N_FOLDED * index : _N_FOLDED * (index + 1)] = usual
        for channel in range(n_own):
            kind, pixel = divmod(channel, _N_FOLDED)
            weight[_N_FOLDED * index + pixel, channel] = gains[kind]


def _answer(layer: nn.Conv2d, n_outputs: int) -> None:
    """Give each sub-column the darkness of the pixels at its place, in both rows."""
    weight = layer.weight
    weight[:, :_N_OWN] = 0
    weight[:, _N_FOLDED:_N_OWN] = -_WEIGHTS.middle
    for output in range(n_outputs):
        # Sub-columns lie evenly in two columns of pixels, some between their middles.
        right = min(1.0, max(0.0, (output + 0.5) * 2 / n_outputs - 0.5))
        for row in range(2):
            weight[2 * output + row, 2 * row] = _WEIGHTS.gain * (1 - right)
            weight[2 * output + row, 2 * row + 1] = _WEIGHTS.gain * right
