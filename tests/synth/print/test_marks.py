from dataclasses import replace

import cv2
import numpy as np
import pytest

from ecgpaper.page import LAYOUTS, PaperScale
from ecgpaper.page.raster import GridScale
from ecgpaper.synth import draw_maps, synthesize
from ecgpaper.synth.plan import plan_page
from ecgpaper.synth.print.codes import draw_code
from ecgpaper.synth.print.ink import pulse_curves
from ecgpaper.synth.print.rules import draw_rule, frame
from ecgpaper.synth.print.separators import SEPARATORS, separator_rules
from ecgpaper.synth.spec.print import Code, Rule

SCALE = GridScale((4.0, 4.0), (-0.5, -0.5))


def with_ink(spec, **parts):
    return replace(spec, ink=replace(spec.ink, **parts))


def sheet():
    return np.zeros((320, 480), dtype=np.uint8)


def test_level_and_slanted_rules_have_the_area_of_their_length():
    level, slanted = sheet(), sheet()
    draw_rule(level, Rule((10.0, 10.1), (30.0, 10.1), 0.3), SCALE)
    assert level.sum() / 255 == pytest.approx(20 * 0.3 * 16, rel=0.02)
    assert np.flatnonzero(level.any(axis=1)).tolist() == [39, 40]
    draw_rule(slanted, Rule((10.0, 10.0), (40.0, 50.0), 0.8), SCALE)
    assert slanted.sum() / 255 == pytest.approx(50 * 0.8 * 16, rel=0.05)


def test_dashes_leave_half_of_a_rule():
    whole, dashed = sheet(), sheet()
    draw_rule(whole, Rule((20.0, 5.0), (20.0, 65.0), 0.5), SCALE)
    draw_rule(dashed, Rule((20.0, 5.0), (20.0, 65.0), 0.5, dash_mm=1.0), SCALE)
    assert dashed.sum() == pytest.approx(whole.sum() / 2, rel=0.02)
    assert (dashed <= whole).all()


def test_frame_is_closed():
    layer = sheet()
    for rule in frame((10.0, 10.0), (50.0, 30.0), 0.5):
        draw_rule(layer, rule, SCALE)
    filled = (layer > 127).astype(np.uint8)
    cv2.floodFill(filled, None, (5, 5), 2)
    assert filled[100, 100] == 0
    assert filled[20, 5] == 2


def test_qr_code_says_its_text():
    layer = sheet()
    draw_code(layer, Code("qr", "12345-678", (20.0, 10.0), (25.0, 25.0)), SCALE)
    assert cv2.QRCodeDetector().detectAndDecode(255 - layer)[0] == "12345-678"


def test_bars_are_code_39():
    """Read back from the widths: * 1 7 *, three wide of nine, worked out by hand."""
    layer = sheet()
    draw_code(layer, Code("bars", "17", (10.0, 10.0), (63.0 / 4, 5.0)), SCALE)
    row = layer[4 * 12, 40 : 40 + 63] > 127
    edges = np.flatnonzero(np.diff(np.concatenate([[False], row, [False]]).astype(int)))
    widths = np.diff(edges)
    characters = [
        (widths[start : start + 9] == 3).astype(int).tolist() for start in (0, 10, 20, 30)
    ]
    star, one = [0, 1, 0, 0, 1, 0, 1, 0, 0], [1, 0, 0, 1, 0, 0, 0, 0, 1]
    assert characters == [star, one, [0, 0, 0, 1, 0, 0, 1, 0, 1], star]
    assert set(widths.tolist()) == {1, 3}


@pytest.mark.parametrize("part", [{"rules": (Rule((20.0, 5.0), (90.0, 5.0), 0.8),)}, "code"])
def test_rules_and_codes_are_text(ecg, spec, part):
    code = {"codes": (Code("bars", "42", (90.0, 2.0), (25.0, 6.0)),)}
    marked = with_ink(spec, **(code if part == "code" else part))
    changed = np.abs(synthesize(ecg, marked).image.astype(int) - synthesize(ecg, spec).image) > 100
    assert changed.any(axis=2).sum() > 100
    assert draw_maps(ecg, marked).of("text")[changed.any(axis=2)].min() > 0.3


