"""A reader without networks: a page is as bright as its signal is high; white pages are refused.

As a program it digitizes paths with it, for tests that kill it: ``python -m
tests.app.archive.toy_reader OUT N_WORKERS PAUSE_S PATH...``.
"""

import logging
import sys
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from ecgpaper.app.archive import PageTask
from ecgpaper.app.commands.digitize import digitize_pages
from ecgpaper.digitize.request import BOX_EDGES
from ecgpaper.digitized.page import Settings
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.errors import LayoutError
from ecgpaper.measure import Measurements
from ecgpaper.page import LAYOUTS
from ecgpaper.runtime.files import prepare_output_folder
from ecgpaper.runtime.workers import by_workers


@dataclass
class ToyResult:
    photo: np.ndarray
    settings: Settings

    @property
    def ecg(self):
        height_mv = float(self.photo.mean()) / 100
        return Ecg(np.full((100, 12), height_mv), self.settings.fs_hz, STANDARD_ORDER)

    def findings(self):
        return {
            "layout": "3x4",
            "boxes": self.boxes(),
            "speed_mm_per_s": 25.0,
            "gain_mm_per_mv": 10.0,
            "predicted_snr_db": {"I": 20.0, "II": 30.0, "V1": 22.0},
            "measurements": Measurements(n_beats=9, heart_rate_bpm=71.6, pr_ms=154.0).to_json(),
            "labels": ["NORM", "AFIB/AFL"],
            "warnings": [],
        }

    def boxes(self):
        """A box for each lead of the layout, a quarter of the width each, or as stated."""
        stated = {box.place: box.edges for box in self.settings.boxes}
        boxes = []
        for segment in LAYOUTS["3x4"].segments:
            (row, column), lead = segment.place, segment.lead
            edges = (0.25 * column, 0.2 + 0.2 * row, 0.25 + 0.25 * column, 0.35 + 0.2 * row)
            edges = dict(zip(BOX_EDGES, stated.get((row, column), edges), strict=True))
            boxes.append({"row": row, "column": column, "lead": lead, "tilt_deg": 0.0} | edges)
        return boxes

    def overlay(self):
        return self.photo


@dataclass(frozen=True)
class ToyReader:
    pause_s: float = 0.0
    log: Path | None = None

    def __call__(self):
        return self

    def read(self, photo, settings, source):
        if self.log:
            with self.log.open("a") as opened:
                opened.write(f"{source.file.name} {source.page}\n")
        time.sleep(self.pause_s)
        if photo.mean() > 250:
            raise LayoutError("expected rows; found none: scan it again")
        if photo.mean() < 5:
            raise ZeroDivisionError("a fault of the toy")
        return ToyResult(photo, settings)


def task_for(out, reader=ToyReader(), settings=Settings(), formats=("wfdb", "csv"), weights="1"):  # noqa: B008
    prepare_output_folder(out)
    program = {"version": "0", "model": {"toy.safetensors": weights}}
    return PageTask(out.resolve(), reader, settings, formats, program)


def run_toy(paths, out, n_workers=1, **options):
    task = task_for(out, **options)
    share = partial(by_workers, n_workers=n_workers, lost=task.killed)
    return digitize_pages(paths, task, share)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    out, n_workers, pause_s, *paths = sys.argv[1:]
    reader = ToyReader(float(pause_s))
    sys.exit(run_toy([*map(Path, paths)], Path(out), int(n_workers), reader=reader))
