"""Columns that stand apart, as pulses have room between them."""

import numpy as np
import pytest

from ecgpaper.digitize.answer.coverage import uncovered_share
from ecgpaper.digitize.rows import leads
from ecgpaper.digitize.rows.apart import columns_apart
from ecgpaper.digitize.rows.columns import Place, column_places, place_columns
from ecgpaper.page import LAYOUTS, PageLayout, PaperScale, strips_of
from ecgpaper.page.raster import PIXEL_CLASSES, GridScale, PixelMaps, Trace

START_MM = 30.1


def layout_of(name, left_mm=24.0):
    """A layout whose columns stand close together, some millimeters off."""
    shown, paper = LAYOUTS[name], PaperScale()
    baselines_mm = [30.0 + 25.0 * row for row in range(shown.n_rows)]
    return PageLayout(name, (330.0, 210.0), paper, strips_of(shown, paper, left_mm, baselines_mm))


def seen(reading, layout, columns, strip=None):
    """Rows with a trace along each column (from, to), and along a rhythm strip."""
    x_mm = np.arange(5.0, 325.0, 0.05)
    readings = []
    for strips in layout.rows():
        presence = np.zeros(len(x_mm))
        for first_mm, stop_mm in columns if len(strips) > 1 else [strip]:
            presence[(x_mm >= first_mm) & (x_mm < stop_mm)] = 1.0
        readings.append(reading(x_mm, np.full_like(x_mm, 30.0), presence, 6.0))
    return tuple(readings)


def columns_of(n_columns, gap_mm, column_mm=None):
    column_mm = 250.0 / n_columns if column_mm is None else column_mm
    lefts_mm = START_MM + (column_mm + gap_mm) * np.arange(n_columns)
    return [(left_mm, left_mm + column_mm) for left_mm in lefts_mm]


@pytest.mark.parametrize(("name", "n_columns"), [("3x4", 4), ("3x4+1R", 4), ("6x2", 2)])
@pytest.mark.parametrize("gap_mm", [5.0, 8.3, 12.0])
def test_columns_with_wide_gaps_are_placed_one_by_one(reading, name, n_columns, gap_mm):
    layout = layout_of(name)
    columns = columns_of(n_columns, gap_mm)
    (place,) = column_places(layout, seen(reading, layout, columns, (START_MM, START_MM + 250.0)))
    placed = place_columns(layout, place)
    for strips in placed.rows():
        ends = columns if len(strips) > 1 else [(START_MM, START_MM + 250.0)]
        for strip, (first_mm, stop_mm) in zip(strips, ends, strict=True):
            assert strip.left_mm == pytest.approx(first_mm, abs=0.1)
            assert strip.right_mm(placed.scale) == pytest.approx(stop_mm, abs=0.1)


def test_pulses_of_one_row_do_not_close_the_gaps(reading):
    """Of three rows one shows something in a part of the first gap, as presence may be blurred."""
    layout = layout_of("3x4")
    rows = seen(reading, layout, columns_of(4, 8.0))
    gap = (rows[0].x_mm > START_MM + 62.5) & (rows[0].x_mm < START_MM + 66.5)
    rows[0].presence[gap] = 1.0
    start_mm, gap_mm = columns_apart(layout, rows)
    assert (start_mm, gap_mm) == (pytest.approx(START_MM, abs=0.1), pytest.approx(8.0, abs=0.1))


@pytest.mark.parametrize(
    "columns",
    [
        # One behind the other, or closer than a pulse is wide.
        columns_of(4, 0.0),
        columns_of(4, 1.5),
        columns_of(4, 2.4),
        # Names between columns of which a part is hidden.
        columns_of(4, 5.0, 57.5),
        # A page and another one beside it.
        [*columns_of(4, 8.0), (320.0, 324.0), (6.0, 24.0)],
        # Half of the columns.
        columns_of(4, 8.0)[:2],
        [],
    ],
)
def test_four_columns_without_such_gaps_are_not_parted(reading, columns):
    layout = layout_of("3x4")
    assert columns_apart(layout, seen(reading, layout, columns)) is None


@pytest.mark.parametrize(
    "columns",
    [
        columns_of(2, 0.0),
        columns_of(2, 0.8),
        columns_of(2, 2.0),
        columns_of(2, 2.4),
        # A fold, or a tape, hides a part of the first column, or the start of the second.
        [(START_MM, START_MM + 116.0), (START_MM + 117.0, START_MM + 250.0)],
        [(START_MM, START_MM + 108.0), (START_MM + 112.0, START_MM + 250.0)],
        [(START_MM, START_MM + 125.0), (START_MM + 129.0, START_MM + 250.0)],
        # Columns of four seconds.
        columns_of(2, 8.0, 100.0),
    ],
)
def test_two_columns_without_such_gaps_are_not_parted(reading, columns):
    layout = layout_of("6x2")
    assert columns_apart(layout, seen(reading, layout, columns)) is None


def test_rows_of_one_column_are_not_parted(reading):
    layout = layout_of("12x1")
    assert columns_apart(layout, seen(reading, layout, [], (START_MM, START_MM + 250.0))) is None


def test_leads_under_other_names_stand_as_far_apart():
    layout = place_columns(layout_of("3x4+1R"), Place(START_MM, 1.0, 8.0))
    baselines_mm = [row[0].baseline_mm for row in layout.rows()]
    fewer = leads._with_leads(layout, LAYOUTS["3x4"], baselines_mm[:3])
    lefts_mm = sorted({round(strip.left_mm, 6) for strip in fewer.strips})
    assert lefts_mm == pytest.approx([START_MM + 70.5 * column for column in range(4)])
    assert leads._short_leads(fewer) == leads._short_leads(layout)
    assert fewer.column_gap_mm == pytest.approx(8.0)
    # Columns of another number are others.
    assert leads._with_leads(layout, LAYOUTS["6x2"], range(6)).column_gap_mm == 0.0
    assert layout_of("6x2").column_gap_mm == 0.0


@pytest.mark.parametrize("name", ["3x4", "3x4+1R"])
def test_pulses_between_columns_are_not_taken_for_traces_that_were_missed(name):
    layout = place_columns(layout_of(name), Place(START_MM, 1.0, 8.0))
    ink = np.zeros((210, 330), np.float32)
    traces = []
    for strip in layout.strips:
        x_mm = np.arange(strip.left_mm, strip.right_mm(layout.scale))
        y_mm = np.full(len(x_mm), strip.baseline_mm)
        traces.append(Trace(strip, x_mm, y_mm, np.ones(len(x_mm))))
        row, left = round(strip.baseline_mm), round(strip.left_mm)
        ink[row, left : left + len(x_mm)] = 1.0
        ink[row - 10 : row + 1, left - 6 : left - 2] = 1.0
    of_class = [ink if name == "ink" else 0 * ink for name in PIXEL_CLASSES]
    maps = PixelMaps(np.stack(of_class, axis=2), 1.0)
    assert uncovered_share(traces, layout, GridScale((1.0, 1.0)), maps) < 0.05
