"""The command that people use first, with the shipped model."""

import csv
import json
import logging
import re
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from ecgpaper import __main__ as program
from ecgpaper.ecg import STANDARD_ORDER
from ecgpaper.files.inputs import pages_of
from ecgpaper.files.records.challenge import read_ecg

ROOT = Path(__file__).parents[3]
BESIDE = ("-curves.js", "-overlay.jpg", "-thumbnail.jpg")
FILES = (*BESIDE, ".csv", ".dat", ".hea", ".json", ".npz")


@pytest.fixture(scope="module")
def results(tmp_path_factory, print_page):
    """Status, log and folders: two pages of a PDF, of which one is blank, and a text, at 250 Hz."""
    images, out = tmp_path_factory.mktemp("images"), tmp_path_factory.mktemp("out")
    page = Image.fromarray(print_page(3, layout="3x4+1R", dpi=150.0).image)
    blank = Image.new("RGB", (800, 600), "white")
    page.save(images / "Page 1.pdf", save_all=True, append_images=[blank], resolution=150.0)
    (images / "text.png").write_text("no image")
    (images / "notes.txt").write_text("no page")
    said = []
    handler = logging.Handler()
    handler.emit = said.append
    logging.getLogger("ecgpaper").addHandler(handler)
    command = ["digitize", str(images), "-o", str(out), "--fs", "250"]
    try:
        status = program.main([*command, "--format", "wfdb", "csv", "npz"])
    finally:
        logging.getLogger("ecgpaper").removeHandler(handler)
    return status, said, images, out


def test_every_page_gets_its_files_and_nothing_else_is_touched(results):
    _, _, images, out = results
    expected = [*(f"Page_1-p1{end}" for end in FILES), "report.html", "summary.csv"]
    assert sorted(file.name for file in out.iterdir()) == expected
    assert len(list(images.iterdir())) == 3


def test_what_cannot_be_read_is_named_and_costs_itself_only(results):
    status, said, _, out = results
    assert status == 1
    warnings = [record.getMessage() for record in said if record.levelname == "WARNING"]
    assert len(warnings) == 2
    assert "text.png: failed: " in warnings[0]
    assert "convert it to PNG" in warnings[0]
    assert "Page 1.pdf, page 2: refused: expected" in warnings[1]
    with (out / "summary.csv").open(newline="") as opened:
        rows = list(csv.DictReader(opened))
    assert [row["status"] for row in rows] == ["read", "refused", "failed"]
    assert (rows[0]["layout"], rows[0]["gain_mm_per_mv"]) == ("3x4+1R", "10.0")
    assert float(rows[0]["median_snr_db"]) > 15


def test_record_table_and_report_tell_the_same(results):
    _, _, _, out = results
    ecg = read_ecg(out / "Page_1-p1")
    assert ecg.fs == 250.0
    assert ecg.lead_names == STANDARD_ORDER
    rows = (out / "Page_1-p1.csv").read_text().splitlines()
    assert rows[0] == ",".join(["time_s", *(f"{lead}_mv" for lead in STANDARD_ORDER)])
    table = np.array([[float(cell or "nan") for cell in row.split(",")] for row in rows[1:]])
    assert table[:, 0] == pytest.approx(np.arange(len(table)) / 250.0)
    assert np.array_equal(np.isfinite(table[:, 1:]), np.isfinite(ecg.signal_mv))
    assert np.nanmax(np.abs(table[:, 1:] - ecg.signal_mv)) < 0.002
    report = json.loads((out / "Page_1-p1.json").read_text())
    assert (report["input"]["file"], report["input"]["page"]) == ("Page 1.pdf", 1)
    assert "not a medical device" in report["notice"]
    assert report["warnings"] == []
    assert report["layout"] == "3x4+1R"
    boxes = {box["lead"]: box for box in report["boxes"] if not box["column"]}
    assert len(report["boxes"]) == 13
    assert boxes["I"]["left"] == pytest.approx(boxes["III"]["left"], abs=0.01)
    assert 0 < boxes["I"]["top"] < boxes["III"]["top"] < boxes["II"]["bottom"] < 1
    assert boxes["II"]["right"] - boxes["II"]["left"] > 0.7
    assert (report["speed_mm_per_s"], report["gain_mm_per_mv"]) == (25.0, 10.0)
    assert report["scale_confidence"] > 0.6
    assert set(report["predicted_snr_db"]) == set(STANDARD_ORDER)
    assert report["left_out"] == []


# What the schema uses of JSON Schema's words for types.
TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "number": (int, float),
    "integer": int,
    "null": type(None),
}


def misfits(value, schema, where="page"):
    """Yield what a value has against a schema; a word of schemas that is not known here fails."""
    known = {"type", "properties", "required", "additionalProperties", "items", "enum", "pattern"}
    assert set(schema) <= known | {"minimum", "maximum", "description", "title", "$schema"}
    kinds = schema.get("type", list(TYPES))
    kinds = [kinds] if isinstance(kinds, str) else kinds
    low, high = schema.get("minimum", -np.inf), schema.get("maximum", np.inf)
    is_number = isinstance(value, int | float)
    if (
        not isinstance(value, tuple(TYPES[kind] for kind in kinds))
        or value not in schema.get("enum", [value])
        or (isinstance(value, str) and not re.search(schema.get("pattern", ""), value))
        or (is_number and not low <= value <= high)
    ):
        yield where
    for each in value if isinstance(value, list) else ():
        yield from misfits(each, schema.get("items", {}), f"{where}[]")
    if isinstance(value, dict):
        yield from misfits_within(value, schema, where)


