"""Strips whose boxes are stated are read where these stand, and no other curve changes."""

from dataclasses import replace

import numpy as np
import pytest

from ecgpaper import score
from ecgpaper.digitize import Stated, StatedBox
from ecgpaper.digitize.boxes.cut import within_box
from ecgpaper.digitize.boxes.place import PaperBox, found_boxes
from ecgpaper.digitize.curves.path import TraceCutter
from ecgpaper.digitize.request import Request
from ecgpaper.ecg import STANDARD_ORDER
from ecgpaper.runtime.bounds import Clock

FS = 500.0


@pytest.fixture(scope="module")
def page(print_page):
    return print_page(0, layout="3x4")


@pytest.fixture(scope="module")
def traced(shipped, page):
    return shipped.trace_photo(page.image, Request(FS, Stated(), Clock()))


@pytest.fixture(scope="module")
def interpret(shipped):
    def interpret(traced, *boxes, **stated):
        return shipped.interpret(traced, Request(FS, Stated(boxes=boxes, **stated), Clock()))

    return interpret


@pytest.fixture(scope="module")
def boxes(page):
    """Return the true box of each lead."""
    truth, size_px = page.truth, page.image.shape[1::-1]
    found = found_boxes(truth.layout, truth.traces, truth.page_to_photo, truth.scale, size_px)
    return {
        box.strip.segment.lead: StatedBox(*box.strip.segment.place, *box.edges) for box in found
    }


@pytest.fixture(scope="module")
def usual(interpret, traced):
    return interpret(traced)


def snr_db(page, found, lead):
    ref = page.truth.ecg.lead(lead)
    est = found.ecg.lead(lead)
    return score.snr(ref, score.align_within_limits(ref, est, FS))[0]


def shown_s(found, lead):
    """First and last moment of a lead, in s."""
    known = np.flatnonzero(np.isfinite(found.ecg.lead(lead))) / FS
    return known[0], known[-1]


def test_half_a_strip_shows_half_of_its_time_and_all_others_stay(interpret, traced, usual, boxes):
    whole = boxes["V2"]
    half = replace(whole, right=(whole.left + whole.right) / 2)
    found = interpret(traced, half)
    assert shown_s(usual, "V2") == pytest.approx((5.0, 7.5), abs=0.05)
    assert shown_s(found, "V2") == pytest.approx((5.0, 6.25), abs=0.05)
    for lead in STANDARD_ORDER:
        is_same = np.array_equal(found.ecg.lead(lead), usual.ecg.lead(lead), equal_nan=True)
        assert is_same == (lead != "V2")
    for before, after in zip(usual.traces, found.traces, strict=True):
        if before.strip.segment.lead != "V2":
            assert after.strip == before.strip
            assert np.array_equal(after.y_px, before.y_px)


def test_a_column_that_was_misplaced_is_read_where_its_box_is_moved_to(
    interpret, traced, page, boxes
):
    """Where its lead really stands, it is read as well as if it had been found there."""
    strips = tuple(
        replace(strip, left_mm=strip.left_mm + 20.0 * (strip.segment.column == 2))
        for strip in traced.layout.strips
    )
    layout = replace(traced.layout, strips=strips)
    rows = traced.reading.rows
    traces = TraceCutter(traced.reading.scale).cut(layout, rows)
    misplaced = replace(traced, settled=replace(traced.settled, layout=layout), traces=traces)
    before, after = interpret(misplaced), interpret(misplaced, boxes["V2"])
    assert snr_db(page, before, "V2") < 5
    assert snr_db(page, after, "V2") > 18
    assert np.array_equal(after.ecg.lead("V1"), before.ecg.lead("V1"), equal_nan=True)


