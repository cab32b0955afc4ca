"""A run of `ecgpaper digitize` that is killed leaves whole files, and the next one finishes."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest

from ecgpaper.__main__ import main
from ecgpaper.files.records.challenge import read_ecg

ROOT = Path(__file__).parents[3]
ENDINGS = ("-curves.js", "-overlay.jpg", "-thumbnail.jpg", ".csv", ".dat", ".hea", ".json")


@pytest.mark.slow
def test_run_that_was_killed_left_whole_files_and_the_next_one_finishes(tmp_path, print_page):
    page, out = tmp_path / "page.png", tmp_path / "out"
    photo = print_page(3, layout="1x1", dpi=120.0).image
    cv2.imwrite(str(page), cv2.cvtColor(photo, cv2.COLOR_RGB2BGR))
    command = [sys.executable, "-m", "ecgpaper", "digitize", page, "--out", out]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=environment) as process:
        while not (out / "page.hea").exists():
            assert process.poll() is None
            time.sleep(0.001)
        process.kill()
    assert read_ecg(out / "page").n_samples > 0
    for report in out.glob("*.json"):
        json.loads(report.read_text())
    # As if it had died while it wrote.
    (out / ".partial-0123456789abcdef").write_bytes(b"half")
    assert main(["digitize", str(page), "--out", str(out)]) == 0
    written = [*(f"page{ending}" for ending in ENDINGS), "report.html", "summary.csv"]
    assert sorted(file.name for file in out.iterdir()) == written
