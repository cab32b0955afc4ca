"""Score what a perfect reading would get of pages that were printed from fewer samples.

Run from the repository's root: ``python benchmarks/ceiling.py RECORDS --fs 100``. Some pages with
known signals of 500 Hz were printed from copies of 100 Hz (PTB-XL has both): what lies between the
samples is not on the paper. Each lead is brought to that sampling frequency, its points are joined
by straight lines, as plots do, and that is scored, at the most favorable of the places where the
samples may lie. One line per record: the mean over its leads, in dB, and each lead's; then the mean
over all leads.

With ``--answers FOLDER``, as ``python -m ecgpaper digitize SCANS/*.png --out FOLDER`` writes it,
also how well each lead was read: against what was printed instead of the record, at the best of the
places of the samples.
"""

import argparse
import re
import sys
from pathlib import Path

import numpy as np
from scipy.signal import resample_poly

from ecgpaper import score
from ecgpaper.files.records.challenge import find_records, read_ecg

# The filter of the resampling reaches so far beyond the ends, which are continued level.
MARGIN_S = 1.0


def printed_leads(ref_mv, fs, n_apart):
    """Yield a lead as it was printed if only every n-th sample was, from each first one on."""
    shown = np.flatnonzero(np.isfinite(ref_mv))
    part = ref_mv[shown[0] : shown[-1] + 1]
    n_margin = round(MARGIN_S * fs / n_apart)
    for first in range(n_apart):
        padded = np.pad(part[first:], n_margin * n_apart, mode="edge")
        samples = resample_poly(padded, 1, n_apart)
        at = first + n_apart * (np.arange(len(samples)) - n_margin)
        printed = np.full_like(ref_mv, np.nan)
        printed[shown[0] : shown[-1] + 1] = np.interp(np.arange(len(part)), at, samples)
        yield printed


def snr_db(ref_mv, est_mv, fs):
    """Return the SNR of one lead against another, as the Challenge aligns and scores them."""
    return score.snr(ref_mv, score.align_within_limits(ref_mv, est_mv, fs))[0]


def read_answer(folder, name, fs):
    """Read what was written of a record's only image."""
    found = [
        file
        for file in folder.glob("*.hea")
        if re.fullmatch(f"{re.escape(name)}(-\\d+)?", file.stem)
    ]
    if len(found) != 1:
        raise SystemExit(f"expected one answer for {name} in {folder}; found {len(found)}")
    answer = read_ecg(found[0].with_suffix(""))
    if answer.fs != fs:
        raise SystemExit(f"expected {found[0]} with {fs} samples per second; got {answer.fs}")
    return answer


def report(name, snrs):
    """Print the mean of a record's leads and each."""
    each = " ".join(f"{value:5.1f}" for value in snrs)
    sys.stdout.write(f"{name:28} {np.mean(snrs):6.1f}   {each}\n")


def main(argv=None):
    """Print a line per record, and the mean of all."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path)
    parser.add_argument("--fs", type=float, default=100.0, help="of what was printed, in Hz")
    parser.add_argument("--answers", type=Path, help="folder of what was read of the pages")
    args = parser.parse_args(argv)
    best, read = [], []
    for name in find_records(args.records):
        ecg = read_ecg(args.records / name)
        n_apart = round(ecg.fs / args.fs)
        leads = [lead for lead in ecg.lead_names if np.isfinite(ecg.lead(lead)).any()]
        printed = {lead: list(printed_leads(ecg.lead(lead), ecg.fs, n_apart)) for lead in leads}
        best.append(
            [max(snr_db(ecg.lead(lead), est, ecg.fs) for est in printed[lead]) for lead in leads]
        )
        report(name, best[-1])
        if args.answers:
            answer = read_answer(args.answers, name, ecg.fs)
            read.append(
                [
                    max(snr_db(ref, answer.lead(lead)[: len(ref)], ecg.fs) for ref in printed[lead])
                    for lead in leads
                ]
            )
            report("  read, of what was printed", read[-1])
    sys.stdout.write(f"{'mean':28} {np.mean(np.concatenate(best)):6.1f}\n")
    if read:
        sys.stdout.write(f"{'  read':28} {np.mean(np.concatenate(read)):6.1f}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
