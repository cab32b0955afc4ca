"""Score what a perfect reading would get of pages that were printed from fewer samples.

Run from the repository's root: ``python benchmarks/ceiling.py RECORDS --fs 100``. Some pages with
known signals of 500 Hz were printed from copies of 100 Hz (PTB-XL has both): what lies between the
samples is not on the paper. Each lead is brought to that sampling frequency, its points are joined
by straight lines, as plots do, and that is scored, at the most favorable of the places where the
samples may lie. One line per record: the mean over its leads, in dB, and each lead's.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ecgpaper import score
from ecgpaper.records import find_records, read_ecg

# The filter of the resampling reaches so far beyond the ends, which are continued level.
MARGIN_S = 1.0


def best_snr_db(ref_mv, fs, n_apart):
    """Return the SNR of a lead of which only every n-th sample was printed."""
    shown = np.flatnonzero(np.isfinite(ref_mv))
    part = ref_mv[shown[0] : shown[-1] + 1]
    n_margin = round(MARGIN_S * fs / n_apart)
    snrs = []
    for first in range(n_apart):
        padded = np.pad(part[first:], n_margin * n_apart, mode="edge")
        printed = resample_poly(padded, 1, n_apart)
        at = first + n_apart * (np.arange(len(printed)) - n_margin)
        est = np.full_like(ref_mv, np.nan)
        est[shown[0] : shown[-1] + 1] = np.interp(np.arange(len(part)), at, printed)
        snrs.append(score.snr(ref_mv, score.align_within_limits(ref_mv, est, fs))[0])
    return max(snrs)


def main(argv=None):
    """Print a line per record, and the mean of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path)
    parser.add_argument("--fs", type=float, default=100.0, help="of what was printed, in Hz")
    args = parser.parse_args(argv)
    means = []
    for name in find_records(args.records):
        ecg = read_ecg(args.records / name)
        n_apart = round(ecg.fs / args.fs)
        leads = [
            best_snr_db(lead, ecg.fs, n_apart)
            for lead in ecg.signal_mv.T
            if np.isfinite(lead).any()
        ]
        means.append(np.mean(leads))
        each = " ".join(f"{snr_db:5.1f}" for snr_db in leads)
        sys.stdout.write(f"{name:20} {means[-1]:6.1f}   {each}\n")
    sys.stdout.write(f"{'mean':20} {np.mean(means):6.1f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
