"""Lines against waves: what a bent map says is what it says when it is laid anew."""

import numpy as np
import pytest

from ecgpaper.digitize.grid.phase import Demodulated, demodulate, off_mm

BLOCK_PX, PX_PER_MM = 8, 4.0


def lines_every_mm(shape_blocks, bend_mm):
    """A picture of lines across x, bent, and the true position of each block."""
    rows, columns = shape_blocks
    x = np.arange(columns * BLOCK_PX)
    y = np.arange(rows * BLOCK_PX)[:, None]
    position_mm = x / PX_PER_MM + bend_mm * np.sin(y / 60) + 0 * x
    lines = np.cos(2 * np.pi * position_mm).astype(np.float32)
    blocks = position_mm.reshape(rows, BLOCK_PX, columns, BLOCK_PX).mean(axis=(1, 3))
    return lines, blocks


@pytest.mark.parametrize("bend_mm", [0.1, 0.3])
def test_bent_map_says_what_it_says_laid_anew(bend_mm):
    lines, true_mm = lines_every_mm((40, 60), bend_mm)
    straight_mm = np.broadcast_to(true_mm.mean(axis=0), true_mm.shape)
    held = Demodulated(lines, straight_mm, 5)
    half_mm = straight_mm + 0.5 * (true_mm - straight_mm)
    for map_mm in (straight_mm, half_mm, true_mm):
        bent, anew = held.wave(map_mm, 1.5), demodulate(lines, map_mm, 5, 1.5)
        assert np.abs(off_mm(bent, 5) - off_mm(anew, 5))[3:-3, 3:-3].max() < 0.005


def test_lines_ahead_of_a_map_are_told_so():
    lines, true_mm = lines_every_mm((30, 40), 0.0)
    ahead_mm = off_mm(demodulate(lines, true_mm - 0.2, 5, 1.5), 5)
    assert ahead_mm[3:-3, 3:-3] == pytest.approx(0.2, abs=0.01)
    held = Demodulated(lines, true_mm, 5)
    ahead_mm = off_mm(held.wave(true_mm - 0.2, 1.5), 5)
    assert ahead_mm[3:-3, 3:-3] == pytest.approx(0.2, abs=0.01)
