import numpy as np
import pytest

from ecgpaper.digitize.grid import follow, grow
from ecgpaper.digitize.grid.axes import SMALL, middle_slopes
from ecgpaper.digitize.grid.comb import comb_scale
from ecgpaper.digitize.grid.lines import RULER_LONG_SIDE_PX, grid_lines
from ecgpaper.digitize.grid.surface import LocalPlanes, extended
from ecgpaper.digitize.page.flatten import FLAT_PX_PER_MM
from ecgpaper.digitize.page.rectify import rectify
from ecgpaper.errors import GridError
from ecgpaper.page.raster import PIXEL_CLASSES, PixelMaps

HEIGHT, WIDTH = 1100, 1440
PX_PER_MM = 5.0


def position_on(photo_points, tilt, fold):
    """Where points of the photo lie on the paper, in mm: seen aslant, and folded once."""
    u, v = (photo_points - np.array([WIDTH, HEIGHT]) / 2).T / PX_PER_MM
    away = 1 + tilt * v / 100
    x_mm, y_mm = u / away, v / away
    beyond = np.maximum(0.8 * x_mm + 0.6 * y_mm - 30, 0)
    return np.column_stack([x_mm + fold * beyond, y_mm - fold * beyond])


def photograph_grid(tilt=0.0, fold=0.0, darkness=((1, 0.1), (5, 0.3))):
    """Picture of a grid; each kind of line has its spacing in mm and its darkness."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    at = position_on(np.column_stack([x.ravel(), y.ravel()]), tilt, fold)
    dark = np.zeros(HEIGHT * WIDTH)
    for position in at.T:
        for spacing_mm, depth in darkness:
            from_line = np.abs((position + spacing_mm / 2) % spacing_mm - spacing_mm / 2)
            dark += depth * np.clip(1.4 - from_line * PX_PER_MM, 0, 1)
    paper = 240 * (1 - np.clip(dark, 0, 0.8)).reshape(HEIGHT, WIDTH)
    return np.repeat(paper[..., None], 3, axis=2).astype(np.uint8)


def blank_maps():
    """Maps that call everything grid."""
    probabilities = np.zeros((HEIGHT // 4, WIDTH // 4, len(PIXEL_CLASSES)), np.float32)
    probabilities[..., PIXEL_CLASSES.index("grid")] = 1
    return PixelMaps(probabilities, 4.0)


HEAVIER_EVERY_5_MM, ALL_ALIKE = ((1, 0.1), (5, 0.3)), ((1, 0.3),)
# Fine lines printed in dots beat with these: what is heavy comes every 4.93 mm.
BEATING = ((1, 0.2), (4.93, 0.3))
OTHER_GRIDS = [(0.1, -0.08, ALL_ALIKE), (0.0, 0.0, ALL_ALIKE), (0.0, 0.0, BEATING)]


@pytest.mark.parametrize(
    ("tilt", "fold", "darkness"),
    [
        (0.1, -0.08, HEAVIER_EVERY_5_MM),
        *(pytest.param(*grid, marks=pytest.mark.slow) for grid in OTHER_GRIDS),
    ],
)
def test_a_flat_page_has_its_grid_where_the_paper_has_it(tilt, fold, darkness):
    page, _ = rectify(photograph_grid(tilt, fold, darkness), blank_maps())
    height, width = page.image.shape[:2]
    points = np.random.default_rng(0).uniform((80, 80), (width - 80, height - 80), (2000, 2))
    on_photo = page.page_to_photo(points)
    shown = ((on_photo > 20) & (on_photo < np.array([WIDTH, HEIGHT]) - 20)).all(axis=1)
    on_paper = position_on(on_photo[shown], tilt, fold)
    off_mm = on_paper - points[shown] / FLAT_PX_PER_MM
    off_mm -= np.median(off_mm, axis=0)
    # Close to the fold the map is rounded off.
    near_fold = np.abs(0.8 * on_paper[:, 0] + 0.6 * on_paper[:, 1] - 30) < 8
    assert np.abs(off_mm[~near_fold]).max() < 0.06
    assert np.abs(off_mm).max() < 0.3


@pytest.mark.parametrize(("wave", "is_grid"), [(0.0, False), (0.01, False), (0.2, True)])
def test_waves_no_stronger_than_noise_are_no_grid(wave, is_grid):
    """A page without a grid is measured by its rows instead."""
    noise = np.random.default_rng(0).normal(size=(640, 960))
    x_mm = (np.arange(960) - 479.5) / PX_PER_MM
    lines = (noise + wave * np.cos(2 * np.pi * x_mm / 5)).astype(np.float32)
    coarse = lines.reshape(320, 2, 480, 2).mean(axis=(1, 3))
    waves = grow.middle_waves(coarse, (40, 60), np.array([1 / PX_PER_MM, 0.0]), 1)
    if is_grid:
        grow._start(waves, 1)
    else:
        with pytest.raises(GridError, match="no stronger than noise"):
            grow._start(waves, 1)


def test_dark_strokes_every_5_mm_do_not_bend_a_grid_whose_lines_lie_elsewhere():
    page = photograph_grid(darkness=ALL_ALIKE).astype(float)
    v_mm, u_mm = (np.mgrid[0:HEIGHT, 0:WIDTH] - np.array([HEIGHT, WIDTH])[:, None, None] / 2) / (
        PX_PER_MM
    )
    off_mm = np.abs((v_mm - 0.5 + 2.5) % 5 - 2.5)
    strokes = np.clip(1.4 - off_mm * PX_PER_MM, 0, 1) * (np.hypot(u_mm, v_mm) < 40)
    page = (page * (1 - 0.2 * strokes[..., None])).astype(np.uint8)
    found = follow.follow_grid(grid_lines(page, blank_maps()))
    block_mm = grow.BLOCK_PX * WIDTH / RULER_LONG_SIDE_PX / PX_PER_MM
    truth_mm = np.arange(len(found.y_mm))[:, None] * block_mm
    left_mm = (found.y_mm - truth_mm)[8:-8, 8:-8]
    assert np.abs(left_mm - np.median(left_mm)).max() < 0.06


def test_lines_every_millimeter_are_not_taken_for_lines_every_two():
    faint = ((1, 0.5), (5, 0.03))
    lines = photograph_grid(darkness=faint)[100:-100, 100:-100, 0].astype(np.float32)
    lines += np.random.default_rng(0).normal(0, 80, lines.shape).astype(np.float32)
    px_per_mm, _ = comb_scale(lines.mean() - lines, 0.8 * WIDTH)
    assert px_per_mm == pytest.approx(PX_PER_MM, rel=0.01)


@pytest.mark.parametrize(("turn_rad", "spacing_mm"), [(0.4, 1.3), (-0.08, 1.1)])
def test_stripes_that_are_sharper_than_the_grid_are_not_taken_for_it(turn_rad, spacing_mm):
    """A monitor's pixels and a camera's make stripes, stronger than what the monitor shows."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH].astype(float)
    along_mm = (x * np.cos(turn_rad) + y * np.sin(turn_rad)) / PX_PER_MM
    stripes = 150 * np.sin(2 * np.pi * along_mm / spacing_mm)
    lines = photograph_grid()[..., 0].mean() - photograph_grid()[..., 0] + stripes
    for slopes, true in zip(middle_slopes(lines.astype(np.float32)), np.eye(2), strict=True):
        for harmonic in (1, SMALL):
            assert slopes[harmonic] * PX_PER_MM == pytest.approx(true, abs=0.02)


