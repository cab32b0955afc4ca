from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.digitize.curves.path import TraceCutter
from ecgpaper.digitize.curves.strip import STRIP_HEIGHT_MM, STRIP_PX_PER_MM
from ecgpaper.digitize.rows.columns import Place, column_places, place_columns
from ecgpaper.digitize.rows.separators import (
    hidden_start_mm,
    start_by_bars,
    without_separators,
)
from ecgpaper.page import LAYOUTS, PageLayout, PaperScale, strips_of
from ecgpaper.page.raster import GridScale

LEFT_MM, COLUMN_MM, HIGH_MM = 20.0, 62.5, 8.0
BASELINES_MM = (30.0, 65.0, 100.0)
SCALE = GridScale((STRIP_PX_PER_MM, STRIP_PX_PER_MM))


@pytest.fixture
def layout():
    strips = strips_of(LAYOUTS["3x4"], PaperScale(), LEFT_MM, BASELINES_MM)
    return PageLayout("3x4", (300.0, 130.0), PaperScale(), strips)


@pytest.fixture
def rows(reading):
    """Make three rows with a bar between columns, of which the third starts on an R wave.

    A pulse's stroke may stand at their start.
    """

    def make(bar_mm=0.7, guess=0.03, stroke_mm=0.0):
        x_mm = np.arange(LEFT_MM - 16, LEFT_MM + 266, 0.05)
        made = []
        for baseline_mm in BASELINES_MM:
            from_start_mm = x_mm - LEFT_MM - 2 * COLUMN_MM
            is_high = (from_start_mm > 0) & (from_start_mm < 2)
            y_mm = baseline_mm - HIGH_MM * is_high
            top_mm = baseline_mm - STRIP_HEIGHT_MM / 2
            row = reading(x_mm, y_mm, np.ones(len(x_mm)), top_mm)
            heights_mm = top_mm + (np.arange(row.ink.shape[1]) + 0.5) / STRIP_PX_PER_MM
            places_mm = LEFT_MM + COLUMN_MM * np.arange(1, 4)
            off_mm = np.abs(x_mm[:, None] - places_mm).min(axis=1)
            is_bar = (off_mm < bar_mm / 2)[:, None] & (np.abs(heights_mm - baseline_mm) < 3.5)
            from_start_mm = np.abs(x_mm - LEFT_MM)
            above_mm = baseline_mm - heights_mm
            is_stroke = (from_start_mm < stroke_mm / 2)[:, None] & (above_mm > 0) & (above_mm < 10)
            # Behind a bar the tracer spreads what it knows over all heights, and a little more of
            # it over the baseline.
            level = np.abs(heights_mm - baseline_mm) < 0.3
            hidden = np.where(level, guess, (1 - guess * level.sum()) / (~level).sum())
            is_hidden = (off_mm < bar_mm / 2) | (from_start_mm < stroke_mm / 2)
            log_probability = np.where(is_hidden[:, None], np.log(hidden), row.log_probability)
            ink = (np.abs(heights_mm - y_mm[:, None]) < 0.2) | is_bar | is_stroke
            made.append(
                replace(
                    row,
                    log_probability=log_probability.astype(np.float32),
                    ink=ink.astype(np.float32),
                    darkness=ink.astype(np.float32),
                )
            )
        return tuple(made)

    return make


def start_mm(layout, readings):
    """Height above the baseline at which the third column of the first row is said to start."""
    trace = next(
        trace
        for trace in TraceCutter(SCALE).cut(layout, readings)
        if (trace.strip.segment.row, trace.strip.segment.column) == (0, 2)
    )
    return trace.strip.baseline_mm - trace.y_px[:3].mean() / STRIP_PX_PER_MM


def test_curve_does_not_run_along_the_bar_at_which_it_starts(layout, rows):
    readings = rows()
    assert start_mm(layout, readings) < 1
    assert start_mm(layout, without_separators(layout, readings)) > HIGH_MM - 1


def test_what_is_read_surely_behind_a_bar_stays(layout, rows):
    readings = rows(guess=0.19)
    for before, after in zip(readings, without_separators(layout, readings), strict=True):
        np.testing.assert_array_equal(after.log_probability, before.log_probability)


def test_rows_without_a_bar_in_common_stay_as_they_are(layout, rows):
    readings = rows()
    bare = rows(bar_mm=0.0)
    mixed = (*readings[:2], bare[2])
    assert without_separators(layout, bare) is bare
    assert without_separators(layout, mixed) is mixed


def test_stroke_of_a_pulse_at_the_start_of_all_rows_is_no_way_for_a_curve(layout, rows):
    bare, hidden = rows(bar_mm=0.0), rows(bar_mm=0.0, stroke_mm=0.5)
    assert hidden_start_mm(layout, bare) == 0
    assert hidden_start_mm(layout, hidden) == pytest.approx(0.25, abs=0.06)
    at_start = np.abs(hidden[0].x_mm - LEFT_MM) < 0.2
    cleared = without_separators(layout, hidden)
    for row, after in zip(hidden, cleared, strict=True):
        stroke, left = (each.ink[at_start].sum(axis=1) for each in (row, after))
        assert stroke.min() > 9 * STRIP_PX_PER_MM
        # Its upper end may stay: no curve comes there over blank paper.
        assert left.max() < 2 * STRIP_PX_PER_MM


def test_stroke_that_two_rows_of_three_share_hides_nothing(layout, rows):
    bare, hidden = rows(bar_mm=0.0), rows(bar_mm=0.0, stroke_mm=0.5)
    assert hidden_start_mm(layout, (*hidden[:2], bare[2])) == 0


def test_bars_tell_where_columns_stand_that_were_taken_to_start_elsewhere(layout, rows):
    elsewhere = place_columns(layout, Place(LEFT_MM - 9, 1.025))
    found = column_places(elsewhere, rows())
    assert len(found) == 1
    assert found[0].start_mm == pytest.approx(LEFT_MM, abs=0.1)
    assert found[0].stretch == pytest.approx(1 / 1.025, abs=1e-3)


def test_strokes_that_are_no_bars_between_all_columns_tell_nothing(layout, rows):
    first, *others = rows()
    # A row without the last bar.
    ends = np.abs(first.x_mm - LEFT_MM - 3 * COLUMN_MM) < 1
    first = replace(first, darkness=np.where(ends[:, None], 0, first.darkness))
    assert start_by_bars(layout, (first, *others), COLUMN_MM) is None


def test_names_below_the_rows_that_are_as_far_apart_as_columns_are_no_bars(layout, rows):
    lower = round(6 * STRIP_PX_PER_MM)
    names = tuple(replace(row, darkness=np.roll(row.darkness, lower, axis=1)) for row in rows())
    assert start_by_bars(layout, names, COLUMN_MM) is None


def test_bars_beside_which_much_of_the_rows_is_left_out_tell_nothing(layout, rows):
    whole = rows()
    beside = tuple(
        replace(row, presence=np.where(row.x_mm < LEFT_MM + 230, row.presence, 0.0))
        for row in whole
    )
    assert start_by_bars(layout, beside, COLUMN_MM) == pytest.approx(LEFT_MM, abs=0.1)
    assert column_places(layout, whole)[0].start_mm == pytest.approx(LEFT_MM, abs=0.1)
    assert column_places(layout, beside)[0].start_mm < LEFT_MM - 5
