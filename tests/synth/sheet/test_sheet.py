from dataclasses import replace

import cv2
import numpy as np
import pytest

from ecgpaper.page.raster import GridScale
from ecgpaper.synth import sample_spec, synthesize
from ecgpaper.synth.capture.crumple import crumple
from ecgpaper.synth.capture.relief import height_field
from ecgpaper.synth.plan import plan_page
from ecgpaper.synth.sample.sheet.relief import sample_any_relief
from ecgpaper.synth.sample.sheet.wear import sample_any_wear
from ecgpaper.synth.sheet.creases import rubbed_off
from ecgpaper.synth.sheet.objects import draw_objects
from ecgpaper.synth.sheet.wear import discolor, fade, present, run_ink, scratch
from ecgpaper.synth.spec.sheet import Fold, PaperObject, ReliefSpec, Stain, WearSpec

SCALE = GridScale((4.0, 4.0), (-0.5, -0.5))
SHAPE = (320, 480)
SIZE_MM = (120.0, 80.0)
# The second goes through both layers of the sheet, the third is anew.
FOLDS = (
    Fold((60.0, 40.0), 70.0, 0.2, sharpness_mm=0.3, worn=0.9),
    Fold((50.0, 45.0), 150.0, 0.2, sharpness_mm=0.3, worn=0.9, through=True),
)
DETERIORATED = ("photo-deteriorated", "scan-color-deteriorated", "scan-bw-deteriorated")


def rng():
    return np.random.default_rng(5)


def with_paper(spec, **parts):
    return replace(spec, paper=replace(spec.paper, **parts))


def white_page():
    return np.full((*SHAPE, 3), 255, dtype=np.uint8)


@pytest.mark.parametrize("kind", ["staple", "label", "barcode", "sticky-note", "masking-tape"])
def test_objects_hide_what_is_under_them(ecg, change_by_traces, spec, kind):
    """And they change nothing farther away than their shadow."""
    item = PaperObject(kind, (60.0, 62.0), (40.0, 16.0), 10.0, (220.0, 220.0, 225.0), "A\nB")
    covered = with_paper(spec, objects=(item,))
    _, coverage = plan_page(ecg, covered).objects
    before, after = (change_by_traces(ecg, each) for each in (spec, covered))
    assert 0.85 * 40 * 16 * 16 < (coverage == 255).sum() < 1.05 * 40 * 16 * 16
    assert after[coverage == 255].max() == 0
    assert before[coverage == 255].max() > 200
    assert np.array_equal(after[coverage == 0], before[coverage == 0])
    rows, columns = np.nonzero(coverage)
    assert abs((rows.min() + rows.max()) / 2 - 62 * 4) < 4
    assert abs((columns.min() + columns.max()) / 2 - 60 * 4) < 4


def test_clear_tape_is_seen_and_seen_through(ecg, change_by_traces, spec):
    tape = PaperObject("tape", (60.0, 62.0), (60.0, 19.0), color=(225.0, 198.0, 125.0))
    taped = with_paper(spec, objects=(tape,))
    before, after = (synthesize(ecg, each).image.astype(int) for each in (spec, taped))
    inside = np.s_[230:270, 150:330]
    assert (before - after)[inside][..., 2].mean() > 15
    trace = change_by_traces(ecg, spec)[inside] > 200
    assert change_by_traces(ecg, taped)[inside][trace].min() > 100


def test_new_objects_do_not_move_older_ones():
    first = PaperObject("tape", (60.0, 30.0), (40.0, 19.0))
    second = PaperObject("barcode", (60.0, 65.0), (30.0, 15.0), text="123")
    alone, both = (
        draw_objects(SHAPE, items, SCALE, rng=rng()) for items in ((first,), (first, second))
    )
    assert np.array_equal(alone[0][:190], both[0][:190])


