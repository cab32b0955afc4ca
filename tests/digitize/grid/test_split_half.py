import numpy as np
import pytest

from ecgpaper.digitize.grid.split_half import banded, steadied

BLOCK_MM = 1.6
SEEN = np.pad(np.ones((90, 140), bool), 5)
V, U = np.indices(SEEN.shape) * BLOCK_MM


def noise(rms_mm, seed):
    return np.random.default_rng(seed).normal(0, rms_mm, SEEN.shape)


def rms(values):
    return float(np.sqrt(np.mean(values[10:-10, 10:-10] ** 2)))


def steady(true_mm, rms_mm):
    """What comes out where halves have twice the noise power of the whole."""
    halves = [true_mm + noise(np.sqrt(2) * rms_mm, seed) for seed in (1, 2)]
    whole = np.mean(halves, axis=0)
    return whole, steadied(whole, halves, SEEN, BLOCK_MM)


def test_on_a_flat_sheet_noise_goes():
    true_mm = U + 0.02 * V
    whole, found = steady(true_mm, 0.1)
    assert rms(whole - true_mm) > 0.09
    assert rms(found - true_mm) < 0.005


@pytest.mark.parametrize(("wave_mm", "most_mm"), [(15.0, 0.0299), (30.0, 0.036), (90.0, 0.014)])
def test_bends_stay_and_the_finer_they_are_the_more_noise_stays_with_them(wave_mm, most_mm):
    """The whole is smoothed as if it were as noisy as its halves: a little more than is best."""
    true_mm = U + 0.3 * np.sin(2 * np.pi * (U + 0.5 * V) / wave_mm)
    _, found = steady(true_mm, 0.03)
    assert rms(found - true_mm) < most_mm


def test_without_noise_nothing_changes():
    true_mm = U + 0.1 * np.sin(U / 1.5) * np.sin(V / 1.5)
    _, found = steady(true_mm, 0.0)
    assert np.array_equal(found, true_mm)


def test_what_was_not_followed_stays_as_it_is():
    true_mm = U + noise(0.1, 0)
    halves = [true_mm + noise(0.1, seed) for seed in (1, 2)]
    found = steadied(true_mm, halves, SEEN, BLOCK_MM)
    assert np.array_equal(found[~SEEN], true_mm[~SEEN])
    nothing = np.zeros_like(SEEN)
    assert np.array_equal(steadied(true_mm, halves, nothing, BLOCK_MM), true_mm)


@pytest.mark.parametrize("slope_mm", [(0.25, 0.0), (0.0, 0.25), (0.2, 0.15), (-0.2, 0.15)])
def test_bands_run_across_the_lines_and_together_are_the_whole(slope_mm):
    picture = np.random.default_rng(0).normal(size=(120, 200)).astype(np.float32)
    even, odd = banded({1: picture, 5: 2 * picture}, np.array(slope_mm))
    assert np.array_equal(even[1] + odd[1], picture)
    assert np.array_equal(even[5] + odd[5], 2 * picture)
    assert not (even[1] * odd[1]).any()
    # Along a line bands follow each other every 4 mm; along a band there is no change.
    y, x = np.indices(picture.shape)
    along_mm = x * -slope_mm[1] + y * slope_mm[0]
    is_even = even[1] != 0
    for band in (0, 1, 2, 3):
        inside = (along_mm > 4 * band + 0.1) & (along_mm < 4 * band + 3.9)
        if inside.any():
            assert is_even[inside].all() == (band % 2 == 0)
            assert is_even[inside].any() == (band % 2 == 0)
