"""The ends of all strips tell how long rows are, and so the scale of a page without a grid."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from ecgpaper.digitize.curves.path import TraceCutter
from ecgpaper.digitize.curves.refine import DARK_ROWS, PROBABLE_ROWS
from ecgpaper.digitize.rows.columns import Place, place_columns
from ecgpaper.digitize.rows.ends import END_POINTS
from ecgpaper.digitize.rows.length import measured_by_ends
from ecgpaper.page import LAYOUTS, PageLayout, PaperScale, strips_of
from ecgpaper.page.raster import GridScale

SCALE = GridScale((8.0, 8.0), confidence=0.5)
START_MM = 21.37
ON_CURVE = 2 * PROBABLE_ROWS + 1 + DARK_ROWS
# Half of what the ink leaves out between two strips, and what the pen reaches beyond each.
HALF_GAP_MM = 0.5


class Edge(nn.Module):
    """Takes the edge of the ink for the end, as if the pen had no width."""

    def __init__(self):
        super().__init__()
        self.none = nn.Parameter(torch.zeros(1))

    def forward(self, features):
        inked = features[:, ON_CURVE] > 0.5
        # The last point without ink: of the strip before there may be some at the window's start.
        last_blank = END_POINTS - 1 - (~inked).float().flip(1).argmax(dim=1)
        place = last_blank + 1 - END_POINTS // 2 - 0.5
        is_unsure = inked.all(dim=1) | (~inked).all(dim=1)
        return place, torch.where(is_unsure, 3.0, -2.0)


def lay_out(name, left_mm):
    leads, paper = LAYOUTS[name], PaperScale()
    strips = strips_of(leads, paper, left_mm, 30.0 + 20 * np.arange(leads.n_rows))
    return PageLayout(name, (290.0, 290.0), paper, strips)


def read(reading, layout, *, reach_mm=0.0):
    """Rows of level curves: ink from `HALF_GAP_MM` behind each start to as much before its stop.

    The pen reaches beyond both.
    """
    x_mm = np.arange(3.0, 290.0, 0.05)
    found = []
    for row in layout.rows():
        middle_mm = row[0].baseline_mm
        one = reading(x_mm, np.full_like(x_mm, middle_mm), np.ones_like(x_mm), middle_mm - 24.0)
        is_inked = np.zeros(len(x_mm), bool)
        for strip in row:
            first_mm = strip.left_mm + HALF_GAP_MM - reach_mm
            stop_mm = strip.right_mm(layout.scale) - HALF_GAP_MM + reach_mm
            is_inked |= (x_mm > first_mm) & (x_mm < stop_mm)
        dark = np.where(is_inked[:, None], np.ones_like(one.ink), 0).astype(np.float32)
        found.append(replace(one, darkness=dark))
    return tuple(found)


def measured(reading, true, layout, **ink):
    rows = read(reading, true, **ink)
    return measured_by_ends(layout, rows, TraceCutter(SCALE), Edge().eval())


@pytest.mark.parametrize("reach_mm", [0.0, 0.3])
@pytest.mark.parametrize("share", [1.003, 0.997])
def test_scale_follows_from_the_length_of_rows_whatever_the_pen(reading, share, reach_mm):
    layout = lay_out("3x4+1R", START_MM + 0.2)
    true = place_columns(layout, Place(START_MM, share))
    scale, placed = measured(reading, true, layout, reach_mm=reach_mm)
    assert scale.px_per_mm == pytest.approx((8.0 * share,) * 2, rel=0.0002)
    assert scale.confidence == SCALE.confidence
    assert placed.left_mm * share == pytest.approx(START_MM, abs=0.05)
    for before, after in zip(layout.strips, placed.strips, strict=True):
        # As long as before, and as far from each other, in the new millimeters.
        assert after.segment.stop_s == pytest.approx(before.segment.stop_s)
        assert after.left_mm - placed.left_mm == pytest.approx(before.left_mm - layout.left_mm)
        assert after.baseline_mm * share == pytest.approx(before.baseline_mm, abs=0.02)


@pytest.mark.parametrize("share", [1.0, 1.02])
def test_rows_of_the_known_length_or_of_quite_another_tell_no_other_scale(reading, share):
    layout = lay_out("3x4+1R", START_MM)
    assert measured(reading, place_columns(layout, Place(START_MM, share)), layout) is None


def test_rows_without_columns_are_as_long_as_they_were(reading):
    """A pen that reaches beyond both ends cannot be told from a longer row."""
    layout = lay_out("12x1", START_MM)
    assert measured(reading, layout, layout, reach_mm=0.3) is None
