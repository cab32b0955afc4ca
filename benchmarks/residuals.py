"""Tell how far leads that depend on each other do so in what was read: pages need no truth.

Run from the repository's root: ``python benchmarks/residuals.py RESULTS``, where ``python -m
ecgpaper digitize IMAGES... --out RESULTS`` has written. One line per page: layout, agreement, leads
left out, and what is left of I + III - II and of aVR + aVL + aVF where they are seen at one time,
as a share of the root of the three leads' summed power (unrelated leads would have 100 %). In
brackets stands what is left when the first and the third lead are moved by what fits best, and by
how much.
"""

import argparse
import json
import sys
from itertools import product
from pathlib import Path

import numpy as np

from ecgpaper.files.records.challenge import read_ecg

SUMS = ({"I": 1, "II": -1, "III": 1}, {"aVR": 1, "aVL": 1, "aVF": 1})
# Leads are moved by up to so much, in steps of 2 ms; their ends, which curves may follow to a
# neighbor's, are left out.
MOST_MOVED_S, STEP_S, END_S = 0.05, 0.002, 0.06


def left_over(parts):
    """Return the share that is left of the sum of leads, (n_samples, 3)."""
    return float(np.sqrt(parts.sum(axis=1).var() / parts.var(axis=0).sum()))


def compare(ecg, weights):
    """Return what is left as the leads are, at the best moves, and these moves in ms."""
    parts = np.column_stack([weight * ecg.lead(lead) for lead, weight in weights.items()])
    parts = parts[np.isfinite(parts).all(axis=1)]
    n_end, n_most = round(END_S * ecg.fs), round(MOST_MOVED_S * ecg.fs)
    if len(parts) < 4 * n_end:
        return "        not seen        "
    step = max(1, round(STEP_S * ecg.fs))
    inner = slice(n_end, len(parts) - n_end)
    first, middle, third = (column - column[inner].mean() for column in parts.T)
    found = []
    for moves in product(range(-n_most, n_most + 1, step), repeat=2):
        moved = np.roll(first, moves[0]), middle, np.roll(third, moves[1])
        found.append((left_over(np.column_stack(moved)[inner]), *moves))
    best, *moves = min(found)
    as_it_is = left_over(np.column_stack([first, middle, third])[inner])
    ms = " ".join(f"{1000 * move / ecg.fs:+4.0f}" for move in moves)
    return f"{as_it_is:6.0%} ({best:4.0%} {ms} ms)"


def main(argv=None):
    """Print a line per page."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("results", type=Path)
    args = parser.parse_args(argv)
    for file in sorted(args.results.glob("*.json")):
        report, ecg = json.loads(file.read_text()), read_ecg(file.with_suffix(""))
        agreement = "   -" if report["agreement"] is None else f"{report['agreement']:4.2f}"
        sums = "  ".join(compare(ecg, weights) for weights in SUMS)
        left_out = ", ".join(report["left_out"])
        sys.stdout.write(f"{file.stem:10} {report['layout']:8} {agreement}  {sums}  {left_out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
