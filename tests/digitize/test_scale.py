from types import SimpleNamespace

import numpy as np
import pytest

from ecgpaper.digitize import scale as module
from ecgpaper.digitize.grid.comb import believable
from ecgpaper.digitize.scale import find_scale, fits_rows
from ecgpaper.errors import GridError
from ecgpaper.page import LAYOUTS, PageLayout, PaperScale, strips_of
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import FlatPage, GridScale
from ecgpaper.synth import sample_spec, synthesize


@pytest.fixture(scope="module")
def maps_and_scale(healthy_ecg, true_maps):
    page = synthesize(healthy_ecg, sample_spec("clean", rng=np.random.default_rng(1)))
    return true_maps(page), page.truth.scale.px_per_mm


@pytest.mark.parametrize(
    ("x", "y", "fits"),
    [(1.0, 1.0, True), (1.01, 1.005, True), (1.02, 1.0, False), (1.0, 0.98, False)],
)
def test_scale_is_alike_in_x_and_y(maps_and_scale, x, y, fits):
    maps, (x_px_per_mm, y_px_per_mm) = maps_and_scale
    assert fits_rows(maps, GridScale((x * x_px_per_mm, y * y_px_per_mm))) == fits


@pytest.mark.parametrize("factor", [0.75, 0.8, 1.25, 1 / 0.6])
def test_lines_at_other_distances_make_rows_that_nobody_prints(maps_and_scale, factor):
    maps, px_per_mm = maps_and_scale
    assert not fits_rows(maps, GridScale(tuple(factor * scale for scale in px_per_mm)))


def test_a_page_of_an_absurd_size_is_refused_in_plain_words():
    page = FlatPage(np.zeros((300, 400, 3), np.uint8), Homography.identity())
    assert believable(GridScale((0.5, 0.5)), page, "words").px_per_mm == (0.5, 0.5)
    for scale in (GridScale((0.39, 0.5)), GridScale((0.5, 0.29))):
        with pytest.raises(GridError, match=r"^words$"):
            believable(scale, page, "words")


def test_a_grid_that_fits_no_rows_is_believed_no_more_than_rows_alone(monkeypatch):
    """Where the rows tell no scale either it is kept, with the doubt that it deserves."""
    flat = FlatPage(np.zeros((900, 1200, 3), np.uint8), Homography.identity())
    page = SimpleNamespace(photo=flat.image, flat=flat, maps=None)
    grid = GridScale((5.0, 5.0), confidence=0.9)
    monkeypatch.setattr(module, "find_grid_scale", lambda *_: grid)

    def no_rows(*_):
        raise GridError("no rows")

    monkeypatch.setattr(module, "scale_without_grid", no_rows)
    monkeypatch.setattr(module, "fits_rows", lambda *_: True)
    assert find_scale(page, None).confidence == 0.9
    monkeypatch.setattr(module, "fits_rows", lambda *_: False)
    assert find_scale(page, None).px_per_mm == (5.0, 5.0)
    assert find_scale(page, None).confidence <= 0.3


def layout_of_rows(left_mm):
    leads, paper = LAYOUTS["3x4+1R"], PaperScale()
    strips = strips_of(leads, paper, left_mm, [40.0] * leads.n_rows)
    return PageLayout("3x4+1R", (290.0, 200.0), paper, strips)


def traces_seen(reading, *stretches_mm):
    """Four rows, in each of which a trace is seen along stretches (from, to)."""
    x_mm = np.arange(0.0, 300.0, 0.05)
    rows = []
    for stretches in stretches_mm:
        seen = np.zeros(len(x_mm))
        for first_mm, stop_mm in stretches:
            seen[(x_mm > first_mm) & (x_mm < stop_mm)] = 1.0
        rows.append(reading(x_mm, np.full_like(x_mm, 40.0), seen, 16.0))
    return tuple(rows)


@pytest.mark.parametrize(("start_mm", "stop_mm"), [(35.0, 260.0), (10.0, 235.0), (30.0, 240.0)])
def test_rows_stand_where_traces_are_seen_and_not_where_ink_is(reading, start_mm, stop_mm):
    rows = traces_seen(reading, *[[(start_mm, stop_mm)]] * 4)
    placed = module._where_seen(layout_of_rows(10.0), rows)
    assert placed.left_mm == pytest.approx(start_mm, abs=1.0)
    assert placed.right_mm == pytest.approx(stop_mm, abs=1.0)


@pytest.mark.parametrize(
    "stretches",
    [
        # As the ink has it, but for some millimeters.
        [[(14.0, 256.0)]] * 4,
        # Rows that start one behind the other, as seen aslant, and a tape across them all.
        [[(10.0 + late, 150.0), (165.0, 260.0 + late)] for late in (0.0, 2.0, 4.0, 6.0)],
        # A label covers the ends of three rows.
        [[(10.0, 235.0)]] * 3 + [[(10.0, 260.0)]],
        # Nothing.
        [[]] * 4,
    ],
)
def test_rows_stay_where_ink_is_if_traces_do_not_clearly_say_otherwise(reading, stretches):
    layout = layout_of_rows(10.0)
    assert module._where_seen(layout, traces_seen(reading, *stretches)) == layout


@pytest.mark.parametrize("row_mm", [187.5, 125.0])
def test_rows_of_an_upright_sheet_are_as_long_as_traces_and_not_as_ink(
    reading, monkeypatch, row_mm
):
    """Beside them mold reaches as far as rows of 250 mm would on a sheet that lies."""
    flat = FlatPage(np.zeros((round(297 * 8.0), 210 * 8, 3), np.uint8), Homography.identity())
    monkeypatch.setattr(module, "row_width_mm", lambda _, scale: 1640 / scale.px_per_mm[0])
    monkeypatch.setattr(module, "find_layout", lambda *_: layout_of_rows(10.0))
    monkeypatch.setattr(module, "find_pulse", lambda *_: None)

    def rows_at(_photo, _page, _maps, scale, *_):
        # The ink begins 10 mm from the left, at whatever scale; the traces end with it.
        stop_mm = 260.0
        start_mm = stop_mm - row_mm * 8.0 / scale.px_per_mm[0]
        return traces_seen(reading, *[[(start_mm, stop_mm)]] * 4)

    def reader(*page):
        return SimpleNamespace(look=lambda: rows_at(*page))

    monkeypatch.setattr(module, "RowReader", reader)
    found = module.scale_without_grid(flat.image, flat, None, None)
    assert found.px_per_mm == pytest.approx((8.0, 8.0), rel=0.01)
