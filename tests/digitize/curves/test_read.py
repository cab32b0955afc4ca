from dataclasses import replace

import numpy as np
import pytest
import torch

from ecgpaper.digitize.curves.looks import read_rows
from ecgpaper.digitize.curves.path import TraceCutter, follow_path
from ecgpaper.digitize.curves.strip import (
    STRIP_HEIGHT_MM,
    STRIP_PX_PER_MM,
    sample_strip,
    strip_tensor,
    sub_columns_px,
)
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.nets.tracer import StripNet
from ecgpaper.nets.unet import UNetConfig
from ecgpaper.page import LAYOUTS, LeadLayout, PageLayout, PaperScale, Segment, Strip
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import PIXEL_CLASSES, FlatPage, GridScale, PixelMaps
from ecgpaper.synth import (
    CameraSpec,
    InkSpec,
    LayoutSpec,
    PageSpec,
    PaperSpec,
    synthesize,
)

SIZE_PX = (round(STRIP_HEIGHT_MM * STRIP_PX_PER_MM), 256)
# Of a page without any print.
NO_MAPS = PixelMaps(np.zeros((8, 8, len(PIXEL_CLASSES)), np.float32))


def photo_with_dot(at, shape=(500, 600)):
    """A white photo with a soft dark dot."""
    y, x = np.mgrid[: shape[0], : shape[1]]
    dark = 255 * np.exp(-0.5 * ((x - at[0]) ** 2 + (y - at[1]) ** 2) / 1.5**2)
    return np.repeat(np.rint(255 - dark).astype(np.uint8)[..., None], 3, axis=2)


def centroid(image):
    dark = 255.0 - image[..., 0]
    rows, columns = np.indices(dark.shape)
    return (dark * columns).sum() / dark.sum(), (dark * rows).sum() / dark.sum()


@pytest.mark.parametrize(
    ("px_per_mm", "origin_px"), [((8.0, 8.0), (-0.5, -0.5)), ((7.0, 9.0), (12.0, 3.5))]
)
@pytest.mark.parametrize("turn_deg", [0.0, 4.0])
def test_strip_shows_a_dot_of_the_photo_at_its_place(px_per_mm, origin_px, turn_deg):
    dot = (211.0, 187.0)
    photo = photo_with_dot(dot)
    angle = np.deg2rad(turn_deg)
    cos, sin = np.cos(angle), np.sin(angle)
    matrix = np.array([[cos, -sin, 20.0 * (turn_deg > 0)], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    warp = Homography(matrix)
    scale = GridScale(px_per_mm, origin_px)
    dot_mm = scale.mm_from_px(warp.inverse(np.array([dot])))[0]
    corner_mm = (float(dot_mm[0]) - 9.3, float(dot_mm[1]) - 17.1)
    strip = sample_strip(photo, FlatPage(photo, warp), scale, corner_mm, SIZE_PX)
    assert strip.shape == (*SIZE_PX, 3)
    # A pixel's centre is half a pixel right of its edge, where the millimeters are counted from.
    expected = (9.3 * STRIP_PX_PER_MM - 0.5, 17.1 * STRIP_PX_PER_MM - 0.5)
    assert centroid(strip) == pytest.approx(expected, abs=0.1)


def test_strip_continues_the_edge_of_the_photo():
    photo = np.full((100, 100, 3), 200, np.uint8)
    page = FlatPage(photo, Homography.identity())
    strip = sample_strip(photo, page, GridScale((8.0, 8.0)), (-30.0, -30.0), SIZE_PX)
    assert (strip == 200).all()


@pytest.mark.parametrize("width_px", [32, 256])
def test_heights_are_read_at_even_steps_across_the_strip(width_px):
    columns = sub_columns_px(width_px)
    assert np.allclose(np.diff(columns), 0.4)
    assert len(columns) == width_px / 0.4
    # As much paper lies left of the first as right of the last.
    assert columns[0] + columns[-1] == pytest.approx(width_px - 1)


def test_network_sees_darkness_and_the_height_of_each_row():
    strip = np.full((384, 64, 3), 255, np.uint8)
    strip[100:104] = (255, 255, 0)
    tensor = strip_tensor(strip)
    assert tensor.shape == (4, 384, 64)
    assert tensor[0].max() < 0.01
    assert tensor[2, 101].min() > 0.9
    assert (tensor[3, 0], tensor[3, -1]) == pytest.approx((-1, 1))
    assert (np.diff(tensor[3], axis=0) > 0).all()


def lay_out():
    paper = PaperScale()
    strips = tuple(
        Strip(segment, 20.0 + paper.mm_from_s(segment.start_s), 20.0 + 30.0 * segment.row)
        for segment in LAYOUTS["3x4+1R"].segments
    )
    return PageLayout("3x4+1R", (290.0, 130.0), paper, strips)


def test_rows_are_cut_where_their_strips_stand(reading):
    layout, scale = lay_out(), GridScale((6.0, 5.0), (3.0, -2.0))
    x_mm = np.arange(4.0, 286.0, 0.05)
    readings = tuple(
        reading(x_mm, np.full_like(x_mm, 11.0 * row), x_mm / 300, 11.0 * row - 20)
        for row in range(4)
    )
    traces = TraceCutter(scale).cut(layout, readings)
    assert [trace.strip for trace in traces] == [s for row in layout.rows() for s in row]
    for trace in traces:
        points_mm = scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px]))
        assert points_mm[0, 0] == pytest.approx(trace.strip.left_mm, abs=0.06)
        assert points_mm[-1, 0] == pytest.approx(trace.strip.right_mm(layout.scale), abs=0.06)
        assert points_mm[0, 0] >= trace.strip.left_mm
        assert points_mm[-1, 0] <= trace.strip.right_mm(layout.scale)
        assert np.allclose(points_mm[:, 1], 11.0 * trace.strip.segment.row, atol=1e-3)
        assert np.allclose(trace.confidence, points_mm[:, 0] / 300, rtol=1e-3)


