"""Print, digitize and score a clean page of every layout, speed and gain.

Run from the repository's root: ``python benchmarks/roundtrip.py``. The records are simulated, the
score is the Challenge's, over the leads that the page shows; coverage is the share of the samples
shown that come back. A page counts as not read below 15 dB.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

from ecgpaper import score
from ecgpaper.digitize import Digitizer
from ecgpaper.errors import EcgPaperError
from ecgpaper.page import LAYOUTS, PaperScale
from ecgpaper.simulate import simulate_record
from ecgpaper.synth import sample_spec, synthesize

USUAL = "3x4+1R"
SPEEDS, GAINS = (25.0, 50.0), (5.0, 10.0, 20.0)  # mm/s, mm/mV
LEAST_DB = 15.0


def cases():
    """Return (layout, scale) of each line of the table."""
    scales = [PaperScale(speed, gain) for speed in SPEEDS for gain in GAINS]
    others = [(USUAL, scale) for scale in scales if scale != PaperScale()]
    return [(name, PaperScale()) for name in LAYOUTS] + others


def read_back(digitizer, name, scale, seed):
    """Return the mean SNR in dB, the coverage and the layout found of one page."""
    rng = np.random.default_rng([3, seed])
    record = simulate_record(rng=rng)
    page = synthesize(record.ecg, sample_spec("clean", rng=rng, layout=name, scale=scale))
    truth = page.truth.ecg
    shown = np.isfinite(truth.signal_mv)
    try:
        found = digitizer.digitize(page.image, fs=truth.fs)
    except EcgPaperError as error:
        return 0.0, 0.0, type(error).__name__
    answer = found.ecg.select(truth.lead_names).signal_mv
    padded = np.full_like(truth.signal_mv, np.nan)
    n_samples = min(len(answer), len(padded))
    padded[:n_samples] = answer[:n_samples]
    snrs = [
        score.snr(ref, score.align_within_limits(ref, est, truth.fs))[0]
        for ref, est, is_shown in zip(truth.signal_mv.T, padded.T, shown.T, strict=True)
        if is_shown.any()
    ]
    layout = f"{found.layout.name} {found.layout.scale.speed_mm_per_s:g} mm/s"
    coverage = np.isfinite(padded[shown]).mean()
    return score.mean_of_finite(snrs), coverage, layout


def main(argv=None):
    """Print a line per layout and scale."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=2, help="per line (default: 2)")
    parser.add_argument("--model", type=Path, default=Path("model"))
    args = parser.parse_args(argv)
    digitizer = Digitizer.load(args.model)
    for name, scale in cases():
        results = [read_back(digitizer, name, scale, seed) for seed in range(args.pages)]
        snr_db, coverage = (np.mean([result[part] for result in results]) for part in (0, 1))
        verdict = "read" if snr_db >= LEAST_DB else "not yet"
        found = ", ".join(sorted({result[2] for result in results}))
        printed = f"{name} {scale.speed_mm_per_s:g} mm/s {scale.gain_mm_per_mv:g} mm/mV"
        sys.stdout.write(f"{printed:36} {snr_db:6.1f} dB  {coverage:5.3f}  {verdict:8} {found}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
