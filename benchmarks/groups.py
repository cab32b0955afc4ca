"""Score labels by age and by sex: original signals, cut to what a 3x4 page with rhythm strip shows.

Run from the repository's root: ``python -m benchmarks.groups RECORDS --out FILE.json``. RECORDS are
labeled records, none of them trained on, such as PTB-XL's fold 10; those count whose headers tell
age or sex. The classifier is told neither. Figures stand with 95 % intervals of a bootstrap over
records. A class that nobody of a group has is left out of its means, so that macro figures of
groups are means over different classes: look at the superclasses, which all groups have, first.
"""

import argparse
import json
import sys
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ecgpaper.app.leaderboard.figures import USUAL_LAYOUT
from ecgpaper.app.leaderboard.origin import commit_of
from ecgpaper.classify import Classifier
from ecgpaper.classify.labels import one_hot
from ecgpaper.digitized.provenance import sha256_of
from ecgpaper.files.records.challenge import find_records, read_ecg, read_header
from ecgpaper.page import LAYOUTS
from ecgpaper.runtime.files import write_whole
from ecgpaper.train.classifier.scores import score_intervals, score_labels

ROOT = Path(__file__).resolve().parent.parent
# PTB-XL tells 300 years of everybody above 89.
AGES = {"below 40": (0, 40), "40 to 59": (40, 60), "60 to 79": (60, 80), "80 and above": (80, 301)}
FIGURES = ("macro_f", "macro_auroc", "superclass_auroc", "calibration_error")


def read_records(folder):
    """Yield name and header of each record that has a label and tells age or sex."""
    for name in find_records(folder):
        header = read_header(folder / name)
        if any(header.labels) and (header.age_years is not None or header.sex):
            yield name, header


def groups_of(header):
    """Return the groups that a person belongs to."""
    age = header.age_years
    ages = [name for name, (low, high) in AGES.items() if age is not None and low <= age < high]
    return ["all", *ages, *([header.sex.lower()] if header.sex else [])]


def figures_of(probabilities, truth, answered):
    """Return each figure with the ends of its interval."""
    found = score_labels(probabilities, truth, answered)
    low, high = score_intervals(
        probabilities,
        truth,
        answered,
        groups=[str(row) for row in range(len(truth))],
        rng=np.random.default_rng(0),
    )
    return {
        name: [round(float(getattr(each, name)), 3) for each in (found, low, high)]
        for name in FIGURES
    }


def measure(folder, model):
    """Return the figures of each group."""
    classifier, layout = Classifier.load(model), LAYOUTS[USUAL_LAYOUT]
    records = list(read_records(folder))
    if not records:
        raise SystemExit(f"records must tell age or sex in their headers; in {folder} none does")
    answers = [
        classifier.diagnose(layout.mask_unplotted(read_ecg(folder / name)))
        for name, _ in tqdm(records, "labels", disable=not sys.stderr.isatty())
    ]
    probabilities = np.array([answer.probabilities for answer in answers])
    answered = one_hot([answer.labels for answer in answers])
    truth = one_hot([header.labels for _, header in records])
    members = [groups_of(header) for _, header in records]
    found = []
    for group in ("all", *AGES, "female", "male"):
        rows = np.array([group in each for each in members])
        if rows.any():
            figures = figures_of(probabilities[rows], truth[rows], answered[rows])
            n_normal = int(truth[rows][:, 0].sum())
            found.append({"group": group, "n": int(rows.sum()), "n_normal": n_normal, **figures})
    return found


def table(told):
    """Return results as Markdown."""
    lines = [
        "| | records | normal | macro F | macro AUROC | superclass AUROC | calibration error |",
        "|---|---|---|---|---|---|---|",
    ]
    for group in told["groups"]:
        cells = ["{:.3f} [{:.3f}, {:.3f}]".format(*group[name]) for name in FIGURES]
        numbers = f"{group['n']} | {group['n_normal']}"
        lines.append(f"| {group['group']} | {numbers} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main(argv=None):
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path)
    parser.add_argument("--model", type=Path, default=ROOT / "model")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "results" / "groups.json")
    args = parser.parse_args(argv)
    told = {
        "commit": commit_of(ROOT),
        "records": args.records.resolve().name,
        "weights": sha256_of(args.model / "classifier.safetensors"),
        "groups": measure(args.records, args.model),
    }
    sys.stdout.write(table(told))
    write_whole(args.out, (json.dumps(told, indent=1) + "\n").encode())
    return 0


if __name__ == "__main__":
    sys.exit(main())
