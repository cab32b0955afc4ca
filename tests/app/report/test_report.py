"""The report: links that lead to files, texts that stay texts, figures and trust in plain words."""

import builtins
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest

from ecgpaper.app.report import ReportRow, curves_script, thumbnail_of, write_report
from ecgpaper.ecg import Ecg
from ecgpaper.errors import MissingPackageError
from ecgpaper.measure import LeadAmplitudes, Measurements

HOSTILE = "a'b\"c<script>alert(1)</script>&#x26;\n%2F?#é.png"
MEASURED = Measurements(
    n_beats=12,
    heart_rate_bpm=71.6,
    pr_ms=154.0,
    qrs_ms=88.0,
    rhythm="sinus rhythm",
    leads={"V1": LeadAmplitudes(0.0, 0.2, -1.1, 0.05, None)},
)
READ = ReportRow(
    file=HOSTILE,
    page=2,
    layout="3x4+1R",
    predicted_snr_db={"V3": 12.4, "I": 24.6, "II": float("nan")},
    left_out=("V3",),
    warnings=("no <grid> was seen",),
    labels=("NORM", "AFIB/AFL"),
    measurements=MEASURED,
    thumbnail=Path("thumbnails") / HOSTILE,
    overlay=Path("javascript:alert(1)"),
    curves=Path("page-1.js"),
)
FAILED = ReportRow(file="b.png", fault="no ECG page was found")


class Seen(HTMLParser):
    """What a browser makes of a page: elements, links, texts and scripts."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.links, self.texts, self.scripts = [], [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.links += [value for name, value in attrs if name in ("src", "href")]

    def handle_data(self, data):
        (self.scripts if self.tags and self.tags[-1][0] == "script" else self.texts).append(data)


@pytest.fixture
def seen(tmp_path):
    report = write_report([READ, FAILED], tmp_path)
    assert report == tmp_path / "report.html"
    return Seen(report.read_text(encoding="utf-8"))


def data_of(seen):
    """The pages as the report's script gets them."""
    return json.loads(next(script for script in seen.scripts if script.startswith("[")))


def test_a_file_name_is_a_text_and_a_link_to_that_file(seen):
    shown = HOSTILE.replace("\n", "\N{REPLACEMENT CHARACTER}") + ", page 2"
    assert shown in seen.texts
    assert data_of(seen)[0]["file"] == shown
    thumbnail = next(link for link in seen.links if "thumbnails" in link)
    assert re.fullmatch(r"[\w./%~-]+", thumbnail)
    assert unquote(thumbnail) == f"./thumbnails/{HOSTILE}"


def test_no_name_becomes_markup_or_a_script(seen):
    assert sum(tag == "script" for tag, _ in seen.tags) == 2
    assert not any(name.startswith("on") for _, attributes in seen.tags for name in attributes)
    assert "no <grid> was seen" in seen.texts
    assert all(link.startswith(("./", "#page-")) for link in seen.links)


def test_nothing_is_loaded_from_elsewhere(seen):
    policy = next(a["content"] for tag, a in seen.tags if a.get("http-equiv"))
    assert policy.startswith("default-src 'none'")
    assert not any("//" in link for link in seen.links)


def test_a_report_in_a_folder_links_absolute_files_relatively(tmp_path):
    row = ReportRow(file="a.png", picture=tmp_path / "in" / "a.png")
    report = write_report([row], tmp_path / "out")
    assert data_of(Seen(report.read_text(encoding="utf-8")))[0]["picture"] == "./../in/a.png"


def test_trust_is_said_in_plain_words(seen):
    said = [lead["text"] for lead in data_of(seen)[0]["leads"]]
    assert said == [
        "lead I: about 25 dB expected, good",
        "lead V3: about 12 dB expected, doubtful, left out",
    ]


def test_what_cannot_be_measured_is_said(seen):
    values = {each["name"]: each["value"] for each in data_of(seen)[0]["measured"]}
    assert values["Heart rate"] == "72 per minute"
    assert values["QT"] == "not measurable"
    assert data_of(seen)[0]["amplitudes"] == [["V1", "", "0.20", "-1.10", "0.05", "?"]]


def test_a_page_that_failed_is_a_row_with_its_reason(seen):
    assert "could not be read: no ECG page was found" in seen.texts
    assert data_of(seen)[1]["fault"] == "no ECG page was found"


def test_each_heading_sorts_by_a_value_that_each_cell_has(seen):
    headings = [attributes for tag, attributes in seen.tags if tag == "th" and attributes]
    kinds = [attributes["data-kind"] for attributes in headings if "data-kind" in attributes]
    assert kinds.count("number") == 5
    row = seen.tags[next(i for i, (_, a) in enumerate(seen.tags) if a.get("data-page") == "0") :]
    cells = [attributes for tag, attributes in row if tag == "td"][1 : 1 + len(kinds)]
    assert all("data-value" in cell for cell in cells)
    for kind, cell in zip(kinds, cells, strict=True):
        assert kind == "text" or cell["data-value"] == "" or float(cell["data-value"]) > 0
    assert any("sortBy(heading)" in script for script in seen.scripts)


def test_the_report_says_first_that_it_is_no_medical_device(seen):
    texts = " ".join(text.strip() for text in seen.texts if text.strip())
    assert texts.index("no medical device") < texts.index("3x4+1R")


def test_a_thousand_rows_take_little_and_no_picture_lies_in_the_page(tmp_path):
    rows = [READ, FAILED] * 500
    report = write_report(rows, tmp_path)
    assert report.stat().st_size < 4e6
    assert "data:image" not in report.read_text(encoding="utf-8")


def test_curves_are_runs_of_what_is_known():
    signal_mv = np.full((1000, 2), np.nan)
    signal_mv[100:200, 0] = 0.5
    signal_mv[300:400, 0] = -0.25
    text = curves_script(Ecg(signal_mv, 500.0, ("I", "II"))).decode()
    drawn = json.loads(text.removeprefix("ecgpaperCurves(").removesuffix(");\n"))
    assert drawn["step"] == 1 / 250
    assert drawn["duration"] == 2
    assert drawn["leads"] == {"I": [[0.2, [500] * 50], [0.6, [-250] * 50]]}


def test_a_thumbnail_is_small_and_of_the_same_shape():
    small = thumbnail_of(np.zeros((1700, 2200, 3), np.uint8))
    assert small.shape == (185, 240, 3)
    assert thumbnail_of(small) is small


def test_without_jinja2_the_report_says_what_to_install(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name == "jinja2":
            raise ImportError(name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingPackageError, match=r"ecgpaper\[report\]"):
        write_report([], tmp_path)
