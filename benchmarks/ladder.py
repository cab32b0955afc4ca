"""Score generated pages with the stages' answers replaced by the truth, one after another.

Run from the repository's root: ``python benchmarks/ladder.py --preset photo``. Each line gives the
digitizer one more stage of the truth than the line before, so that a loss names its stage: SNR by
the competition's scorer, by the organizers' later one (head), and coverage. Records are simulated,
or those of a folder.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from ecgpaper import score
from ecgpaper.digitize import Digitizer
from ecgpaper.digitize.curves.looks import read_rows
from ecgpaper.digitize.curves.path import TraceCutter
from ecgpaper.digitize.curves.refine import refine_traces
from ecgpaper.digitize.page.flatten import flatten
from ecgpaper.digitize.page.view import View
from ecgpaper.digitize.page_image import PageImage
from ecgpaper.digitize.reading import Way
from ecgpaper.digitize.request import UNSTATED, Request
from ecgpaper.digitize.rows.find import find_layout
from ecgpaper.digitize.rows.leads import name_leads
from ecgpaper.digitize.segment import segment
from ecgpaper.digitize.signal.leads import signal_from_traces
from ecgpaper.errors import EcgPaperError
from ecgpaper.files.records.challenge import find_records, read_ecg
from ecgpaper.page import LAYOUTS
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import FlatPage
from ecgpaper.runtime.bounds import Clock
from ecgpaper.simulate import simulate_record
from ecgpaper.synth import PRESETS, sample_spec, synthesize
from ecgpaper.synth.layout import page_shape

RUNGS = ("nothing", "warp", "grid", "rows", "columns", "traces")


def answer(digitizer, page, n_given):
    """Return the signal read when the first stages are given: as many as `n_given`."""
    truth, photo = page.truth, page.image
    if n_given >= RUNGS.index("traces"):
        return signal_from_traces(truth.traces, truth.layout, truth.scale, truth.ecg.fs)[0]
    if not n_given:
        return digitizer.digitize(photo, fs=truth.ecg.fs).ecg
    maps = segment(photo, digitizer.segmenter)
    size = page_shape(truth.layout, truth.scale)
    _, flat_maps = flatten(photo, maps, truth.page_to_photo, size)
    # Rows are cut out of the photo itself, where nothing was lost by flattening.
    flat = FlatPage(photo, truth.page_to_photo)
    whole, size_px = Homography.identity(), photo.shape[1::-1]
    page = PageImage(photo, maps, flat, flat_maps, whole, size_px, View.of(photo))
    return answer_of(digitizer, page, truth, n_given)


def answer_of(digitizer, page, truth, n_given):
    """Return the signal read from a page that lies where the truth says."""
    request = Request(truth.ecg.fs, UNSTATED, Clock(np.inf))
    if n_given == RUNGS.index("warp"):
        return digitizer.answer(digitizer.read_level(Way(page), request), request).ecg
    if n_given == RUNGS.index("grid"):
        layout = find_layout(page.flat, page.maps, truth.scale)
        reading = digitizer.read_placed(page, truth.scale, layout, name_leads)
        return digitizer.answer(reading, request).ecg
    if n_given == RUNGS.index("rows"):
        reading = digitizer.read_placed(page, truth.scale, truth.layout)
        return digitizer.answer(reading, request).ecg
    rows = read_rows(page.photo, page.flat, page.maps, truth.scale, truth.layout, digitizer.tracer)
    traces = TraceCutter(truth.scale).cut(truth.layout, rows)
    traces = refine_traces(traces, rows, truth.scale, digitizer.refiner)
    return signal_from_traces(traces, truth.layout, truth.scale, truth.ecg.fs)[0]


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
