"""Train the classifier of the signals alone, from a Challenge folder, into a model folder.

Run from the repository's root: ``python benchmarks/train_classifier.py RECORDS MODEL --patients
TABLE``. It is what `train_model.py` does before the digitizer. TABLE is a table like PTB-XL's
ptbxl_database.csv, by which a patient's records stay together; statements are read from comments
``# Statements: A, B``. ``--start OTHER --steps N`` goes on from the networks of another model
folder, which must be of the same records, for N steps each. An interrupted training goes on where
it stopped.
"""

import argparse
import logging
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ecgpaper.files.records.challenge import find_records
from ecgpaper.train.challenge import SEED
from ecgpaper.train.classifier.facts import RecordFacts
from ecgpaper.train.classifier.folds import N_PARTS, group_records, read_patients
from ecgpaper.train.classifier.signals import (
    ClassifierConfig,
    forget_members,
    save_classifier,
    train_classifier,
)
from ecgpaper.train.records import RecordFolder, readable_records


def main(argv=None):
    """Train and save."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path)
    parser.add_argument("model", type=Path)
    parser.add_argument("--patients", type=Path, help="table with ecg_id and patient_id")
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--start", type=Path, help="model folder whose networks go on")
    parser.add_argument("--steps", type=int, help="of each network")
    args = parser.parse_args(argv)
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    headers = readable_records(args.records, find_records(args.records))
    table = read_patients(args.patients) if args.patients else None
    grouping = group_records(headers, N_PARTS, table)
    logging.info("%s", grouping.explanation)
    args.model.mkdir(parents=True, exist_ok=True)
    state_file = args.model / ".classifier"
    network, info = train_classifier(
        RecordFolder(args.records, tuple(headers)),
        [RecordFacts.from_header(header) for header in headers.values()],
        patients=grouping.groups,
        config=ClassifierConfig(steps=args.steps, start=args.start),
        seed=args.seed,
        state_file=state_file,
    )
    save_classifier(args.model, network, info)
    forget_members(state_file, int(info.config["n_members"]))
    return 0


if __name__ == "__main__":
    sys.exit(main())
