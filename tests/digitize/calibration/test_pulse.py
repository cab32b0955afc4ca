from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.digitize.calibration.pulse import find_pulse, without_pulses
from ecgpaper.digitize.calibration.sketch import HEIGHTS_MM
from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.curves.strip import (
    MARGIN_MM,
    N_SUB_COLUMNS,
    STRIP_HEIGHT_MM,
    STRIP_PX_PER_MM,
)
from ecgpaper.page import LAYOUTS, PageLayout, PaperScale, strips_of

STEP_MM = 2 / N_SUB_COLUMNS / STRIP_PX_PER_MM
PEN_MM = 0.3
LEFT_MM, ROW_MM = 20.0, 250.0
BASELINES_MM = (40.0, 75.0, 110.0, 145.0)


@pytest.fixture
def layout():
    strips = strips_of(LAYOUTS["3x4+1R"], PaperScale(), LEFT_MM, BASELINES_MM)
    return PageLayout("3x4+1R", (290.0, 210.0), PaperScale(), strips)


def blank_rows():
    """Rows of level traces and nothing else."""
    x_mm = np.arange(LEFT_MM - MARGIN_MM, LEFT_MM + ROW_MM + MARGIN_MM, STEP_MM)
    rows = []
    for baseline_mm in BASELINES_MM:
        ink = np.zeros((len(x_mm), round(STRIP_HEIGHT_MM * STRIP_PX_PER_MM)), np.float32)
        top_mm = baseline_mm - STRIP_HEIGHT_MM / 2
        reading = RowReading(
            *(x_mm, top_mm, np.zeros((0, 0)), ink, np.ones(len(x_mm)), ink),
            np.ones(len(x_mm), bool),
        )
        draw(reading, (LEFT_MM, LEFT_MM + ROW_MM), (baseline_mm, baseline_mm))
        rows.append(reading)
    return tuple(rows)


def draw(reading, x_mm, y_mm):
    """Ink a box and the pen around it."""
    left, right = np.searchsorted(reading.x_mm, np.array(x_mm) + np.array([-PEN_MM, PEN_MM]) / 2)
    first, stop = (
        round((at - reading.top_mm) * STRIP_PX_PER_MM)
        for at in (min(y_mm) - PEN_MM / 2, max(y_mm) + PEN_MM / 2)
    )
    reading.ink[left:right, first:stop] = 1


def draw_pulse(rows, left_mm, width_mm, height_mm, down_mm=0.0):
    for reading, baseline_mm in zip(rows, BASELINES_MM[: len(rows)], strict=True):
        foot_mm = baseline_mm + down_mm
        top_mm, right_mm = foot_mm - height_mm, left_mm + width_mm
        draw(reading, (left_mm, left_mm), (top_mm, foot_mm))
        draw(reading, (right_mm, right_mm), (top_mm, foot_mm))
        draw(reading, (left_mm, right_mm), (top_mm, top_mm))


@pytest.mark.parametrize("height_mm", HEIGHTS_MM)
@pytest.mark.parametrize("width_mm", [2.5, 5.0, 10.0])
@pytest.mark.parametrize("left_mm", [LEFT_MM - 11.5, LEFT_MM + ROW_MM + 1.0])
def test_pulse_of_any_size_is_found_on_either_side(layout, left_mm, width_mm, height_mm):
    rows = blank_rows()
    draw_pulse(rows, left_mm, width_mm, height_mm, down_mm=1.5)
    found = find_pulse(layout, rows)
    assert found.height_mm == height_mm
    assert found.width_mm == pytest.approx(width_mm, abs=0.8)
    assert found.left_mm == pytest.approx(left_mm, abs=0.8)


def test_one_pulse_on_the_page_is_enough(layout):
    rows = blank_rows()
    draw_pulse(rows, LEFT_MM - 7, 5.0, 20.0)
    blank = blank_rows()
    found = find_pulse(layout, (*blank[:2], rows[2], blank[3]))
    assert found.height_mm == 20.0


def test_page_without_pulses_has_none(layout):
    assert find_pulse(layout, blank_rows()) is None


def test_pulse_upside_down_is_none(layout):
    rows = blank_rows()
    draw_pulse(rows, LEFT_MM - 7, 5.0, 10.0)
    assert find_pulse(layout, rows) is not None
    turned = tuple(replace(row, ink=row.ink[:, ::-1]) for row in rows)
    assert find_pulse(layout, turned) is None


