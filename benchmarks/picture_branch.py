"""Train the picture branch of the classifier four ways and judge each on pages it has not seen.

Run from the repository's root: ``python benchmarks/picture_branch.py TRAIN HELD_OUT``, two folders
of labeled records. Printed are macro AUROC and AUROC over the superclasses and over the five
findings of the British Heart Foundation's challenge, on pages of the target presets, one per
held-out record and preset: trained in one stage or in two (of the same number of steps), with and
without shadows, creases and grid suppressed. Pages are drawn once, and networks trained once, into
the folder ``--pages``. 1,000 steps of 16 pictures are 5 minutes on one core.
"""

import argparse
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
from scipy.special import expit

from ecgpaper.classify.labels import CLASSES, one_hot
from ecgpaper.classify.picture import ink_of
from ecgpaper.leaderboard.figures import five_finding_auroc
from ecgpaper.nets.checkpoint import load_info, load_weights, save_checkpoint
from ecgpaper.nets.convnext import ConvNext, ConvNextConfig
from ecgpaper.nets.description import CheckpointInfo
from ecgpaper.records.challenge import find_records
from ecgpaper.train.classifier.scores import score_labels
from ecgpaper.train.picture.pictures import (
    TARGET_PRESETS,
    PictureSource,
    PictureStore,
    Stage,
    pages_for,
    picture_logits,
    train_pictures,
    two_stages,
)
from ecgpaper.train.records import RecordFolder, readable_records


def plain(picture):
    """Return the darkness of a picture as it is, light and grid included."""
    return (1 - picture.mean(axis=2) / 255).astype(np.float32)[None]


def read_folder(folder):
    """Return the records with a label, and which classes each has."""
    headers = readable_records(folder, find_records(folder))
    truth = one_hot([header.labels for header in headers.values()])
    names = [name for name, row in zip(headers, truth, strict=True) if row.any()]
    return RecordFolder(folder, names), truth[truth.any(axis=1)]


def stages_of(n_steps, n_records):
    """Return the stages to compare, by name."""
    two = two_stages(n_steps, n_records)
    one = (Stage(two[0].presets, n_steps, pages_for(n_steps, n_records)),)
    return {"two stages": two, "one stage": one}


def main(argv=None):
    """Print four lines."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("train", type=Path)
    parser.add_argument("held_out", type=Path)
    parser.add_argument("--steps", type=int, default=500, help="in all (default: 500)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--pages", type=Path, help="where pages are kept (default: nowhere)")
    args = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as passing:
        compare(args, args.pages or Path(passing))


def compare(args, folder):
    """Train and judge each way."""
    ecgs, truth = read_folder(args.train)
    judged, judged_truth = read_folder(args.held_out)
    n_presets = len(TARGET_PRESETS)
    pages = PictureStore(judged, TARGET_PRESETS, n_presets, args.seed, folder)
    is_true = np.tile(judged_truth, (n_presets, 1))
    for prepared, prepare in (("suppressed", ink_of), ("plain", plain)):
        pictures = [prepare(picture) for picture in pages]
        for staged, stages in stages_of(args.steps, len(ecgs)).items():
            source = PictureSource(ecgs, folder, stages, prepare, args.seed)
            name = f"{staged}, {prepared}"
            network = trained(source, truth, folder, f"{name}, {args.steps}, {args.seed}")
            probabilities = expit(picture_logits(network, pictures))
            likeliest = np.eye(len(CLASSES), dtype=bool)[probabilities.argmax(axis=1)]
            found = score_labels(probabilities, is_true, likeliest)
            sys.stdout.write(
                f"{name}: macro AUROC {found.macro_auroc:.3f}, "
                f"superclass AUROC {found.superclass_auroc:.3f}, "
                f"five findings {five_finding_auroc(probabilities, is_true):.3f}\n"
            )
            sys.stdout.flush()


def trained(source, truth, folder, name):
    """Return the network of a name, from the folder if it was trained before."""
    if not (folder / f"{name}.json").exists():
        network = train_pictures(source, truth, state_file=folder / f".{name}").cpu()
        info = CheckpointInfo(ConvNext.__name__, asdict(network.config))
        save_checkpoint(folder, name, network, info)
    info = load_info(folder, name, ConvNext.__name__)
    config = ConvNextConfig.from_json(info.config)
    return load_weights(folder, name, info, lambda: ConvNext(config)).eval()


if __name__ == "__main__":
    main()
