"""Read PDFs whose curves are lines and compare them with what is known of them.

    python benchmarks/drawn.py CASES

CASES holds `pages/NAME.pdf` and `truth/NAME_truth.csv` (one column per lead in mV at 500 Hz, blank
where nothing is drawn). Of each page: mean and worst lead in dB after both medians are removed, as
it is and at the best shift of up to 50 ms; and, to tell a wrong curve from another opinion of how
long a millimeter is, at the best shift and stretch of up to 0.3 %.
"""

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ecgpaper.drawn.read import DrawnPage, read_drawn
from ecgpaper.errors import DrawingError

FS_HZ = 500.0
SHIFTS_S = np.arange(-25, 26) / FS_HZ
STRETCHES = 1 + np.arange(-30, 31) / 1e4
FINE_SHIFTS_S = np.arange(-20, 21) / 2e3
MOST_PAGES = 20

Lead = NDArray[np.float64]


def decibels(true_mv: Lead, read_mv: Lead) -> float:
    """SNR where both are known, after the median of each is removed."""
    both = np.isfinite(true_mv) & np.isfinite(read_mv)
    true_mv, read_mv = true_mv[both], read_mv[both]
    true_mv, read_mv = true_mv - np.median(true_mv), read_mv - np.median(read_mv)
    noise = float(((true_mv - read_mv) ** 2).sum())
    return 10 * np.log10(float((true_mv**2).sum()) / max(noise, 1e-12))


def moved(lead_mv: Lead, n_samples: int, shift_s: float, stretch: float = 1.0) -> Lead:
    """Return a lead as it would be a little later and longer, at the truth's times."""
    at = np.arange(n_samples)
    known = np.flatnonzero(np.isfinite(lead_mv))
    places = known * stretch + shift_s * FS_HZ
    read = np.interp(at, places, lead_mv[known], left=np.nan, right=np.nan)
    # Gaps stay gaps.
    there = np.interp(at, places, known)
    return np.where(np.isfinite(lead_mv[np.round(there).astype(int)]), read, np.nan)


def truth_of(file: Path) -> tuple[list[str], Lead]:
    """Names and signals, of shape (n_samples, n_leads), of a truth file."""
    lines = [line for line in file.read_text().splitlines() if not line.startswith("#")]
    rows = [
        [float(cell) if cell.strip() else np.nan for cell in line.split(",")] for line in lines[1:]
    ]
    return lines[0].split(","), np.array(rows)


def scores(page: DrawnPage, names: list[str], truth_mv: Lead) -> Iterator[tuple[str, list[float]]]:
    """Yield, for each lead that is read, the figures of a line."""
    for lead in page.lead_names:
        true_mv = truth_mv[:, names.index(lead)]
        strip = f"strip_{lead}"
        if strip in names:
            rhythm_mv = truth_mv[:, names.index(strip)]
            true_mv = np.where(np.isfinite(rhythm_mv), rhythm_mv, true_mv)
        read_mv, n = page.ecg.lead(lead), len(true_mv)
        as_is = moved(read_mv, n, 0.0)
        shifted = max(decibels(true_mv, moved(read_mv, n, shift_s)) for shift_s in SHIFTS_S)
        best_s = max(SHIFTS_S, key=lambda shift_s: decibels(true_mv, moved(read_mv, n, shift_s)))
        stretched = max(
            decibels(true_mv, moved(read_mv, n, best_s + fine_s, stretch))
            for stretch in STRETCHES
            for fine_s in FINE_SHIFTS_S
        )
        yield (
            lead,
            [decibels(true_mv, as_is), shifted, stretched],
        )


def main() -> int:
    """Measure all PDFs that have a truth."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("cases", type=Path)
    parser.add_argument("--leads", action="store_true", help="a line for each lead")
    args = parser.parse_args()
    files = sorted((args.cases / "pages").glob("*.pdf"))
    if not files:
        sys.stdout.write(f"skipped: no PDFs in {args.cases / 'pages'}\n")
    sys.stdout.write("page: mean / worst dB as it is; best shift; best shift and stretch\n")
    for file in files:
        truth_file = args.cases / "truth" / f"{file.stem}_truth.csv"
        truth = truth_of(truth_file) if truth_file.exists() else None
        for number in range(1, MOST_PAGES + 1):
            try:
                page = read_drawn(file, number)
            except DrawingError as error:
                if number == 1:
                    sys.stdout.write(f"{file.stem}: {error}\n")
                break
            report(file.stem, number, page, truth, with_leads=args.leads)
    return 0


def report(
    name: str,
    number: int,
    page: DrawnPage | None,
    truth: tuple[list[str], Lead] | None,
    *,
    with_leads: bool,
) -> None:
    """Write the lines of a page."""
    if page is None or truth is None:
        found = "no curves drawn" if page is None else "no truth"
        sys.stdout.write(f"{name} page {number}: skipped, {found}\n")
        return
    leads = dict(scores(page, *truth))
    figures = np.array([*leads.values()])
    pairs = " ; ".join(
        f"{mean:.1f} / {worst:.1f}"
        for mean, worst in zip(figures.mean(axis=0), figures.min(axis=0), strict=True)
    )
    sys.stdout.write(f"{name} page {number} {page.layout.name} ({len(leads)} leads): {pairs}\n")
    for warning in page.warnings:
        sys.stdout.write(f"    {warning}\n")
    for lead, each in leads.items() if with_leads else ():
        sys.stdout.write(f"    {lead}: " + " ".join(f"{value:.1f}" for value in each) + "\n")


if __name__ == "__main__":
    sys.exit(main())