@pytest.mark.parametrize("share", [0.998, 1.002])
def test_a_row_at_another_scale_lies_on_the_same_paper(reading, share):
    x_mm = np.arange(10.0, 40.0, 0.05)
    row = reading(x_mm, 30.0 + np.sin(x_mm), np.ones_like(x_mm), 6.0)
    row = replace(row, pulses_mm=((12.0, 17.0),))
    cut = {}
    for each, px_per_mm in ((row, 10.0), (row.shrunk(share), 10.0 * share)):
        strip = Strip(Segment("I", 0, 0.0, 1.0), 15.0 * 10 / px_per_mm, 30.0)
        layout = PageLayout("1x1", (50.0, 60.0), PaperScale(), (strip,))
        scale = GridScale((px_per_mm, px_per_mm))
        (cut[px_per_mm],) = TraceCutter(scale).cut(layout, (each,))
    before, after = cut.values()
    np.testing.assert_allclose(after.x_px[0], before.x_px[0], atol=0.6)
    alike = np.interp(before.x_px, after.x_px, after.y_px)[1:-1]
    np.testing.assert_allclose(alike, before.y_px[1:-1], atol=0.05)
    assert row.shrunk(share).pulses_mm[0][1] == pytest.approx(17.0 / share)


def test_each_row_is_read_in_millimeters_of_the_page(print_page):
    page = print_page(0, dpi=120.0)
    truth = page.truth
    network = StripNet(UNetConfig(n_inputs=4, widths=(16, 16), n_outputs=5)).eval()
    flat = FlatPage(page.image, truth.page_to_photo)
    readings = read_rows(page.image, flat, NO_MAPS, truth.scale, truth.layout, network)
    rows = list(truth.layout.rows())
    assert len(readings) == len(rows)
    for found, strips in zip(readings, rows, strict=True):
        assert np.allclose(np.diff(found.x_mm), 0.05)
        assert found.x_mm[0] < strips[0].left_mm - 10
        assert found.x_mm[-1] > strips[-1].right_mm(truth.layout.scale) + 10
        middle_mm = found.top_mm + found.log_probability.shape[1] / 2 / STRIP_PX_PER_MM
        assert middle_mm == pytest.approx(strips[0].baseline_mm)
        assert np.allclose(np.exp(found.log_probability).sum(axis=1), 1, atol=1e-4)
        assert found.ink.shape == found.log_probability.shape
        assert found.presence.min() >= 0


class Darkest(torch.nn.Module):
    """Takes the darkest row of each column for the curve."""

    def __init__(self):
        super().__init__()
        self.body = torch.nn.Linear(1, 1)
        self.body.multiple = 16

    def forward(self, strip):
        columns = np.clip(np.rint(sub_columns_px(strip.shape[3])), 0, strip.shape[3] - 1)
        dark = strip[:, :3].amin(dim=1)[:, :, torch.from_numpy(columns.astype(int))]
        return 60 * dark.transpose(1, 2), 20 * (dark.amax(dim=1) - 0.3)


@pytest.mark.parametrize("height_mv", [1.0, 2.9, -2.9, 4.2, -4.2])
def test_tall_waves_are_read_to_their_tips(height_mv):
    """A strip reaches 2.4 mV up and down; what goes further is looked at again, and once more."""
    time_s = np.arange(5000) / 500
    wave = height_mv * np.exp(-(((time_s - 5) / 0.04) ** 2))
    ecg = Ecg(np.repeat(wave[:, None], 12, axis=1), 500.0, STANDARD_ORDER)
    leads = LeadLayout("1x1", (("II",),))
    spec = PageSpec(
        LayoutSpec(leads, size_mm=(290.0, 130.0), left_mm=20.0, baselines_mm=(60.0,)),
        InkSpec(pen_mm=0.3, name_offset_mm=None),
        PaperSpec(small_contrast=0.0, large_contrast=0.0),
        CameraSpec(dpi=150.0),
    )
    page = synthesize(ecg, spec)
    truth = page.truth
    flat = FlatPage(page.image, truth.page_to_photo)
    readings = read_rows(page.image, flat, NO_MAPS, truth.scale, truth.layout, Darkest())
    (trace,) = TraceCutter(truth.scale).cut(truth.layout, readings)
    y_mm = truth.scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px]))[:, 1]
    tip_mm = (np.nanmin if height_mv > 0 else np.nanmax)(y_mm)
    assert tip_mm == pytest.approx(60 - 10 * height_mv, abs=0.5)


