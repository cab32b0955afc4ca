"""Drawn pages in the digitizer's terms: curves lie on their picture; pixels are the rest."""

import json
from dataclasses import replace

import cv2
import numpy as np
import pytest
from PIL import Image

from ecgpaper.classify import Diagnosis
from ecgpaper.classify.labels import CLASSES
from ecgpaper.digitize import StatedBox
from ecgpaper.digitized import reader as page_reader
from ecgpaper.digitized.from_drawing import DRAWN_SNR_DB
from ecgpaper.digitized.page import Settings
from ecgpaper.digitized.reader import PageReader
from ecgpaper.drawn.pdf.extract import extract
from ecgpaper.ecg import LIMB_LEADS, STANDARD_ORDER, UNKNOWN_LEAD, Ecg
from ecgpaper.errors import DrawingError, LayoutError
from ecgpaper.files.inputs import pages_of

pytest.importorskip("pypdfium2", reason="an optional extra")
pytest.importorskip("reportlab", reason="draws the PDFs of these tests")


class ToyDigitizer:
    """Refuses any picture."""

    def trace_photo(self, _, request):
        raise LayoutError(f"read as a picture at {request.fs:g} Hz with {request.stated.layout}")

    def interpret(self, traced, request):
        raise NotImplementedError


class ToyClassifier:
    """Answers one label."""

    def diagnose(self, ecg, sights):
        assert np.isfinite(ecg.signal_mv).any()
        assert len(sights) == 1
        return Diagnosis(np.eye(len(CLASSES))[0], np.full(len(CLASSES), 0.5))


READER = PageReader(ToyDigitizer(), ToyClassifier())


@pytest.fixture(autouse=True)
def _in_this_process(monkeypatch):
    """Take pages apart in this process, which is quicker."""
    monkeypatch.setattr("ecgpaper.drawn.read.load_drawing", extract)


@pytest.fixture(scope="module")
def usual(draw_pdf, look):
    """Return the source of a usual page, and the page."""
    (source,) = pages_of(draw_pdf(look()))
    return source, read(source)


def read(source, settings=Settings()):  # noqa: B008
    return READER.read(source.read(), settings, source)


@pytest.mark.parametrize("turn", [{}, {"rotate": 90}, {"is_sideways": True, "shrink": 0.8}])
def test_curves_lie_on_the_ink_of_their_picture_whichever_way_it_lies(turn, draw_pdf, look):
    (source,) = pages_of(draw_pdf(look(**turn)))
    page = read(source)
    assert page.read_from == "lines"
    gray = cv2.cvtColor(page.photo, cv2.COLOR_RGB2GRAY)
    found = page.digitization
    for trace in found.traces:
        points = np.column_stack([trace.x_px, trace.y_px])
        x, y = np.rint(found.page.page_to_photo(points)).astype(int).T
        assert (gray[y, x] < 150).mean() > 0.95
    assert page.overlay().shape == page.photo.shape
    height, width = found.page.image.shape[:2]
    assert (width, height) == tuple(np.rint(np.array([297, 210]) * 72 / 25.4))


def test_a_drawn_page_is_told_as_other_pages_are(draw_pdf, look):
    (source,) = pages_of(draw_pdf(look(layout="6x1-limb")))
    page = read(source, Settings(fs_hz=250.0))
    assert page.ecg.lead_names == STANDARD_ORDER
    assert page.ecg.fs == 250.0
    assert page.predicted_snr_db == dict.fromkeys(LIMB_LEADS, DRAWN_SNR_DB)
    told = page.findings()
    assert json.loads(json.dumps(told, allow_nan=False))["read_from"] == "lines"
    assert told["printed"] == {"speed_mm_per_s": 25.0, "gain_mm_per_mv": 10.0}
    assert told["warnings"] == []
    assert told["agreement"] > 0.99
    unknown = ~np.isfinite(page.ecg.signal_mv)
    assert unknown.any()
    assert np.array_equal(page.confidence == 0, unknown)


def test_what_a_drawing_does_not_tell_is_among_the_warnings(draw_pdf, look):
    (source,) = pages_of(draw_pdf(look(print_scale=False, pulse="none", grid="none")))
    page = read(source)
    assert sum("gain" in warning for warning in page.warnings) == 1
    assert any("true size" in warning for warning in page.warnings)
    assert page.findings()["scale_confidence"] == 0.5


def test_stated_speed_and_gain_win(usual):
    source, found = usual
    stated = READER.read(found.photo, Settings(speed_mm_per_s=50.0, gain_mm_per_mv=20.0), source)
    assert stated.ecg.duration_s == pytest.approx(found.ecg.duration_s / 2, abs=0.01)
    height_mv = [np.nanmax(page.ecg.lead("II")) for page in (found, stated)]
    assert height_mv[1] == pytest.approx(height_mv[0] / 2, rel=0.05)


