"""Read generated pages of the kinds that people hand over: a line each, scored against the truth.

Run from the repository's root: ``python benchmarks/kinds.py RECORDS [--n 20] [--only KIND...]
[--out FOLDER]``. RECORDS is a folder of 12-lead WFDB records of 10 s. The kinds are those of
`ecgpaper.synth.sample.kinds`, and `paced`: usual pages of records with a pacemaker. FOLDER receives
a traced picture of every page.

Columns: pages; read; *right*, with the leads that the page shows and no others; *made up*, with a
lead that the page does not show; *refused*; mean SNR in dB over the leads shown (the competition's
scorer, unread leads count 0); share of leads that come early; median seconds of processor time.
A single lead that is called unknown counts as the one that is shown.
"""

import argparse
import sys
import time
import warnings
import zlib
from pathlib import Path

import cv2
import numpy as np
import torch
from joblib import Parallel, delayed

from ecgpaper import score
from ecgpaper.digitize import Digitizer
from ecgpaper.digitized.overlay import draw_overlay, jpeg_bytes
from ecgpaper.ecg import UNKNOWN_LEAD
from ecgpaper.files.records.challenge import find_records, read_ecg
from ecgpaper.runtime.boundary import PageFault, attempt
from ecgpaper.simulate.pacing import with_pacing
from ecgpaper.synth import sample_spec, synthesize
from ecgpaper.synth.sample.kinds import HANDLED, KINDS, sample_kind

# Usual pages of unusual records: those with a pacemaker's spikes.
PACED = "paced"
ALL = [*KINDS, PACED]
HEADINGS = ("pages", "read", "right", "made up", "refused", "SNR", "early", "CPU, s")


def read_page(kind, index, record, model, out):
    """Return how a page was read: (is read, is right, has made-up leads, SNRs, lags, seconds)."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    warnings.simplefilter("ignore")
    ecg = read_ecg(record)
    rng = np.random.default_rng([zlib.crc32(kind.encode()), index])
    if kind == PACED:
        spec = sample_spec(str(rng.choice(HANDLED)), rng=rng)
        ecg = with_pacing(ecg, rng=rng)
    else:
        spec = sample_kind(kind, rng=rng)
    page = synthesize(ecg, spec)
    digitizer = Digitizer.load(model)
    start_s = time.process_time()
    found = attempt(lambda: digitizer.digitize(page.image), "reading this page")
    cpu_s = time.process_time() - start_s
    shown = page.spec.layout.leads.mask_unplotted(ecg)
    if isinstance(found, PageFault):
        _say(f"{kind} {index}: {found.reason}")
        n_shown = int(np.isfinite(shown.signal_mv).any(axis=0).sum())
        return False, False, False, [0.0] * n_shown, [0] * n_shown, cpu_s
    if out is not None:
        picture = draw_overlay(page.image, found.traces, found.page.page_to_photo)
        (out / f"{kind}-{index:02}.jpg").write_bytes(jpeg_bytes(picture))
    true, read = _leads(shown), _leads(found.ecg)
    if set(read) == {UNKNOWN_LEAD} and len(true) == 1:
        read = {next(iter(true)): read[UNKNOWN_LEAD]}
    pairs = [_scored(signal_mv, read.get(lead), ecg.fs) for lead, signal_mv in true.items()]
    snrs, lags = zip(*pairs, strict=True)
    if set(read) != set(true):
        said = f"{found.layout.name} instead of {page.spec.layout.leads.name}"
        _say(f"{kind} {index}: {said}, {np.mean(snrs):.1f} dB")
    is_right = set(read) == set(true)
    return True, is_right, bool(set(read) - set(true)), snrs, lags, cpu_s


def _leads(ecg):
    """Return the leads that show something, by name: ndarray of shape (n_samples,)."""
    signals = zip(ecg.lead_names, ecg.signal_mv.T, strict=True)
    return {lead: signal for lead, signal in signals if np.isfinite(signal).any()}


def _scored(true_mv, read_mv, fs):
    """Return SNR in dB and lag in samples of a lead, 0 and 0 if it was not read."""
    if read_mv is None:
        return 0.0, 0
    read_mv = np.pad(read_mv, (0, max(0, len(true_mv) - len(read_mv))), constant_values=np.nan)
    read_mv = read_mv[: len(true_mv)]
    aligned = score.align_within_limits(true_mv, read_mv, fs, alignment="comp")
    return score.snr(true_mv, aligned)[0], score.find_shift(true_mv, read_mv)[0]


def _say(text):
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


def main(argv=None):
    """Print a line per kind."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path)
    parser.add_argument("--n", type=int, default=20, help="pages of each kind")
    parser.add_argument("--only", nargs="+", choices=ALL, default=ALL, metavar="KIND")
    parser.add_argument("--out", type=Path, help="folder for traced pictures")
    parser.add_argument("--model", type=Path, default=Path("model"))
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args(argv)
    if args.out is not None:
        args.out.mkdir(parents=True, exist_ok=True)
    records = [args.records / name for name in find_records(args.records)[: args.n]]
    sys.stdout.write(f"{'':16}" + "".join(f"{heading:>9}" for heading in HEADINGS) + "\n")
    for kind in args.only:
        jobs = (
            delayed(read_page)(kind, index, record, args.model, args.out)
            for index, record in enumerate(records)
        )
        is_read, is_right, is_made_up, snrs, lags, cpu_s = zip(
            *Parallel(n_jobs=args.workers)(jobs), strict=True
        )
        counts = (len(is_read), sum(is_read), sum(is_right), sum(is_made_up))
        refused = len(is_read) - sum(is_read)
        early = np.mean(np.concatenate([np.array(part) < 0 for part in lags]))
        snr = score.mean_of_finite(np.concatenate(snrs))
        sys.stdout.write(
            f"{kind:16}"
            + "".join(f"{count:9}" for count in (*counts, refused))
            + f"{snr:9.1f}{early:9.3f}{np.median(cpu_s):9.1f}\n"
        )
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