def test_lines_of_the_grid_are_no_pulse(layout):
    rows = blank_rows()
    for reading in rows:
        for at_mm in np.arange(5, 285, 5.0):
            draw(reading, (at_mm, at_mm), (reading.top_mm + 1, reading.top_mm + 46))
        for at_mm in np.arange(reading.top_mm + 3, reading.top_mm + 45, 5.0):
            draw(reading, (5.0, 285.0), (at_mm, at_mm))
    assert find_pulse(layout, rows) is None


def test_filled_box_is_no_pulse(layout):
    rows = blank_rows()
    for reading, baseline_mm in zip(rows, BASELINES_MM, strict=True):
        draw(reading, (LEFT_MM - 7, LEFT_MM - 2), (baseline_mm - 10, baseline_mm))
    assert find_pulse(layout, rows) is None


def test_pulse_in_the_place_of_a_columns_first_samples_hides_them(layout):
    """As textbooks print it, before every lead; in one row it may be missing."""
    rows = blank_rows()
    second_mm = layout.strips[1].left_mm
    draw_pulse(rows, second_mm + 1.0, 5.0, 10.0)
    blank = blank_rows()
    rows = followed((*rows[:3], blank[3]), height_mm=10.0)
    found, pulse = without_pulses(layout, rows)
    assert pulse.height_mm == 10.0
    assert [len(row.pulses_mm) for row in found] == [1, 1, 1, 0]
    left_mm, right_mm = found[0].pulses_mm[0]
    assert left_mm == pytest.approx(second_mm + 1.0, abs=0.8)
    assert right_mm == pytest.approx(second_mm + 6.0, abs=0.8)


@pytest.mark.parametrize("height_mm", [5.0, 20.0])
@pytest.mark.parametrize("columns", [(2,), (1, 2)])
def test_pulses_in_one_row_of_many_tell_no_unusual_gain(layout, height_mm, columns):
    """A separator and the QRS complex behind it look like a low pulse."""
    rows = blank_rows()
    for column in columns:
        draw_pulse(rows[:1], layout.strips[column].left_mm + 1.0, 2.5, height_mm)
    found, pulse = without_pulses(layout, followed(rows, height_mm))
    assert pulse is None
    assert not any(row.pulses_mm for row in found)


@pytest.mark.parametrize(("n_rows", "height_mm"), [(1, 10.0), (2, 5.0), (2, 10.0), (2, 20.0)])
def test_pulses_of_the_usual_height_or_in_two_rows_are_believed(layout, n_rows, height_mm):
    rows = blank_rows()
    draw_pulse(rows[:n_rows], layout.strips[2].left_mm + 1.0, 2.5, height_mm)
    found, pulse = without_pulses(layout, followed(rows, height_mm))
    assert pulse.height_mm == height_mm
    assert [len(row.pulses_mm) for row in found] == [1] * n_rows + [0] * (4 - n_rows)


@pytest.mark.parametrize("height_mm", HEIGHTS_MM)
def test_a_pulse_in_the_only_row_is_believed(height_mm):
    strips = strips_of(LAYOUTS["1x1"], PaperScale(), LEFT_MM, BASELINES_MM[:1])
    only = PageLayout("1x1", (290.0, 60.0), PaperScale(), strips)
    rows = blank_rows()[:1]
    draw_pulse(rows, LEFT_MM + 1.0, 5.0, height_mm)
    _, pulse = without_pulses(only, followed(rows, height_mm))
    assert pulse.height_mm == height_mm


def followed(rows, height_mm):
    """The same rows, in which the curve runs so far above the baselines."""
    return tuple(
        replace(
            row,
            log_probability=np.eye(row.ink.shape[1], dtype=np.float32)[
                np.full(len(row.x_mm), round((at_mm - height_mm - row.top_mm) * STRIP_PX_PER_MM))
            ],
        )
        for row, at_mm in zip(rows, BASELINES_MM[: len(rows)], strict=True)
    )


def test_what_looks_like_a_pulse_above_the_curve_hides_nothing(layout):
    """As a name between separators does."""
    rows = blank_rows()
    draw_pulse(rows, layout.strips[1].left_mm + 1.0, 5.0, 10.0)
    found, pulse = without_pulses(layout, followed(rows, height_mm=0.0))
    assert pulse is None
    assert not any(row.pulses_mm for row in found)


def test_pulse_before_the_rows_hides_nothing(layout):
    rows = blank_rows()
    draw_pulse(rows, LEFT_MM - 7, 5.0, 10.0)
    rows = followed(rows, height_mm=10.0)
    found, pulse = without_pulses(layout, rows)
    assert pulse is None
    assert not any(row.pulses_mm for row in found)
