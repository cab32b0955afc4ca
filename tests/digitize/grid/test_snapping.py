import numpy as np
import pytest

from ecgpaper.digitize.grid.snapping import without_rounding

BLOCK_MM = 1.6
SEEN = np.pad(np.ones((100, 150), bool), 5)


def page(bend_mm):
    """Where blocks of a bent sheet lie, in mm across and along upright lines."""
    along_mm, across_mm = (np.indices(SEEN.shape) - 60.0) * BLOCK_MM
    return across_mm + bend_mm(across_mm, along_mm), along_mm


def curl(across_mm, along_mm):
    return 2 * np.sin(across_mm / 60 + along_mm / 90)


def rounding(across_mm, per_line):
    """What is followed of heavy lines on whole pixels: the next is that part of one further off."""
    lines = np.arange(-40, 60)
    at = per_line * lines
    weight = np.exp(-0.5 * ((across_mm[..., None] - 5.0 * lines) / 1.9) ** 2)
    return 0.12 * (weight @ (np.round(at) - at)) / weight.sum(axis=-1)


def inner(values):
    return values[15:-15, 15:-15]


def off_mm(found, expected):
    off = inner(found - expected)
    return np.sqrt(np.mean((off - off.mean()) ** 2))


@pytest.mark.parametrize("per_line", [0.37, 0.63, 0.685])
def test_what_each_line_has_over_all_of_its_length_goes(per_line):
    """At 200 and 254 dpi, where the third wave of the saw tooth looks like a bend."""
    true_mm, along_mm = page(curl)
    seen_mm = true_mm + rounding(true_mm, per_line)
    found = without_rounding(seen_mm, along_mm, SEEN, BLOCK_MM)
    assert off_mm(seen_mm, true_mm) > 0.018
    assert off_mm(found, true_mm) < 0.006


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
