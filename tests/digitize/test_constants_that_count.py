"""What figures in docs/journal.md speak for: a test notices when a constant has no effect."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from ecgpaper.digitize.curves.looks import read_rows
from ecgpaper.digitize.curves.path import TraceCutter
from ecgpaper.digitize.curves.refine import DARK_ROWS, PROBABLE_ROWS
from ecgpaper.digitize.curves.trim import without_strokes
from ecgpaper.digitize.rows.align import settle_columns
from ecgpaper.digitize.rows.ends import END_POINTS
from ecgpaper.digitize.rows.find import find_layout
from ecgpaper.nets.tracer import StripNet
from ecgpaper.nets.unet import UNetConfig
from ecgpaper.page import LAYOUTS, PageLayout, PaperScale, Segment, Strip
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import PIXEL_CLASSES, FlatPage, GridScale, PixelMaps, Trace

PX_PER_MM = 4.0
SCALE = GridScale((PX_PER_MM, PX_PER_MM))
START_MM = 21.37
POINT_MM = 0.05
PEN_MM = 0.3


def test_stroke_of_a_pulse_that_stands_before_a_row_is_not_read_as_its_start():
    """Half of the pen's width lies on the row."""
    strip = Strip(Segment("I", row=0, start_s=0.0, stop_s=2.5, column=0), START_MM, 30.0)
    x_mm = START_MM + POINT_MM * np.arange(400)
    y_mm = np.where(x_mm < START_MM + PEN_MM / 2 - 1e-9, 20.0, 30.0)
    points = SCALE.px_from_mm(np.column_stack([x_mm, y_mm]))
    trace = Trace(strip, points[:, 0], points[:, 1], np.ones(400), np.ones(400))
    (found,) = without_strokes([trace], SCALE, 0.0)
    assert np.ptp(found.y_px) == 0
    assert len(found.y_px) > 390


class HalfSure(nn.Module):
    """Takes the first ink for the end, and tells six tenths of how far off it is."""

    def __init__(self):
        super().__init__()
        self.none = nn.Parameter(torch.zeros(1))

    def forward(self, features):
        inked = features[:, 2 * PROBABLE_ROWS + 1 + DARK_ROWS] > 0.5
        place = inked.float().argmax(dim=1) - END_POINTS // 2 - 0.5
        is_unsure = inked[:, 0] | ~inked.any(dim=1)
        return 0.6 * place, torch.where(is_unsure, 3.0, -2.0)


def test_columns_settle_though_each_look_at_their_ends_tells_less_than_there_is(reading):
    paper = PaperScale()
    strips = tuple(
        Strip(segment, START_MM + 0.4 + paper.mm_from_s(segment.start_s), 30.0 + 35 * segment.row)
        for segment in LAYOUTS["3x4+1R"].segments
    )
    layout = PageLayout("3x4+1R", (290.0, 200.0), paper, strips)
    x_mm = np.arange(3.0, 285.0, POINT_MM)
    inked = (x_mm > START_MM) & (x_mm < START_MM + 250)
    readings = []
    for row in layout.rows():
        height_mm = row[0].baseline_mm
        one = reading(x_mm, np.full_like(x_mm, height_mm), np.ones_like(x_mm), height_mm - 24)
        dark = np.where(inked[:, None], np.ones_like(one.ink), 0).astype(np.float32)
        readings.append(replace(one, darkness=dark))
    cutter = TraceCutter(SCALE)
    traces = cutter.cut(layout, readings)
    found = settle_columns(layout, traces, tuple(readings), cutter, HalfSure().eval()).layout
    assert found.strips[0].left_mm == pytest.approx(START_MM, abs=0.05)


def maps_of(shape, **shares):
    """Return maps of one pixel per pixel: each class at its share everywhere."""
    probabilities = np.zeros((*shape, len(PIXEL_CLASSES)), np.float32)
    for name, share in shares.items():
        probabilities[..., PIXEL_CLASSES.index(name)] = share
    return PixelMaps(probabilities)


def test_steps_over_writing_cost_a_little_more_than_along_a_curve():
    """Were it blank paper, an R wave that runs through a name would be lost."""
    photo = np.full((320, 400, 3), 255, np.uint8)
    photo[118:123] = 0
    page = FlatPage(photo, Homography.identity())
    strip = Strip(Segment("I", row=0, start_s=0.0, stop_s=1.0, column=0), 20.0, 30.0)
    layout = PageLayout("1x1", (100.0, 80.0), PaperScale(), (strip,))
    torch.manual_seed(0)
    network = StripNet(UNetConfig(n_inputs=4, widths=(16, 16), n_outputs=5)).eval()
    on_paper, on_writing = (
        read_rows(photo, page, maps_of((320, 400), **shares), SCALE, layout, network)[0].ink.max()
        for shares in ({"background": 1.0}, {"text": 1.0})
    )
    assert on_paper == 1
    assert 0.5 < on_writing < 0.9


@pytest.mark.parametrize(("beside_mm", "has_pulse"), [(0.0, False), (1.0, False), (6.0, True)])
def test_rows_with_more_ink_than_their_leads_take_begin_with_a_pulse(beside_mm, has_pulse):
    left_mm, row_mm = 20.0, 250.0
    columns = slice(round(left_mm * PX_PER_MM), round((left_mm + row_mm + beside_mm) * PX_PER_MM))
    shape = (400, columns.stop + 80)
    maps = maps_of(shape, background=1.0)
    for row in (60, 140, 220, 300):
        maps.probabilities[row : row + 3, columns] = np.eye(len(PIXEL_CLASSES))[
            PIXEL_CLASSES.index("ink")
        ]
    page = FlatPage(np.full((*shape, 3), 255, np.uint8), Homography.identity())
    found = find_layout(page, maps, SCALE)
    assert (found.pulse_left_mm is not None) == has_pulse
    if has_pulse:
        assert found.pulse_left_mm == pytest.approx(left_mm, abs=1)