def test_local_planes_keep_a_plane_also_at_its_edge():
    v, u = np.mgrid[0:40, 0:60].astype(float)
    plane = 0.3 * u - 0.2 * v + 5
    weight = (u > 20).astype(float)
    planes = LocalPlanes(weight, 3.0)
    height = planes.through(plane)
    assert np.abs(height - plane)[u > 20].max() < 0.1
    assert np.abs(planes.smoothed(plane) - plane)[u > 20].max() < 1e-6


def test_what_is_unknown_is_continued_from_what_is_known():
    v, u = np.mgrid[0:40, 0:60].astype(float)
    plane = 0.3 * u - 0.2 * v + 5
    known = (np.hypot(u - 30, v - 20) < 15) & ~((u > 28) & (u < 33))
    found = extended(np.where(known, plane, 1e3), known, (2.0, 6.0))
    assert np.abs(found - plane).max() < 1e-6
    bent = plane + 0.02 * (v - 20) ** 2
    gap = (u > 28) & (u < 33) & (np.abs(v - 20) < 8)
    found = extended(np.where(known, bent, 1e3), known, (2.0, 6.0))
    assert np.abs(found - bent)[gap].max() < 0.2


@pytest.mark.parametrize(("clearer", "is_taken"), [(1.0, False), (1.02, False), (1.04, True)])
def test_a_map_by_fine_lines_must_be_clearly_better(clearer, is_taken):
    """Near the edges, where fine lines are lost, heavy ones go further."""
    nothing = np.zeros((2, 2)), np.ones((2, 2), bool)
    grown = grow.Grown(*nothing, 1.0)
    heavy = follow._Bent(grown, 1, *nothing, fine_strength=0.3, near_strength=0.4)
    fine = follow._Bent(grown, SMALL, *nothing, fine_strength=0.3 * clearer, near_strength=0.4)
    assert (fine.rank > heavy.rank) == is_taken


