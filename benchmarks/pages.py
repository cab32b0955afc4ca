"""Read real pages and pages of other generators: a line each, scored where truth is known.

Run from the repository's root: ``python benchmarks/pages.py DATA --out FOLDER [--only NAME...]``.
DATA is the folder of real data, with `cases`, `kit-pages`, `scans` and `wild`; NAME keeps the files
whose path contains one of the names. FOLDER receives a traced picture of every page that is read.

A line: file, seconds of processor time, layout, quality, agreement, lowest and median predicted SNR
in dB, the mean SNR in dB that was reached (the competition's scorer), leads read of leads shown, or
why the page is refused. PDFs are drawn at 200 dpi and need `pypdfium2`.
"""

import argparse
import sys
import time
import warnings
from pathlib import Path

import cv2
import numpy as np
import torch
from joblib import Parallel, delayed

from ecgpaper import score
from ecgpaper.digitize import Digitizer
from ecgpaper.digitized.overlay import draw_overlay, jpeg_bytes
from ecgpaper.ecg import STANDARD_ORDER
from ecgpaper.files.records.challenge import read_ecg, read_image
from ecgpaper.runtime.boundary import PageFault, attempt

SETS = ("cases/pages", "kit-pages/plain", "kit-pages/distorted", "kit-pages/tinted")
SETS = (*SETS, "scans/scans", "scans/photos", "wild")
PICTURES = (".png", ".jpg", ".jpeg", ".pdf")
PDF_DPI = 200


def find_pages(data, names):
    """Return (name, file, page number) of all pages."""
    pages = []
    for folder in SETS:
        for file in sorted((data / folder).iterdir()):
            name = f"{folder}/{file.name}"
            if file.suffix not in PICTURES or (names and not any(part in name for part in names)):
                continue
            pages += [(f"{name}{_number(k)}", file, k) for k in range(count_pages(file))]
    return pages


def _number(k):
    return f"#{k + 1}" if k else ""


def count_pages(file):
    """Return the pages of a file; none of a PDF that cannot be drawn here."""
    if file.suffix != ".pdf":
        return 1
    try:
        import pypdfium2  # noqa: PLC0415
    except ImportError:
        return 0
    return len(pypdfium2.PdfDocument(file))


def read_page(file, number):
    """Return a page's picture, RGB."""
    if file.suffix != ".pdf":
        return read_image(file)
    import pypdfium2  # noqa: PLC0415

    page = pypdfium2.PdfDocument(file)[number]
    return np.array(page.render(scale=PDF_DPI / 72).to_pil().convert("RGB"))


def read_truth(file, fs):
    """Return what is known of a page's signals: ndarray of shape (n_samples, 12) in mV, or None."""
    if file.parent.name == "pages":
        table = file.parent.parent / "truth" / f"{file.stem}_truth.csv"
        return _case_truth(table, fs) if table.exists() else None
    name = file.with_name(file.stem.removesuffix("-0"))
    if not name.with_suffix(".hea").exists():
        return None
    ecg = read_ecg(name)
    return ecg.select(STANDARD_ORDER).signal_mv


def _case_truth(table, fs):
    lines = table.read_text().splitlines()
    said = lines[0] if lines[0].startswith("#") else ""
    rows = lines[1:] if said else lines
    found = said.split("fs_hz=")[1].split()[0] if said else ("250" if len(rows) < 3000 else "500")
    values = np.array(
        [[float(v) if v else np.nan for v in row.split(",")[:12]] for row in rows[1:]]
    )
    times_s = np.arange(round(len(values) / float(found) * fs)) / fs
    known_s = np.arange(len(values)) / float(found)
    return np.column_stack([np.interp(times_s, known_s, column) for column in values.T])


def mean_snr(truth_mv, signal_mv, fs):
    """Return the mean SNR in dB over the leads that both show, and how many these are.

    A page of one column shows from its own start what a record holds elsewhere, so leads are put
    where they fit best within a second.
    """
    snrs = []
    for truth, found in zip(truth_mv.T, signal_mv.T, strict=True):
        if not (np.isfinite(truth).any() and np.isfinite(found).any()):
            continue
        padded = np.full(max(len(truth), len(found)), np.nan)
        padded[: len(truth)] = truth
        padded[np.isnan(padded)] = np.nan
        est = np.full(len(padded), np.nan)
        est[: len(found)] = found
        # Truth that is known beyond what the page shows is no loss.
        both = np.isfinite(padded) & np.isfinite(est)
        ref = np.where(both, padded, np.nan)
        snrs.append(score.snr(ref, score.align_within_limits(ref, est, fs, alignment="comp"))[0])
    return (float(np.mean(snrs)) if snrs else np.nan), len(snrs)


def line(job, model, out):
    """Return the line of a page."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    name, file, number = job
    start_s = time.process_time()
    digitizer = Digitizer.load(model)
    photo = attempt(lambda: read_page(file, number), "opening this page")
    start_s = time.process_time()
    found = attempt(lambda: digitizer.digitize(photo), "reading this page")
    cpu_s = time.process_time() - start_s
    if isinstance(found, PageFault):
        return f"{name:34} {cpu_s:5.1f} refused: {found.reason}"
    place = out / (name.replace("/", "-").replace("#", "-p") + ".jpg")
    place.write_bytes(jpeg_bytes(draw_overlay(photo, found.traces, found.page.page_to_photo)))
    n_read = int(np.isfinite(found.ecg.signal_mv).any(axis=0).sum())
    truth = read_truth(file, found.ecg.fs)
    snr, n_leads = (np.nan, 0) if truth is None else mean_snr(truth, found.ecg.signal_mv, 500.0)
    n_shown = 0 if truth is None else int(np.isfinite(truth).any(axis=0).sum())
    scale = found.layout.scale
    agreement = np.nan if found.agreement is None else found.agreement
    return (
        f"{name:34} {cpu_s:5.1f} {found.layout.name:14} {scale.speed_mm_per_s:g} "
        f"{scale.gain_mm_per_mv:g} q {found.quality:.2f} a {agreement:.3f} predicted "
        f"{np.nanmin(found.predicted_snr_db):.0f} {np.nanmedian(found.predicted_snr_db):.0f} "
        f"reached {snr:.1f} ({n_leads} of {n_shown} leads) read {n_read}"
    )


def main(argv=None):
    """Print a line per page as it is read."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--only", nargs="+", default=[], help="parts of paths")
    parser.add_argument("--out", type=Path, required=True, help="folder for traced pictures")
    parser.add_argument("--model", type=Path, default=Path("model"))
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    warnings.simplefilter("ignore")
    jobs = find_pages(args.data, args.only)
    works = (delayed(line)(job, args.model.resolve(), args.out.resolve()) for job in jobs)
    for text in Parallel(n_jobs=args.workers, return_as="generator")(works):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
