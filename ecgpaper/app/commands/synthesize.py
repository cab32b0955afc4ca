"""Print the records of a WFDB folder as paper ECGs, as a Challenge folder.

Each record gets one picture per ten seconds, RECORD-0.png and so on (or .jpg where the preset
compresses), and a header that names them. Records that are already there stay, so that a batch
that was interrupted goes on; one that cannot be used is skipped and named. The same seed gives the
same pictures, whatever the number of workers. A record without the twelve standard leads gets one
row per lead; of one with more, the layout shows its own leads and the signals keep all.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ecgpaper.app.options import NamesIn, add_cluster, add_seed, add_workers, whole_number
from ecgpaper.errors import BatchError, RecordError
from ecgpaper.runtime.files import prepare_output_folder
from ecgpaper.runtime.workers import by_workers, on_cluster

if TYPE_CHECKING:
    from ecgpaper.synth.batch import Outcome

logger = logging.getLogger(__name__)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("records", type=Path, metavar="IN", help="folder of WFDB records")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write to")
    parser.add_argument(
        "--preset",
        choices=NamesIn("ecgpaper.synth.sample", "PRESETS"),
        default="clean",
        metavar="PRESET",
        help="what the pages are like: %(choices)s",
    )
    parser.add_argument(
        "--layout",
        choices=NamesIn("ecgpaper.page", "LAYOUTS"),
        metavar="LAYOUT",
        help="the preset's own by default: %(choices)s",
    )
    parser.add_argument(
        "--speed", type=float, choices=(25.0, 50.0), help="in mm/s, the preset's own by default"
    )
    parser.add_argument(
        "--gain",
        type=float,
        choices=(5.0, 10.0, 20.0),
        help="in mm/mV, the preset's own by default",
    )
    parser.add_argument(
        "--mask-unplotted", action="store_true", help="write NaN for samples that no picture shows"
    )
    parser.add_argument(
        "--per-record", type=whole_number(1, 1000), default=1, metavar="N", help="pictures per page"
    )
    add_workers(parser)
    add_seed(parser, "random numbers")
    parser.add_argument(
        "--truth",
        choices=NamesIn("ecgpaper.synth.truth", "TRUTH_LEVELS"),
        default="none",
        metavar="LEVEL",
        help="what is written beside each picture for training, %(choices)s: its spec, warp, "
        "curves and boxes, and with full the masks of its pixels",
    )
    add_cluster(parser, "IN and OUT")


def run(arguments: argparse.Namespace) -> int:
    """Write the pages; the status is 1 if records were skipped."""
    from ecgpaper.files.records.challenge import find_records  # noqa: PLC0415
    from ecgpaper.synth.batch import BatchOptions, claim_folder, print_record  # noqa: PLC0415

    source, out = arguments.records.resolve(), arguments.out.resolve()
    if out.is_relative_to(source):
        raise BatchError(f"OUT must be another folder than IN and not inside it; it is {out}")
    names = find_records(source)
    if not names:
        raise RecordError(f"expected WFDB headers (.hea) in {source}; there are none")
    options = BatchOptions(
        preset=arguments.preset,
        layout=arguments.layout,
        speed_mm_per_s=arguments.speed,
        gain_mm_per_mv=arguments.gain,
        mask_unplotted=arguments.mask_unplotted,
        per_record=arguments.per_record,
        seed=arguments.seed,
        truth=arguments.truth,
    )
    prepare_output_folder(out)
    claim_folder(out, options)
    task = partial(print_record, source, folder=out, options=options)
    if arguments.cluster:
        outcomes = on_cluster(task, names, arguments.cluster)
    else:
        outcomes = by_workers(task, names, arguments.workers)
    return _report(outcomes, len(names), out)


def _report(outcomes: Iterable[Outcome], n_records: int, out: Path) -> int:
    """Show progress, then name what was skipped and what the pictures lack."""
    from tqdm import tqdm  # noqa: PLC0415

    faults, n_partial, unprinted = [], 0, set()
    for outcome in tqdm(outcomes, "synthesize", n_records, disable=not sys.stderr.isatty()):
        if outcome.fault:
            faults.append(f"skipped {outcome.name}: {outcome.fault}")
            logger.debug("%s", outcome.details)
        n_partial += bool(outcome.unprinted)
        unprinted.update(outcome.unprinted)
    for fault in sorted(faults):
        logger.warning("%s", fault)
    if unprinted:
        logger.info("%d records have unprinted leads: %s", n_partial, ", ".join(sorted(unprinted)))
    logger.info("%d of %d records are in %s", n_records - len(faults), n_records, out)
    return 1 if faults else 0
