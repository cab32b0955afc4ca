"""The command that people use first, with the shipped model."""

import json
import logging

import cv2
import numpy as np
import pytest

from ecgpaper import __main__ as program
from ecgpaper.commands import digitize as command
from ecgpaper.ecg import STANDARD_ORDER
from ecgpaper.records import read_ecg

FILES = ("-overlay.jpg", ".csv", ".dat", ".hea", ".json")


@pytest.fixture(scope="module")
def results(tmp_path_factory, print_page):
    """Status, log and folders of a page, its namesake, a blank sheet and a text, read at 250 Hz."""
    images, out = tmp_path_factory.mktemp("images"), tmp_path_factory.mktemp("out")
    page = print_page(3, layout="3x4+1R", dpi=150.0)
    written = cv2.cvtColor(page.image, cv2.COLOR_RGB2BGR)
    cv2.imwrite(str(images / "Page 1.png"), written)
    cv2.imwrite(str(images / "Page_1.bmp"), 255 - written)
    cv2.imwrite(str(images / "blank.png"), np.full((600, 800, 3), 255, np.uint8))
    (images / "text.png").write_text("no image")
    said = []
    handler = logging.Handler()
    handler.emit = said.append
    logging.getLogger("ecgpaper").addHandler(handler)
    files = sorted(str(file) for file in images.iterdir())
    try:
        status = program.main(["digitize", *files, files[0], "--out", str(out), "--fs", "250"])
    finally:
        logging.getLogger("ecgpaper").removeHandler(handler)
    return status, said, images, out


def test_every_page_gets_five_files_and_nothing_else_is_touched(results):
    _, _, images, out = results
    assert sorted(file.name for file in out.iterdir()) == sorted(f"Page_1{end}" for end in FILES)
    assert len(list(images.iterdir())) == 4


def test_what_cannot_be_read_is_named_and_costs_itself_only(results):
    status, said, _, _ = results
    assert status == 1
    warnings = [record.getMessage() for record in said]
    assert len(warnings) == 3
    for name, message in zip(("Page_1.bmp", "blank.png", "text.png"), warnings, strict=True):
        assert name in message.split(": ")[0]
    assert "Page 1.png is already written" in warnings[0]
    assert "expected" in warnings[1]
    assert "convert it to PNG" in warnings[2]


def test_record_table_and_report_tell_the_same(results):
    _, _, _, out = results
    ecg = read_ecg(out / "Page_1")
    assert ecg.fs == 250.0
    assert ecg.lead_names == STANDARD_ORDER
    rows = (out / "Page_1.csv").read_text().splitlines()
    assert rows[0] == ",".join(["time_s", *(f"{lead}_mv" for lead in STANDARD_ORDER)])
    table = np.array([[float(cell or "nan") for cell in row.split(",")] for row in rows[1:]])
    assert table[:, 0] == pytest.approx(np.arange(len(table)) / 250.0)
    assert np.array_equal(np.isfinite(table[:, 1:]), np.isfinite(ecg.signal_mv))
    assert np.nanmax(np.abs(table[:, 1:] - ecg.signal_mv)) < 0.002
    report = json.loads((out / "Page_1.json").read_text())
    assert report["image"] == "Page 1.png"
    assert "not a medical device" in report["warning"]
    assert report["layout"] == "3x4+1R"
    assert (report["speed_mm_per_s"], report["gain_mm_per_mv"]) == (25.0, 10.0)
    assert report["scale_confidence"] > 0.6
    assert set(report["predicted_snr_db"]) == set(STANDARD_ORDER)
    assert report["left_out"] == []


def test_overlay_has_the_size_of_the_page_and_shows_traces(results):
    _, _, images, out = results
    page, overlay = (
        cv2.imread(str(file)) for file in (images / "Page 1.png", out / "Page_1-overlay.jpg")
    )
    assert overlay.shape == page.shape
    blue_beyond_red = overlay[..., 0].astype(int) - overlay[..., 2]
    assert (blue_beyond_red > 100).sum() > 1000


def test_how_pages_are_read_is_said_on_demand(tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(logging.getLogger("ecgpaper.digitize"), "level", logging.NOTSET)
    caplog.set_level(logging.INFO)
    blank = tmp_path / "blank.png"
    cv2.imwrite(str(blank), np.full((600, 800, 3), 255, np.uint8))
    command = ["digitize", str(blank), "--out", str(tmp_path / "out")]
    assert program.main(command) == 1
    assert [record.name for record in caplog.records] == ["ecgpaper.commands.digitize"]
    caplog.clear()
    assert program.main([*command, "--verbose"]) == 1
    assert len(caplog.records) > 1
    assert list((tmp_path / "out").iterdir()) == []


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


def test_a_name_may_be_as_long_as_a_file_may_have(tmp_path, print_page):
    image = tmp_path / ("n" * 250 + ".png")
    page = print_page(3, layout="3x4+1R", dpi=100.0)
    cv2.imwrite(str(image), cv2.cvtColor(page.image, cv2.COLOR_RGB2BGR))
    assert program.main(["digitize", str(image), "--out", str(tmp_path / "out")]) == 0
    assert len(list((tmp_path / "out").iterdir())) == len(FILES)


def test_a_fault_of_the_program_costs_one_page_only(tmp_path, print_page, caplog, monkeypatch):
    page = print_page(3, layout="3x4+1R", dpi=100.0)
    for name in ("a", "b"):
        cv2.imwrite(str(tmp_path / f"{name}.png"), cv2.cvtColor(page.image, cv2.COLOR_RGB2BGR))
    own_name = command._own_name

    def fail_at_a(image, written):
        return 1 / 0 if image.stem == "a" else own_name(image, written)

    monkeypatch.setattr(command, "_own_name", fail_at_a)
    images = [str(tmp_path / f"{name}.png") for name in ("a", "b")]
    assert program.main(["digitize", *images, "--out", str(tmp_path / "out")]) == 1
    assert (tmp_path / "out" / "b.json").exists()
    messages = [record.getMessage() for record in caplog.records if record.levelname == "WARNING"]
    assert len(messages) == 1
    assert "a.png: a fault of the program while reading this image: ZeroDivision" in messages[0]
