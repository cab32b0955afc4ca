"""Train the picture branch alone, from a Challenge folder, into a model folder with a classifier.

Run from the repository's root: ``python benchmarks/train_picture.py RECORDS MODEL --patients
TABLE``. It is what `train_model.py` does last. RECORDS and TABLE must be those that the classifier
of MODEL has learned from, see `train_classifier.py`: what its first network has left out is left
out here, too. ``--opinions N`` digitizes N pages to mix both branches by, which needs the
digitizer's networks in MODEL. An interrupted training goes on where it stopped.
"""

import argparse
import logging
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ecgpaper.classify import NAME
from ecgpaper.classify.labels import one_hot
from ecgpaper.files.records.challenge import find_records
from ecgpaper.nets.stored.checkpoint import read_info
from ecgpaper.train.challenge import SEED
from ecgpaper.train.classifier.facts import RecordFacts
from ecgpaper.train.classifier.folds import (
    N_PARTS,
    group_records,
    read_patients,
    split_records,
)
from ecgpaper.train.picture.branches import train_picture_branch
from ecgpaper.train.picture.holdout import Labeled
from ecgpaper.train.records import RecordFolder, readable_records
from ecgpaper.train.span import Span


def labeled_records(folder, table, n_members):
    """Return the records with a label, and which network of the signals has left each out."""
    headers = readable_records(folder, find_records(folder))
    facts = [RecordFacts.from_header(header) for header in headers.values()]
    grouping = group_records(headers, N_PARTS, read_patients(table) if table else None)
    logging.info("%s", grouping.explanation)
    rows = np.flatnonzero([fact.has_label for fact in facts])
    folds = split_records([grouping.groups[row] for row in rows.tolist()], n_members)
    names = [list(headers)[row] for row in rows.tolist()]
    truth = one_hot([facts[row].labels for row in rows.tolist()])
    return Labeled(RecordFolder(folder, tuple(names)), truth, folds)


def main(argv=None):
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--patients", type=Path, help="table with ecg_id and patient_id")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--steps", type=int, default=1150)
    parser.add_argument("--opinions", type=int, default=0, help="pages to mix both branches by")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    n_members = int(read_info(args.model, NAME).config["n_members"])
    train_picture_branch(
        labeled_records(args.records, args.patients, n_members),
        args.model,
        span=Span(args.steps),
        opinions=Span(args.opinions),
        seed=args.seed,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
