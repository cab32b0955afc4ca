import numpy as np
import pytest

from ecgpaper.drawn.read import read_drawn
from ecgpaper.ecg import LIMB_LEADS, PRECORDIAL_LEADS, STANDARD_ORDER
from ecgpaper.errors import DrawingError
from ecgpaper.page import LAYOUTS

pytest.importorskip("pypdfium2", reason="an optional extra")
pytest.importorskip("reportlab", reason="draws the PDFs of these tests")


def worst_db(page, true_ecg, layout, duration_s=10.0):
    """SNR of the worst lead where both are, after each lost its median."""
    shown = LAYOUTS[layout].lasting(duration_s).mask_unplotted(true_ecg)
    worst = np.inf
    for lead in page.lead_names:
        read_mv, true_mv = page.ecg.lead(lead), shown.lead(lead)
        n = min(len(read_mv), len(true_mv))
        read_mv, true_mv = read_mv[:n], true_mv[:n]
        # No more and no less is answered than is shown, give or take a sample at the ends.
        assert (np.isfinite(read_mv) != np.isfinite(true_mv)).sum() <= 8
        both = np.isfinite(read_mv) & np.isfinite(true_mv)
        read_mv, true_mv = read_mv[both], true_mv[both]
        true_mv = true_mv - np.median(true_mv)
        noise = true_mv - read_mv + np.median(read_mv)
        worst = min(worst, 10 * np.log10((true_mv**2).sum() / (noise**2).sum()))
    return worst


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"strokes": "segments"},
        {"strokes": "in turns"},
        {"strokes": "one path"},
        {"strokes": "parts"},
        {"strokes": "whole rows"},
        {"strokes": "backwards"},
        {"strokes": "whole rows", "pulse": "joined"},
        {"pulse": "joined"},
        {"pulse": "none"},
        {"grid": "dots"},
        {"grid": "picture"},
        {"grid": "none"},
        {"grid": "none", "pulse": "none"},
        {"names": "below"},
        {"names": "rhythm missing"},
        {"is_form": True},
        {"is_clipped": True},
        {"rotate": 90},
        {"rotate": 180},
        {"rotate": 270, "is_form": True},
        {"is_sideways": True},
        {"is_sideways": True, "rotate": 90},
        {"shrink": 0.9},
        {"shrink": 0.9, "grid": "picture"},
        {"gain": 5.0},
        {"gain": 5.0, "print_scale": False},
        {"layout": "3x4"},
        {"layout": "4x3"},
        {"layout": "3x4+3R"},
        {"layout": "12x1"},
        {"layout": "6x2"},
        {"layout": "6x2-cabrera"},
    ],
    ids=str,
)
def test_a_page_is_read_as_it_was_drawn(read_look, true_ecg, changes):
    page = read_look(**changes)
    layout = changes.get("layout", "3x4+1R")
    assert page.lead_names == STANDARD_ORDER
    assert page.layout.name == layout
    assert page.gain_mm_per_mv == changes.get("gain", 10.0)
    assert worst_db(page, true_ecg, layout) > 40


def test_fast_pages_of_six_leads_are_answered_one_by_one(draw_pdf, look, true_ecg):
    fast = {"speed": 50.0, "duration_s": 5.0}
    file = draw_pdf(look(layout="6x1-limb", **fast), look(layout="6x1-precordial", **fast))
    for number, leads in ((1, LIMB_LEADS), (2, PRECORDIAL_LEADS)):
        page = read_drawn(file, number)
        assert page.lead_names == leads
        assert page.speed_mm_per_s == 50.0
        assert page.ecg.n_samples == pytest.approx(2500, abs=2)
        assert worst_db(page, true_ecg, page.layout.name, 5.0) > 40


def test_columns_of_one_time_are_told_from_columns_that_follow_each_other(read_look, true_ecg):
    page = read_look(layout="3x4+1R-simultaneous")
    assert page.layout.name == "3x4+1R-simultaneous"
    assert worst_db(page, true_ecg, page.layout.name) > 40


def test_the_foot_of_each_rows_pulse_is_zero(read_look, true_ecg):
    shown = LAYOUTS["3x4+1R"].mask_unplotted(true_ecg)
    with_pulses, without = read_look(), read_look(pulse="none")
    assert np.nanmedian(with_pulses.ecg.lead("V3") - shown.lead("V3")) == pytest.approx(0, abs=1e-3)
    assert np.nanmedian(without.ecg.lead("V3")) == pytest.approx(0, abs=1e-3)


def test_rows_without_names_are_named_where_limb_leads_add_up(read_look, true_ecg):
    page = read_look(names="none")
    assert page.lead_names == STANDARD_ORDER
    assert worst_db(page, true_ecg, "3x4+1R") > 40
    assert any("named by their places" in warning for warning in page.warnings)


def test_six_rows_without_names_are_limb_leads_or_nobody_knows(read_look):
    limb = read_look(layout="6x1-limb", names="none")
    assert limb.lead_names == LIMB_LEADS
    with pytest.raises(DrawingError, match="names of leads"):
        read_look(layout="6x1-precordial", names="none")


def test_what_is_not_printed_is_said(read_look):
    page = read_look(print_scale=False, pulse="none", grid="none")
    assert any("gain" in warning for warning in page.warnings)
    assert any("speed" in warning for warning in page.warnings)
    assert any("true size" in warning for warning in page.warnings)
    assert read_look().warnings == ()


def test_a_shrunk_page_is_measured_by_its_grid(read_look):
    page = read_look(shrink=0.8)
    assert page.scale.px_per_mm == pytest.approx((0.8 * 72 / 25.4,) * 2, rel=1e-3)
    assert page.scale_source == "grid lines"
    assert page.layout.strips[0].left_mm == pytest.approx(22.0, abs=0.05)


def test_samples_of_125_hz_are_joined_by_a_cubic(read_look, true_ecg):
    page = read_look(every=4, strokes="polyline")
    assert worst_db(page, true_ecg, "3x4+1R") > 20


def test_a_page_without_curves_is_no_drawn_page(tmp_path):
    from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415

    canvas = Canvas(str(tmp_path / "text.pdf"))
    canvas.drawString(100, 100, "I II III aVR aVL aVF 25 mm/s")
    canvas.rect(50, 50, 300, 300)
    canvas.save()
    assert read_drawn(tmp_path / "text.pdf", 1) is None
