from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.digitize.curves.path import TraceCutter
from ecgpaper.digitize.curves.spikes import with_spikes
from ecgpaper.digitize.curves.strip import STRIP_HEIGHT_MM, STRIP_PX_PER_MM
from ecgpaper.page import LAYOUTS, PageLayout, PaperScale, strips_of
from ecgpaper.page.raster import GridScale

LEFT_MM, BASELINE_MM, AT_MM = 20.0, 30.0, 60.0
SCALE = GridScale((STRIP_PX_PER_MM, STRIP_PX_PER_MM))
PEN_MM = 0.4


@pytest.fixture
def cut(reading):
    """Cut a row of one lead with a stroke on its level curve; return trace and reading.

    The stroke leads so many mm up and down from the curve, on ground of some darkness.
    """

    def make(up_mm=10.0, down_mm=0.0, width_mm=0.4, ground=0.0, at_mm=AT_MM):
        strips = strips_of(LAYOUTS["1x1"], PaperScale(), LEFT_MM, (BASELINE_MM,))
        layout = PageLayout("1x1", (300.0, 60.0), PaperScale(), strips)
        x_mm = np.arange(LEFT_MM - 5, LEFT_MM + 260, 0.05)
        top_mm = BASELINE_MM - STRIP_HEIGHT_MM / 2
        row = reading(x_mm, np.full(len(x_mm), BASELINE_MM), np.ones(len(x_mm)), top_mm)
        heights_mm = top_mm + (np.arange(row.ink.shape[1]) + 0.5) / STRIP_PX_PER_MM
        above_mm = BASELINE_MM - heights_mm
        is_curve = np.abs(above_mm) < PEN_MM / 2
        is_high = (above_mm < up_mm) & (above_mm > -down_mm)
        is_stroke = (np.abs(x_mm - at_mm) < width_mm / 2)[:, None] & is_high
        darkness = np.where(is_curve | is_stroke, 1.0, ground).astype(np.float32)
        row = replace(row, darkness=darkness, ink=(darkness > 0.4).astype(np.float32))
        (trace,) = TraceCutter(SCALE).cut(layout, (row,))
        return trace, row

    return make


@pytest.mark.parametrize("sign", [1, -1])
def test_curve_leads_to_the_end_of_a_spike_and_back(cut, sign):
    trace, row = cut(*((10.0, 0.0) if sign > 0 else (0.0, 10.0)))
    assert np.ptp(trace.y_px) < 2
    (found,) = with_spikes([trace], [row], SCALE)
    up_mm, x_mm = BASELINE_MM - found.y_px / STRIP_PX_PER_MM, found.x_px / STRIP_PX_PER_MM
    peak = int((sign * up_mm).argmax())
    assert sign * up_mm[peak] == pytest.approx(10, abs=3.7)
    assert x_mm[peak] == pytest.approx(AT_MM, abs=0.1)
    is_away = np.abs(x_mm - AT_MM) > 0.15
    assert np.array_equal(found.y_px[is_away], trace.y_px[is_away])


@pytest.mark.parametrize(
    "stroke",
    [
        {"up_mm": 3.0},
        {"width_mm": 1.0},
        {"up_mm": 10.0, "down_mm": 8.0},
        {"up_mm": 30.0},
        {"ground": 0.6},
        {"ground": 0.3},
        {"at_mm": LEFT_MM + 0.5},
    ],
    ids=["letter", "bar", "across", "no end", "fold", "shade", "start"],
)
def test_other_strokes_are_no_spikes(cut, stroke):
    trace, row = cut(**stroke)
    (found,) = with_spikes([trace], [row], SCALE)
    assert found is trace
