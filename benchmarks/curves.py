"""Score curves of generated pages whose geometry is known: as the tracer reads them, and refined.

Run from the repository's root: ``python benchmarks/curves.py VAL --work FOLDER --models model``. Of
each of the models the refiner is scored; segmenter and tracer are those of the first. Pages are
drawn and read as for the training of the refiner, and kept in FOLDER, which is of one tracer. A
line per preset: the mean SNR, in dB, of the curves of which at least `FEWEST_POINTS` are known.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
import torch
from tqdm import trange

from ecgpaper.digitize.curves.refine import N_FEATURES, REFINER
from ecgpaper.digitize.curves.strip import STRIP_PX_PER_MM
from ecgpaper.digitize.networks import SEGMENTER, TRACER, load_network
from ecgpaper.files.records.challenge import find_records, read_ecg
from ecgpaper.nets.refiner import Refiner
from ecgpaper.nets.segmenter import SegmentNet
from ecgpaper.nets.tracer import StripNet
from ecgpaper.train.digitizer.curves import PRESETS, read_curves

FEWEST_POINTS = 50
# Place of the height above the strip's middle among the features, and its divisor.
HEIGHT, HEIGHT_ROWS = N_FEATURES - 2, 50


def snrs_db(curves, refiners):
    """Return the SNR of each curve of a page: as it was read, and by each refiner."""
    found = []
    for stop, length in zip(np.cumsum(curves.lengths), curves.lengths, strict=True):
        part = slice(stop - length, stop)
        is_known = curves.is_known[part]
        if is_known.sum() < FEWEST_POINTS:
            continue
        features, offset = curves.features[part].astype(np.float32), curves.offset[part]
        inputs = torch.from_numpy(features.T.copy())[None]
        with torch.inference_mode():
            moved = [refiner(inputs)[0][0].numpy() for refiner in refiners]
        errors_mm = (np.stack([0 * offset, *moved]) - offset)[:, is_known] / STRIP_PX_PER_MM
        true_mm = (features[:, HEIGHT] * HEIGHT_ROWS + offset)[is_known] / STRIP_PX_PER_MM
        found.append(10 * np.log10(true_mm.var() / (errors_mm**2).mean(axis=1)))
    return found


def main(argv=None):
    """Print a line per preset."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="where pages are kept")
    parser.add_argument("--models", nargs="+", type=Path, default=[Path("model")])
    parser.add_argument("--pages", type=int, default=96)
    parser.add_argument("--seed", type=int, default=301)
    args = parser.parse_args(argv)
    torch.set_num_threads(1)
    segmenter = load_network(args.models[0], SEGMENTER, SegmentNet)
    tracer = load_network(args.models[0], TRACER, StripNet)
    refiners = [load_network(model, REFINER, Refiner) for model in args.models]
    ecgs = [read_ecg(args.records / name) for name in find_records(args.records)]
    found = {preset: [] for preset in PRESETS}
    for page in trange(args.pages, disable=not sys.stderr.isatty()):
        curves = read_curves(segmenter, tracer, ecgs, page, seed=args.seed, kept=args.work)
        found[PRESETS[page % len(PRESETS)]] += snrs_db(curves, refiners)
    for preset, rows in found.items():
        means = "  ".join(f"{mean_db:5.2f}" for mean_db in np.mean(rows, axis=0))
        sys.stdout.write(f"{preset:<11} {len(rows):4d} curves: as read, refined  {means} dB\n")


if __name__ == "__main__":
    main()