def test_a_box_keeps_its_place_at_another_speed_and_gain(interpret, traced, page, boxes):
    box = boxes["V2"]
    found = interpret(traced, box)
    other = interpret(traced, box, speed_mm_per_s=50.0, gain_mm_per_mv=5.0)
    strip, moved = (
        next(one for one in each.layout.strips if one.segment.lead == "V2")
        for each in (found, other)
    )
    assert moved.left_mm == strip.left_mm
    # Others are taken to start a little before where they do; this one is where it was stated.
    size_px = page.image.shape[1::-1]
    again = found_boxes(other.layout, other.traces, other.page.page_to_photo, other.scale, size_px)
    edges = next(each.edges for each in again if each.strip == moved)
    assert edges[::2] == pytest.approx((box.left, box.right), abs=1e-4)
    assert moved.right_mm(other.layout.scale) == pytest.approx(strip.right_mm(found.layout.scale))
    half, whole = other.ecg.lead("V2")[1300:1850], 2 * found.ecg.lead("V2")[2600:3700:2]
    assert np.nanmax(np.abs(half - whole)) < 0.01


def test_a_box_on_the_curve_of_another_row_shows_that(interpret, traced, page, boxes):
    """Even where the row that was read does not reach: the paper there is read then."""
    placed = replace(boxes["V3"], row=boxes["V1"].row)
    found = interpret(traced, placed).ecg.lead("V1")
    true = page.truth.ecg.lead("V3")
    assert score.snr(true, score.align_within_limits(true, found, FS))[0] > 18


def test_a_box_that_is_dragged_beyond_the_page_makes_no_record_longer(
    interpret, traced, usual, boxes
):
    found = interpret(traced, replace(boxes["V6"], right=1.2))
    assert found.ecg.signal_mv.shape == usual.ecg.signal_mv.shape
    assert shown_s(found, "V6") == pytest.approx((7.5, 10.0), abs=0.05)


@pytest.mark.parametrize("right", [None, 1.0, 1.2])
def test_a_box_higher_than_what_is_read_at_once_shows_the_row_of_its_strip(
    interpret, traced, usual, boxes, right
):
    box = replace(boxes["I"], top=0.0, bottom=1.0, right=right or boxes["I"].right)
    ref, est = (each.ecg.lead("I")[:1150] for each in (usual, interpret(traced, box)))
    assert np.isfinite(est[100:]).mean() > 0.95
    assert score.snr(ref, score.align_within_limits(ref, est, FS))[0] > 15


def test_places_that_the_layout_does_not_have_change_nothing(interpret, traced, usual):
    found = interpret(traced, StatedBox(7, 0, 0.1, 0.1, 0.3, 0.3))
    assert np.array_equal(found.ecg.signal_mv, usual.ecg.signal_mv, equal_nan=True)


def test_a_curve_is_searched_between_top_and_bottom_of_its_box_alone(reading):
    """The likelier curve above is none of this strip's; where none is seen, none is made sure."""
    x_mm = np.arange(0.0, 60.0, 0.05)
    row = reading(x_mm, np.full_like(x_mm, 30.0), np.ones_like(x_mm), 10.0)
    other = reading(x_mm, np.full_like(x_mm, 40.0), np.ones_like(x_mm), 10.0)
    both = np.logaddexp(row.log_probability, other.log_probability + np.log(0.1))
    both -= np.log(1.1).astype(np.float32)
    row = replace(row, log_probability=both)
    lower = within_box(row, PaperBox(0.0, 36.0, 60.0, 44.0))
    top, n_rows = lower.top_mm, lower.log_probability.shape[1]
    assert (top, n_rows / 8) == pytest.approx((36.0, 8.0), abs=0.5)
    assert top + lower.log_probability.argmax(axis=1) / 8 == pytest.approx(40.0, abs=0.2)
    assert np.exp(lower.log_probability).sum(axis=1) == pytest.approx(1.0, abs=1e-3)
    blank = within_box(row, PaperBox(0.0, 50.0, 60.0, 54.0))
    assert np.exp(blank.log_probability).sum(axis=1).max() < 0.01
