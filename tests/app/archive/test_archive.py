"""Batches of pages, read by a toy: nothing is lost, done twice, mixed up or left half."""

import csv
import json
import logging
import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import asdict
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pytest
from PIL import Image

from ecgpaper.app.archive import Summary, plan_pages, report_rows
from ecgpaper.app.archive.corrections import (
    MOST_BYTES,
    corrections_of,
    remove_corrections,
    write_corrections,
)
from ecgpaper.app.commands.digitize import digitize_pages
from ecgpaper.digitize import Stated, StatedBox, StatedLead
from ecgpaper.digitized.page import Settings
from ecgpaper.errors import BatchError, DiskError
from ecgpaper.files.formats import FORMATS
from ecgpaper.files.inputs import find_inputs
from ecgpaper.runtime import files
from tests.app.archive.toy_reader import ToyReader, run_toy, task_for

ROOT = Path(__file__).parents[3]
ENDINGS = ("-curves.js", "-overlay.jpg", "-thumbnail.jpg", ".csv", ".dat", ".hea", ".json")


def page(level):
    return Image.fromarray(np.full((20, 30), level, np.uint8))


def save(file, *levels):
    file.parent.mkdir(parents=True, exist_ok=True)
    first, *others = [page(level) for level in levels]
    several = {"save_all": True, "append_images": others} if others else {}
    first.save(file, **several)


def rows_of(out):
    with (out / "summary.csv").open(newline="") as opened:
        return list(csv.DictReader(opened))


def contents(folder):
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


@pytest.fixture
def folder(tmp_path):
    """Make a folder of anything: five pages that can be read, and what is wrong with others."""
    top = tmp_path / "in"
    save(top / "a.png", 100)
    save(top / "deep/a.png", 120)
    save(top / "scan.tif", 90, 255, 110)
    save(top / "b.pdf", 130)
    save(top / "black.png", 0)
    (top / "cut.png").write_bytes((top / "a.png").read_bytes()[:40])
    (top / "no.pdf").write_text("nothing")
    (top / "notes.txt").write_text("text")
    return top


READ = ("a", "b", "deep/a", "scan-p1", "scan-p3")


def test_every_page_has_its_files_or_its_reason(folder, tmp_path, caplog):
    out = tmp_path / "out"
    assert run_toy([folder], out) == 1
    expected = {f"{name}{ending}" for name in READ for ending in ENDINGS} | {
        "report.html",
        "summary.csv",
    }
    assert set(contents(out)) == expected
    rows = rows_of(out)
    assert {row["name"] for row in rows if row["status"] == "read"} == set(READ)
    told = {row["name"]: (row["status"], row["page"], row["reason"]) for row in rows}
    assert told["scan-p2"] == ("refused", "2", "expected rows; found none: scan it again")
    assert told["black"][0] == "failed"
    assert "ZeroDivisionError" in told["black"][2]
    assert {name for name in told if told[name][0] == "failed"} == {"black", "cut", "no"}
    (row,) = (row for row in rows if row["name"] == "deep/a")
    assert row["file"] == str(folder / "deep/a.png")
    assert (row["layout"], row["speed_mm_per_s"], row["gain_mm_per_mv"]) == ("3x4", "25.0", "10.0")
    assert (row["lowest_snr_db"], row["median_snr_db"]) == ("20.0", "22.0")
    assert row["labels"] == "NORM; AFIB/AFL"
    warnings = [each.getMessage() for each in caplog.records if each.levelname == "WARNING"]
    assert len(warnings) == 4
    assert any(f"{folder}/scan.tif, page 2: refused: expected rows" in line for line in warnings)


