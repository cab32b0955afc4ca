import re
from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.page import LAYOUTS, PaperScale
from ecgpaper.synth import CameraSpec, PageSpec, sample_spec, synthesize
from ecgpaper.synth.plan import plan_page
from ecgpaper.synth.print.ink import name_lines, pulse_curves
from ecgpaper.synth.print.text import box_mm
from ecgpaper.synth.sample.print.layouts import sample_any_layout
from ecgpaper.synth.sample.print.looks import sample_make_page
from ecgpaper.synth.sample.print.makes import MAKES, sample_make
from ecgpaper.synth.sample.print.official import sample_official_page
from ecgpaper.synth.sample.print.report import sample_report
from ecgpaper.synth.sample.print.typesetting import onto_sheet
from ecgpaper.synth.sample.print.wording import WORDS
from ecgpaper.synth.spec.print import TextLine

LOOKS = [*MAKES, "any"]
SCALES = [PaperScale(), PaperScale(50.0, 5.0), PaperScale(25.0, 20.0)]


def page_of(look, layout, scale, seed):
    rng = np.random.default_rng([seed, LOOKS.index(look)])
    make = MAKES[look] if look in MAKES else sample_make(rng=rng)
    place = sample_any_layout(LAYOUTS[layout], scale, rng=rng)
    return PageSpec(*sample_make_page(make, place, rng=rng), CameraSpec(dpi=40.0))


@pytest.mark.parametrize(
    ("corner_mm", "text"),
    [
        ((-20.0, 30.0), "left"),
        ((95.0, 30.0), "right"),
        ((30.0, -5.0), "above"),
        ((30.0, 59.5), "beyond"),
        ((30.0, 30.0), "far too long for a sheet that is no wider than ten centimetres " * 2),
    ],
)
def test_lines_are_moved_onto_the_sheet(corner_mm, text):
    line = onto_sheet(TextLine(text, corner_mm, 3.0, "serif"), (100.0, 60.0))
    left, top, right, bottom = box_mm(line)
    assert min(left, top) > 0.5
    assert right < 100
    assert bottom < 60
    assert line.text == text
    assert line.height_mm == 3.0 or len(text) > 20


def test_lines_on_the_sheet_stay_where_they_are():
    line = TextLine("here", (30.0, 30.0), 3.0, "serif")
    assert onto_sheet(line, (100.0, 60.0)) == line


def test_names_beside_the_rows_stay_on_the_sheet():
    make = replace(MAKES["monitor"], name_place=((-60.0, -50.0), (0.0, 2.0)))
    for seed in range(5):
        rng = np.random.default_rng(seed)
        place = sample_any_layout(LAYOUTS["3x4"], PaperScale(), rng=rng)
        layout, ink, _ = sample_make_page(make, place, rng=rng)
        assert layout.left_mm + ink.name_offset_mm[0] > 0


def flat_ecg():
    return Ecg(np.zeros((1000, 12)), 100.0, STANDARD_ORDER)


def pages(look):
    for number, layout in enumerate(LAYOUTS):
        for scale in SCALES:
            yield page_of(look, layout, scale, number)


@pytest.mark.parametrize("look", LOOKS)
def test_no_print_of_a_look_leaves_the_sheet(look):
    for page in pages(look):
        width_mm, height_mm = page.layout.size_mm
        for line in page.ink.texts:
            left, top, right, bottom = box_mm(line)
            assert left >= 0
            assert right <= width_mm
            assert top >= 0
            assert bottom <= height_mm
        corners = [code.corner_mm for code in page.ink.codes]
        corners += [np.add(code.corner_mm, code.size_mm) for code in page.ink.codes]
        corners += [end for rule in page.ink.rules for end in (rule.start_mm, rule.stop_mm)]
        for x_mm, y_mm in corners:
            assert -0.2 <= x_mm <= width_mm + 0.2
            assert -0.2 <= y_mm <= height_mm + 0.2


@pytest.mark.parametrize("look", LOOKS)
def test_names_and_pulses_of_a_look_stand_on_the_sheet(look):
    for page in pages(look):
        truth = plan_page(flat_ecg(), page).truth
        width_mm = page.layout.size_mm[0]
        for strip, line in name_lines(truth.layout, page.ink):
            assert box_mm(line)[0] >= 0
            assert abs(line.corner_mm[1] - strip.baseline_mm) < 12
            assert line.corner_mm[0] < strip.left_mm + 5
        for x_px, _ in pulse_curves(truth.layout, page.ink, truth.scale):
            x_mm = truth.scale.mm_from_px(np.column_stack([x_px, x_px]))[:, 0]
            assert x_mm.max() <= width_mm
            assert x_mm.min() >= 0


