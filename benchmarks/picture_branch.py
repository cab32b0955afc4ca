"""Judge the picture branch of the classifier on pages of records that it has not seen.

Run from the repository's root: ``python benchmarks/picture_branch.py HELD_OUT``, a folder of
labeled records. A page of each record and kind is drawn: clean, scans and photos. Printed are
figures of the strips cut out where they lie, and where they are guessed to lie on a page that
nobody could digitize: AUROC over all classes, over the superclasses and over the five findings of
the British Heart Foundation's challenge, and macro F of the answers. 1,000 pages are ten minutes on
one core.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.special import expit
from tqdm import tqdm

from ecgpaper.app.leaderboard.figures import five_finding_auroc
from ecgpaper.classify.branches import PictureBranch
from ecgpaper.classify.labels import labels_above, one_hot
from ecgpaper.classify.picture import Sight, printed_picture, whole_picture
from ecgpaper.files.records.challenge import find_records, read_ecg
from ecgpaper.synth import sample_spec, synthesize
from ecgpaper.train.classifier.scores import score_labels
from ecgpaper.train.digitizer.source import without_gaps
from ecgpaper.train.records import readable_records

# Kinds of pages, each of presets in turn.
KINDS = {
    "clean": ("clean",),
    "scan": ("scan-color", "scan-bw"),
    "photo": ("photo", "photo-stained"),
}
SIGHTS = ("where they lie", "guessed")


def read_labels(folder):
    """Return the names of records with a label, and which classes each has."""
    headers = readable_records(folder, find_records(folder))
    truth = one_hot([header.labels for header in headers.values()])
    names = [name for name, row in zip(headers, truth, strict=True) if row.any()]
    return names, truth[truth.any(axis=1)]


def see(branch, ecg, preset, rng):
    """Return logits of a page, of shape (2, 11), by way of seeing it."""
    page = synthesize(without_gaps(ecg), sample_spec(preset, rng=rng))
    truth = page.truth
    pictures = (
        printed_picture(page.image, truth.layout, truth.scale, truth.page_to_photo),
        whole_picture(page.image),
    )
    return branch.logits_of([Sight(picture, 1.0) for picture in pictures])


def main(argv=None):
    """Print a line per kind and way of seeing it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("held_out", type=Path)
    parser.add_argument("--model", type=Path, default=Path("model"))
    parser.add_argument("--records", type=int, help="so many of them (default: all)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    branch = PictureBranch.load(args.model)
    names, truth = read_labels(args.held_out)
    order = np.random.default_rng(args.seed).permutation(len(names))[: args.records]
    for number, (kind, presets) in enumerate(KINDS.items()):
        logits = []
        for row in tqdm(order.tolist(), desc=kind, disable=not sys.stderr.isatty()):
            rng = np.random.default_rng([args.seed, number, row])
            preset = presets[row % len(presets)]
            logits.append(see(branch, read_ecg(args.held_out / names[row]), preset, rng))
        for sight, rows in zip(SIGHTS, np.stack(logits, axis=1), strict=True):
            write_line(f"{kind}, strips {sight}", expit(rows), truth[order], branch.thresholds)


def write_line(name, probabilities, truth, thresholds):
    """Write the figures of some pages."""
    answered = one_hot([labels_above(row, thresholds) for row in probabilities])
    found = score_labels(probabilities, truth, answered)
    five = five_finding_auroc(probabilities, truth)
    sys.stdout.write(
        f"{name:28} {len(truth)} pages: macro AUROC {found.macro_auroc:.3f}, superclass AUROC "
        f"{found.superclass_auroc:.3f}, five findings {five:.3f},"
        f" macro F {found.macro_f:.3f}, calibration error {found.calibration_error:.3f}\n"
    )
    sys.stdout.flush()


if __name__ == "__main__":
    main()
