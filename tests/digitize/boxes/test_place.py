"""Strips on the paper and boxes on the picture lead to each other, however the paper lies."""

import cv2
import numpy as np
import pytest

from ecgpaper.digitize import StatedBox
from ecgpaper.digitize.boxes.place import PaperBox, found_boxes, paper_box_of, shares_of
from ecgpaper.errors import LayoutError
from ecgpaper.page.geometry import DenseWarp, Homography
from ecgpaper.page.raster import GridScale

PICTURE_PX = (3000, 2100)
SCALE = GridScale((8.0, 7.5), (40.0, -20.0))
PAPER_BOX = PaperBox(60.0, 41.5, 123.0, 63.0)


def turned(degrees):
    """A page on a picture, turned around its middle and seen a little askew."""
    matrix = np.eye(3)
    matrix[:2] = cv2.getRotationMatrix2D((1200, 800), degrees, 0.8)
    matrix[:2, 2] += (300, 250)
    askew = np.array([[1, 0.02, 0], [0.01, 1, 0], [1e-5, 2e-5, 1]])
    return Homography(askew @ matrix)


def bent():
    """A page that is bent along its length."""
    moves_px = np.zeros((30, 40, 2))
    moves_px[..., 1] = 30 * np.sin(np.linspace(0, 3, 40))
    return DenseWarp(80.0, moves_px).compose(turned(4.0))


def mm_of(paper_box):
    return np.array([paper_box.left_mm, paper_box.top_mm, paper_box.right_mm, paper_box.bottom_mm])


@pytest.mark.parametrize("degrees", [0.0, 3.0, -20.0, 90.0, 177.0, 265.0])
def test_a_box_that_is_found_and_stated_stands_where_its_strip_does(degrees):
    warp = turned(degrees)
    box = StatedBox(0, 1, *shares_of(PAPER_BOX, warp, SCALE, PICTURE_PX))
    assert mm_of(paper_box_of(box, warp, SCALE, PICTURE_PX)) == pytest.approx(
        mm_of(PAPER_BOX), abs=0.01
    )


def test_so_it_does_on_bent_paper():
    box = StatedBox(0, 1, *shares_of(PAPER_BOX, bent(), SCALE, PICTURE_PX))
    assert mm_of(paper_box_of(box, bent(), SCALE, PICTURE_PX)) == pytest.approx(
        mm_of(PAPER_BOX), abs=0.01
    )


def test_boxes_enclose_the_curves_of_their_strips(print_page):
    page = print_page(0, layout="3x4+1R", dpi=60.0)
    truth, (height, width) = page.truth, page.image.shape[:2]
    to_picture = truth.page_to_photo
    found = found_boxes(truth.layout, truth.traces, to_picture, truth.scale, (width, height))
    places = set()
    for box, trace in zip(found, truth.traces, strict=True):
        x, y = (to_picture(np.column_stack([trace.x_px, trace.y_px])) + 0.5).T
        left, top, right, bottom = np.array(box.edges) * (width, height, width, height)
        assert left == pytest.approx(np.nanmin(x), abs=1.0)
        assert right == pytest.approx(np.nanmax(x), abs=1.0)
        assert top < np.nanmin(y) < np.nanmax(y) < bottom
        assert (box.strip, box.tilt_deg) == (trace.strip, 0.0)
        places.add(box.strip.segment.place)
    assert len(places) == 13


@pytest.mark.parametrize(("degrees", "tilt_deg"), [(-20.0, 20.0), (95.0, -5.0), (177.0, 3.0)])
def test_a_box_tells_how_its_strip_is_turned(print_page, degrees, tilt_deg):
    """OpenCV turns counterclockwise, a tilt is clockwise; which side comes first counts nothing."""
    truth = print_page(0, layout="3x4+1R", dpi=60.0).truth
    matrix = np.eye(3)
    matrix[:2] = cv2.getRotationMatrix2D((300, 200), degrees, 1.0)
    found = found_boxes(truth.layout, truth.traces, Homography(matrix), truth.scale, PICTURE_PX)
    assert {box.tilt_deg for box in found} == {tilt_deg}


@pytest.mark.parametrize(
    ("edges", "said"),
    [
        ((0.1, 0.1, 0.105, 0.4), "it is 2.38 x 108 mm"),
        ((0.1, 0.1, 0.4, 0.1021), "at least 5 mm long and 2 mm"),
    ],
)
def test_a_box_that_shows_no_heartbeat_is_refused(edges, said):
    with pytest.raises(LayoutError, match=said):
        paper_box_of(StatedBox(2, 0, *edges), turned(0.0), SCALE, PICTURE_PX)
