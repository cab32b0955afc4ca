from dataclasses import replace

import cv2
import numpy as np
import pytest

from ecgpaper.digitize.page.rectify import rectify
from ecgpaper.digitize.page.sheet import find_sheet
from ecgpaper.digitize.page.view import View
from ecgpaper.page.raster import PIXEL_CLASSES, PixelMaps
from ecgpaper.synth import sample_spec, synthesize

HEIGHT, WIDTH = 1200, 1600
A4_MM = (297.0, 210.0)
BARE = {"small_contrast": 0.0, "large_contrast": 0.0, "heavy_contrast": 0.0}


def corners_on_photo(size_mm, *, turn_deg=4.0, tilt_deg=20.0, distance=1.5, shift=(0.0, 0.0)):
    """Where a phone of 26 mm sees the corners of a sheet that is turned, then tilted away."""
    width, height = np.array(size_mm) / max(size_mm)
    sheet = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    turn, tilt = np.deg2rad([turn_deg, tilt_deg])
    sheet = sheet @ np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    sheet = sheet + shift
    depth = distance + sheet[:, 1] * np.sin(tilt)
    seen = np.column_stack([sheet[:, 0], sheet[:, 1] * np.cos(tilt)]) / depth[:, None]
    return seen * 26 / 36 * WIDTH + [(WIDTH - 1) / 2, (HEIGHT - 1) / 2]


