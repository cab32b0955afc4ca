"""Train the picture branch of the classifier four ways and judge each on pages it has not seen.

Run from the repository's root: ``python benchmarks/picture_branch.py TRAIN HELD_OUT``, two folders
of labeled records. Printed are macro AUROC and AUROC over the superclasses on pages of the target
presets: trained in one stage or in two (of the same number of steps), with and without shadows,
creases and grid suppressed. 5,000 steps of 32 pages are a day on two cores; fewer tell less.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.special import expit

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ecgpaper.classify.labels import CLASSES, one_hot
from ecgpaper.classify.picture import ink_of
from ecgpaper.classify.scores import score_labels
from ecgpaper.records import find_records
from ecgpaper.train.challenge import RecordFolder, readable_records
from ecgpaper.train.pictures import (
    STAGES,
    PictureSource,
    Stage,
    picture_logits,
    train_pictures,
)

FIRST_SHARE = 0.8


def plain(picture):
    """Return the darkness of a picture as it is, light and grid included."""
    return (1 - picture.mean(axis=2) / 255).astype(np.float32)[None]


def read_folder(folder):
    """Return the records with a label, and which classes each has."""
    headers = readable_records(folder, find_records(folder))
    truth = one_hot([header.labels for header in headers.values()])
    names = [name for name, row in zip(headers, truth, strict=True) if row.any()]
    return RecordFolder(folder, names), truth[truth.any(axis=1)]


def stages_of(n_steps, batch_size):
    """Return the stages to compare, by name."""
    every, target = STAGES
    n_first = round(FIRST_SHARE * n_steps)
    first = Stage(every.presets, n_first, every.peak_rate, batch_size)
    second = Stage(target.presets, n_steps - n_first, target.peak_rate, batch_size)
    one = Stage(every.presets, n_steps, every.peak_rate, batch_size)
    return {"one stage": [one], "two stages": [first, second]}


def main(argv=None):
    """Print four lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train", type=Path)
    parser.add_argument("held_out", type=Path)
    parser.add_argument("--steps", type=int, default=5000, help="in all (default: 5000)")
    parser.add_argument("--batch", type=int, default=32, help="pages per step (default: 32)")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    ecgs, truth = read_folder(args.train)
    judged, judged_truth = read_folder(args.held_out)
    for prepared, prepare in (("suppressed", ink_of), ("plain", plain)):
        pages = PictureSource(judged, STAGES[-1].presets, prepare, args.seed, 1)
        pictures = [
            prepare(pages.draw(record, np.random.default_rng([args.seed, record])))
            for record in range(len(judged))
        ]
        for staged, stages in stages_of(args.steps, args.batch).items():
            network = train_pictures(ecgs, truth, prepare, stages=stages, seed=args.seed)
            probabilities = expit(picture_logits(network, pictures))
            found = score_labels(
                probabilities, judged_truth, np.eye(len(CLASSES))[probabilities.argmax(1)] > 0
            )
            sys.stdout.write(
                f"{staged}, {prepared}: macro AUROC {found.macro_auroc:.3f}, "
                f"superclass AUROC {found.superclass_auroc:.3f}\n"
            )
            sys.stdout.flush()


if __name__ == "__main__":
    main()
