from types import SimpleNamespace

import numpy as np
import pytest

from ecgpaper.digitize import scale as module
from ecgpaper.digitize.grid.comb import believable
from ecgpaper.digitize.scale import find_scale, fits_rows
from ecgpaper.errors import GridError
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
