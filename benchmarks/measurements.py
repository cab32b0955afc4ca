"""Measure how well intervals, axes and rates of real pages are measured.

Run from the repository's root: ``python benchmarks/measurements.py --cases DATA/cases``. It
digitizes the pages of ``measured.csv``, whose figures a reader gave, and prints what was measured
of each page beside them, and the medians of the absolute differences. ``--keep FOLDER`` keeps what
was digitized, for the next time. What digitizing costs the measurements of a record that is known:
``ecgpaper leaderboard``.
"""

import argparse
import csv
import sys
from functools import cache
from pathlib import Path

import numpy as np

from ecgpaper.digitize import Digitizer
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.errors import EcgPaperError
from ecgpaper.files.records.challenge import read_image
from ecgpaper.measure import measure

FIGURES = {
    "hr_bpm": "heart_rate_bpm",
    "pr_ms": "pr_ms",
    "qrs_ms": "qrs_ms",
    "qrs_axis_deg": "qrs_axis_deg",
    "qtc_bazett_ms": "qtc_bazett_ms",
    "qtc_fridericia_ms": "qtc_fridericia_ms",
}


def say(line):
    """Print a line."""
    sys.stdout.write(f"{line}\n")


@cache
def digitizer(model):
    """Load the digitizer once, when the first page is read."""
    return Digitizer.load(model)


def digitized(name, picture, args):
    """Return what is read from the picture, as it was kept if it was; None for nothing."""
    kept = args.keep / f"{name}.npz" if args.keep else None
    if kept and kept.exists():
        with np.load(kept) as signals:
            return Ecg(signals["signal_mv"], float(signals["fs"]), STANDARD_ORDER)
    try:
        ecg = digitizer(args.model).digitize(picture(), fs=500.0).ecg
    except EcgPaperError as error:
        say(f"{name}: {error}")
        return None
    if kept:
        kept.parent.mkdir(parents=True, exist_ok=True)
        np.savez(kept, signal_mv=ecg.signal_mv, fs=ecg.fs)
    return ecg


def difference(name, found, true):
    """Return by how much a figure is off; axes by the shorter way round, heart rates in percent."""
    if "axis" in name:
        return (found - true + 180) % 360 - 180
    return 100 * (found / true - 1) if name == "hr_bpm" else found - true


def measure_cases(cases, args):
    """Print what was measured of each page beside its reader's figures."""
    if not (cases / "measured.csv").exists():
        say(f"skipped: {cases / 'measured.csv'} is not there")
        return
    off = {name: [] for name in FIGURES}
    n_known = dict.fromkeys(FIGURES, 0)
    with (cases / "measured.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    for row in rows:
        page = cases / "measured" / row["file"]
        ecg = digitized(f"case-{page.stem}", lambda page=page: read_image(page), args)
        measured = None if ecg is None else measure(ecg)
        figures = []
        for name, field in FIGURES.items():
            found = None if measured is None else getattr(measured, field)
            known = float(row[name]) if row[name] else None
            n_known[name] += known is not None
            figures.append(f"{name} {found if found is None else round(found)}|{row[name]}")
            if found is not None and known is not None:
                off[name].append(difference(name, found, known))
        rhythm = measured.rhythm if measured else ""
        say(f"{page.name}: {', '.join(figures)}; {rhythm} | {row['answer']}")
    for name, values in off.items():
        median = f"{np.median(np.abs(values)):.1f}" if values else "none"
        bias = f"{np.median(values):.1f}" if values else "none"
        say(f"{name}: off by {median} (median), bias {bias}, {len(values)} of {n_known[name]}")


def main(argv=None):
    """Measure the pages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--cases", type=Path, required=True, help="folder with measured.csv and measured/"
    )
    parser.add_argument("--keep", type=Path, help="folder for what was digitized")
    parser.add_argument("--model", type=Path)
    args = parser.parse_args(argv)
    measure_cases(args.cases, args)
    return 0


if __name__ == "__main__":
    sys.exit(main())
