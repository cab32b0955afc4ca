"""Which rows of a page are looked at again, and which are none."""

from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest

from ecgpaper.digitize import scale as scales
from ecgpaper.digitize.curves.looks import RowReader, check_presence, read_rows
from ecgpaper.digitize.curves.strip import (
    STRIP_HEIGHT_MM,
    STRIP_PX_PER_MM,
    TALL_HEIGHT_MM,
    TALLEST_HEIGHT_MM,
)
from ecgpaper.errors import LayoutError
from ecgpaper.page import LAYOUTS, PageLayout, PaperScale, strips_of
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import FlatPage, GridScale

FLAT = FlatPage(np.zeros((1680, 2376, 3), np.uint8), Homography.identity())


@pytest.mark.parametrize(("present", "is_refused"), [(0.2, True), (0.5, False)])
def test_rows_that_show_next_to_nothing_are_refused_before_they_are_named(present, is_refused):
    """Beside them, where no strip is, a pulse or a name may be seen as well."""
    x_mm = np.arange(0.0, 100.0)
    presence = np.where((x_mm >= 20) & (x_mm < 80), present, 1.0)
    rows = [SimpleNamespace(x_mm=x_mm, presence=presence)] * 3
    layout = SimpleNamespace(left_mm=20.0, right_mm=80.0)
    with pytest.raises(LayoutError, match="along 20%") if is_refused else nullcontext():
        check_presence(rows, layout)


@pytest.fixture
def looks(monkeypatch):
    """Take the place of the tracer; return the heights, in mm, that it was asked to look at."""
    heights_mm = []

    def see(present, reaches_mm):
        """Show traces along shares of the rows, whose curves reach so far from the baseline."""

        def read(page, strip, height_mm):
            heights_mm.append(height_mm)
            row = strip.segment.row
            x_mm = np.arange(page.layout.left_mm, page.layout.right_mm, 0.5)
            n_rows = round(height_mm * STRIP_PX_PER_MM)
            tip_mm = height_mm / 2 + reaches_mm[row % len(reaches_mm)]
            at = min(round(tip_mm * STRIP_PX_PER_MM), n_rows - 1)
            log_probability = np.where(np.arange(n_rows) == at, 0.0, -20.0)
            return SimpleNamespace(
                x_mm=x_mm,
                log_probability=np.tile(log_probability, (len(x_mm), 1)),
                presence=(np.arange(len(x_mm)) < present[row] * len(x_mm)).astype(float),
            )

        monkeypatch.setattr(RowReader, "_read", read)
        return heights_mm

    return see


def twelve_rows():
    leads, paper = LAYOUTS["12x1"], PaperScale()
    strips = strips_of(leads, paper, 20.0, [15.0 + 15.0 * row for row in range(12)])
    return PageLayout("12x1", (297.0, 210.0), paper, strips)


@pytest.mark.parametrize(
    ("reaches_mm", "n_tall", "n_tallest"),
    [
        ([20.0], 0, 0),
        ([30.0], 12, 0),
        ([40.0], 12, 12),
        # A chart's curves cross the page: no look is tall enough.
        ([60.0], 12, 3),
        # A frame touches some rows.
        ([60.0, 60.0, 40.0], 12, 12),
    ],
)
def test_rows_are_looked_at_again_as_long_as_that_helps(looks, reaches_mm, n_tall, n_tallest):
    heights_mm = looks([1.0] * 12, reaches_mm)
    rows = read_rows(FLAT.image, FLAT, None, GridScale((8.0, 8.0)), twelve_rows(), None)
    assert len(rows) == 12
    assert [heights_mm.count(each) for each in (STRIP_HEIGHT_MM, TALL_HEIGHT_MM)] == [12, n_tall]
    assert heights_mm.count(TALLEST_HEIGHT_MM) == n_tallest


def test_a_first_look_leaves_tall_waves_cut_off(looks):
    heights_mm = looks([1.0] * 12, [40.0])
    RowReader(FLAT.image, FLAT, None, GridScale((8.0, 8.0)), twelve_rows(), None).look()
    assert heights_mm == [STRIP_HEIGHT_MM] * 12


@pytest.mark.parametrize(
    ("present", "is_refused"),
    # Lines of text; three traces and lines of text, whose mean is less than is asked for.
    [([0.1] * 12, True), ([0.9] * 3 + [0.02] * 9, False)],
)
def test_lines_of_text_are_no_rows_that_tell_a_scale(monkeypatch, looks, present, is_refused):
    looks(present, [10.0])
    monkeypatch.setattr(scales, "row_width_mm", lambda _, scale: 2000 / scale.px_per_mm[0])
    monkeypatch.setattr(scales, "find_layout", lambda *_: twelve_rows())
    monkeypatch.setattr(scales, "find_pulse", lambda *_: None)
    with pytest.raises(LayoutError, match="along 10%") if is_refused else nullcontext():
        assert scales.scale_without_grid(FLAT.image, FLAT, None, None).confidence > 0