def misfits_within(value, schema, where):
    properties, others = schema.get("properties", {}), schema.get("additionalProperties", {})
    yield from (f"{where}.{key}" for key in set(schema.get("required", ())) - set(value))
    for key, each in value.items():
        if key not in properties and others is False:
            yield f"{where}.{key}"
        else:
            yield from misfits(each, properties.get(key, others), f"{where}.{key}")


def test_the_report_is_what_its_schema_says(results):
    report = json.loads((results[3] / "Page_1-p1.json").read_text())
    schema = json.loads((ROOT / "docs/page.schema.json").read_text())
    assert list(misfits(report, schema)) == []
    assert set(report) == set(schema["properties"])
    del report["notice"]
    report["input"]["sha256"] = "abc"
    report["quality"] = 1.5
    report["patient"] = "a name"
    wrong = {"page.notice", "page.input.sha256", "page.quality", "page.patient"}
    assert set(misfits(report, schema)) == wrong


def test_overlay_has_the_size_of_the_page_and_shows_traces(results):
    _, _, images, out = results
    overlay = cv2.imread(str(out / "Page_1-p1-overlay.jpg"))
    assert overlay.shape == pages_of(images / "Page 1.pdf")[0].read().shape
    blue_beyond_red = overlay[..., 0].astype(int) - overlay[..., 2]
    assert (blue_beyond_red > 100).sum() > 1000


@pytest.mark.slow
def test_how_pages_are_read_is_said_on_demand(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("ecgpaper.digitize"), "level", logging.NOTSET)
    caplog.set_level(logging.INFO, "ecgpaper")
    blank = tmp_path / "blank.png"
    cv2.imwrite(str(blank), np.full((600, 800, 3), 255, np.uint8))
    command = ["digitize", str(blank), "--out", str(tmp_path / "out")]
    assert program.main(command) == 1
    assert {record.name for record in caplog.records} == {"ecgpaper.app.commands.digitize"}
    assert [file.name for file in sorted((tmp_path / "out").iterdir())] == [
        "report.html",
        "summary.csv",
    ]
    caplog.clear()
    command[-1] = str(tmp_path / "other")
    assert program.main([*command, "--verbose"]) == 1
    assert any(record.name.startswith("ecgpaper.digitize.") for record in caplog.records)


@pytest.mark.parametrize("value", ["0", "-1", "nan", "inf", "1e6", "1e9", "1e300", "ten", ""])
@pytest.mark.parametrize("option", ["--fs", "--speed", "--gain"])
def test_a_number_that_cannot_be_is_refused_when_it_is_read(option, value, tmp_path, capsys):
    with pytest.raises(SystemExit) as stop:
        program.main(["digitize", "a.png", "--out", str(tmp_path / "out"), option, value])
    assert stop.value.code == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert option in said
    assert "expected a" in said or "could not convert" in said


@pytest.mark.parametrize("out", ["file", "file/below", "x" * 300, "nul\0"])
def test_a_folder_that_cannot_be_made_ends_the_run_before_the_first_page(out, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert program.main(["digitize", "no-such.png", "--out", str(tmp_path / out)]) == 1
    said = capsys.readouterr().err
    assert said.startswith("error: ")
    assert "must be a folder" in said
    assert "choose" in said


def test_a_file_that_is_not_there_is_a_row_and_status_1(tmp_path, caplog):
    caplog.set_level(logging.INFO, "ecgpaper.app.commands.digitize")
    command = ["digitize", str(tmp_path / "no-such.png"), "-o", str(tmp_path / "out")]
    assert program.main(command) == 1
    assert "no-such.png: failed: expected the image" in caplog.text
    assert "0 of 1 pages are read, 1 failed: see" in caplog.text
    assert "no-such.png,1,failed," in (tmp_path / "out/summary.csv").read_text()


def test_weights_that_are_missing_end_the_run_and_are_no_fault_of_a_page(tmp_path, capsys):
    Image.new("RGB", (800, 600), "white").save(tmp_path / "a.png")
    (tmp_path / "model").mkdir()
    for workers in ("1", "2"):
        options = ["--model", str(tmp_path / "model"), "--workers", workers]
        assert program.main(["digitize", str(tmp_path), "-o", str(tmp_path / "o"), *options]) == 1
        assert re.match(r"error: .*model", capsys.readouterr().err)


@pytest.mark.parametrize(
    "options", [[], ["-o", "out", "--format", "doc"], ["-o", "out", "--workers", "0"]]
)
def test_a_command_line_that_is_wrong_is_status_2(options, capsys):
    with pytest.raises(SystemExit) as stop:
        program.main(["digitize", "a.png", *options])
    assert stop.value.code == 2
    assert "error: " in capsys.readouterr().err
