"""What a user states about a page: names, scale and corners win over what is found."""

from dataclasses import replace

import cv2
import numpy as np
import pytest

from ecgpaper.digitize import Digitizer, Stated, StatedBox, StatedLead
from ecgpaper.digitize.answer.traced import Traced
from ecgpaper.digitize.calibration.printed_scale import Said
from ecgpaper.digitize.page.view import View
from ecgpaper.digitize.page_image import PageImage, see_page
from ecgpaper.digitize.reading import Reading
from ecgpaper.digitize.request import Request
from ecgpaper.digitize.rows.align import Settled
from ecgpaper.digitize.rows.fit import fits_of
from ecgpaper.errors import RectifyError
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import FlatPage
from ecgpaper.runtime.bounds import Clock


@pytest.fixture(scope="module")
def traced(print_page):
    """A page whose curves were read without fault."""
    page = print_page(0, layout="3x4+1R", dpi=60.0)
    truth = page.truth
    scale = replace(truth.scale, confidence=1.0)
    flat = FlatPage(page.image, truth.page_to_photo)
    size_px = page.image.shape[1::-1]
    view = View.of(page.image)
    image = PageImage(page.image, None, flat, None, Homography.identity(), size_px, view)
    fits = fits_of(truth.traces, truth.layout, scale)
    reading = Reading(image, scale, truth.layout, (), truth.traces, fits, None, ())
    return Traced(
        reading,
        Settled(truth.layout, is_sure=True),
        truth.traces,
        Said(None, None),
        truth.layout.scale,
    )


def judge(evidence):
    """Expect 20 dB of every lead."""
    return evidence.new_full(evidence.shape[:1], 20.0)


@pytest.fixture(scope="module")
def interpret(traced):
    digitizer = Digitizer(*[None] * 5, judge=judge)

    def interpret(**stated):
        return digitizer.interpret(traced, Request(250.0, Stated(**stated), Clock()))

    return interpret


def test_columns_whose_ends_are_not_sure_start_earlier(traced, interpret):
    unsure = replace(traced, settled=replace(traced.settled, is_sure=False))
    digitizer = Digitizer(*[None] * 5, judge=judge)
    found = digitizer.interpret(unsure, Request(250.0, Stated(), Clock()))
    assert interpret().layout.left_mm - found.layout.left_mm == pytest.approx(0.1)


def test_half_the_gain_is_twice_the_signal_and_twice_the_speed_half_the_time(interpret):
    usual = interpret().ecg
    assert usual.duration_s == pytest.approx(10.0, abs=0.1)
    found = interpret(gain_mm_per_mv=5.0, speed_mm_per_s=50.0)
    assert found.layout.scale.gain_mm_per_mv == 5.0
    assert found.ecg.duration_s == pytest.approx(usual.duration_s / 2, abs=0.01)
    half = found.ecg.lead("II")[100:900]
    whole = 2 * usual.lead("II")[200:1800:2]
    assert np.nanmax(np.abs(half - whole)) < 0.01


def test_a_strip_has_the_name_that_is_stated(interpret):
    usual = interpret()
    found = interpret(leads=(StatedLead(3, 0, "V1"), StatedLead(9, 9, "I")))
    n_printed = np.isfinite(found.ecg.signal_mv).sum(axis=0)
    names = found.ecg.lead_names
    assert n_printed[names.index("V1")] > 3 * n_printed[names.index("II")]
    assert np.array_equal(found.ecg.lead("V4"), usual.ecg.lead("V4"), equal_nan=True)
    # It is no lead II: leads fit each other less.
    assert found.agreement < usual.agreement


def test_what_corners_enclose_is_seen_and_knows_its_place(print_page, monkeypatch):
    sheet = cv2.resize(print_page(0, layout="3x4+1R", dpi=60.0).image, (660, 510))
    corners_px = np.array([[60, 40], [700, 70], [690, 520], [90, 560]], np.float32)
    frame = np.array([[0, 0], [660, 0], [660, 510], [0, 510]], np.float32) - 0.5
    matrix = cv2.getPerspectiveTransform(frame, corners_px - 0.5)
    photo = cv2.warpPerspective(sheet, matrix, (800, 600), borderValue=(90, 60, 40))
    seen = []

    def see(part, _):
        seen.append(part)
        raise RectifyError("seen")

    monkeypatch.setattr("ecgpaper.digitize.page_image.segment", see)
    corners = tuple(map(tuple, (corners_px / (800, 600)).tolist()))
    with pytest.raises(RectifyError, match="seen"):
        see_page(photo, None, corners)
    (part,) = seen
    small = cv2.resize(part, (660, 510), interpolation=cv2.INTER_AREA)
    blurred = [cv2.GaussianBlur(each, (0, 0), 3).ravel() for each in (small, sheet)]
    assert np.corrcoef(*blurred)[0, 1] > 0.9
    assert part.shape[1] / part.shape[0] == pytest.approx(660 / 510, rel=0.15)


def test_corners_of_next_to_nothing_are_refused():
    photo = np.zeros((600, 800, 3), np.uint8)
    with pytest.raises(RectifyError, match="at least 120 pixels"):
        see_page(photo, None, ((0.4, 0.4), (0.5, 0.4), (0.5, 0.5), (0.4, 0.5)))


@pytest.mark.parametrize(
    "edges",
    [
        (0.5, 0.1, 0.4, 0.2),
        (0.1, 0.2, 0.4, 0.2),
        (0.1, 0.1, 1.3, 0.2),
        (-0.3, 0.1, 0.4, 0.2),
        (0.1, float("nan"), 0.4, 0.2),
    ],
)
def test_a_box_that_is_none_is_refused(edges):
    with pytest.raises(ValueError, match=r"left edge before its right one.* got StatedBox\(row=1"):
        StatedBox(1, 2, *edges)


def test_a_place_has_one_box_and_boxes_ask_for_no_other_curves():
    box = StatedBox(1, 2, -0.1, 0.1, 0.4, 0.2)
    with pytest.raises(ValueError, match="one box at most"):
        Stated(boxes=(box, StatedBox(1, 2, 0.2, 0.1, 0.4, 0.2)))
    assert Stated(layout="3x4", boxes=(box,)).before_curves == Stated(layout="3x4")


@pytest.mark.parametrize("place", [(-3, 0), (0, -1), (64, 0), (0, 64), (10**400, 0)])
@pytest.mark.parametrize("rest", [("V1",), (0.1, 0.1, 0.4, 0.2)])
def test_a_place_that_no_layout_has_is_refused(place, rest):
    kind = StatedLead if len(rest) == 1 else StatedBox
    with pytest.raises(ValueError, match="row and column must be from 0 to 63; got"):
        kind(*place, *rest)
    assert kind(63, 0, *rest).place == (63, 0)


def test_no_more_is_stated_than_a_page_has_room_for():
    leads = tuple(StatedLead(at // 8, at % 8, "V1") for at in range(65))
    boxes = tuple(StatedBox(at // 8, at % 8, 0.1, 0.1, 0.4, 0.2) for at in range(65))
    with pytest.raises(ValueError, match="leads must be 64 at most; got 65"):
        Stated(leads=leads)
    with pytest.raises(ValueError, match="boxes must be 64 at most; got 65"):
        Stated(boxes=boxes)
    assert len(Stated(leads=leads[:64], boxes=boxes[:64]).boxes) == 64
