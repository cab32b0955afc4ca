"""Score what signals and picture say of pages that were digitized, alone and mixed.

Run from the repository's root: ``python benchmarks/opinions.py TRAIN --work FOLDER``. TRAIN are the
records that the model learnt from; pages of all presets in turn are drawn, one each of the first
records that its picture branch has spared, and digitized into FOLDER, unless that is done. Of each
record those opinions of the signals speak that have left it out. Printed are
figures of the signals as they are recorded, cut to what a 3x4 page with a rhythm strip shows, and
as digitized, of the picture, and of stackers, out of fold: with the picture and without it, which
only calibrates. The thresholds are those of the model. 150 pages are 10 minutes on one core.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.special import expit

from ecgpaper.app.leaderboard.figures import USUAL_LAYOUT
from ecgpaper.classify import NAME
from ecgpaper.classify.branches import PICTURE, PictureBranch, picture_logits
from ecgpaper.classify.fusion import choose_stacker, log_loss, signals_only
from ecgpaper.classify.infarcts import class_logits
from ecgpaper.classify.inputs import leads_from_ecg
from ecgpaper.classify.labels import labels_above, one_hot
from ecgpaper.files.records.challenge import find_records, read_header
from ecgpaper.nets.stored.checkpoint import read_info
from ecgpaper.train.classifier.augment.degrade import mask_of_layout
from ecgpaper.train.classifier.folds import N_PARTS, group_records, split_records
from ecgpaper.train.classifier.scores import score_labels
from ecgpaper.train.picture.holdout import Labeled
from ecgpaper.train.picture.pictures import FIRST
from ecgpaper.train.picture.stacking import Readers
from ecgpaper.train.records import RecordFolder


def read_spared(folder, model):
    """Return the records that the picture branch has spared, and its seed."""
    info, pictures = read_info(model, NAME), read_info(model, PICTURE)
    headers = {name: read_header(folder / name) for name in find_records(folder)}
    truth = one_hot([header.labels for header in headers.values()])
    names = [name for name, row in zip(headers, truth, strict=True) if row.any()]
    patients = dict(zip(headers, group_records(headers, N_PARTS).groups, strict=True))
    folds = split_records([patients[name] for name in names], info.config["n_members"])
    records = Labeled(RecordFolder(folder, names), truth[truth.any(axis=1)], folds)
    seed = pictures.training["seed"]
    return records.split(FIRST)[1], seed


def say(readers, spared, seed, n_pages):
    """Return logits by what speaks, trust and truth, of the pages that were read."""
    pages = [readers.read(spared, index, seed) for index in range(n_pages)]
    rows = [index for index, page in enumerate(pages) if page.is_read]
    said = {}
    for name, layout in (("original 10 s", "12x1"), (f"cut to {USUAL_LAYOUT}", USUAL_LAYOUT)):
        shown = [
            np.where(mask_of_layout(layout), leads_from_ecg(spared.ecgs[i])[0], np.float32(np.nan))
            for i in rows
        ]
        seen = [pages[i]._replace(leads_mv=leads) for i, leads in zip(rows, shown, strict=True)]
        said[name] = signals_of(readers, seen, spared.folds[rows])
    said["digitized"] = signals_of(readers, [pages[i] for i in rows], spared.folds[rows])
    said["picture"] = class_logits(
        picture_logits(readers.pictures, [pages[i].picture for i in rows])
    )
    return said, np.array([pages[i].trust for i in rows]), spared.truth[rows]


def signals_of(readers, pages, members):
    """Logits of the signals of each page, by the network that has left its record out."""
    pairs = zip(pages, members, strict=True)
    return np.stack([readers.signal_logits(page, int(member)) for page, member in pairs])


def main(argv=None):
    """Print a line per opinion."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train", type=Path)
    parser.add_argument("--work", type=Path, required=True, help="where digitized pages are kept")
    parser.add_argument("--pages", type=int, default=150, help="number of pages (default: 150)")
    parser.add_argument("--model", type=Path, default=Path("model"))
    args = parser.parse_args(argv)
    spared, seed = read_spared(args.train, args.model)
    network = PictureBranch.load(args.model).network
    readers = Readers.load(args.model, network, args.work)
    said, trust, truth = say(readers, spared, seed, min(args.pages, len(spared)))
    answers = {name: expit(logits) for name, logits in said.items()}
    alone = signals_only(truth.shape[1]).weights
    nothing = np.zeros_like(said["picture"])
    for name, picture in (("with", said["picture"]), ("without", nothing)):
        stacker, mixed = choose_stacker(said["digitized"], picture, trust, truth)
        kept = "not kept" if np.array_equal(stacker.weights, alone) else "kept"
        answers[f"stacker {name} picture, {kept}"] = mixed
    sys.stdout.write(f"{len(truth)} pages\n")
    for name, probabilities in answers.items():
        answered = [labels_above(row, readers.signals.thresholds) for row in probabilities]
        found = score_labels(probabilities, truth, one_hot(answered))
        sys.stdout.write(
            f"{name:34} macro F {found.macro_f:.3f}, macro AUROC {found.macro_auroc:.3f}, "
            f"superclass AUROC {found.superclass_auroc:.3f}, "
            f"log loss {log_loss(probabilities, truth):.4f}\n"
        )


if __name__ == "__main__":
    main()
