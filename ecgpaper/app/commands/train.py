"""Train all networks on a folder of records, in a stated time.

What `train_model.py` does, with the time as an option. RECORDS needs signals and '# Labels:'
lines; pages are drawn from the signals. A first model lies in MODEL after a tenth of the time and
is replaced, whole, by better ones. Interrupted, the same command goes on where it was; finished,
it does nothing.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ecgpaper.app.options import add_seed, number_in
from ecgpaper.errors import RecordError
from ecgpaper.runtime.bounds import TRAIN_MINUTES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("records", type=Path, metavar="RECORDS", help="folder of WFDB records")
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="MODEL", help="folder for the weights"
    )
    parser.add_argument(
        "--budget",
        type=number_in(TRAIN_MINUTES),
        metavar="MINUTES",
        help="time to train for; by default $ECGPAPER_TRAIN_MINUTES, or by the number of records",
    )
    add_seed(parser, "training")


def run(arguments: argparse.Namespace) -> int:
    """Train."""
    from ecgpaper.train.challenge import train_all  # noqa: PLC0415  the parser must be quick

    try:
        train_all(arguments.records, arguments.out, seed=arguments.seed, minutes=arguments.budget)
    except FileNotFoundError as error:  # what the Challenge wants for a folder without records
        raise RecordError(f"{error}: name another folder") from error
    return 0
