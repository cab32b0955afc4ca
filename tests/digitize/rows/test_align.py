"""Columns settle where most ends of their curves are."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch import nn

from ecgpaper.digitize.curves.path import TraceCutter
from ecgpaper.digitize.curves.refine import BEYOND_POINTS, DARK_ROWS, N_FEATURES, PROBABLE_ROWS
from ecgpaper.digitize.curves.trim import STROKE_POINTS, without_blank_ends, without_strokes
from ecgpaper.digitize.rows.align import settle_columns
from ecgpaper.digitize.rows.columns import Place
from ecgpaper.digitize.rows.ends import END_POINTS, end_windows
from ecgpaper.page import LAYOUTS, PageLayout, PaperScale, Strip
from ecgpaper.page.raster import GridScale

SCALE = GridScale((7.0, 9.0), (12.0, -4.0))
START_MM = 21.37
ON_CURVE = 2 * PROBABLE_ROWS + 1 + DARK_ROWS


def lay_out(left_mm):
    leads, paper = LAYOUTS["3x4+1R"], PaperScale()
    strips = tuple(
        Strip(segment, left_mm + paper.mm_from_s(segment.start_s), 30.0 + 35 * segment.row)
        for segment in leads.segments
    )
    return PageLayout("3x4+1R", (290.0, 200.0), paper, strips)


def read(reading, layout, *, reach_mm=0.0, stained=(), length_mm=250.0):
    """Rows of level curves from `START_MM` to so far behind it, and a pen as wide as it reaches."""
    x_mm = np.arange(3.0, 285.0, 0.05)
    found = []
    for number, row in enumerate(layout.rows()):
        top_mm = row[0].baseline_mm - 24.0
        one = reading(x_mm, np.full_like(x_mm, row[0].baseline_mm), np.ones_like(x_mm), top_mm)
        first_mm = START_MM - reach_mm - (0.6 if number in stained else 0.0)
        is_inked = (x_mm > first_mm) & (x_mm < START_MM + length_mm + reach_mm)
        dark = np.where(is_inked[:, None], np.ones_like(one.ink), 0).astype(np.float32)
        found.append(replace(one, darkness=dark))
    return tuple(found)


class FirstInk(nn.Module):
    """Takes the first ink for the end; where there is ink all along or none, it is not sure."""

    def __init__(self, log_spread=-2.0):
        super().__init__()
        self.none = nn.Parameter(torch.zeros(1))
        self.log_spread = log_spread

    def forward(self, features):
        inked = features[:, ON_CURVE] > 0.5
        place = inked.float().argmax(dim=1) - END_POINTS // 2 - 0.5
        is_unsure = inked[:, 0] | ~inked.any(dim=1)
        return place, torch.where(is_unsure, 3.0, self.log_spread)


def ask(layout, readings, places=(), *, log_spread=-2.0):
    cutter = TraceCutter(SCALE)
    traces, network = cutter.cut(layout, readings), FirstInk(log_spread).eval()
    return settle_columns(layout, traces, readings, cutter, network, places)


def settled(layout, readings, places=()):
    return ask(layout, readings, places).layout


@pytest.mark.parametrize("off_mm", [-0.4, 0.0, 0.04, 0.37])
@pytest.mark.parametrize("reach_mm", [0.0, 0.3])
def test_columns_move_to_the_middle_of_what_starts_and_stops_say(reading, off_mm, reach_mm):
    layout = lay_out(START_MM + off_mm)
    found = settled(layout, read(reading, layout, reach_mm=reach_mm))
    assert found.strips[0].left_mm == pytest.approx(START_MM, abs=0.03)
    for before, after in zip(layout.strips, found.strips, strict=True):
        assert after == replace(before, left_mm=after.left_mm)
        moved_mm = found.strips[0].left_mm - layout.strips[0].left_mm
        assert after.left_mm - before.left_mm == pytest.approx(moved_mm)


@pytest.mark.slow
def test_other_places_are_looked_at_where_no_ends_are_seen(reading):
    layout = lay_out(START_MM + 4.0)
    readings = read(reading, layout)
    assert settled(layout, readings).strips[0].left_mm != pytest.approx(START_MM, abs=1.0)
    found = settled(layout, readings, [Place(START_MM + by) for by in (-3.0, 0.2, 2.0)])
    assert found.strips[0].left_mm == pytest.approx(START_MM, abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("stretch", [1.0, 0.98])
def test_another_length_is_taken_where_the_ends_fit_it_and_only_there(reading, stretch):
    layout = lay_out(START_MM + 3.0)
    readings = read(reading, layout, length_mm=250.0 * stretch)
    places = [Place(START_MM + 0.1), Place(START_MM + 0.1, 0.98)]
    found = settled(layout, readings, places)
    assert found.strips[0].left_mm == pytest.approx(START_MM, abs=0.03)
    stop_mm = max(strip.right_mm(found.scale) for strip in found.strips)
    assert stop_mm == pytest.approx(START_MM + 250 * stretch, abs=0.03)


def test_row_that_begins_elsewhere_does_not_count(reading):
    layout = lay_out(START_MM + 0.1)
    found = settled(layout, read(reading, layout, stained=(1,)))
    assert found.strips[0].left_mm == pytest.approx(START_MM, abs=0.03)


@pytest.mark.parametrize(("log_spread", "is_sure"), [(-4.0, True), (-1.0, False)])
def test_ends_are_sure_where_they_are_sharp(reading, log_spread, is_sure):
    layout = lay_out(START_MM)
    assert ask(layout, read(reading, layout), log_spread=log_spread).is_sure is is_sure


def test_ends_are_not_sure_where_they_do_not_agree(reading):
    layout = lay_out(START_MM)
    apart = [read(reading, layout, reach_mm=0.4 * row)[row] for row in range(4)]
    assert not ask(layout, apart, log_spread=-4.0).is_sure


def test_page_whose_starts_are_all_hidden_stays_as_it_is(reading):
    layout = lay_out(START_MM)
    first = replace(layout, strips=tuple(s for s in layout.strips if s.left_mm == START_MM))
    pulses_mm = ((START_MM - 1.0, START_MM + 4.0),)
    hidden = [replace(row, pulses_mm=pulses_mm) for row in read(reading, layout)]
    found = ask(first, hidden, log_spread=-4.0)
    assert found.layout == first
    assert not found.is_sure


def test_page_whose_traces_are_empty_stays_as_it_is(reading):
    layout = lay_out(START_MM)
    readings = read(reading, layout)
    traces = tuple(
        replace(trace, x_px=np.zeros(0), y_px=np.zeros(0), confidence=np.zeros(0))
        for trace in TraceCutter(SCALE).cut(layout, readings)
    )
    cutter = TraceCutter(SCALE)
    found = settle_columns(layout, traces, readings, cutter, FirstInk().eval())
    assert found.layout == layout
    assert not found.is_sure


def test_both_ends_are_seen_from_inside_the_curve():
    features = np.zeros((300 + 2 * BEYOND_POINTS, N_FEATURES), np.float32)
    features[BEYOND_POINTS + 3, ON_CURVE] = 1.0
    features[BEYOND_POINTS + 299 - 5, ON_CURVE] = 1.0
    windows = end_windows(features)
    assert windows.shape == (2, N_FEATURES, END_POINTS)
    assert windows[0, ON_CURVE].argmax() == END_POINTS // 2 + 3
    assert windows[1, ON_CURVE].argmax() == END_POINTS // 2 + 5


@pytest.mark.parametrize(("hidden_mm", "n_hidden"), [(0.0, STROKE_POINTS), (0.33, 7)])
def test_rows_lose_the_points_that_a_stroke_covers_and_other_strips_none(
    reading, hidden_mm, n_hidden
):
    layout = lay_out(START_MM)
    traces = TraceCutter(SCALE).cut(layout, read(reading, layout))
    for before, after in zip(traces, without_strokes(traces, SCALE, hidden_mm), strict=True):
        n_lost = 0 if before.strip.segment.column else n_hidden
        for name in ("x_px", "y_px", "confidence", "spread_px"):
            assert (getattr(after, name) == getattr(before, name)[n_lost:]).all()
        assert after.strip == before.strip


def traces_seen(reading, presence):
    """Traces of rows in which there is so much presence at each place, a function of mm."""
    layout = lay_out(START_MM)
    readings = tuple(
        replace(row, presence=presence(row.x_mm - START_MM)) for row in read(reading, layout)
    )
    return TraceCutter(SCALE).cut(layout, readings)


def test_strips_end_where_a_label_covers_them(reading):
    """The tracer goes on along the label's edge, less and less surely."""
    traces = traces_seen(reading, lambda at_mm: np.clip((248.0 - at_mm) / 4, 0, 1))
    for before, after in zip(traces, without_blank_ends(traces, SCALE), strict=True):
        stop_mm = before.strip.right_mm(PaperScale()) - START_MM
        last_mm = SCALE.mm_from_px(np.array([[after.x_px[-1], 0.0]]))[0, 0] - START_MM
        assert last_mm == pytest.approx(min(stop_mm, 244.8), abs=0.1)
        for name in ("x_px", "y_px", "confidence", "spread_px"):
            assert (getattr(after, name) == getattr(before, name)[: len(after.x_px)]).all()


def test_strips_that_are_seen_faintly_or_hardly_at_all_stay_whole(reading):
    for presence in (0.6, 0.1):
        traces = traces_seen(reading, lambda at_mm, share=presence: np.full(len(at_mm), share))
        for before, after in zip(traces, without_blank_ends(traces, SCALE), strict=True):
            assert len(after.x_px) == len(before.x_px)
    traces = traces_seen(reading, lambda at_mm: np.where(at_mm < 2.0, 0.3, 1.0))
    for before, after in zip(traces, without_blank_ends(traces, SCALE), strict=True):
        assert len(after.x_px) == len(before.x_px)
