"""Score generated pages with the stages' answers replaced by the truth, one after another.

Run from the repository's root: ``python benchmarks/ladder.py --preset photo``. Each line gives the
digitizer one more stage of the truth than the line before, so that a loss names its stage: SNR by
the competition's scorer, by the organisers' later one (head), and coverage. Records are simulated,
or those of a folder.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from ecgpaper import score
from ecgpaper.digitize import Digitizer
from ecgpaper.digitize.ends import settle_columns
from ecgpaper.digitize.grid import find_grid_scale
from ecgpaper.digitize.layout import column_places, find_layout, place_columns
from ecgpaper.digitize.rectify import flatten, rectify
from ecgpaper.digitize.refine import refine_traces
from ecgpaper.digitize.segment import segment
from ecgpaper.digitize.signal import signal_from_traces
from ecgpaper.digitize.trace import TraceCutter, read_rows
from ecgpaper.errors import EcgPaperError
from ecgpaper.page import LAYOUTS
from ecgpaper.raster import FlatPage
from ecgpaper.records import find_records, read_ecg
from ecgpaper.simulate import simulate_record
from ecgpaper.synth import PRESETS, sample_spec, synthesize
from ecgpaper.synth.layout import page_shape

RUNGS = ("nothing", "warp", "grid", "rows", "columns", "traces")


def answer(digitizer, page, n_given):
    """Return the signal read when the first stages are given: as many as `n_given`."""
    truth, photo = page.truth, page.image
    if n_given >= RUNGS.index("traces"):
        return signal_from_traces(truth.traces, truth.layout, truth.scale, truth.ecg.fs)[0]
    maps = segment(photo, digitizer.segmenter)
    if n_given >= RUNGS.index("warp"):
        size = page_shape(truth.layout, truth.scale)
        flat, maps = flatten(photo, maps, truth.page_to_photo, size)
    else:
        flat, maps = rectify(photo, maps)
    given_grid = n_given >= RUNGS.index("grid")
    scale = truth.scale if given_grid else find_grid_scale(flat, maps)
    given_rows = n_given >= RUNGS.index("rows")
    layout = truth.layout if given_rows else find_layout(flat, maps, scale)
    if n_given:
        # Rows are cut out of the photo itself, where nothing was lost by flattening.
        flat = FlatPage(photo, truth.page_to_photo)
    readings = read_rows(photo, flat, maps, scale, layout, digitizer.tracer)
    if n_given < RUNGS.index("columns"):
        layout = place_columns(layout, column_places(layout, readings)[0])
    traces = TraceCutter(scale).cut(layout, readings)
    if n_given < RUNGS.index("columns"):
        layout, traces = settle_columns(layout, traces, readings, scale, digitizer.ends)
    traces = refine_traces(traces, readings, scale, digitizer.refiner)
    return signal_from_traces(traces, layout, scale, truth.ecg.fs)[0]


def measure(digitizer, page, n_given):
    """Return the mean SNR by both scorers and the coverage of one page."""
    truth = page.truth.ecg
    padded = np.full_like(truth.signal_mv, np.nan)
    try:
        found = answer(digitizer, page, n_given).select(truth.lead_names).signal_mv
        padded[: len(found)] = found[: len(padded)]
    except EcgPaperError as error:
        sys.stderr.write(f"{RUNGS[n_given]}: {error}\n")
    shown = np.isfinite(truth.signal_mv)
    snrs = []
    for alignment in ("comp", "head"):
        lead_snrs = [
            score.snr(ref, score.align_within_limits(ref, est, truth.fs, alignment=alignment))[0]
            for ref, est, is_shown in zip(truth.signal_mv.T, padded.T, shown.T, strict=True)
            if is_shown.any()
        ]
        snrs.append(score.mean_of_finite(lead_snrs))
    return *snrs, float(np.isfinite(padded[shown]).mean())


def draw_pages(args):
    """Yield the pages to be measured, drawn as ``python -m ecgpaper synthesize`` draws them."""
    names = find_records(args.records)[: args.pages] if args.records else range(args.pages)
    for name in names:
        rng = np.random.default_rng([1, *str(name).encode()])
        ecg = read_ecg(args.records / name) if args.records else simulate_record(rng=rng).ecg
        yield synthesize(ecg, sample_spec(args.preset, rng=rng, layout=args.layout))


def main(argv=None):
    """Print a line per rung."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", choices=PRESETS, default="clean")
    parser.add_argument("--layout", choices=LAYOUTS)
    parser.add_argument("--pages", type=int, default=10)
    parser.add_argument("--records", type=Path, help="folder of records; simulated by default")
    parser.add_argument("--model", type=Path, default=Path("model"))
    args = parser.parse_args(argv)
    digitizer = Digitizer.load(args.model)
    pages = list(draw_pages(args))
    sys.stdout.write(f"{args.preset}, {len(pages)} pages\ngiven      SNR, dB   head  coverage\n")
    for n_given, rung in enumerate(RUNGS):
        found = np.mean([measure(digitizer, page, n_given) for page in pages], axis=0)
        sys.stdout.write(f"{rung:9} {found[0]:8.2f} {found[1]:6.2f} {found[2]:9.3f}\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
