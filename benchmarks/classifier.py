"""Score classifiers on original signals, on what a page shows of them, and on digitized pages.

Run from the repository's root: ``python benchmarks/classifier.py RECORDS --answers FOLDER...
--models MODEL...``. RECORDS are complete labeled records; each FOLDER of answers is that of a
condition in what ``ecgpaper leaderboard --records RECORDS`` wrote, such as leaderboard/photo.
Several models, such as one per seed, are scored one by one: figures are their means.

First table: all records, as their original signals of ten seconds and cut to what a 3x4 page with
a rhythm strip shows. Then one per folder: its records, in both of these ways and as digitized.
Figures stand with 95 % intervals of a bootstrap over records (the same draws for every view and
model) and the standard deviation over models; the last lines say by how much a view is better than
another of the same records. Age and sex are hidden, as in a test. A class that no record has is
left out of the means. The last line says how long an answer takes, from complete leads at the
record's own sampling frequency, on the cores at hand.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from ecgpaper.app.leaderboard.figures import USUAL_LAYOUT
from ecgpaper.classify import Classifier
from ecgpaper.classify.labels import CLASSES, one_hot
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.files.records.challenge import find_records, read_ecg, read_header
from ecgpaper.page import LAYOUTS
from ecgpaper.train.classifier.scores import score_labels

N_RESAMPLES, N_TIMED = 1000, 50
ORIGINAL, CUT, DIGITIZED = "original 10 s", f"cut to {USUAL_LAYOUT}", "digitized"
FIGURES = (*CLASSES, "macro F", "macro AUROC", "superclass AUROC", "calibration error")
N_MEANS = 4


def read_digitized(out, name):
    """Return what was read of a page; nothing at all where reading failed."""
    if not (out / f"{name}.dat").exists():
        return Ecg(np.full((10, len(STANDARD_ORDER)), np.nan), 1.0, STANDARD_ORDER)
    return read_ecg(out / name)


def views_of(records, name, out):
    """Return the ways in which a record is seen."""
    original = read_ecg(records / name)
    views = {ORIGINAL: original, CUT: LAYOUTS[USUAL_LAYOUT].mask_unplotted(original)}
    return views if out is None else views | {DIGITIZED: read_digitized(out, name)}


def answer(models, records, names, out):
    """Return, by view, probabilities and answers, each of shape (n_models, n_records, 11)."""
    found = {}
    for name in names:
        for view, ecg in views_of(records, name, out).items():
            found.setdefault(view, []).append([model.diagnose(ecg) for model in models])
    return {
        view: (
            np.array([[d.probabilities for d in column] for column in zip(*rows, strict=True)]),
            np.array([one_hot([d.labels for d in column]) for column in zip(*rows, strict=True)]),
        )
        for view, rows in found.items()
    }


def write_time(model, records, names):
    """Write how long one model takes for a record: the median, and processor time."""
    ecgs = [read_ecg(records / name) for name in names[:N_TIMED]]
    model.diagnose(ecgs[0])
    clocks = np.array([clock_of(model, ecg) for ecg in ecgs])
    wall_s, processor_s = np.median(clocks, axis=0)
    sys.stdout.write(f"\n{wall_s:.3f} s per record, {processor_s:.3f} s of processor time\n")


def clock_of(model, ecg):
    """Return seconds, and seconds of processor time, of one answer."""
    start = time.perf_counter(), time.process_time()
    model.diagnose(ecg)
    return time.perf_counter() - start[0], time.process_time() - start[1]


def measure(answers, truth, rows):
    """Return figures of the given records, of shape (n_models, 15)."""
    return np.stack(
        [
            score_labels(probabilities[rows], truth[rows], answered[rows]).as_row()
            for probabilities, answered in zip(*answers, strict=True)
        ]
    )


def write_table(title, answers, truth):
    """Write the figures of all views of some records, and how the views differ."""
    rng = np.random.default_rng(0)
    draws = [rng.integers(len(truth), size=len(truth)) for _ in range(N_RESAMPLES)]
    found = {view: measure(given, truth, slice(None)) for view, given in answers.items()}
    drawn = {
        view: np.stack([measure(given, truth, draw).mean(axis=0) for draw in draws])
        for view, given in answers.items()
    }
    sys.stdout.write(f"\n{title}, {len(truth)} records\n{'':22}")
    sys.stdout.write("".join(f"{view:>32}" for view in answers) + "\n")
    for column, figure in enumerate(FIGURES):
        is_class = column < len(CLASSES)
        if is_class and not truth[:, column].any():
            continue
        label = f"{figure} ({truth[:, column].sum()})" if is_class else figure
        cells = (cell(found[view][:, column], drawn[view][:, column]) for view in answers)
        sys.stdout.write(f"{label:22}" + "".join(f"{text:>32}" for text in cells) + "\n")
    for view, other in zip(list(answers)[1:], list(answers), strict=False):
        write_difference(view, other, found, drawn)
    if DIGITIZED in answers:
        write_difference(DIGITIZED, ORIGINAL, found, drawn)
    sys.stdout.flush()


def write_difference(view, other, found, drawn):
    """Write by how much the means of one view are above those of another."""
    parts = []
    for column in range(len(CLASSES), len(FIGURES) - 1):
        differences = found[view][:, column] - found[other][:, column]
        paired = drawn[view][:, column] - drawn[other][:, column]
        parts.append(f"{FIGURES[column]} {cell(differences, paired)}")
    sys.stdout.write(f"{view} - {other}: " + "; ".join(parts) + "\n")


def cell(values, drawn):
    """Mean over models, its interval, and the spread over models."""
    low, high = np.nanpercentile(drawn, (2.5, 97.5))
    spread = f" sd {values.std(ddof=1):.3f}" if len(values) > 1 else ""
    return f"{values.mean():.3f} [{low:.3f}, {high:.3f}]{spread}"


def main(argv=None):
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path)
    parser.add_argument("--answers", nargs="*", type=Path, default=[])
    parser.add_argument("--models", nargs="+", type=Path, default=[Path("model")])
    args = parser.parse_args(argv)
    models = [Classifier.load(folder) for folder in args.models]
    truth = {
        name: one_hot([read_header(args.records / name).labels])[0]
        for name in find_records(args.records)
    }
    known = [name for name, row in truth.items() if row.any()]
    rows = np.stack([truth[name] for name in known])
    write_table("all records", answer(models, args.records, known, None), rows)
    for folder in args.answers:
        out = folder / "outputs"
        names = [name for name in find_records(out) if name in known]
        rows = np.stack([truth[name] for name in names])
        write_table(folder.name, answer(models, args.records, names, out), rows)
    write_time(models[0], args.records, known)
    return 0


if __name__ == "__main__":
    sys.exit(main())
