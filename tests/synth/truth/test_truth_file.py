from dataclasses import replace

import cv2
import numpy as np
import pytest

from ecgpaper.errors import RecordError
from ecgpaper.synth import PRESETS, Note, PaperSpec, resized, sample_spec, synthesize
from ecgpaper.synth.plan import plan_page
from ecgpaper.synth.spec.scene import SceneSpec
from ecgpaper.synth.spec.sheet import Fold, ReliefSpec
from ecgpaper.synth.truth.masks import MASKS
from ecgpaper.synth.truth.picture import Origin, picture_truth
from ecgpaper.synth.truth.truth_file import encode_truth, read_truth
from tests import on_ink

SCENE = SceneSpec(
    photo_px=(450, 600), corners=((0.2, 0.05), (0.98, 0.15), (0.85, 0.95), (0.03, 0.9))
)
BENT = ReliefSpec(
    folds=(Fold((60.0, 40.0), 70.0, 0.2),), curl_mm=4.0, displacement_mm=2.0, lens=0.01
)
BOX = Note("box", (30.0, 50.0), (25.0, 22.0), color=(0.0, 0.0, 0.0))


@pytest.fixture
def photo_spec(spec):
    """The small page, bent, on a table, in part blacked out."""
    return replace(
        spec,
        ink=replace(spec.ink, notes=(BOX,)),
        paper=replace(spec.paper, relief=BENT),
        camera=replace(spec.camera, scene=SCENE),
    )


@pytest.fixture
def written(tmp_path):
    """Return a function that writes the truth of a page and reads it."""

    def write_and_read(ecg, spec, *, has_masks=False):
        origin = Origin("a/b_1", "b_1-0.jpg", 10.0, ecg.fs)
        truth = picture_truth(ecg, spec, origin, has_masks=has_masks)
        for ending, content in encode_truth(truth).items():
            (tmp_path / f"b_1-0{ending}").write_bytes(content)
        return truth, read_truth(tmp_path / "b_1-0.jpg")

    return write_and_read


def sheet_points(spec):
    x, y = np.meshgrid(*(np.arange(0, side_mm, 1.3) for side_mm in spec.layout.size_mm))
    return np.column_stack([x.ravel(), y.ravel()])


def changed(ecg, spec, **ink):
    """Where the picture changes with the ink."""
    pictures = (
        synthesize(ecg, each).image for each in (spec, replace(spec, ink=replace(spec.ink, **ink)))
    )
    return cv2.absdiff(*pictures).max(axis=2) > 40


def test_what_is_written_is_read(ecg, photo_spec, written):
    ecg.signal_mv[300:400, 1] = np.nan
    before, after = written(ecg, photo_spec, has_masks=True)
    assert (after.origin, after.spec, after.layout) == (before.origin, before.spec, before.layout)
    assert (after.scale, after.photo_shape) == (before.scale, (450, 600))
    for old, new in zip(before.traces, after.traces, strict=True):
        assert new.strip == old.strip
        assert np.array_equal(np.isnan(new.y_px), np.isnan(old.y_px))
        assert np.array_equal(new.confidence, old.confidence)
        both = np.stack([new.x_px - old.x_px, new.y_px - old.y_px])
        assert np.nanmax(np.abs(both)) < 0.01
    assert np.allclose(after.px_per_mm, before.px_per_mm, rtol=1e-6)
    for old, new in zip(before.boxes.strips, after.boxes.strips, strict=True):
        assert np.allclose(new, old, atol=0.01)
    assert all(np.array_equal(after.masks[name], before.masks[name]) for name in MASKS)


@pytest.mark.parametrize("preset", PRESETS)
def test_files_are_small_and_their_warp_is_true_to_a_tenth_of_a_pixel(
    ecg, preset, written, tmp_path
):
    spec = sample_spec(preset, rng=np.random.default_rng([7, 1]))
    truth = plan_page(ecg, spec).truth
    read = written(ecg, spec)[1]
    points = sheet_points(spec)
    exact = truth.page_to_photo(truth.scale.px_from_mm(points))
    assert np.abs(read.photo_from_mm(points) - exact).max() < 0.1
    assert sum(file.stat().st_size for file in tmp_path.iterdir()) < 150_000


@pytest.mark.parametrize(
    "preset", ["photo", "photo-deteriorated", "scan-color", "scan-bw-deteriorated"]
)
@pytest.mark.parametrize("seed", range(2))
def test_written_points_lie_on_ink(ecg, preset, seed, written):
    spec = sample_spec(preset, rng=np.random.default_rng([11, seed]))
    spec = resized(spec, 4.0 * 25.4 / spec.camera.dpi)
    hit, seen = on_ink.share_on_ink(ecg, spec, written(ecg, spec)[1])
    assert hit > 0.99
    assert seen > 0.7


