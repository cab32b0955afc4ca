from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.synth import PRESETS, resized, sample_spec, synthesize
from ecgpaper.synth.spec.page import spec_as_json, spec_from_json
from ecgpaper.synth.spec.scene import SceneSpec
from ecgpaper.synth.spec.sheet import Fold, ReliefSpec, Stain, WearSpec

SCENE = SceneSpec(
    photo_px=(450, 600),
    corners=((0.08, 0.1), (0.9, 0.05), (0.95, 0.9), (0.04, 0.97)),
)
BENT = ReliefSpec(
    folds=(Fold((60.0, 40.0), 70.0, 0.2),),
    n_creases=10,
    curl_mm=4.0,
    displacement_mm=3.0,
    lens=0.01,
    shading=0.15,
)


def with_paper(spec, **parts):
    return replace(spec, paper=replace(spec.paper, **parts))


def with_camera(spec, **parts):
    return replace(spec, camera=replace(spec.camera, **parts))


QUICK = ("scan-bw", "photo-deteriorated")
SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in PRESETS if name not in QUICK]


@pytest.mark.parametrize("preset", [*QUICK, *SLOW])
def test_true_points_lie_on_ink_in_every_preset(ecg, share_on_ink, preset):
    for seed in range(4):
        spec = sample_spec(preset, rng=np.random.default_rng([9, seed]))
        # Of a threshold a coarse picture keeps too little; a monitor's pixels are coarser than the
        # photo's.
        px_per_mm = {"scan-bw": 6.0, "screen": 3.0}.get(preset, 4.0)
        assert share_on_ink(ecg, resized(spec, px_per_mm * 25.4 / spec.camera.dpi)) > 0.99, seed


@pytest.mark.parametrize("scene", [None, SCENE])
def test_resized_page_is_the_same_page(ecg, spec, scene):
    spec = with_camera(spec, scene=scene)
    small, large = (synthesize(ecg, resized(spec, factor)) for factor in (0.5, 1.0))
    assert small.image.shape[:2] == tuple(size // 2 for size in large.image.shape[:2])
    points_mm = np.array([[20.0, 15.0], [100.0, 70.0]])
    places = [
        (page.truth.page_to_photo(page.truth.scale.px_from_mm(points_mm)) + 0.5) * factor
        for page, factor in ((small, 2), (large, 1))
    ]
    assert np.allclose(*places, atol=0.02)


def test_true_points_follow_perspective_and_relief(ecg, share_on_ink, spec):
    assert share_on_ink(ecg, with_camera(spec, scene=SCENE)) > 0.99
    bent = with_paper(with_camera(spec, scene=SCENE), relief=BENT)
    assert share_on_ink(ecg, bent) > 0.99


def test_corners_of_the_sheet_stand_where_the_scene_says(ecg, spec):
    warp = synthesize(ecg, with_camera(spec, scene=SCENE)).truth.page_to_photo
    corners = warp(np.array([[-0.5, -0.5], [479.5, -0.5], [479.5, 319.5], [-0.5, 319.5]]))
    assert np.allclose((corners + 0.5) / [600, 450], SCENE.corners, atol=1e-4)


def test_relief_moves_no_point_further_than_it_says(ecg, spec):
    x, y = np.meshgrid(np.arange(0, 480, 7.0), np.arange(0, 320, 7.0))
    points = np.column_stack([x.ravel(), y.ravel()])
    relief = replace(BENT, lens=0.0)
    moved_px = synthesize(ecg, with_paper(spec, relief=relief)).truth.page_to_photo(points) - points
    assert 4.0 < np.abs(moved_px).max() <= 3.0 * 4 * 1.01


def test_warp_of_a_bent_page_is_undone_by_its_inverse(ecg, spec):
    warp = synthesize(ecg, with_paper(with_camera(spec, scene=SCENE), relief=BENT)).truth
    points = np.random.default_rng(0).uniform([0, 0], [479, 319], size=(200, 2))
    back = warp.page_to_photo.inverse(warp.page_to_photo(points))
    assert np.abs(back - points).max() < 0.02


def test_handled_spec_survives_json(spec):
    wear = WearSpec(stains=(Stain((50.0, 40.0), 20.0, (150.0, 110.0, 70.0), 0.3, 0.5),))
    full = with_paper(with_camera(spec, scene=SCENE), relief=BENT, wear=wear)
    assert spec_from_json(spec_as_json(full)) == full


def test_torn_off_paper_shows_the_table(ecg, spec):
    torn = WearSpec(missing=(((90.0, -1.0), (121.0, -1.0), (121.0, 20.0)),))
    backing = (10.0, 200.0, 30.0)
    image = synthesize(ecg, with_camera(with_paper(spec, wear=torn), backing=backing)).image
    assert np.array_equal(image[10, 470], backing)
    assert (image[60, 400] > 30).all()


def test_stains_darken_and_fading_lightens(ecg, spec):
    new = synthesize(ecg, spec).image.astype(float)
    stain = Stain((60.0, 40.0), 25.0, (150.0, 110.0, 70.0), 0.8, 0.5)
    stained = synthesize(ecg, with_paper(spec, wear=WearSpec(stains=(stain,)))).image
    assert (stained[150:170, 230:250].mean() < new[150:170, 230:250].mean() - 20).all()
    assert np.array_equal(stained[:10, :10], new[:10, :10])
    faded = synthesize(ecg, with_paper(spec, wear=WearSpec(fading=(0.4, 0.6)))).image
    left = (255 - faded.astype(float)).sum() / (255 - new).sum()
    assert 0.4 < left < 0.6


def test_stains_reach_the_edge_of_sheets_of_any_height(ecg, spec):
    stain = Stain((60.0, 90.0), 25.0, (150.0, 110.0, 70.0), 0.8, 0.5)
    for height_mm in (95.75, 96.0, 96.25):
        tall = replace(spec, layout=replace(spec.layout, size_mm=(120.0, height_mm)))
        new, stained = (
            synthesize(ecg, with_paper(tall, wear=wear)).image.astype(float)
            for wear in (WearSpec(), WearSpec(stains=(stain,)))
        )
        assert (new - stained)[-1, 200:280].mean() > 20


def test_textures_of_one_kind_do_not_move_the_others(ecg, spec):
    """Adding dirt leaves the folds where they are."""
    bent = with_paper(spec, relief=BENT)
    dirty = with_paper(bent, wear=WearSpec(specks_per_cm2=1.0))
    points = np.array([[100.0, 100.0], [300.0, 200.0]])
    warps = [synthesize(ecg, each).truth.page_to_photo for each in (bent, dirty)]
    assert np.array_equal(warps[0](points), warps[1](points))
