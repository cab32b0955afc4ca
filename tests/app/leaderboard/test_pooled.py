"""The competition's metric: what it repairs, what it counts, and what dominates it."""

import numpy as np
import pytest

from ecgpaper.score import page_ratio, pooled_snr_db
from ecgpaper.score.pooled import MOST_RATIO

FS = 100.0


@pytest.fixture(scope="module")
def leads():
    times_s = np.arange(1000) / FS
    beat = np.exp(-(((times_s % 0.8 - 0.4) / 0.03) ** 2))
    return np.outer(beat, [1.0, 0.1])


@pytest.mark.parametrize("shift", [-20, -7, 0, 3, 20])
def test_shifts_up_to_a_fifth_of_a_second_and_offsets_cost_nothing(leads, shift):
    moved = np.roll(leads, shift, axis=0) + np.array([0.5, -2.0])
    assert page_ratio(leads, moved, FS) > 1e4


def test_larger_shifts_do(leads):
    assert page_ratio(leads, np.roll(leads, 30, axis=0), FS) < 10


def test_powers_are_summed_over_leads_so_loud_ones_count_most(leads):
    spoiled = leads.copy()
    spoiled[:, 1] = 0  # a hundredth of the power
    assert page_ratio(leads, spoiled, FS) > 90
    spoiled = leads.copy()
    spoiled[:, 0] = 0
    assert page_ratio(leads, spoiled, FS) < 1.5


def test_what_is_not_shown_does_not_count_and_what_is_missing_is_zero(leads):
    shown, missing = leads.copy(), leads * 1.1
    shown[:500] = np.nan
    missing[:500] = np.nan
    assert page_ratio(shown, missing, FS) == pytest.approx(page_ratio(shown, leads * 1.1, FS))
    assert page_ratio(leads, missing, FS) < 3


def test_limits(leads):
    assert page_ratio(leads, leads, FS) == MOST_RATIO
    assert page_ratio(np.full_like(leads, np.nan), leads, FS) == 0
    with pytest.raises(ValueError, match="same shape"):
        page_ratio(leads, leads[:10], FS)


def test_ratios_are_averaged_before_the_logarithm():
    assert pooled_snr_db([10.0, 1000.0]) == pytest.approx(27.033, abs=1e-3)
    assert np.isnan(pooled_snr_db([]))