def test_another_layout_than_is_drawn_is_read_from_pixels(usual):
    source, found = usual
    assert READER.read(found.photo, Settings(layout="3x4+1R"), source).read_from == "lines"
    with pytest.raises(LayoutError, match="read as a picture at 500 Hz with 6x2"):
        READER.read(found.photo, Settings(layout="6x2"), source)
    # Boxes are those of a picture, as corners are.
    with pytest.raises(LayoutError, match="read as a picture"):
        READER.read(found.photo, Settings(boxes=(StatedBox(0, 1, 0.3, 0.1, 0.5, 0.2),)), source)


@pytest.mark.parametrize("turn", [{}, {"rotate": 90}])
def test_boxes_are_told_around_the_curves_of_the_picture_or_as_they_are_stated(
    turn, draw_pdf, look
):
    (source,) = pages_of(draw_pdf(look(**turn)))
    page = read(source)
    height, width = page.photo.shape[:2]
    found, told = page.digitization, page.findings()["boxes"]
    for trace, box in zip(found.traces, told, strict=True):
        assert (box["row"], box["column"]) == trace.strip.segment.place
        assert (box["lead"], box["tilt_deg"]) == (trace.strip.segment.lead, 0.0)
        points = found.page.page_to_photo(np.column_stack([trace.x_px, trace.y_px]))
        x, y = ((points + 0.5) / (width, height)).T
        assert box["left"] - 0.01 < x.min() < x.max() < box["right"] + 0.01
        assert box["top"] - 0.01 < y.min() < y.max() < box["bottom"] + 0.01
    stated = StatedBox(told[2]["row"], told[2]["column"], 0.3, 0.1, 0.5, 0.2)
    again = replace(page, settings=Settings(boxes=(stated,))).findings()["boxes"]
    assert again[2] == told[2] | {"left": 0.3, "top": 0.1, "right": 0.5, "bottom": 0.2}
    assert [box for box in again if box not in told] == [again[2]]


def test_what_is_not_drawn_is_read_from_pixels(usual, tmp_path):
    Image.new("RGB", (800, 600), "white").save(tmp_path / "scan.pdf")
    Image.new("RGB", (800, 600), "white").save(tmp_path / "scan.png")
    for name in ("scan.pdf", "scan.png"):
        with pytest.raises(LayoutError, match="read as a picture"):
            read(pages_of(tmp_path / name)[0])
    with pytest.raises(LayoutError, match="read as a picture"):
        READER.read(usual[1].photo)


def test_lines_that_are_refused_are_a_warning_of_the_page_without_its_folder(
    usual, draw_pdf, look, monkeypatch
):
    good = usual[1]
    monkeypatch.setattr(ToyDigitizer, "trace_photo", lambda *_: None)
    monkeypatch.setattr(ToyDigitizer, "interpret", lambda *_: good.digitization)
    (source,) = pages_of(draw_pdf(look(layout="6x1-precordial", names="none")))
    page = READER.read(good.photo, source=source)
    assert page.read_from == "pixels"
    assert "its picture was" in page.warnings[0]
    assert "expected names of leads beside the curves" in page.warnings[0]


def test_no_folder_is_told_in_a_warning(usual, monkeypatch):
    def refuse(file, page):
        raise DrawingError(f"page {page} of {file} must be a page")

    source, good = usual
    monkeypatch.setattr("ecgpaper.drawn.read.load_drawing", refuse)
    monkeypatch.setattr(ToyDigitizer, "trace_photo", lambda *_: None)
    monkeypatch.setattr(ToyDigitizer, "interpret", lambda *_: good.digitization)
    (warning, *_) = READER.read(good.photo, source=source).warnings
    assert warning.endswith("its picture was: page 1 of page.pdf must be a page")


def test_the_library_reads_lines(draw_pdf, look, monkeypatch):
    monkeypatch.setattr(page_reader, "loaded", lambda _: READER)
    page = page_reader.digitize(draw_pdf(look(), look(layout="6x2", every=4)), page=2)
    assert (page.read_from, page.layout.name) == ("lines", "6x2")


def test_a_page_that_names_no_lead_says_what_was_taken(usual):
    good = usual[1]
    columns = np.column_stack([np.full((good.ecg.n_samples, 12), np.nan), good.ecg.lead("II")])
    ecg = Ecg(columns, good.ecg.fs, (*STANDARD_ORDER, UNKNOWN_LEAD))
    snr_db = np.append(np.full(12, np.nan), 20.0)
    found = replace(good.digitization, ecg=ecg, predicted_snr_db=snr_db)
    page = replace(good, digitization=found, read_from="pixels")
    assert any("as if it were lead II" in warning for warning in page.warnings)
    assert not any("as if it were" in warning for warning in good.warnings)
    assert page.predicted_snr_db == {UNKNOWN_LEAD: 20.0}
    assert list(page.measurements.leads) == [UNKNOWN_LEAD]
    assert list(good.measurements.leads) == list(STANDARD_ORDER)
