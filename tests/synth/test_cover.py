from dataclasses import replace

import cv2
import numpy as np
import pytest

from ecgpaper.synth import PRESETS, Note, draw_maps, sample_spec
from ecgpaper.synth.plan import plan_page
from ecgpaper.synth.spec.scene import Glare, SceneSpec, Thing
from ecgpaper.synth.spec.sheet import Fold, PaperObject, ReliefSpec, WearSpec

TORN = WearSpec(missing=(((80.0, -1.0), (121.0, -1.0), (121.0, 50.0)),))
BOX = Note("box", (30.0, 50.0), (25.0, 22.0), color=(0.0, 0.0, 0.0))
LABEL = PaperObject("label", (50.0, 60.0), (30.0, 16.0), angle_deg=20.0)
TAPE = PaperObject("tape", (85.0, 20.0), (30.0, 16.0))
# The left end of the rows is out of the picture.
CUT = SceneSpec(photo_px=(450, 600), corners=((-0.2, 0.1), (0.9, 0.05), (0.95, 0.9), (-0.15, 0.97)))
GLARE = replace(CUT, corners=((0.1, 0.1), (0.9, 0.05), (0.95, 0.9), (0.05, 0.97)))
FLASH = Glare("flash", (0.5, 0.5), size=0.37, angle_deg=0.0, strength=1.1, softness=0.0)
FINGER = Thing("finger", (0.45, 0.6), 70.0, length=2.0, width=0.09, color=(200.0, 150.0, 120.0))
BENT = ReliefSpec(folds=(Fold((60.0, 40.0), 70.0, 0.2),), displacement_mm=4.0, lens=0.03)


def torn(spec):
    return replace(spec, paper=replace(spec.paper, wear=TORN))


def boxed(spec):
    return replace(spec, ink=replace(spec.ink, notes=(BOX,)))


def labelled(spec):
    return replace(spec, paper=replace(spec.paper, objects=(TAPE, LABEL)))


def seen_by(scene):
    return lambda spec: replace(spec, camera=replace(spec.camera, scene=scene))


def glaring(spec):
    """With a pen so wide that no pixel of the trace is paler than its ink."""
    wide = replace(spec, ink=replace(spec.ink, pen_mm=1.0))
    return seen_by(replace(GLARE, glares=(FLASH,)))(wide)


def at_once(spec):
    bent = boxed(torn(labelled(spec)))
    bent = replace(bent, paper=replace(bent.paper, relief=BENT))
    return seen_by(CUT)(bent)


COVERS = {
    "nothing": lambda spec: spec,
    "tear": torn,
    "box": boxed,
    "label": labelled,
    "frame": seen_by(CUT),
    "glare": glaring,
    "finger": seen_by(replace(GLARE, things=(FINGER,))),
    "all": at_once,
}


def points_photo(truth, trace):
    return truth.page_to_photo(np.column_stack([trace.x_px, trace.y_px]))


@pytest.mark.parametrize("cover", COVERS)
def test_covered_pixels_show_no_trace_and_the_others_do(ecg, change_by_traces, spec, cover):
    covered = COVERS[cover](spec)
    plan = plan_page(ecg, covered)
    change = change_by_traces(ecg, covered)
    hidden = plan.cover.mask()
    assert hidden.shape == change.shape
    # On the edge of what covers it a trace shines through.
    assert change[cv2.erode(hidden, np.ones((3, 3))) == 255].max(initial=0) < 50
    near = cv2.dilate(change.astype(np.float32), np.ones((3, 3)))
    shown = []
    for trace in plan.truth.traces:
        seen = trace.confidence > 0
        x, y = np.rint(points_photo(plan.truth, trace)[seen]).astype(int).T
        shown.append(near[y, x] > 26)
    assert np.concatenate(shown).mean() > 0.99


@pytest.mark.parametrize("cover", COVERS)
def test_confidence_of_a_point_is_that_of_its_pixel(ecg, spec, cover):
    plan = plan_page(ecg, COVERS[cover](spec))
    hidden = cv2.copyMakeBorder(plan.cover.mask(), 1, 1, 1, 1, cv2.BORDER_CONSTANT, value=255)
    # A point on the edge of what covers it may be either.
    surely, maybe = cv2.erode(hidden, np.ones((3, 3))), cv2.dilate(hidden, np.ones((3, 3)))
    top = np.array(hidden.shape[::-1]) - 1
    for trace in plan.truth.traces:
        x, y = np.clip(np.rint(points_photo(plan.truth, trace) + 1), 0, top).astype(int).T
        assert not trace.confidence[surely[y, x] == 255].any()
        assert trace.confidence[maybe[y, x] == 0].all()
    confidence = np.concatenate([trace.confidence for trace in plan.truth.traces])
    least = 0.0 if cover == "nothing" else 0.04
    assert least <= 1 - confidence.mean() <= 6 * least


def test_trace_beyond_the_sheet_is_hidden(ecg, spec):
    ecg.signal_mv[:, 7] += 9.0
    confidence = {t.strip.segment.lead: t.confidence for t in plan_page(ecg, spec).truth.traces}
    assert not confidence["V2"].any()
    assert confidence["I"].all()


def test_table_shows_no_print(ecg, spec):
    hidden = plan_page(ecg, seen_by(GLARE)(spec)).cover.mask()
    assert (hidden[:20].min(), hidden[:, :15].min(), hidden[100:400, 100:500].max()) == (
        255,
        255,
        0,
    )


def test_missing_samples_have_no_confidence(ecg, spec):
    ecg.signal_mv[100:200, 0] = np.nan
    trace = plan_page(ecg, spec).truth.traces[0]
    assert trace.strip.segment.lead == "I"
    assert np.array_equal(trace.confidence == 0, np.isnan(trace.y_px))
    assert np.isnan(trace.y_px).sum() == 100


def test_maps_show_only_what_is_not_hidden(ecg, spec):
    plan = plan_page(ecg, at_once(spec))
    maps, hidden = draw_maps(ecg, at_once(spec)), plan.cover.mask() == 255
    inside_box = maps.of("text") > 0.9
    assert (hidden & inside_box).sum() > 1000
    assert maps.of("ink")[hidden].max() == 0
    assert (maps.of("background")[hidden & ~inside_box] > 0.99).mean() > 0.97


@pytest.mark.parametrize("preset", PRESETS)
def test_little_of_the_trace_is_hidden(ecg, preset):
    """At most a tenth, and three tenths where the name says deteriorated."""
    most = 0.3 if preset.endswith("deteriorated") else 0.1
    for seed in range(20):
        spec = sample_spec(preset, rng=np.random.default_rng([4, seed]))
        spec = replace(spec, camera=replace(spec.camera, dpi=60.0))
        traces = plan_page(ecg, spec).truth.traces
        confidence = np.concatenate([trace.confidence for trace in traces])
        assert 1 - confidence.mean() <= most, seed
