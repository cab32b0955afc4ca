"""Score the digitizer on folders of pages: one line each, by both scorers.

Run from the repository's root: ``python benchmarks/conditions.py PAGES... --work FOLDER``. Each
folder of PAGES holds records with images. Of each a copy is made that lacks what a test hides,
``python -m ecgpaper digitize`` reads its images, and what it wrote is scored. Pages are drawn with
``python -m ecgpaper synthesize RECORDS PAGES --preset PRESET --mask-unplotted --seed 1``.

Columns: mean and median over leads of the SNR in dB by the competition's scorer, mean by the
organizers' later one; share of displayed samples returned; shares of leads below 0 dB and of leads
that come early, which the later scorer nearly voids; share of pages taken for another layout than
3x4+1R; pages that could not be read; correlation of predicted and true SNR.
"""

import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
from joblib import Parallel, delayed

from ecgpaper import score
from ecgpaper.records import find_records, read_ecg

ROOT = Path(__file__).resolve().parent.parent
USUAL_LAYOUT = "3x4+1R"
HEADINGS = ("SNR", "median", "later", "covered", "< 0 dB", "early", "layout", "failed", "r")


def digitize(labels, work):
    """Read the images of a folder without its signals and labels; return where the answers lie."""
    hidden, out = work / "hidden", work / "out"
    command = ("-i", labels, "-o", hidden, "--include_images")
    scrub = [sys.executable, ROOT / "remove_hidden_data.py", *command]
    subprocess.run(scrub, check=True)  # noqa: S603  our own script
    images = sorted(file for file in hidden.iterdir() if file.suffix != ".hea")
    command = ("-m", "ecgpaper", "digitize", *images, "--out", out)
    read = [sys.executable, *command]
    subprocess.run(read, check=False, cwd=ROOT)  # noqa: S603  our own script
    return out


def measure_record(labels, out, name):
    """Return a row per lead shown: SNR by both scorers, coverage, lag, predicted SNR."""
    truth = read_ecg(labels / name)
    report_file = next(out.glob(f"{name}*.json"), None)
    report = json.loads(report_file.read_text()) if report_file else {}
    found = read_ecg(report_file.with_suffix("")) if report_file else None
    rows = []
    for lead in truth.lead_names:
        ref = truth.select((lead,)).signal_mv[:, 0]
        is_shown = np.isfinite(ref)
        if not is_shown.any():
            continue
        est = np.full_like(ref, np.nan)
        if found is not None:
            values = found.select((lead,)).signal_mv[: len(est), 0]
            est[: len(values)] = values
        snrs = [
            score.snr(ref, score.align_within_limits(ref, est, truth.fs, alignment=alignment))[0]
            for alignment in ("comp", "head")
        ]
        coverage = np.isfinite(est[is_shown]).mean()
        lag = score.find_shift(ref, est)[0] if coverage > 0 else 0
        predicted = report.get("predicted_snr_db", {}).get(lead)
        rows.append((*snrs, coverage, lag, np.nan if predicted is None else predicted))
    return np.array(rows), report.get("layout")


def line(labels, work, n_jobs):
    """Return the figures of a folder, in the order of `HEADINGS`."""
    out = digitize(labels, work)
    names = find_records(labels)
    jobs = (delayed(measure_record)(labels, out, name) for name in names)
    found = Parallel(n_jobs=n_jobs)(jobs)
    snr, head, coverage, lag, predicted = np.concatenate([rows for rows, _ in found]).T
    layouts = [layout for _, layout in found]
    known = np.isfinite(predicted) & (coverage > 0)
    r = np.corrcoef(snr[known], predicted[known])[0, 1] if known.sum() > 2 else np.nan
    return (
        *(score.mean_of_finite(snr), np.nanmedian(snr), score.mean_of_finite(head)),
        *(coverage.mean(), (snr < 0).mean()),
        (lag < 0).mean(),
        *(np.mean([layout not in (None, USUAL_LAYOUT) for layout in layouts]), layouts.count(None)),
        r,
    )


def main(argv=None):
    """Print a line per folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("pages", nargs="+", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="folder for copies and answers")
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args(argv)
    sys.stdout.write(f"{'':28}" + "".join(f"{heading:>9}" for heading in HEADINGS) + "\n")
    for labels in args.pages:
        values = line(labels.resolve(), args.work.resolve() / labels.name, args.workers)
        sys.stdout.write(f"{labels.name:28}" + "".join(f"{value:9.3f}" for value in values) + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
