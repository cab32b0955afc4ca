"""Measure how far off the grid is followed: generated pages, in mm of paper.

Run from the repository's root: ``python benchmarks/ruler.py RECORDS --preset photo``. Of each page
the points of the true traces are taken from the photo to where the digitizer thinks they lie on the
paper. Printed is the root mean square difference along x and y, about the page's median (where
rows start is another stage's matter), as a mean over pages; apart for pages whose grid is rounded
to the pixels of a plot and for the others. Beyond 1 mm a point counts as 1 mm off.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from ecgpaper.digitize import Digitizer
from ecgpaper.digitize.grid.comb import find_grid_scale
from ecgpaper.digitize.page.rectify import rectify
from ecgpaper.digitize.segment import find_page, segment
from ecgpaper.errors import EcgPaperError
from ecgpaper.files.records.challenge import find_records, read_ecg
from ecgpaper.synth import PRESETS, sample_spec, synthesize

MOST_MM = 1.0
EVERY = 20  # points of a trace


def true_points(truth):
    """Return points of the traces that are seen: on the photo, and on the paper in mm."""
    flat = [
        np.column_stack([trace.x_px, trace.y_px])[(trace.confidence > 0) & np.isfinite(trace.y_px)][
            ::EVERY
        ]
        for trace in truth.traces
    ]
    flat = np.concatenate(flat)
    return truth.page_to_photo(flat), truth.scale.mm_from_px(flat)


def off_mm(digitizer, page):
    """Return how far off the points of a page are along x and y."""
    on_photo, true_mm = true_points(page.truth)
    photo, maps = page.image, segment(page.image, digitizer.segmenter)
    if part := find_page(maps):
        photo, on_photo = photo[part], on_photo - [part[1].start, part[0].start]
        maps = segment(photo, digitizer.segmenter)
    flat, maps = rectify(photo, maps)
    found_mm = find_grid_scale(flat, maps).mm_from_px(flat.page_to_photo.inverse(on_photo))
    off = []
    for true in true_mm.T:
        # A page may lie on its side or upside down as yet.
        alike = [np.corrcoef(found, true)[0, 1] for found in found_mm.T]
        axis = int(np.argmax(np.abs(alike)))
        difference = np.sign(alike[axis]) * found_mm[:, axis] - true
        difference = np.clip(difference - np.median(difference), -MOST_MM, MOST_MM)
        off.append(float(np.sqrt(np.mean(difference**2))))
    return off


def main(argv=None):
    """Print a line for plotted pages and one for the others."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path)
    parser.add_argument("--preset", choices=PRESETS, default="photo")
    parser.add_argument("--pages", type=int, default=20)
    parser.add_argument("--model", type=Path, default=Path("model"))
    args = parser.parse_args(argv)
    digitizer, names = Digitizer.load(args.model), sorted(find_records(args.records))
    found = {"plotted": [], "others": []}
    n_lost = 0
    for index in range(args.pages):
        rng = np.random.default_rng([77, index])
        ecg = read_ecg(args.records / names[index * len(names) // args.pages])
        page = synthesize(ecg, sample_spec(args.preset, rng=rng))
        kind = "others" if page.spec.paper.plot_px_mm is None else "plotted"
        try:
            found[kind].append(off_mm(digitizer, page))
        except EcgPaperError:
            n_lost += 1
    for kind, off in found.items():
        if off:
            x_mm, y_mm = np.mean(off, axis=0)
            sys.stdout.write(f"{args.preset}, {kind} ({len(off)}): {x_mm:.4f} {y_mm:.4f} mm\n")
    sys.stdout.write(f"no grid found: {n_lost}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
