"""The report on paper: the table, or the page that is open on one sheet of its own."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ecgpaper.app.report import ReportRow, curves_script, write_report
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.measure import LeadAmplitudes, Measurements
from tests import browser

pdfium = pytest.importorskip("pypdfium2", reason="an optional extra")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(browser.PROGRAM is None, reason="Chromium is not installed"),
]
SHEETS_INCH = {"A4": (8.27, 11.69), "Letter": (8.5, 11.0), "A4 across": (11.69, 8.27)}
ROW = ReportRow(
    file="a.png",
    layout="12x1",
    predicted_snr_db=dict.fromkeys(STANDARD_ORDER, 21.0),
    warnings=("no grid was seen: the scale is a guess", "to be used with care: V1, V2, V3"),
    labels=("NORM",),
    measurements=Measurements(
        n_beats=12, leads=dict.fromkeys(STANDARD_ORDER, LeadAmplitudes(0.1, 0.2, -1.1, 0.05, 0.1))
    ),
    overlay=Path("a.png"),
    curves=Path("a.js"),
)


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    """A page as high as pages are, all leads at full length: what needs most room."""
    folder = tmp_path_factory.mktemp("report")
    Image.fromarray(np.full((1400, 1000, 3), 240, np.uint8)).save(folder / "a.png")
    waves_mv = np.sin(np.linspace(0, 60, 5000))[:, None] * np.ones(12)
    (folder / "a.js").write_bytes(curves_script(Ecg(waves_mv, 500.0, STANDARD_ORDER)))
    return write_report([ROW, replace(ROW, file="b.png")], folder)


@pytest.fixture(scope="module")
def tab():
    with browser.Browser() as tab:
        yield tab


def printed(tab, file, sheet="A4"):
    width_inch, height_inch = SHEETS_INCH[sheet]
    tab.pdf(file, paperWidth=width_inch, paperHeight=height_inch)
    pdf = pdfium.PdfDocument(file)
    texts = [page.get_textpage().get_text_bounded() for page in pdf]
    picture = pdf[0].render(scale=2.0).to_numpy()
    pdf.close()
    return texts, picture


@pytest.mark.parametrize("sheet", SHEETS_INCH)
def test_a_page_that_is_open_takes_one_sheet_with_all_that_is_told(tab, report, tmp_path, sheet):
    tab.open("about:blank")
    tab.open(f"{report.as_uri()}#page-1")
    tab.wait("document.querySelector('#paper svg') !== null")
    tab.wait("document.getElementById('large').complete")
    texts, picture = printed(tab, tmp_path / "page.pdf", sheet)
    assert len(texts) == 1
    for told in ("a.png", "no medical device", "lead V6", "QTc, Bazett", "ST+60 ms", "NORM"):
        assert told in texts[0]
    for button in ("Previous", "Close", "Zoom", "b.png", "enlarges"):
        assert button not in texts[0]
    # Paper is white, and curves are black.
    assert np.median(picture) == 255
    tab.show_as("print")
    stroke = tab.run("getComputedStyle(document.querySelector('#paper .curve')).stroke")
    tab.show_as("")
    assert stroke == "rgb(0, 0, 0)"


def test_the_table_is_printed_without_what_is_pressed(tab, report, tmp_path):
    tab.open("about:blank")
    tab.open(report.as_uri())
    texts, _ = printed(tab, tmp_path / "table.pdf")
    assert len(texts) == 1
    for told in ("a.png", "b.png", "no medical device", "Expected SNR", "care: V1"):
        assert told in texts[0]
    assert "Find" not in texts[0]
    assert "Select a page" not in texts[0]