def test_the_report_says_where_a_page_comes_from(folder, tmp_path):
    out = tmp_path / "out"
    run_toy([folder / "scan.tif"], out, settings=Settings(fs_hz=250.0, gain_mm_per_mv=5.0))
    report = json.loads((out / "scan-p3.json").read_text())
    sha256 = subprocess.run(
        ["sha256sum", folder / "scan.tif"],  # noqa: S607
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()[0]
    assert report["input"] == {"file": "scan.tif", "sha256": sha256, "page": 3, "n_pages": 3}
    assert report["settings"] == {
        "fs_hz": 250.0,
        "layout": None,
        "speed_mm_per_s": None,
        "gain_mm_per_mv": 5.0,
        "leads": [],
        "corners": None,
        "boxes": [],
        "formats": ["wfdb", "csv"],
    }
    assert report["program"] == {"version": "0", "model": {"toy.safetensors": "1"}}
    assert "not a medical device" in report["notice"]
    assert sorted(report["files"]) == [f"scan-p3{end}" for end in ENDINGS if end != ".json"]
    assert str(tmp_path) not in (out / "scan-p3.json").read_text()


def reads_of(log):
    lines = sorted(log.read_text().splitlines()) if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def test_a_second_run_reads_only_what_failed_and_changes_nothing(folder, tmp_path):
    out, log = tmp_path / "out", tmp_path / "log"
    assert run_toy([folder], out, reader=ToyReader(log=log)) == 1
    assert len(reads_of(log)) == 7
    before = contents(out)
    times = {file: file.stat().st_mtime_ns for file in out.rglob("*.json")}
    assert run_toy([folder], out, reader=ToyReader(log=log)) == 1
    # A fault of the program may be one of a full memory: it is tried again.
    assert reads_of(log) == ["black.png 1"]
    assert contents(out) == before
    assert {file: file.stat().st_mtime_ns for file in out.rglob("*.json")} == times


@pytest.mark.parametrize(
    "change",
    [
        {"settings": Settings(fs_hz=250.0)},
        {"weights": "2"},
        {"formats": ("npz",)},
    ],
    ids=["settings", "weights", "formats"],
)
def test_other_settings_weights_or_formats_read_all_again(change, folder, tmp_path):
    out, log, whole = tmp_path / "out", tmp_path / "log", tmp_path / "whole"
    run_toy([folder], out)
    run_toy([folder], out, reader=ToyReader(log=log), **change)
    assert len(reads_of(log)) == 7
    run_toy([folder], whole, **change)
    assert contents(out) == contents(whole)


def test_a_changed_input_is_read_again_and_a_white_one_leaves_nothing_stale(folder, tmp_path):
    out, log = tmp_path / "out", tmp_path / "log"
    run_toy([folder], out)
    save(folder / "a.png", 140)
    save(folder / "b.pdf", 255)
    run_toy([folder], out, reader=ToyReader(log=log))
    assert reads_of(log) == ["a.png 1", "b.pdf 1", "black.png 1"]
    assert "1.4000" in (out / "a.csv").read_text()
    assert not list(out.glob("b*"))
    assert {row["name"]: row["status"] for row in rows_of(out)}["b"] == "refused"
    (out / "a.csv").unlink()
    run_toy([folder], out, reader=ToyReader(log=log))
    assert reads_of(log) == ["a.png 1", "black.png 1"]
    assert (out / "a.csv").exists()


def test_a_file_that_is_damaged_later_keeps_what_was_read_of_it(folder, tmp_path):
    out = tmp_path / "out"
    run_toy([folder], out)
    (folder / "a.png").write_bytes(b"")
    run_toy([folder], out)
    assert (out / "a.json").exists()
    assert {row["name"]: row["status"] for row in rows_of(out)}["a"] == "failed"


def test_rows_of_other_pages_stay_as_long_as_these(folder, tmp_path):
    out = tmp_path / "out"
    run_toy([folder / "a.png", folder / "cut.png"], out)
    run_toy([folder / "b.pdf"], out)
    assert [row["name"] for row in rows_of(out)] == ["a", "b", "cut"]
    (folder / "cut.png").unlink()
    (out / "a.json").unlink()
    run_toy([folder / "b.pdf"], out)
    assert [row["name"] for row in rows_of(out)] == ["b"]


def test_a_summary_that_somebody_changed_is_written_anew(folder, tmp_path):
    out = tmp_path / "out"
    run_toy([folder], out)
    before = rows_of(out)
    for content in (b"\xff\xfe", b"file;page\n1;2\n", b"", b'"'):
        (out / "summary.csv").write_bytes(content)
        run_toy([folder], out)
        assert rows_of(out) == before


def test_a_report_cannot_make_the_program_remove_other_files(folder, tmp_path):
    out = tmp_path / "out"
    run_toy([folder / "a.png"], out)
    report = json.loads((out / "a.json").read_text())
    for name in ("precious", "a.keep"):
        (tmp_path / name).write_text("mine")
    (out / "b.csv").write_text("mine")
    report["files"] = ["../precious", str(tmp_path / "precious"), "b.csv", "a./../../a.keep", 7]
    (out / "a.json").write_text(json.dumps(report | {"input": {}}))
    assert run_toy([folder / "a.png"], out) == 0
    assert all((tmp_path / name).exists() for name in ("precious", "a.keep", "out/b.csv"))


def test_outputs_among_the_pages_to_read_are_refused(folder):
    with pytest.raises(BatchError, match="has pages to read: choose another"):
        run_toy([folder], folder)
    assert not list(folder.glob("*.json"))
    assert run_toy([folder / "a.png"], folder / "out") == 0


def test_a_folder_without_pages_says_so(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/x.txt").write_text("text")
    with pytest.raises(BatchError, match="found none among 1 files"):
        run_toy([tmp_path / "in"], tmp_path / "out")


def test_names_that_are_hostile_stay_below_the_outputs(tmp_path, caplog):
    top, out = tmp_path / "in", tmp_path / "out"
    for name in ("z.png", "a\nb.png", "q'\".png", "=1+1.png", "心電図.png", "x" * 250 + ".png"):
        save(top / "a..b" / name, 100)
    os.rename(os.fsencode(top / "a..b" / "z.png"), os.fsencode(top) + b"/\xff\xfe.png")  # noqa: PTH104
    assert run_toy([top], out) == 0
    assert len(list(out.rglob("*.json"))) == 6
    assert all(re.fullmatch(r"[\w./-]+", name) for name in contents(out))
    assert len(rows_of(out)) == 6
    caplog.set_level(logging.INFO, "ecgpaper")
    assert run_toy([top], out) == 0
    assert "6 of the pages were done before" in caplog.text
    assert len(rows_of(out)) == 6


@pytest.mark.slow
def test_workers_read_the_same_as_one(folder, tmp_path):
    assert run_toy([folder], tmp_path / "a") == 1
    assert run_toy([folder], tmp_path / "b", n_workers=2) == 1
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_a_full_disk_ends_the_run_and_is_no_fault_of_a_page(folder, tmp_path, monkeypatch):
    def full(path, content):
        raise DiskError(f"{len(content)} bytes must be written to {path}; the disk is full")

    monkeypatch.setattr(files, "_PROBE_BYTES", 10)
    monkeypatch.setattr("ecgpaper.app.archive.task.write_whole", full)
    with pytest.raises(DiskError, match="the disk is full"):
        run_toy([folder], tmp_path / "out")
    assert not list((tmp_path / "out").rglob("*.json"))


def started(paths, out, n_workers, pause_s):
    command = [
        sys.executable,
        "-m",
        "tests.app.archive.toy_reader",
        out,
        n_workers,
        pause_s,
        *paths,
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(
        [str(word) for word in command],
        env=environment,
        cwd=ROOT,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        # Where tests run in the background, interrupts are ignored, and so they would be here.
        preexec_fn=_with_interrupts,  # noqa: PLW1509  the tests have one thread
    )


def _with_interrupts():
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(condition, process):
    while not condition():
        assert process.poll() is None
        time.sleep(0.002)


@pytest.mark.slow
def test_a_run_that_was_killed_goes_on_and_ends_as_one_that_was_not(folder, tmp_path):
    out, whole = tmp_path / "out", tmp_path / "whole"
    with started([folder], out, 1, 0.2) as process:
        wait_for(lambda: len(list(out.rglob("*.json"))) == 2, process)
        process.kill()
    (out / "deep").mkdir(exist_ok=True)
    (out / "deep/.partial-0123456789abcdef").write_bytes(b"half")
    assert all(json.loads(file.read_text()) for file in out.rglob("*.json"))
    n_done = len(list(out.rglob("*.json")))
    log = tmp_path / "log"
    # The pause is part of how it reads, and of no file.
    assert run_toy([folder], out, reader=ToyReader(log=log)) == 1
    assert len(reads_of(log)) <= 7 - n_done
    run_toy([folder], whole)
    assert contents(out) == contents(whole)


@pytest.mark.slow
@pytest.mark.parametrize("n_workers", [1, 2])
def test_an_interrupt_ends_a_run_at_once_with_one_line(n_workers, folder, tmp_path):
    out = tmp_path / "out"
    for index in range(8):
        save(folder / f"more{index}.png", 100)
    with started([folder], out, n_workers, 1.0) as process:
        wait_for(lambda: list(out.rglob("*.json")), process)
        # A terminal interrupts the workers as well.
        os.killpg(process.pid, signal.SIGINT)
        start_s = time.monotonic()
        _, told = process.communicate()
    # Pages take a second each; on a busy machine Python itself takes some to end.
    assert time.monotonic() - start_s < 40
    assert process.returncode == 130
    assert "Traceback" not in told
    assert len(list(out.rglob("*.json"))) < 13
    (line,) = (line for line in told.splitlines() if "interrupted" in line)
    assert re.fullmatch(r"interrupted: \d+ of 17 pages are done; the same command goes on.*", line)
    assert run_toy([folder], out) == 1
    assert len(list(out.rglob("*.json"))) == 13


def test_two_runs_of_other_settings_into_one_folder_leave_whole_sets(folder, tmp_path, monkeypatch):
    def wait(ecg, _):
        time.sleep(0.01 if ecg.fs == 200 else 0.03)
        return ()

    monkeypatch.setitem(FORMATS, "slow", wait)
    out = tmp_path / "out"
    options = [
        {"settings": Settings(fs_hz=fs), "formats": ("wfdb", "slow", "csv")}
        for fs in (100.0, 200.0, 400.0)
    ]
    threads = [
        threading.Thread(target=run_toy, args=([folder], out), kwargs=each) for each in options
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for name in READ:
        fs = json.loads((out / f"{name}.json").read_text())["settings"]["fs_hz"]
        assert f"{name.rpartition('/')[2]} 12 {fs:g} 100" in (out / f"{name}.hea").read_text()
        assert f"\n{1 / fs:.6f}," in (out / f"{name}.csv").read_text()
    assert len(rows_of(out)) == 9


def test_the_report_shows_all_pages_of_a_folder_of_outputs_also_those_of_earlier_runs(
    folder, tmp_path
):
    out = tmp_path / "out"
    run_toy([folder / "scan.tif", folder / "cut.png"], out)
    run_toy([folder / "a.png"], out)
    html = (out / "report.html").read_text()
    pages = json.loads(re.search(r'id="data">(.*?)</script>', html, re.DOTALL)[1])
    told = {page["file"]: page for page in pages}
    assert set(told) == {"a.png", "cut.png", *(f"scan.tif, page {page}" for page in (1, 2, 3))}
    assert told["scan.tif, page 2"]["fault"].startswith("expected rows")
    assert "must be a whole image" in told["cut.png"]["fault"]
    page = told["a.png"]
    assert (page["rate"], page["pr"], page["qrs"]) == (71.6, 154.0, None)
    assert (page["layout"], page["labels"]) == ("3x4", ["NORM", "AFIB/AFL"])
    assert unquote(page["picture"]) == "./../in/a.png"
    for kind in ("overlay", "thumbnail", "curves"):
        assert (out / page[kind]).is_file()
        assert not told["cut.png"][kind]
    assert told["scan.tif, page 1"]["picture"] == ""


def test_the_report_of_pages_whose_answers_somebody_changed_still_shows_them(folder, tmp_path):
    out = tmp_path / "out"
    run_toy([folder / "a.png"], out)
    report = json.loads((out / "a.json").read_text())
    wrong = {"n_beats": "x"}, {"leads": {"I": {"q_mv": "<b>"}}, "rr_ms": []}, {"rr_ms": ["a"]}
    for measurements in (*wrong, None, [1]):
        changed = report | {"measurements": measurements, "warnings": 1, "predicted_snr_db": []}
        (out / "a.json").write_text(json.dumps(changed))
        (row,) = report_rows(out, Summary(out).rows())
        assert (row.measurements, row.warnings, row.predicted_snr_db) == (None, (), {})


def test_without_jinja2_a_batch_says_so_and_goes_on(folder, tmp_path, monkeypatch, caplog):
    monkeypatch.setitem(sys.modules, "jinja2", None)
    assert run_toy([folder / "a.png"], tmp_path / "out") == 0
    (told,) = (line.getMessage() for line in caplog.records if "report.html" in line.getMessage())
    assert "pip install 'ecgpaper[report]'" in told
    assert not (tmp_path / "out/report.html").exists()
    assert (tmp_path / "out/summary.csv").exists()


def test_measurements_are_columns_of_the_summary(folder, tmp_path):
    run_toy([folder / "a.png"], tmp_path / "out")
    (row,) = rows_of(tmp_path / "out")
    shown = [row[name] for name in ("heart_rate_bpm", "pr_ms", "qrs_ms", "qtc_bazett_ms")]
    assert shown == ["72", "154", "", ""]


def test_outputs_are_no_pages_when_their_folder_is_walked(folder, tmp_path):
    run_toy([folder / "a.png"], tmp_path / "out")
    assert find_inputs([tmp_path / "out"]).files == []


def test_a_page_whose_reader_was_killed_is_a_row_with_the_reason(folder, tmp_path):
    def kill_all(jobs):
        yield from map(task.killed, jobs)

    task = task_for(tmp_path / "out")
    assert digitize_pages([folder / "a.png"], task, lambda _, jobs: kill_all(jobs)) == 1
    (row,) = rows_of(tmp_path / "out")
    assert (row["file"], row["status"]) == (str(folder / "a.png"), "failed")
    assert "was killed twice" in row["reason"]


def test_corrections_are_honored_kept_and_read_again_only_when_they_change(
    folder, tmp_path, caplog
):
    out, log = tmp_path / "out", tmp_path / "log"
    run_toy([folder], out, settings=Settings(speed_mm_per_s=50.0))
    reads = {"reader": ToyReader(log=log), "settings": Settings(speed_mm_per_s=50.0)}
    plan = plan_pages(find_inputs([folder]).files)
    jobs = {job.name: job for job in plan.jobs}
    corners = ((0.1, 0.1), (0.9, 0.1), (0.9, 0.8), (0.1, 0.9))
    box = StatedBox(1, 2, 0.5, 0.25, 0.75, 0.5)
    stated = Stated("3x4+1R", None, 5.0, (StatedLead(3, 0, "V1"),), corners, (box,))
    # Of a page that was read, of one of several, of one that was refused.
    for name in ("a", "scan-p3", "scan-p2"):
        write_corrections(out / name, jobs[name], stated)
    assert run_toy([folder], out, **reads) == 1
    assert reads_of(log) == ["a.png 1", "black.png 1", "scan.tif 2", "scan.tif 3"]
    settings = json.loads((out / "a.json").read_text())["settings"]
    assert settings == {
        "fs_hz": 500.0,
        "layout": "3x4+1R",
        "speed_mm_per_s": 50.0,
        "gain_mm_per_mv": 5.0,
        "leads": [{"row": 3, "column": 0, "lead": "V1"}],
        "corners": [list(corner) for corner in corners],
        "boxes": [asdict(box)],
        "formats": ["wfdb", "csv"],
    }
    before = contents(out)
    run_toy([folder], out, **reads)
    assert (contents(out), reads_of(log)) == (before, ["black.png 1"])
    # Another page under the same name, and no corrections any more.
    save(folder / "a.png", 140)
    remove_corrections(out / "scan-p3")
    run_toy([folder], out, **reads)
    assert reads_of(log) == ["a.png 1", "black.png 1", "scan.tif 3"]
    assert json.loads((out / "a.json").read_text())["settings"]["gain_mm_per_mv"] is None
    assert "a.corrections.json is not honored: it was made for another page" in caplog.text
    assert json.loads((out / "scan-p3.json").read_text())["settings"]["corners"] is None


def test_the_longest_corrections_can_be_read_again(folder, tmp_path):
    (job,) = plan_pages(find_inputs([folder / "a.png"]).files).jobs
    share = 1 / 3 - 0.5
    corners = ((share, share), (1 - share, share), (1 - share, 1 - share), (share, 1 - share))
    places = [(row, column) for row in range(56, 64) for column in range(56, 64)]
    leads = tuple(StatedLead(*place, "aVR") for place in places)
    boxes = tuple(
        StatedBox(*place, share, -1.2345678901234567e-300, 1 / 3, 1 / 3) for place in places
    )
    stated = Stated("6x2+1R", 100 / 3, 40 / 3, leads, corners, boxes)
    write_corrections(tmp_path / "a", job, stated)
    assert corrections_of(tmp_path / "a", job) == stated
    # Even if all numbers were as long as the longest.
    n_bytes = (tmp_path / "a.corrections.json").stat().st_size
    n_longer = 4 * len(boxes) + 8 + 2
    assert n_bytes + n_longer * len("-1.2345678901234567e-300") < MOST_BYTES


BOX = b'{"boxes": [{"row": 0, "column": 1, "left": 0.2, "top": 0, "right": 0.4, "bottom": 1}]}'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b"\xff", "must hold corrections"),
        (b"[1]", "must hold corrections"),
        (b'{"gain_mm_per_mv": 1e9}', "gain of 1 to 40"),
        (b'{"gain_mm_per_mv": true}', "gain_mm_per_mv must be a number"),
        (b'{"layout": ["3x4"]}', "layout must be a name"),
        (b'{"layout": "../x"}', "layout must be one of"),
        (b'{"leads": [{"row": 0, "column": 0, "lead": "<b>"}]}', "lead must be one of"),
        (b'{"leads": [{"row": 0.5, "column": 0, "lead": "I"}]}', "a row, a column and a lead"),
        (b'{"leads": {"I": 1}}', "leads must be a list"),
        (b'{"corners": [[0, 0], [1, 0], [0, 1], [1, 1]]}', "clockwise"),
        (b'{"corners": [[0, 0], [NaN, 0], [1, 1], [0, 1]]}', "corners must be four"),
        (b'{"corners": [[0, 0], [1, 0], [1, 1]]}', "corners must be four"),
        (b'{"boxes": [{"row": 0, "column": 0, "left": 0.1}]}', "a row, a column, left, top, right"),
        (BOX.replace(b"0.4", b"0.1"), "left edge before its right one"),
        (BOX.replace(b"0.4", b'"x"'), "right of a box must be a number"),
        (BOX.replace(b"]", b", null]"), "each of boxes must have"),
        (b'{"boxes": {}}', "boxes must be a list"),
        (b'{"gain": 5}', "expected some of boxes, corners, gain_mm_per_mv"),
        (b"[" * 20_000, "must hold corrections"),
        (b'{"gain_mm_per_mv": 1' + b"0" * 400 + b"}", "gain_mm_per_mv must be a number"),
        (b'{"gain_mm_per_mv": 1' + b"0" * 5000 + b"}", "must hold corrections"),
        (b'{"leads": []' + b" " * MOST_BYTES + b"}", "it is too long"),
    ],
)
def test_corrections_that_cannot_be_cost_their_page_only(text, reason, folder, tmp_path):
    out = tmp_path / "out"
    run_toy([folder / "a.png", folder / "b.pdf"], out)
    (out / "a.corrections.json").write_bytes(text)
    assert run_toy([folder / "a.png", folder / "b.pdf"], out) == 1
    rows = {row["name"]: row for row in rows_of(out)}
    assert (rows["a"]["status"], rows["b"]["status"]) == ("failed", "read")
    assert reason in rows["a"]["reason"]
    assert "a.corrections.json" in rows["a"]["reason"]