@pytest.mark.parametrize("look", LOOKS)
def test_texts_of_a_look_state_the_true_speed_and_gain(look):
    stated = 0
    for page in pages(look):
        scale, words = page.layout.scale, " | ".join(line.text for line in page.ink.texts)
        speeds = {float(part) for part in re.findall(r"([\d.]+) ?mm/s", words)}
        gains = {float(part) for part in re.findall(r"([\d.]+) ?mm/mV", words)}
        assert speeds <= {scale.speed_mm_per_s}
        assert gains <= {scale.gain_mm_per_mv}
        assert len(speeds) == len(gains)
        stated += len(speeds)
    assert 0.8 < stated / (len(LAYOUTS) * len(SCALES)) <= 1


@pytest.mark.slow
@pytest.mark.parametrize("look", LOOKS)
def test_every_look_prints_every_layout(look):
    """And what it prints besides the traces is text of more than the names."""
    for layout in LAYOUTS:
        page = page_of(look, layout, PaperScale(), 3)
        bare = replace(page, ink=replace(page.ink, texts=(), rules=(), codes=()))
        printed, plain = (synthesize(flat_ecg(), each).image.astype(int) for each in (page, bare))
        assert (np.abs(printed - plain) > 40).any() == bool(page.ink.texts or page.ink.rules)


@pytest.mark.parametrize("look", MAKES)
def test_pages_of_one_make_keep_to_few_fonts(look):
    for page in pages(look):
        assert len({line.font for line in page.ink.texts} | {page.ink.name_font}) <= 3


def test_looks_differ():
    images = {
        synthesize(flat_ecg(), page_of(look, "3x4", PaperScale(), 0)).image.tobytes()
        for look in LOOKS
    }
    assert len(images) == len(LOOKS)


def test_official_pages_say_it_in_the_official_font():
    printed = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        layout, ink, _ = sample_official_page(LAYOUTS["3x4+1R"], rng=rng)
        assert {line.font for line in ink.texts} | {ink.name_font} == {"sans"}
        assert all(box_mm(line)[2] < layout.size_mm[0] for line in ink.texts)
        printed += {"25mm/s", "10mm/mV"} <= {line.text for line in ink.texts}
    assert printed > 30


def test_most_official_pages_look_official_and_others_do_not():
    inks = [sample_spec("clean", rng=np.random.default_rng(seed)).ink for seed in range(60)]
    official = [ink.separator == "tick" and ink.pulse_feet_mm == (0.0, 0.0) for ink in inks]
    assert 0.4 < np.mean(official) < 0.8
    assert len({ink.name_font for ink in inks}) > 4


def test_official_pulses_are_bolder_than_the_traces_and_touch_them():
    for seed in range(10):
        rng = np.random.default_rng(seed)
        layout, ink, _ = sample_official_page(LAYOUTS["3x4+1R"], rng=rng)
        assert 1.4 <= ink.pulse_pens <= 1.6
        if layout.pulse_left_mm is not None:
            pulse_mm = layout.scale.mm_from_s(ink.pulse_s)
            assert 0 <= layout.pulse_left_mm + pulse_mm - layout.left_mm <= 0.15


def test_training_pages_of_the_official_layout_often_look_official():
    official = [
        spec.ink.separator == "tick" and spec.ink.pulse_feet_mm == (0.0, 0.0)
        for spec in (
            sample_spec(
                "wild", rng=np.random.default_rng(seed), layout="3x4+1R", scale=PaperScale()
            )
            for seed in range(60)
        )
    ]
    assert 0.25 < np.mean(official) < 0.55


@pytest.mark.parametrize("language", WORDS)
def test_reports_agree_with_themselves(language):
    for seed in range(20):
        report = sample_report(language, rng=np.random.default_rng(seed))
        rhythm = WORDS[language].findings.index(report.findings[0])
        assert rhythm == (1 if report.rate < 60 else 2 if report.rate > 100 else 0)
        assert report.findings[-1] in WORDS[language].verdicts
        # Bazett's formula, rounded.
        assert report.qt_ms / np.sqrt(60 / report.rate) == pytest.approx(report.qtc_ms, abs=1)
        line = TextLine(report.date, (0.0, 0.0), 2.0)
        assert box_mm(line)[2] > 10
