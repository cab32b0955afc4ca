from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.digitize.curves.path import TraceCutter
from ecgpaper.digitize.curves.read import LIMITS
from ecgpaper.digitize.curves.strip import STRIP_HEIGHT_MM, STRIP_PX_PER_MM
from ecgpaper.digitize.rows.names import without_names
from ecgpaper.page import LAYOUTS, PageLayout, PaperScale, strips_of
from ecgpaper.page.raster import PIXEL_CLASSES, GridScale, PixelMaps

LEFT_MM, COLUMN_MM = 20.0, 62.5
BASELINES_MM = (30.0, 65.0, 100.0)
# A letter stands 5 to 8 mm below the baseline, 1 to 3 mm behind the start of each strip; a QRS
# complex of the second strip runs 12 mm down beside it.
LETTER_MM, DEEP_MM = (5.0, 8.0), 12.0
SCALE = GridScale((STRIP_PX_PER_MM, STRIP_PX_PER_MM))


@pytest.fixture
def layout():
    strips = strips_of(LAYOUTS["3x4"], PaperScale(), LEFT_MM, BASELINES_MM)
    return PageLayout("3x4", (300.0, 130.0), PaperScale(), strips)


def maps_of(layout, unseen=()):
    """Maps that show a letter beside each strip, but for those of some numbers."""
    text = np.zeros((round(130 * STRIP_PX_PER_MM), round(300 * STRIP_PX_PER_MM)), np.float32)
    for number, strip in enumerate(layout.strips):
        if number not in unseen:
            rows = [round((strip.baseline_mm + at) * STRIP_PX_PER_MM) for at in LETTER_MM]
            columns = [round((strip.left_mm + at) * STRIP_PX_PER_MM) for at in (1.0, 3.0)]
            text[slice(*rows), slice(*columns)] = 1.0
    planes = [text if name == "text" else np.zeros_like(text) for name in PIXEL_CLASSES]
    return PixelMaps(np.stack(planes, axis=-1))


@pytest.fixture
def rows(reading):
    """Make three rows; in the first the tracer takes the second strip's letter for the curve."""

    def make():
        x_mm = np.arange(LEFT_MM - 16, LEFT_MM + 266, 0.05)
        made = []
        for number, baseline_mm in enumerate(BASELINES_MM):
            behind_mm = x_mm - LEFT_MM - COLUMN_MM
            is_deep = (behind_mm > 1) & (behind_mm < 3) & (number == 0)
            y_mm = baseline_mm + DEEP_MM * is_deep
            top_mm = baseline_mm - STRIP_HEIGHT_MM / 2
            row = reading(x_mm, y_mm, np.ones(len(x_mm)), top_mm)
            heights_mm = top_mm + (np.arange(row.ink.shape[1]) + 0.5) / STRIP_PX_PER_MM
            on_letter = np.abs(heights_mm - baseline_mm - 7) < 0.2
            log_probability = row.log_probability.copy()
            log_probability[np.ix_(is_deep, on_letter)] = row.log_probability.max() + 1
            # Strokes lead down on both sides of the letter.
            is_side = ((behind_mm > 0.8) & (behind_mm < 3.2) & (number == 0))[:, None]
            down_mm = heights_mm - baseline_mm
            ink = is_side & (down_mm > 0) & (down_mm < DEEP_MM + 0.3)
            made.append(
                replace(
                    row,
                    log_probability=log_probability,
                    ink=np.maximum(row.ink, ink).astype(np.float32),
                )
            )
        return tuple(made)

    return make


def depth_mm(layout, readings):
    """How deep the second strip of the first row is said to run beside its name."""
    trace = next(
        trace
        for trace in TraceCutter(SCALE).cut(layout, readings)
        if (trace.strip.segment.row, trace.strip.segment.column) == (0, 1)
    )
    return float(np.median(trace.y_px[24:56])) / STRIP_PX_PER_MM - trace.strip.baseline_mm


def test_letter_that_other_strips_show_is_not_followed(layout, rows):
    readings, maps = rows(), maps_of(layout, unseen=(1,))
    assert depth_mm(layout, readings) == pytest.approx(7, abs=0.5)
    doubted = without_names(layout, readings, maps, SCALE)
    assert depth_mm(layout, doubted) == pytest.approx(DEEP_MM, abs=0.5)


def test_writing_that_was_seen_is_not_doubted_twice(layout, rows):
    readings = rows()
    for before, after in zip(
        readings, without_names(layout, readings, maps_of(layout), SCALE), strict=True
    ):
        # But for the edge of the letter, which no pixel meets.
        doubt = before.log_probability - after.log_probability
        assert doubt.mean() < 1e-3
        assert doubt.max() < LIMITS.text_cost


def test_place_where_few_strips_show_writing_is_no_place_of_names(layout, rows):
    readings = rows()
    few = maps_of(layout, unseen=range(3, 12))
    assert without_names(layout, readings, few, SCALE) is readings