def test_print_is_rubbed_off_where_the_sheet_is_bent():
    """Also where a fold through two layers goes on in the mirror."""
    gone = rubbed_off(FOLDS, SCALE, SHAPE, rng=rng())
    height_mm = height_field(ReliefSpec(folds=FOLDS), SIZE_MM, rng=rng())
    bend_mm = np.abs(cv2.Laplacian(height_mm, cv2.CV_32F))
    # Nodes are 1 mm, 4 px, apart.
    bend = bend_mm[np.ix_(np.arange(SHAPE[0]) // 4, np.arange(SHAPE[1]) // 4)]
    near = cv2.dilate(bend, np.ones((13, 13)))
    assert (near[gone > 0] > 0.05).mean() > 0.99
    rubbed = cv2.dilate(gone, np.ones((17, 17))) > 0
    assert rubbed[5:-5, 5:-5][bend[5:-5, 5:-5] > 0.1].mean() > 0.98
    assert 0.005 < (gone > 0).mean() < 0.1


def test_worn_folds_lighten_print_near_them_only(ecg, spec):
    folded = with_paper(spec, relief=ReliefSpec(folds=FOLDS))
    new = with_paper(
        spec, relief=ReliefSpec(folds=tuple(replace(fold, worn=0.0) for fold in FOLDS))
    )
    worn, unworn = (synthesize(ecg, each).image.astype(int) for each in (folded, new))
    gone = cv2.dilate(rubbed_off(FOLDS, SCALE, SHAPE, rng=rng()), np.ones((31, 31)))
    lighter = (worn - unworn).max(axis=2)
    assert lighter.max() > 50
    assert (worn - unworn).min() >= -2
    assert np.array_equal(worn[gone == 0], unworn[gone == 0])


@pytest.mark.parametrize("facet_mm", [25.0, 60.0])
def test_crumpled_paper_is_flat_between_sharp_ridges(facet_mm):
    height_mm = crumple((160, 240), facet_mm, 0.3, rng=rng())
    bend = np.abs(cv2.Laplacian(height_mm, cv2.CV_32F))[2:-2, 2:-2]
    assert np.median(bend) < 0.12 * np.quantile(bend, 0.99)
    slope = np.hypot(*np.gradient(height_mm))
    assert 0.05 < np.median(slope) < 0.5
    assert slope.max() < 1.0


def test_steeper_crumples_are_higher():
    low, high = (crumple((160, 240), 40.0, slope, rng=rng()) for slope in (0.1, 0.3))
    assert np.allclose(high, 3 * low, atol=1e-4)


@pytest.mark.parametrize("spec_of", [sample_any_relief, sample_any_wear])
def test_any_sheet_may_be_new_or_worn(spec_of):
    drawn = [spec_of((279.4, 215.9), np.random.default_rng(seed)) for seed in range(40)]
    new = sum(each in (ReliefSpec(), WearSpec()) for each in drawn)
    assert 5 < new < 30
    assert len(set(drawn)) == 41 - new


@pytest.mark.parametrize("preset", ["photo-stained", *DETERIORATED])
def test_mould_and_stains_change_the_share_of_the_page_that_they_should(preset):
    shares = []
    for seed in range(10):
        wear = sample_spec(preset, rng=np.random.default_rng([2, seed])).paper.wear
        # Blotches of heat and burns come on top.
        spills = WearSpec(stains=wear.stains[:4], mould=wear.mould, mould_color=wear.mould_color)
        page = np.full((216 * 2, 280 * 2, 3), 255, dtype=np.uint8)
        stained = discolor(page, spills, GridScale((2.0, 2.0), (-0.5, -0.5)), rng=rng())
        shares.append((stained.min(axis=2) < 247).mean())
    assert min(shares) > 0.05
    assert max(shares) < (0.26 if preset == "photo-stained" else 0.22)
    assert 0.1 < np.mean(shares) < 0.2


@pytest.mark.parametrize("seed", range(15))
def test_presets_have_the_folds_and_wear_of_their_names(seed):
    papers = {
        preset: sample_spec(preset, rng=np.random.default_rng([8, seed])).paper
        for preset in ("scan-color", "photo", "photo-stained", *DETERIORATED)
    }
    assert papers["scan-color"].relief.is_flat
    assert papers["scan-color"].wear == WearSpec()
    assert len(papers["photo"].relief.folds) <= 1
    assert papers["photo"].wear.stains == ()
    assert len(papers["photo-stained"].relief.folds) <= 2
    assert 1 <= len(papers["photo-stained"].wear.stains) <= 4
    relief, wear = papers["photo-deteriorated"].relief, papers["photo-deteriorated"].wear
    assert 2 <= len(relief.folds) <= 6 or relief.crumple_slope > 0
    assert relief.displacement_mm <= 4
    assert wear.missing
    assert wear.specks_per_cm2 > 0
    assert wear.fading[0] * (1 - (wear.sun or (0, 0, 0, 0))[3]) >= 0.3
    assert wear.fading[1] <= 0.8
    for preset in DETERIORATED[1:]:
        assert 0 < papers[preset].relief.displacement_mm <= 1
        assert papers[preset].wear.mould > 0 or papers[preset].wear.stains
        assert papers[preset].wear.fading[0] < 1


def test_punched_holes_and_perforation_show_what_is_below(ecg, spec):
    wear = WearSpec(holes=((12.0, 40.0, 3.0),), perforated=("left", "bottom"))
    backing = (10.0, 200.0, 30.0)
    holed = replace(with_paper(spec, wear=wear), camera=replace(spec.camera, backing=backing))
    image = synthesize(ecg, holed).image
    assert np.array_equal(image[160, 48], backing)
    bare = (image == backing).all(axis=2)
    assert bare[140:180, 30:70].sum() == pytest.approx(np.pi * 12**2, rel=0.12)
    assert 40 < bare[:, :2].sum() < 320
    assert 40 < bare[-2:].sum() < 480
    bare[140:180, 30:70] = False
    assert not bare[:-3, 3:].any()


def test_tears_are_ragged_white_and_always_the_same():
    corner = ((90.0, -2.0), (122.0, -2.0), (122.0, 30.0))
    wear = WearSpec(missing=(corner,))
    first, again = (present(wear, SCALE, SHAPE) for _ in range(2))
    assert np.array_equal(first, again)
    exact = np.full(SHAPE, 255, dtype=np.uint8)
    cv2.fillPoly(exact, [(np.array(corner) * 4).astype(np.int32)], 0)
    assert 60 < ((first < 128) != (exact < 128)).sum() < 800
    torn = discolor(np.full((*SHAPE, 3), 60, dtype=np.uint8), wear, SCALE, rng=rng())
    fibres = (torn.min(axis=2) > 130) & (first == 255)
    assert fibres.sum() > 50
    near = cv2.erode(first, np.ones((15, 15)))
    assert not fibres[near == 255].any()


def test_sun_bleaches_beyond_its_line_only():
    layer = np.full(SHAPE, 200, dtype=np.uint8)
    wear = WearSpec(sun=(60.0, 40.0, 0.0, 0.3))
    (faded,) = fade((layer,), wear, SCALE, rng=rng())
    assert np.abs(faded[:100].astype(int) - 200).max() <= 2
    assert np.abs(faded[250:].astype(int) - 140).max() <= 2


def test_scratches_take_print_and_give_none():
    wear = WearSpec(n_scratches=12)
    full, bare = np.full(SHAPE, 200, dtype=np.uint8), np.zeros(SHAPE, dtype=np.uint8)
    worn, empty = scratch((full, bare), None, wear, SCALE, rng=rng())
    assert not empty.any()
    assert worn.max() == 200
    assert 0.001 < (worn < 180).mean() < 0.1


def test_ink_runs_where_it_is_wet_and_not_elsewhere():
    layer = np.zeros(SHAPE, dtype=np.uint8)
    layer[:, 100:480:40] = 255
    stain = Stain((60.0, 40.0), 20.0, (200.0, 190.0, 170.0), 0.5, 0.4)
    ran = run_ink(layer, WearSpec(stains=(stain,), bleeding_mm=0.5), SCALE, rng=rng())
    y, x = np.mgrid[:320, :480]
    away_mm = np.hypot(x / 4 - 60, y / 4 - 40)
    assert np.array_equal(ran[away_mm > 36], layer[away_mm > 36])
    for above, left in ((True, True), (True, False), (False, True), (False, False)):
        wet = (away_mm < 16) & (away_mm > 10) & ((y < 160) == above) & ((x < 240) == left)
        assert (ran[wet & (layer == 0)] > 10).mean() > 0.03
        assert (ran[wet & (layer == 255)] > 100).all()
        assert (ran[wet & (layer == 255)] < 250).all()


def test_old_paper_is_yellow_and_shows_its_back():
    page = white_page()
    page[100:110] = 0
    aged = discolor(page, WearSpec(yellowing=0.4), SCALE, rng=rng()).astype(int)
    assert aged[200, 240].max() < 253
    assert aged[200, 240, 2] < aged[200, 240, 0] - 12
    back = discolor(page, WearSpec(bleed_through=0.1), SCALE, rng=rng()).astype(int)
    assert back[215, 50, 0] < 246
    assert back[150, 50, 0] == 255


@pytest.mark.parametrize("shape", [(192, 384), (191, 385), (193, 383)])
def test_yellowing_reaches_every_pixel_of_sheets_of_all_sizes(shape):
    page = np.full((*shape, 3), 200, dtype=np.uint8)
    wear, scale = WearSpec(yellowing=0.9), GridScale((4.0, 4.0), (-0.5, -0.5))
    yellow = discolor(page, wear, scale, rng=np.random.default_rng(0))
    assert yellow.shape == page.shape
    assert (yellow[..., 2] < 200).all()
