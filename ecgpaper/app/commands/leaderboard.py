"""Measure pages of each of the Challenge's test conditions, and put the figures beside others'.

For clean pages and each of the eight official conditions pages are printed of records that nothing
was learned from, hidden, answered by run_model.py and scored by evaluate_model.py. OUT receives
leaderboard.md, .csv and .json with the figures of teams and systems beside ours, and charts as SVG:
leaderboard, calibration, bland-altman (per condition). Records are simulated unless --records names
some; --pages adds folders of real pages with their true signals. The result of each page is kept:
the same command goes on where it was interrupted, and more --per-condition adds pages. It runs in a
checkout of the repository, where the Challenge's scripts are.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from ecgpaper.app.options import NamesIn, add_seed, add_workers, whole_number
from ecgpaper.errors import BatchError, RecordError
from ecgpaper.runtime.files import prepare_output_folder, remove_abandoned, write_whole
from ecgpaper.runtime.workers import by_workers

if TYPE_CHECKING:
    from ecgpaper.app.leaderboard.answers import PageTask
    from ecgpaper.app.leaderboard.conditions import Condition
    from ecgpaper.app.leaderboard.origin import Origin
    from ecgpaper.app.leaderboard.result import PageResult

logger = logging.getLogger(__name__)

_QUICK = 3
_FULL = 50
# The folder of simulated records, beside those of the conditions.
_RECORDS = "records"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("--out", type=Path, default=Path("leaderboard"), help="folder for results")
    parser.add_argument(
        "--records",
        type=Path,
        metavar="FOLDER",
        help="WFDB records with labels, none of them trained on; simulated ones by default",
    )
    parser.add_argument(
        "--pages",
        type=Path,
        nargs="+",
        default=[],
        metavar="FOLDER",
        help="pages that are there, real ones for example, as Challenge folders with true signals",
    )
    parser.add_argument(
        "--conditions",
        nargs="*",
        choices=NamesIn("ecgpaper.app.leaderboard.conditions", "PRESETS"),
        metavar="PRESET",
        help="these conditions only, or none with nothing behind it: %(choices)s",
    )
    parser.add_argument(
        "--per-condition",
        type=whole_number(1, 99_999),
        metavar="N",
        help=f"pages of each condition, {_FULL} by default, or {_QUICK} with --quick",
    )
    parser.add_argument("--quick", action="store_true", help="a few pages, for a first look")
    add_workers(parser, default=2)
    add_seed(parser, "random numbers")
    parser.add_argument("--model", type=Path, help="folder of the models, ours by default")


def run(arguments: argparse.Namespace) -> int:
    """Print, answer, score, sum up."""
    from ecgpaper.app.leaderboard.challenge import challenge_script  # noqa: PLC0415
    from ecgpaper.app.leaderboard.conditions import CONDITIONS, given_condition  # noqa: PLC0415
    from ecgpaper.nets.stored.weights import shipped_model  # noqa: PLC0415

    challenge_script("run_model")
    asked = arguments.conditions
    printed = tuple(each for each in CONDITIONS if asked is None or each.preset in asked)
    conditions = (*printed, *(given_condition(folder) for folder in arguments.pages))
    folders = [_RECORDS, *(each.folder_name for each in conditions)]
    twice = {name for name in folders if folders.count(name) > 1}
    if twice or not conditions:
        raise BatchError(
            "conditions and folders of --pages must have names of their own, one at least; got "
            f"{', '.join(sorted(twice)) or 'none'}"
        )
    arguments.model = (arguments.model or shipped_model()).resolve()
    out = arguments.out.resolve()
    prepare_output_folder(out)
    remove_abandoned(out)
    origin = _claim(arguments, out)
    if printed:
        records = arguments.records or _simulate(arguments, out / _RECORDS)
        for condition in printed:
            _print(condition, records, arguments, out)
    tasks = [_tasks(condition, arguments, out) for condition in conditions]
    _answer(tasks, arguments.workers)
    _report(conditions, tasks, origin, out)
    return 0


def _count(arguments: argparse.Namespace) -> int:
    return arguments.per_condition or (_QUICK if arguments.quick else _FULL)


def _claim(arguments: argparse.Namespace, out: Path) -> Origin:
    from ecgpaper import __version__  # noqa: PLC0415
    from ecgpaper.app.leaderboard.challenge import ROOT  # noqa: PLC0415
    from ecgpaper.app.leaderboard.origin import Origin, claim, commit_of  # noqa: PLC0415
    from ecgpaper.digitized.provenance import model_checksums  # noqa: PLC0415

    records = "simulated records"
    if arguments.conditions == []:
        records = "given pages alone"
    elif arguments.records:
        records = f"records of {arguments.records.resolve().name}"
    origin = Origin(
        version=__version__,
        commit=commit_of(ROOT),
        weights=model_checksums(arguments.model),
        records=records,
        seed=arguments.seed,
    )
    claim(out, origin)
    return origin


def _simulate(arguments: argparse.Namespace, folder: Path) -> Path:
    """Write as many simulated records as are needed."""
    from ecgpaper.app.commands import simulate  # noqa: PLC0415

    simulate.run(argparse.Namespace(out=folder, records=_count(arguments), seed=arguments.seed))
    return folder


def _print(condition: Condition, records: Path, arguments: argparse.Namespace, out: Path) -> None:
    """Print the pages of a condition that are not there."""
    from ecgpaper.files.records.challenge import find_records  # noqa: PLC0415
    from ecgpaper.synth.batch import BatchOptions, claim_folder, print_record  # noqa: PLC0415

    names = find_records(records)[: _count(arguments)]
    if not names:
        raise RecordError(f"expected WFDB headers (.hea) in {records}; there are none")
    folder = out / condition.folder_name / "pages"
    options = BatchOptions(
        preset=str(condition.preset), mask_unplotted=True, seed=arguments.seed, truth="light"
    )
    prepare_output_folder(folder)
    claim_folder(folder, options)
    task = partial(print_record, records.resolve(), folder=folder, options=options)
    for outcome in by_workers(task, names, arguments.workers):
        if outcome.fault:
            logger.warning("skipped %s: %s", outcome.name, outcome.fault)


def _tasks(condition: Condition, arguments: argparse.Namespace, out: Path) -> list[PageTask]:
    """Return the pages of a condition; copies of them are hidden where some are unanswered."""
    from ecgpaper.app.leaderboard.answers import PageTask  # noqa: PLC0415
    from ecgpaper.app.leaderboard.challenge import hide  # noqa: PLC0415
    from ecgpaper.files.records.challenge import find_records  # noqa: PLC0415

    work = out / condition.folder_name
    pages = condition.folder or work / "pages"
    names = find_records(pages)
    if condition.folder is None:
        names = names[: _count(arguments)]
    tasks = [PageTask(name, pages, work, arguments.model) for name in names]
    if not all(task.result_file.exists() for task in tasks):
        hide(pages, work / "hidden")
    return tasks


def _answer(tasks: Sequence[Sequence[PageTask]], n_workers: int) -> None:
    """Answer all pages that have no result, one of each condition after the other."""
    from tqdm import tqdm  # noqa: PLC0415

    from ecgpaper.app.leaderboard.answers import answer_page  # noqa: PLC0415

    in_turn = (task for each in zip_longest(*tasks) for task in each if task is not None)
    left = [task for task in in_turn if not task.result_file.exists()]
    done: Iterator[PageTask] = by_workers(answer_page, left, n_workers)
    for _ in tqdm(done, "leaderboard", len(left), unit="page", disable=not sys.stderr.isatty()):
        pass


def _report(
    conditions: Sequence[Condition],
    tasks: Sequence[Sequence[PageTask]],
    origin: Origin,
    out: Path,
) -> None:
    """Sum up, and write tables and charts."""
    from ecgpaper.app.leaderboard.figures import sum_up  # noqa: PLC0415
    from ecgpaper.app.leaderboard.result import PageResult  # noqa: PLC0415
    from ecgpaper.app.leaderboard.tables import csv_text, markdown  # noqa: PLC0415

    rows, pages = [], {}
    for condition, each in zip(conditions, tasks, strict=True):
        found = [PageResult.read(task.result_file) for task in each]
        if found:
            pages[condition] = found
            named = {"name": condition.name, "preset": condition.preset, "column": condition.column}
            rows.append(named | sum_up(found))
    told = {**asdict(origin), "conditions": rows}
    write_whole(out / "leaderboard.json", (json.dumps(told, indent=1) + "\n").encode())
    write_whole(out / "leaderboard.md", markdown(told).encode())
    write_whole(out / "leaderboard.csv", csv_text(told).encode())
    _draw(told, pages, out)
    sys.stdout.write(markdown(told))


def _draw(told: dict[str, object], pages: dict[Condition, list[PageResult]], out: Path) -> None:
    from ecgpaper.app.leaderboard import charts  # noqa: PLC0415

    every = [page for each in pages.values() for page in each]
    write_whole(out / "leaderboard.svg", charts.bar_chart(told))
    write_whole(out / "calibration.svg", charts.calibration_chart(every))
    for condition, each in pages.items():
        file = out / f"bland-altman-{condition.folder_name}.svg"
        write_whole(file, charts.bland_altman_chart(each))
