"""Cross-validate the classifier on a folder of labeled records.

The records are split into folds, patient by patient where DATA or a table of patients says whose
they are; each fold is judged by networks trained on the others. F-measure per class, macro F,
macro AUROC, AUROC over the five superclasses and calibration error are printed with 95 % intervals
(bootstrap over patients, or records) and written to OUT/crossval.json. What is judged: the
original signals, the same cut to what a 3x4 page with a rhythm strip shows, and, with --pages,
what the digitizer reads from a generated page of each record. Images in DATA are not looked at.
Interrupted, the same command goes on.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from ecgpaper.app.options import NamesIn, add_seed, whole_number
from ecgpaper.errors import RecordError
from ecgpaper.runtime.files import prepare_output_folder, write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ecgpaper.ecg import BoolArray, FloatArray
    from ecgpaper.train.classifier.crossval import View
    from ecgpaper.train.classifier.facts import RecordFacts

CUT = "3x4+1R"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("data", type=Path, metavar="DATA", help="folder of WFDB records")
    parser.add_argument(
        "--folds", type=whole_number(2, 100), default=5, metavar="K", help="number of folds"
    )
    parser.add_argument("--out", type=Path, default=Path("crossval"), help="folder for results")
    add_seed(parser, "training", default=0)
    parser.add_argument(
        "--patients",
        type=Path,
        metavar="CSV",
        help="table with ecg_id, patient_id and strat_fold, such as PTB-XL's ptbxl_database.csv",
    )
    parser.add_argument(
        "--pages",
        choices=NamesIn("ecgpaper.synth.sample", "PRESETS"),
        metavar="PRESET",
        help="judge generated pages of this preset as well (slow): %(choices)s",
    )
    parser.add_argument(
        "--model", type=Path, help="folder of the digitizer for --pages, ours by default"
    )


def run(arguments: argparse.Namespace) -> int:
    """Train, judge and report."""
    from ecgpaper.files.records.challenge import find_records  # noqa: PLC0415  the parser must be quick
    from ecgpaper.train.classifier.crossval import Crossval, cross_validate  # noqa: PLC0415
    from ecgpaper.train.classifier.facts import RecordFacts  # noqa: PLC0415
    from ecgpaper.train.classifier.folds import group_records, read_patients  # noqa: PLC0415
    from ecgpaper.train.records import readable_records  # noqa: PLC0415

    prepare_output_folder(arguments.out)
    headers = readable_records(arguments.data, find_records(arguments.data))
    facts = {name: RecordFacts.from_header(header) for name, header in headers.items()}
    labeled = {name: headers[name] for name, known in facts.items() if known.has_label}
    if len(labeled) < max(2, arguments.folds):
        raise RecordError(
            f"{arguments.folds} folds need at least as many records with signals and a "
            f"'# Labels:' line below {arguments.data}; found {len(labeled)}: choose fewer folds, "
            "or prepare the folder with prepare_ptbxl_data.py"
        )
    patients = read_patients(arguments.patients) if arguments.patients else None
    grouping = group_records(labeled, arguments.folds, patients)
    sys.stdout.write(
        f"{len(labeled)} labeled records, {arguments.folds} folds; {grouping.explanation}\n"
    )
    crossval = Crossval(
        arguments.data,
        {name: facts[name] for name in labeled},
        grouping.groups,
        _views(arguments),
        n_folds=arguments.folds,
        seed=arguments.seed,
    )
    answers, too_few = cross_validate(crossval, arguments.out)
    _report(crossval.facts, answers, grouping.groups, arguments.out)
    for name in too_few:
        sys.stdout.write(f"{name}: too few examples to learn the class in at least one fold\n")
    return 0


def _views(arguments: argparse.Namespace) -> dict[str, View]:
    """Return the ways in which records are judged."""
    from ecgpaper.files.records.challenge import read_ecg  # noqa: PLC0415
    from ecgpaper.page import LAYOUTS  # noqa: PLC0415

    data = arguments.data
    views: dict[str, View] = {
        "signals": lambda name: read_ecg(data / name),
        CUT: lambda name: LAYOUTS[CUT].mask_unplotted(read_ecg(data / name)),
    }
    if arguments.pages:
        from ecgpaper.digitize import Digitizer  # noqa: PLC0415
        from ecgpaper.train.classifier.page_reader import PageReader  # noqa: PLC0415

        reader = PageReader(
            data,
            arguments.out / f"pages-{arguments.pages}",
            Digitizer.load(arguments.model),
            arguments.pages,
            arguments.seed,
        )
        views[f"pages {arguments.pages}"] = reader.read
    return views


def _report(
    facts: Mapping[str, RecordFacts],
    answers: Mapping[str, tuple[FloatArray, BoolArray]],
    groups: tuple[str, ...],
    out: Path,
) -> None:
    """Print a table of all figures with their intervals, and write it as JSON."""
    import numpy as np  # noqa: PLC0415

    from ecgpaper.classify.labels import CLASSES, one_hot  # noqa: PLC0415
    from ecgpaper.train.classifier.scores import score_intervals, score_labels  # noqa: PLC0415

    truth = one_hot([known.labels for known in facts.values()])
    rows = [*(f"F {name}" for name in CLASSES)]
    rows += ["macro F", "macro AUROC", "superclass AUROC", "calibration error"]
    report: dict[str, dict[str, list[float | None]]] = {}
    for view, (probabilities, answered) in answers.items():
        found = score_labels(probabilities, truth, answered)
        ends = score_intervals(
            probabilities, truth, answered, groups=groups, rng=np.random.default_rng(0)
        )
        triples = np.stack([found.as_row(), *(end.as_row() for end in ends)], axis=1)
        known = [[None if np.isnan(x) else round(x, 4) for x in row] for row in triples.tolist()]
        report[view] = dict(zip(rows, known, strict=True))
    write_whole(out / "crossval.json", (json.dumps(report, indent=2) + "\n").encode())
    sys.stdout.write(f"{'':18}" + "".join(f"{view:>24}" for view in report) + "\n")
    for row in rows:
        cells = (_cell(figures[row]) for figures in report.values())
        sys.stdout.write(f"{row:18}" + "".join(f"{cell:>24}" for cell in cells) + "\n")


def _cell(figures: list[float | None]) -> str:
    if None in figures:
        return "absent"
    value, low, high = figures
    return f"{value:.3f} [{low:.3f}, {high:.3f}]"