def take_photo(corners, *, shadow=1.0, desk=(120, 90, 70)):
    """A sheet with four wavy rows on a desk, and its ink; part of both lies in a shadow."""
    rng = np.random.default_rng(0)
    paper = np.full((840, 1188, 3), 235, np.uint8)
    ink = np.zeros(paper.shape[:2], np.uint8)
    x = np.arange(60, 1130)
    for baseline in (300, 430, 560, 690):
        row = np.column_stack([x, baseline + 25 * np.sin(x / 9) ** 15])
        cv2.polylines(ink, [np.rint(row).astype(np.int32)], False, 255, 3)
    paper[ink > 0] = 25
    sheet = np.array([[0, 0], [1188, 0], [1188, 840], [0, 840]], np.float32) - 0.5
    matrix = cv2.getPerspectiveTransform(sheet, np.asarray(corners, np.float32))
    size = (WIDTH, HEIGHT)
    seen = cv2.warpPerspective(paper, matrix, size)
    inside = cv2.warpPerspective(np.full(ink.shape, 255, np.uint8), matrix, size)[..., None] / 255
    photo = (
        np.where(inside > 0.5, seen, np.array(desk))
        * np.where(np.arange(WIDTH) < 900, 1, shadow)[None, :, None]
    )
    photo = np.clip(photo + rng.normal(0, 4, photo.shape), 0, 255).astype(np.uint8)
    probabilities = np.zeros((HEIGHT // 2, WIDTH // 2, len(PIXEL_CLASSES)), np.float32)
    on_photo = cv2.warpPerspective(ink, matrix, size)
    probabilities[..., PIXEL_CLASSES.index("ink")] = (
        cv2.resize(on_photo, (WIDTH // 2, HEIGHT // 2)) > 60
    )
    return photo, PixelMaps(probabilities, 2.0)


def found_on(photo, maps):
    return find_sheet(photo, maps, View.of(photo))


@pytest.mark.parametrize("shadow", [1.0, 0.6])
@pytest.mark.parametrize("tilt_deg", [-25.0, 0.0, 25.0])
def test_sheet_is_found_by_its_sides(tilt_deg, shadow):
    corners = corners_on_photo(A4_MM, tilt_deg=tilt_deg)
    warp, (height, width) = found_on(*take_photo(corners, shadow=shadow))
    found = warp(np.array([[0, 0], [width, 0], [width, height], [0, height]]) - 0.5)
    assert np.abs(found - corners).max() < 5.0
    assert width / height == pytest.approx(A4_MM[0] / A4_MM[1], rel=0.002)


@pytest.mark.parametrize("size_mm", [(300.0, 170.0), (280.0, 210.0)])
def test_proportions_of_an_unknown_sheet_follow_from_its_corners(size_mm):
    corners = corners_on_photo(size_mm, tilt_deg=30.0)
    _, (height, width) = found_on(*take_photo(corners))
    assert width / height == pytest.approx(size_mm[0] / size_mm[1], rel=0.01)
    flat = np.linalg.norm(corners[1] - corners[0]) / np.linalg.norm(corners[2] - corners[1])
    assert flat != pytest.approx(size_mm[0] / size_mm[1], rel=0.05)


def test_part_of_a_photo_is_seen_as_by_the_camera_of_the_whole():
    corners = corners_on_photo((300.0, 170.0), tilt_deg=35.0, distance=2.5, shift=(0.4, 0.3))
    photo, maps = take_photo(corners)
    left, top = 640, 480
    part = photo[top:, left:]
    maps = PixelMaps(maps.probabilities[top // 2 :, left // 2 :], maps.px_per_map_px)
    _, (height, width) = find_sheet(part, maps, View.of(photo).cropped(left, top))
    assert width / height == pytest.approx(300 / 170, rel=0.02)
    _, (height, width) = find_sheet(part, maps, View.of(part))
    assert width / height != pytest.approx(300 / 170, rel=0.05)


def test_view_of_a_smaller_photo():
    view = View.of(np.zeros((600, 800, 3), np.uint8)).scaled(0.25)
    assert view == View.of(np.zeros((150, 200, 3), np.uint8))


def test_sheet_that_leaves_the_photo_has_no_four_sides():
    corners = corners_on_photo(A4_MM, tilt_deg=0.0, shift=(0.6, 0.0))
    assert corners[:, 0].max() > WIDTH
    assert found_on(*take_photo(corners)) is None


def test_scan_of_a_whole_sheet_has_no_sides():
    corners = np.array([[-9, -9], [WIDTH + 9, -9], [WIDTH + 9, HEIGHT + 9], [-9, HEIGHT + 9]])
    assert found_on(*take_photo(corners)) is None


def test_nothing_without_ink():
    photo, maps = take_photo(corners_on_photo(A4_MM))
    assert found_on(photo, PixelMaps(np.zeros_like(maps.probabilities), 2.0)) is None


@pytest.mark.parametrize("height", [8, 40, 400])
@pytest.mark.parametrize("level", [20, 232, None])
def test_ink_where_there_is_no_sheet_is_nothing(level, height):
    """Whether all has one color or none, nothing is told from anything."""
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    photo = noise if level is None else np.full_like(noise, level)
    probabilities = np.zeros((HEIGHT // 2, WIDTH // 2, len(PIXEL_CLASSES)), np.float32)
    probabilities[300 : 300 + height, 300:420, PIXEL_CLASSES.index("ink")] = 1.0
    assert found_on(photo, PixelMaps(probabilities, 2.0)) is None


@pytest.mark.parametrize("seed", range(4))
def test_three_sides_are_no_sheet(seed):
    """Two of the four that are looked for are one line: these meet anywhere, or nowhere."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    paper = (x > 100) & (y > 100) & (x / 1500 + y / 1100 < 1)
    photo = np.where(paper[..., None], 235, 60) + rng.normal(0, 4, (HEIGHT, WIDTH, 3))
    probabilities = np.zeros((HEIGHT // 2, WIDTH // 2, len(PIXEL_CLASSES)), np.float32)
    ink = PIXEL_CLASSES.index("ink")
    for row in (120, 150, 180, 210):
        probabilities[row : row + 2, 100:340, ink] = 1.0
        photo[2 * row : 2 * row + 4, 200:680] = 25
    photo = np.clip(photo, 0, 255).astype(np.uint8)
    assert found_on(photo, PixelMaps(probabilities, 2.0)) is None


@pytest.mark.slow
def test_photo_of_a_page_without_a_grid_is_flattened(healthy_ecg, true_maps):
    """Its points lie as on the paper, but for place, size, turn and the sheet's bends."""
    spec = sample_spec("photo", rng=np.random.default_rng(6))
    page = synthesize(healthy_ecg, replace(spec, paper=replace(spec.paper, **BARE)))
    flat, _ = rectify(page.image, true_maps(page))
    truth = page.truth
    points = np.concatenate([np.column_stack([t.x_px, t.y_px])[::50] for t in truth.traces])
    points = points[np.isfinite(points).all(axis=1)]
    true_mm = truth.scale.mm_from_px(points)

    def off_mm(at):
        """Rms distance from an evenly scaled, turned and moved copy."""
        here, there = (values - values.mean(axis=0) for values in (at, true_mm))
        turned = here @ np.array([[0, 1], [-1, 0]])
        terms = np.column_stack([here.ravel(), turned.ravel()])
        best, *_ = np.linalg.lstsq(terms, there.ravel(), rcond=None)
        return float(np.sqrt(np.mean((terms @ best - there.ravel()) ** 2)))

    on_photo = truth.page_to_photo(points)
    assert off_mm(flat.page_to_photo.inverse(on_photo)) < 0.6
    assert off_mm(on_photo) > 2.0
