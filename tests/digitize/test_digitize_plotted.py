import numpy as np
import pytest

from ecgpaper.digitize.plotted import without_rounding

BLOCK_MM = 1.6
SEEN = np.pad(np.ones((100, 150), bool), 5)


def page(bend_mm):
    """Where blocks of a bent sheet lie, in mm across and along upright lines."""
    along_mm, across_mm = (np.indices(SEEN.shape) - 60.0) * BLOCK_MM
    return across_mm + bend_mm(across_mm, along_mm), along_mm


def curl(across_mm, along_mm):
    return 2 * np.sin(across_mm / 60 + along_mm / 90)


def rounding(across_mm):
    """What rounding leaves to follow, and does so along all of each line."""
    return 0.03 * np.sin(2 * np.pi * across_mm / 13.5) + 0.02 * np.sin(2 * np.pi * across_mm / 19.2)


def inner(values):
    return values[15:-15, 15:-15]


def off_mm(found, expected):
    off = inner(found - expected)
    return np.sqrt(np.mean((off - off.mean()) ** 2))


def test_what_each_line_has_over_all_of_its_length_goes():
    true_mm, along_mm = page(curl)
    seen_mm = true_mm + rounding(true_mm)
    found = without_rounding(seen_mm, along_mm, SEEN, BLOCK_MM)
    assert off_mm(seen_mm, true_mm) > 0.024
    assert off_mm(found, true_mm) < 0.008


@pytest.mark.parametrize(
    "bend",
    [
        curl,
        lambda across_mm, along_mm: 0.06 * np.sin(2 * np.pi * (across_mm + 0.7 * along_mm) / 16),
        lambda across_mm, along_mm: 0.06 * np.sin(across_mm / 2.5) * (along_mm > 20),
        lambda across_mm, along_mm: 0.06 * np.sin(across_mm / 2.5) * np.sign(along_mm - 20),
    ],
)
def test_bends_of_the_paper_stay(bend):
    true_mm, along_mm = page(bend)
    found = without_rounding(true_mm, along_mm, SEEN, BLOCK_MM)
    assert off_mm(found, true_mm) < 0.006


def test_a_fold_along_the_lines_stays():
    true_mm, along_mm = page(lambda across_mm, _: 0.12 * np.abs(across_mm - 20))
    found = without_rounding(true_mm, along_mm, SEEN, BLOCK_MM)
    assert np.abs(inner(found - true_mm)).max() < 0.06


def test_a_page_of_which_little_is_seen_stays_as_it_is():
    true_mm, along_mm = page(curl)
    little = np.zeros_like(SEEN)
    little[50, :] = True
    found = without_rounding(true_mm, along_mm, little, BLOCK_MM)
    assert np.array_equal(found, true_mm)