def test_points_are_as_many_as_samples(ecg, photo_spec, written):
    read = written(ecg, photo_spec)[1]
    lengths = {trace.strip.segment.lead: len(trace.x_px) for trace in read.traces}
    assert lengths == {"I": 1250, "V2": 1250, "aVR": 1250, "V5": 1250, "II": 2500}
    assert read.origin == Origin("a/b_1", "b_1-0.jpg", 10.0, 250.0)


def test_field_tells_the_pixels_of_a_millimeter(ecg, spec, written):
    stretched = replace(spec, camera=replace(spec.camera, stretch=(0.97, 1.01), skew_deg=2.0))
    field = written(ecg, stretched)[1].px_per_mm
    assert field.shape == (4, 6, 2)
    angle = np.deg2rad(2.0)
    along = np.hypot(0.97 * np.cos(angle), 1.01 * np.sin(angle)) * 4
    assert np.allclose(field[..., 0], along, atol=1e-4)
    assert field[..., 1].mean() > 4.03


def test_boxes_hold_what_they_say(ecg, photo_spec, written):
    # On a flat sheet: the sides of boxes are straight.
    plain = replace(photo_spec, ink=replace(photo_spec.ink, notes=()), paper=PaperSpec())
    boxes = written(ecg, plain)[1].boxes
    no_pulse = replace(plain, layout=replace(plain.layout, pulse_left_mm=None))
    pictures = (synthesize(ecg, each).image for each in (plain, no_pulse))
    pulses = cv2.absdiff(*pictures).max(axis=2) > 40
    traces = on_ink.change_by_traces(ecg, plain) > 40
    names = changed(ecg, plain, name_offset_mm=None)
    for seen, found in ((names, boxes.names), (pulses, boxes.pulses), (traces, boxes.strips)):
        inside = np.zeros(seen.shape, dtype=np.uint8)
        for box in found:
            cv2.fillPoly(inside, [np.rint(box).astype(np.int32)], 1)
            # Around something, and closely so.
            x, y = cv2.boundingRect(np.rint(box).astype(np.int32))[:2]
            high, wide = np.ptp(box, axis=0)[::-1]
            part = seen[y : y + int(high) + 1, x : x + int(wide) + 1]
            assert part.any(axis=0).mean() > 0.7
            assert part.any(axis=1).mean() > 0.7
        assert seen[cv2.dilate(inside, np.ones((5, 5))) == 0].mean() < 1e-4


def test_strips_without_ink_have_no_box(ecg, spec, written):
    ecg.signal_mv[:, 0] = np.nan
    nameless = replace(spec, ink=replace(spec.ink, name_offset_mm=None))
    boxes = written(ecg, nameless)[1].boxes
    assert boxes.strips[0] is None
    assert boxes.strips[1] is not None
    assert boxes.names == (None,) * 5


def test_masks_follow_the_picture(ecg, photo_spec, written):
    plain = replace(photo_spec, ink=replace(photo_spec.ink, notes=()))
    masks = written(ecg, plain, has_masks=True)[1].masks
    assert tuple(masks) == MASKS
    assert all(mask.shape == (450, 600) and mask.dtype == np.uint8 for mask in masks.values())
    traces = on_ink.change_by_traces(ecg, plain) > 100
    assert masks["trace"][traces].min() > 40
    assert (
        masks["trace"][~cv2.dilate(traces.astype(np.uint8), np.ones((5, 5))).astype(bool)].mean()
        < 1
    )
    names = changed(ecg, plain, name_offset_mm=None)
    assert masks["text"][names].min() > 20
    assert masks["pulse"].any()
    assert not (masks["pulse"] & masks["trace"] > 200).any()
    no_grid = replace(plain, paper=replace(plain.paper, small_contrast=0.0, large_contrast=0.0))
    pictures = (synthesize(ecg, each).image for each in (plain, no_grid))
    grid = cv2.absdiff(*pictures).max(axis=2)
    assert grid[masks["grid"] == 255].mean() > 4 * max(grid[masks["grid"] == 0].mean(), 1)
    assert np.array_equal(masks["occlusion"], plan_page(ecg, plain).cover.mask())


def test_light_truth_has_no_masks(ecg, spec, written):
    assert written(ecg, spec)[1].masks == {}


def test_damaged_truth_is_a_record_error(ecg, spec, written, tmp_path):
    written(ecg, spec)
    with pytest.raises(RecordError, match="not there: synthesize"):
        read_truth(tmp_path / "other")
    arrays, plain = (tmp_path / f"b_1-0.truth.{kind}" for kind in ("npz", "json"))
    content = arrays.read_bytes()
    arrays.write_bytes(content[: len(content) // 2])
    with pytest.raises(RecordError, match="must be whole"):
        read_truth(arrays)
    arrays.write_bytes(content)
    plain.write_text(plain.read_text().replace('"format": 1', '"format": 99'))
    with pytest.raises(RecordError, match="format 1 was expected; got 99"):
        read_truth(plain)
    plain.write_text("{}")
    with pytest.raises(RecordError, match="must be whole"):
        read_truth(plain)