@pytest.mark.parametrize(
    ("heavy_every_mm", "n_maps"), [(5.0, 1), pytest.param(4.93, 2, marks=pytest.mark.slow)]
)
def test_a_map_by_fine_lines_is_grown_only_where_it_can_be_better(
    heavy_every_mm, n_maps, monkeypatch
):
    grown_by = []

    def grown_out(*given, harmonic):
        grown_by.append(harmonic)
        return grow.grown_out(*given, harmonic=harmonic)

    monkeypatch.setattr(follow, "grown_out", grown_out)
    image = photograph_grid(darkness=((1, 0.2), (heavy_every_mm, 0.3)))
    follow.follow_grid(grid_lines(image, blank_maps()))
    assert sorted(grown_by) == sorted([1, SMALL][:n_maps] * 2)


@pytest.mark.parametrize("has_fine", [True, False])
def test_fine_lines_are_followed_where_heavy_ones_cannot_be(has_fine):
    """Heavy lines that stand elsewhere in every third centimeter meet no wave."""
    rng = np.random.default_rng(0)
    x_mm = (np.arange(960) - 479.5) / PX_PER_MM
    split_mm = x_mm + 2.5 * (np.floor(x_mm / 10) % 3 == 0)
    heavy = np.tile(np.cos(2 * np.pi * split_mm / 5), (640, 1))
    fine = 0.3 * rng.normal(size=(640, 960)) + np.cos(2 * np.pi * x_mm) * has_fine
    lines = {1: heavy.astype(np.float32), SMALL: fine.astype(np.float32)}
    coarse = lines[1].reshape(320, 2, 480, 2).mean(axis=(1, 3))
    slopes = dict.fromkeys((1, SMALL), np.array([1 / PX_PER_MM, 0.0]))
    if not has_fine:
        with pytest.raises(GridError, match="its lines agree"):
            follow._follow(lines, coarse, slopes)
        return
    found_mm, seen = follow._follow(lines, coarse, slopes)
    truth_mm = (np.arange(found_mm.shape[1]) * grow.BLOCK_PX + 3.5 - 479.5) / PX_PER_MM
    off_mm = (found_mm - truth_mm)[seen]
    assert seen.mean() > 0.5
    assert np.abs(off_mm - np.median(off_mm)).max() < 0.05
