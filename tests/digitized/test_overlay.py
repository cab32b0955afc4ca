import cv2
import numpy as np
import pytest

from ecgpaper.digitized.overlay import draw_overlay, jpeg_bytes
from ecgpaper.page import Segment, Strip
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import Trace

STRIP = Strip(Segment("V2", 0, 0.0, 2.5), 10.0, 20.0)


def trace(x_px, y_px):
    x_px, y_px = np.asarray(x_px, dtype=float), np.asarray(y_px, dtype=float)
    return Trace(STRIP, x_px, y_px, np.ones_like(x_px))


def colored(picture):
    """Where the picture is neither white nor gray."""
    return np.ptp(picture.astype(int), axis=2) > 60


def moved(x, y):
    return Homography(np.array([[1.0, 0, x], [0, 1.0, y], [0, 0, 1.0]]))


def test_trace_is_drawn_where_the_warp_puts_it():
    photo = np.full((300, 400, 3), 255, np.uint8)
    drawn = draw_overlay(photo, [trace([50, 250], [100, 100])], moved(40, 15))
    assert colored(drawn)[115, 92:288].all()
    assert not colored(drawn)[:112].any()
    assert not colored(drawn)[:, :88].any()
    assert not colored(drawn)[:, 293:].any()


def test_photo_shows_through_faded_and_stays_as_it_was():
    photo = np.zeros((300, 400, 3), np.uint8)
    drawn = draw_overlay(photo, [], Homography.identity())
    assert (drawn == 128).all()
    assert (photo == 0).all()
    assert drawn.shape == photo.shape
    assert drawn.dtype == np.uint8


def test_gap_in_a_trace_stays_a_gap_in_the_picture():
    photo = np.full((300, 400, 3), 255, np.uint8)
    x_px = np.arange(50, 250)
    y_px = np.where((x_px > 120) & (x_px < 180), np.nan, 100.0)
    drawn = colored(draw_overlay(photo, [trace(x_px, y_px)], Homography.identity()))
    assert drawn[100, 55:115].all()
    assert drawn[100, 185:245].all()
    assert not drawn[:, 125:176].any()


def test_lost_trace_is_left_out():
    photo = np.full((300, 400, 3), 255, np.uint8)
    empty = trace([50, 60], [np.nan, np.nan])
    assert not colored(draw_overlay(photo, [empty], Homography.identity())).any()


def test_lead_is_named_below_the_start_of_its_trace():
    photo = np.full((300, 400, 3), 255, np.uint8)
    drawn = colored(draw_overlay(photo, [trace([50, 250], [100, 100])], Homography.identity()))
    rows, columns = np.nonzero(drawn[103:])
    assert len(rows) > 10
    assert 45 <= columns.min() <= 60
    assert columns.max() < 90


def test_neighbors_have_different_colors():
    photo = np.full((300, 400, 3), 255, np.uint8)
    pair = [trace([50, 150], [50, 50]), trace([150, 250], [50, 50])]
    drawn = draw_overlay(photo, pair, Homography.identity())
    assert np.abs(drawn[50, 100].astype(int) - drawn[50, 200]).max() > 60


@pytest.mark.parametrize("color", [(255, 0, 0), (0, 0, 255)])
def test_jpeg_keeps_the_colors(color):
    picture = np.full((32, 32, 3), color, np.uint8)
    encoded = np.frombuffer(jpeg_bytes(picture), np.uint8)
    decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR_RGB)
    assert np.abs(decoded.astype(int) - color).max() < 10
