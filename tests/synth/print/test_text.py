from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.page import PageLayout, PaperScale, Segment, Strip
from ecgpaper.page.raster import GridScale
from ecgpaper.synth.print import text
from ecgpaper.synth.print.ink import name_lines
from ecgpaper.synth.print.text import FONTS, STROKE_FONTS, box_mm, draw_text
from ecgpaper.synth.spec.print import InkSpec, TextLine

ALL_FONTS = [*FONTS, *STROKE_FONTS]


def drawn(line, px_per_mm):
    """Coverage, in [0, 1], of a sheet of 60 x 12 mm."""
    scale = GridScale((px_per_mm, px_per_mm), (-0.5, -0.5))
    layer = np.zeros((round(12 * px_per_mm), round(60 * px_per_mm)), dtype=np.uint8)
    draw_text(layer, line, scale)
    return layer / 255


def ends_px(profile):
    """Where a run of covered pixels starts and ends, to parts of a pixel."""
    covered = np.flatnonzero(profile)
    first, last = covered[0], covered[-1]
    return first + 1 - profile[first], last + profile[last]


@pytest.mark.parametrize("font", ALL_FONTS)
@pytest.mark.parametrize("px_per_mm", [4.0, 7.87, 11.8])
def test_capitals_are_as_high_as_the_line_says_and_stand_on_its_corner(font, px_per_mm):
    line = TextLine("HEH", (5.1, 8.2), 3.0, font)
    top, bottom = ends_px(drawn(line, px_per_mm).max(axis=1))
    assert bottom - top == pytest.approx(3.0 * px_per_mm, abs=0.75)
    assert bottom == pytest.approx(8.2 * px_per_mm, abs=0.5)


@pytest.mark.parametrize("font", ALL_FONTS)
@pytest.mark.parametrize("px_per_mm", [4.0, 11.8])
def test_box_holds_the_ink_of_a_line_and_little_more(font, px_per_mm):
    line = TextLine("aVR Jy 388", (9.7, 7.3), 2.4, font)
    coverage = drawn(line, px_per_mm) > 0.5
    rows, columns = (np.flatnonzero(coverage.any(axis=axis)) for axis in (1, 0))
    ink_mm = np.array([columns[0], rows[0], columns[-1] + 1, rows[-1] + 1]) / px_per_mm
    left, top, right, bottom = box_mm(line)
    apart_mm = np.abs(ink_mm - [left, top, right, bottom])
    # Letters stand on whole fine pixels, so that a line may be a little longer or shorter.
    assert apart_mm[2] < 0.02 * (right - left) + 0.75 / px_per_mm
    assert apart_mm[[0, 1, 3]].max() < 1.0 / px_per_mm + 0.06


@pytest.mark.parametrize("font", ["sans", "stroke"])
def test_text_moves_by_parts_of_a_pixel(font):
    def middle(x_mm, y_mm):
        coverage = drawn(TextLine("V5", (x_mm, y_mm), 3.0, font), 4.0)
        columns, rows = np.arange(coverage.shape[1]), np.arange(coverage.shape[0])
        weights = coverage / coverage.sum()
        return np.array([(weights * columns).sum(), (weights * rows[:, None]).sum()])

    moved = middle(5.125, 8.125) - middle(5.0, 8.0)
    assert moved == pytest.approx([0.5, 0.5], abs=0.05)


def test_text_is_cut_off_at_the_edges_of_the_sheet():
    whole = drawn(TextLine("aVF", (10.0, 8.0), 3.0), 4.0)
    cut = drawn(TextLine("aVF", (-3.0, 2.0), 3.0), 4.0)
    assert np.array_equal(cut[:20, :60], whole[24:44, 52:112])
    assert drawn(TextLine("aVF", (70.0, 8.0), 3.0), 4.0).max() == 0
    assert drawn(TextLine("aVF", (-30.0, 30.0), 3.0), 4.0).max() == 0


def test_fonts_differ():
    sheets = [drawn(TextLine("aVR 72", (5.0, 8.0), 3.0, font), 8.0) for font in ALL_FONTS]
    for index, sheet in enumerate(sheets):
        assert all(np.abs(sheet - other).sum() > 10 for other in sheets[:index])


@pytest.mark.parametrize("font", ALL_FONTS)
def test_letters_with_accents_are_letters_in_every_font(font):
    """A font that lacks one prints it without its accent, not as an empty box."""
    plain, accented = (drawn(TextLine(part, (5.0, 8.0), 3.0, font), 8.0) for part in "eé")
    assert np.abs(plain - accented)[8 * 5 + 8 :].sum() < 0.35 * plain.sum()


def test_unknown_fonts_are_refused():
    with pytest.raises(ValueError, match="font must be one of sans"):
        drawn(TextLine("I", (1.0, 1.0), 3.0, "gothic"), 4.0)


def test_missing_fonts_are_named(monkeypatch):
    monkeypatch.setattr(text.importlib.util, "find_spec", lambda _: None)
    text._folder.cache_clear()
    text._font.cache_clear()
    with pytest.raises(FileNotFoundError, match="install matplotlib"):
        drawn(TextLine("I", (1.0, 1.0), 3.0, "serif"), 4.0)


def test_names_stand_at_their_strips():
    strips = (
        Strip(Segment("aVR", 0, 0.0, 2.5), 12.0, 20.0, polarity=-1),
        Strip(Segment("V5", 1, 2.5, 5.0, 1), 62.0, 42.0),
    )
    layout = PageLayout("2x2", (120.0, 80.0), PaperScale(), strips)
    ink = InkSpec(name_offset_mm=(0.5, -4.0), name_height_mm=2.2, name_font="times")
    named = list(name_lines(layout, ink))
    assert [strip for strip, _ in named] == list(strips)
    assert [line.text for _, line in named] == ["-aVR", "V5"]
    assert [line.corner_mm for _, line in named] == [(12.5, 16.0), (62.5, 38.0)]
    upper = name_lines(layout, replace(ink, names_upper=True))
    assert [line.text for _, line in upper] == ["-AVR", "V5"]
    assert list(name_lines(layout, replace(ink, name_offset_mm=None))) == []