@pytest.mark.parametrize("kind", sorted(set(SEPARATORS) - {"none"}))
def test_separators_stand_between_columns(ecg, spec, kind):
    layout = replace(spec.layout, column_gap_mm=2.0)
    page = replace(spec, layout=layout, ink=replace(spec.ink, separator=kind))
    plan = plan_page(ecg, page).truth
    rules = list(separator_rules(plan.layout, page.ink))
    x_mm = np.array([[rule.start_mm[0], rule.stop_mm[0]] for rule in rules])
    y_mm = np.array([[rule.start_mm[1], rule.stop_mm[1]] for rule in rules])
    # The first column ends 50 mm right of 12 mm, the second one starts 2 mm further.
    assert x_mm.mean() == pytest.approx(63.0, abs=0.5)
    assert np.abs(x_mm - 63.0).max() < 4
    # The rhythm strip, at 64 mm, has nothing to separate.
    assert y_mm.max() < 54
    assert y_mm.min() > 0
    bare = with_ink(page, separator="none")
    changed = np.abs(synthesize(ecg, page).image.astype(int) - synthesize(ecg, bare).image) > 60
    assert changed.sum() > 5


def test_separators_differ(ecg, spec):
    pages = [synthesize(ecg, with_ink(spec, separator=kind)).image for kind in SEPARATORS]
    assert len({page.tobytes() for page in pages}) == len(SEPARATORS)


def test_unknown_separators_are_refused(ecg, spec):
    with pytest.raises(ValueError, match="separator must be one of none, tick"):
        synthesize(ecg, with_ink(spec, separator="wall"))


def test_pages_of_one_column_have_no_separators(ecg, spec):
    layout = replace(spec.layout, leads=replace(LAYOUTS["1x1"], duration_s=8.0))
    page = with_ink(replace(spec, layout=layout), separator="line")
    assert list(separator_rules(plan_page(ecg, page).truth.layout, page.ink)) == []


def test_pulse_has_its_width_height_and_feet(ecg, spec):
    layout = replace(spec.layout, scale=PaperScale(), pulse_left_mm=5.0)
    truth = plan_page(ecg, replace(spec, layout=layout)).truth
    ink = replace(spec.ink, pulse_s=0.1, pulse_slant_s=0.02, pulse_feet_mm=(2.0, 0.5))
    x_px, y_px = next(iter(pulse_curves(truth.layout, ink, truth.scale)))
    assert ((x_px + 0.5) / 4).tolist() == pytest.approx([3, 5, 5.5, 7.5, 8.0, 8.5])
    assert ((y_px + 0.5) / 4).tolist() == pytest.approx([20, 20, 10, 10, 20, 20])


def test_bold_pulses_are_wider_and_traces_are_not(ecg, change_by_traces, spec):
    bold = with_ink(spec, pulse_pens=2.0)
    usual, wide = (draw_maps(ecg, each).of("ink")[:, 16:32].sum() for each in (spec, bold))
    assert wide > 1.5 * usual
    assert np.array_equal(change_by_traces(ecg, bold) > 0, change_by_traces(ecg, spec) > 0)


def test_pulse_without_feet_still_goes_up_and_down(ecg, spec):
    bare = with_ink(spec, pulse_feet_mm=(0.0, 0.0))
    pulse = draw_maps(ecg, bare).of("ink")[4 * 12 : 4 * 18, : 4 * 9]
    # At 10 mm/s the pulse is 2 mm wide.
    columns = np.flatnonzero(pulse.min(axis=0) > 0.3)
    assert columns.min() < 4 * 5.3
    assert columns.max() > 4 * 6.7
