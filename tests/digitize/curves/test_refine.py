"""The refiner sees what lies along a curve, and moves the curve by as much as it answers."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.curves.refine import (
    BEYOND_POINTS,
    DARK_ROWS,
    N_FEATURES,
    PROBABLE_ROWS,
    course_of,
    refine_traces,
    seen_backwards,
    seen_upside_down,
    with_rows,
)
from ecgpaper.digitize.curves.strip import STRIP_PX_PER_MM
from ecgpaper.nets.refiner import Refiner, RefinerConfig
from ecgpaper.page import Segment, Strip
from ecgpaper.page.raster import GridScale, Trace

SCALE = GridScale((7.0, 9.0), (12.0, -4.0))
N_ROWS, FIRST = 384, 40
TOP_MM = 20.0


@pytest.fixture
def row():
    """A reading full of noise, and a curve along a part of it."""
    rng = np.random.default_rng(0)
    x_mm = 5.0 + 0.05 * np.arange(200)
    shape = (len(x_mm), N_ROWS)
    log_probability = rng.uniform(-12, 0, shape).astype(np.float32)
    darkness = rng.uniform(0, 1, shape).astype(np.float32)
    reading = RowReading(
        *(x_mm, TOP_MM, log_probability, darkness, np.ones(len(x_mm)), darkness),
        np.ones(len(x_mm), bool),
    )
    rows = 190.3 + 45 * np.sin(np.arange(120) / 9)
    return reading, trace_along(reading, rows)


def trace_along(reading, rows, first=FIRST, baseline_mm=TOP_MM + 24.0):
    y_mm = reading.top_mm + (rows + 0.5) / STRIP_PX_PER_MM
    points = SCALE.px_from_mm(np.column_stack([reading.x_mm[first : first + len(rows)], y_mm]))
    rng = np.random.default_rng(1)
    strip = Strip(Segment("I", 0, 0, 0.0, 2.5), 6.5, baseline_mm)
    confidence, spread_px = rng.uniform(0, 1, (2, len(rows)))
    return Trace(strip, points[:, 0], points[:, 1], confidence, spread_px)


def test_what_lies_along_the_curve_is_centered_on_it(row):
    reading, trace = row
    for point, at in ((0, 190), (50, round(190.3 + 45 * np.sin(50 / 9)))):
        reading.darkness[FIRST + point, at + 3] = 9.0
        reading.log_probability[FIRST + point, at - 2] = 4.0
    features = course_of(trace, reading, SCALE).features
    assert features.shape == (120 + 2 * BEYOND_POINTS, N_FEATURES)
    for point in (BEYOND_POINTS, BEYOND_POINTS + 50):
        probable, dark = np.split(features[point, : 2 * (PROBABLE_ROWS + DARK_ROWS) + 2], [25])
        assert probable.argmax() == PROBABLE_ROWS - 2
        assert dark.argmax() == DARK_ROWS + 3


def test_what_stands_before_and_behind_the_curve_is_seen_from_its_ends(row):
    reading, trace = row
    rows = course_of(trace, reading, SCALE).row
    before, behind = FIRST - 5, FIRST + 119 + 5
    reading.darkness[before, round(rows[0]) + 3] = 9.0
    reading.darkness[behind, round(rows[-1]) - 3] = 9.0
    features = course_of(trace, reading, SCALE).features
    dark = features[:, 2 * PROBABLE_ROWS + 1 :][:, : 2 * DARK_ROWS + 1]
    assert dark[BEYOND_POINTS - 5].argmax() == DARK_ROWS + 3
    assert dark[BEYOND_POINTS + 119 + 5].argmax() == DARK_ROWS - 3
    own = np.flatnonzero(features[:, -1])
    assert (own[0], own[-1], len(own)) == (BEYOND_POINTS, BEYOND_POINTS + 119, 120)


def test_curve_at_the_very_edge_of_what_was_read_has_features(row):
    reading, _ = row
    rows = np.full(len(reading.x_mm), 190.0)
    found = course_of(trace_along(reading, rows, first=0), reading, SCALE).features
    assert found.shape == (len(rows) + 2 * BEYOND_POINTS, N_FEATURES)


def test_page_upside_down_gives_the_features_that_training_makes_of_it(row):
    reading, trace = row
    turned = replace(
        reading,
        log_probability=reading.log_probability[:, ::-1],
        darkness=reading.darkness[:, ::-1],
    )
    rows = course_of(trace, reading, SCALE).row
    other = replace(trace_along(reading, N_ROWS - 1 - rows), confidence=trace.confidence)
    expected = seen_upside_down(course_of(trace, reading, SCALE).features)
    assert course_of(other, turned, SCALE).features == pytest.approx(expected, abs=1e-4)


def test_curve_run_backwards_gives_the_features_that_training_makes_of_it(row):
    reading, trace = row
    # As much before the curve as behind it.
    stop = FIRST + len(trace.x_px) + BEYOND_POINTS
    turned = replace(
        reading,
        log_probability=reading.log_probability[:stop][::-1],
        darkness=reading.darkness[:stop][::-1],
    )
    rows = course_of(trace, reading, SCALE).row
    other = replace(
        trace_along(reading, rows[::-1], first=BEYOND_POINTS),
        confidence=trace.confidence[::-1],
        spread_px=trace.spread_px[::-1],
    )
    expected = seen_backwards(course_of(trace, reading, SCALE).features)
    assert course_of(other, turned, SCALE).features == pytest.approx(expected, abs=1e-4)


class _Mover(nn.Module):
    """Answers one offset for all points of a curve, and another beyond its ends."""

    def __init__(self, rows):
        super().__init__()
        self.rows = nn.Parameter(torch.tensor(rows))

    def forward(self, features):
        offset = torch.where(features[:, -1] > 0, self.rows, 70.0)
        return offset, torch.log(offset.abs())


def test_curve_moves_down_by_the_rows_that_the_network_answers(row):
    reading, trace = row
    moved = refine_traces([trace], [reading], SCALE, _Mover(2.0))[0]
    two_rows_px = 2 / STRIP_PX_PER_MM * SCALE.px_per_mm[1]
    assert moved.y_px == pytest.approx(trace.y_px + two_rows_px)
    assert moved.spread_px == pytest.approx(np.full(120, two_rows_px))
    assert (moved.x_px == trace.x_px).all()
    assert (moved.confidence == trace.confidence).all()


def test_refiner_that_has_learned_nothing_leaves_curves_in_place(row):
    reading, trace = row
    refiner = Refiner(RefinerConfig(N_FEATURES)).eval()
    assert refine_traces([trace], [reading], SCALE, refiner)[0].y_px == pytest.approx(trace.y_px)


def test_each_curve_is_looked_at_in_its_own_row(row):
    reading, trace = row
    below = replace(reading, top_mm=TOP_MM + 30.0)
    lower = trace_along(below, np.full(120, 191.0), baseline_mm=TOP_MM + 52.0)
    segment = replace(lower.strip.segment, row=trace.strip.segment.row + 1)
    lower = replace(lower, strip=replace(lower.strip, segment=segment))
    assert [found for _, found in with_rows([trace, lower], [reading, below])] == [reading, below]
    assert [found for _, found in with_rows([lower, trace], [reading, below])] == [below, reading]
    found = refine_traces([lower, trace], [reading, below], SCALE, _Mover(1.0))
    assert found[0].y_px == pytest.approx(lower.y_px + SCALE.px_per_mm[1] / STRIP_PX_PER_MM)


def test_empty_curve_stays_empty(row):
    reading, trace = row
    nothing = replace(
        trace,
        **{name: np.zeros(0) for name in ("x_px", "y_px", "confidence", "spread_px")},
    )
    assert refine_traces([nothing], [reading], SCALE, _Mover(1.0)) == (nothing,)