def test_a_name_beside_the_trace_does_not_lure_the_path_over_blank_paper():
    rows, columns = np.arange(200), np.arange(300)
    truth = 100 + 20 * np.sin(columns / 30)
    sure = -0.5 * ((rows - truth[:, None]) / 2) ** 2
    near_name = (columns > 140) & (columns < 148)
    sure[near_name] = -0.5 * ((rows - 170) / 2) ** 2
    ink = (np.abs(rows - truth[:, None]) < 3).astype(np.float32)
    ink[near_name, 150:190] = 1
    path = follow_path(sure.astype(np.float32)[:, None], ink[:, None])[:, 0]
    assert np.abs(path - truth)[~near_name].max() < 4
    assert np.abs(path - truth)[near_name].max() < 12


def test_a_stroke_of_ink_may_be_as_steep_as_it_likes():
    rows, columns = np.arange(300), np.arange(200)
    truth = np.where((columns > 95) & (columns < 105), 20.0, 250.0)
    sure = (-0.5 * ((rows - truth[:, None]) / 2) ** 2).astype(np.float32)
    ink = np.zeros(sure.shape, np.float32)
    ink[94:106] = 1
    path = follow_path(sure[:, None], ink[:, None])[:, 0]
    assert np.abs(path - truth).max() < 4


def test_strips_side_by_side_are_followed_like_each_alone():
    rng = np.random.default_rng(0)
    log_probability = np.log(rng.dirichlet(np.ones(40), (90, 3))).astype(np.float32)
    ink = rng.random(log_probability.shape).astype(np.float32)
    together = follow_path(log_probability, ink)
    for strip in range(3):
        alone = follow_path(log_probability[:, [strip]], ink[:, [strip]])
        assert (together[:, strip] == alone[:, 0]).all()


class TwoRows(torch.nn.Module):
    """Takes rows 150 and 200 of a strip for equally likely."""

    def __init__(self):
        super().__init__()
        self.body = torch.nn.Linear(1, 1)
        self.body.multiple = 16

    def forward(self, strip):
        n_points = len(sub_columns_px(strip.shape[3]))
        logits = torch.full((1, n_points, strip.shape[2]), -20.0)
        logits[:, :, [150, 200]] = 0.0
        return logits, torch.ones(1, n_points)


@pytest.mark.parametrize("written", [150, 200])
def test_curve_keeps_away_from_writing(written):
    layout, scale = lay_out(), GridScale((6.0, 5.0), (3.0, -2.0))
    height, width = 1200, 1800
    photo = np.full((height, width, 3), 255, np.uint8)
    top_mm = list(layout.rows())[1][0].baseline_mm - 24.0
    rows_mm = top_mm + (np.array([written - 8, written + 8]) + 0.5) / STRIP_PX_PER_MM
    first, last = (rows_mm * 5.0 - 2.0) / 2
    probabilities = np.zeros((height // 2, width // 2, len(PIXEL_CLASSES)), np.float32)
    probabilities[round(first) : round(last) + 1, ..., PIXEL_CLASSES.index("text")] = 1.0
    flat, maps = FlatPage(photo, Homography.identity()), PixelMaps(probabilities, 2.0)
    readings = read_rows(photo, flat, maps, scale, layout, TwoRows())
    for trace in TraceCutter(scale).cut(layout, readings):
        if trace.strip.segment.row == 1:
            y_mm = scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px]))[:, 1]
            row = (y_mm - top_mm) * STRIP_PX_PER_MM - 0.5
            assert row == pytest.approx(np.full(len(row), 350.0 - written), abs=0.1)


def test_beyond_the_photo_nothing_is_trusted(print_page):
    """The trace goes on where the edge is continued; rows that are cut off keep their length."""
    page = print_page(0, dpi=120.0)
    truth = page.truth
    width_px = page.image.shape[1] * 3 // 4
    photo = np.ascontiguousarray(page.image[:, :width_px])
    flat = FlatPage(photo, truth.page_to_photo)
    readings = read_rows(photo, flat, NO_MAPS, truth.scale, truth.layout, Darkest())
    traces = TraceCutter(truth.scale).cut(truth.layout, readings)
    photo_x_px = [truth.page_to_photo(np.column_stack([t.x_px, t.y_px]))[:, 0] for t in traces]
    x_px, confidence = np.concatenate(photo_x_px), np.concatenate([t.confidence for t in traces])
    assert (x_px > width_px + 5).sum() > 1000
    assert not confidence[x_px > width_px + 1].any()
    assert np.median(confidence[x_px < width_px - 1]) > 0.5
    assert all(reading.presence.min() > 0 for reading in readings)
