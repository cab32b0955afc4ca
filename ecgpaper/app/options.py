"""Options that several verbs have: where to write, which formats, how many workers, which seed.

Public: `NamesIn`, `number_in`, `whole_number`, `add_reading`, `add_workers`, `add_cluster`,
`add_seed`, `shown`. Arguments are checked when they are read.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import TypeVar

from ecgpaper.runtime.bounds import FS_HZ, Range

# More processes than any machine has cores.
MOST_WORKERS = 256
# The largest seed that fits a word.
MOST_SEED = 2**32 - 1

T = TypeVar("T")


class NamesIn:
    """Names of a table that is slow to import, looked up when somebody asks."""

    def __init__(self, module: str, table: str) -> None:
        self.module, self.table = module, table

    def __iter__(self) -> Iterator[str]:
        return iter(getattr(importlib.import_module(self.module), self.table))

    def __contains__(self, name: str) -> bool:
        return name in tuple(self)


def number_in(allowed: Range) -> Callable[[str], float]:
    """Return the type of an argument that is a number of a range."""

    def number(text: str) -> float:
        try:
            return allowed.checked(float(text))
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from error

    return number


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Return the type of an argument that is a whole number from `least` to `most`."""

    def number(text: str) -> int:
        # Not int alone, which takes a blank, an underscore and other scripts' digits as well.
        value = int(text) if text.isascii() and text.isdigit() else -1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(
                f"expected a whole number from {least} to {most}; got {text!r}"
            )
        return value

    return number


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Declare what every command that reads pages asks for."""
    parser.add_argument(
        "-o", "--out", type=Path, required=True, metavar="OUT", help="folder for the results"
    )
    parser.add_argument(
        "--format",
        nargs="+",
        choices=NamesIn("ecgpaper.files.formats", "FORMATS"),
        default=["wfdb", "csv"],
        metavar="FORMAT",
        help="of the signals, one or more: %(choices)s",
    )
    parser.add_argument("--model", type=Path, help="folder of the weights, ours by default")
    parser.add_argument(
        "--fs", type=number_in(FS_HZ), default=500.0, help="sampling frequency in Hz, 50 to 2000"
    )


def add_workers(parser: argparse.ArgumentParser, default: int = 1) -> None:
    """Declare among how many processes of this machine the work is shared out."""
    parser.add_argument(
        "--workers",
        type=whole_number(1, MOST_WORKERS),
        default=default,
        metavar="N",
        help="processes",
    )


def add_cluster(parser: argparse.ArgumentParser, reached: str) -> None:
    """Declare the machines among which the work is shared out, and what they must reach."""
    parser.add_argument(
        "--cluster",
        metavar="ADDRESS",
        help="of a Dask scheduler that hands out the work, such as tcp://host:8786, instead of "
        f"--workers; its workers must have this program and reach {reached} under the same paths",
    )


def add_seed(parser: argparse.ArgumentParser, what: str, default: int = 1) -> None:
    """Declare the seed, and of what it is."""
    parser.add_argument(
        "--seed",
        type=whole_number(0, MOST_SEED),
        default=default,
        metavar="S",
        help=f"of the {what}",
    )


def shown(items: Iterable[T], what: str, unit: str, total: int | None = None) -> Iterator[T]:
    """Show progress with rate and remaining time, on a terminal; what is logged goes above it."""
    from tqdm import tqdm  # noqa: PLC0415
    from tqdm.contrib.logging import logging_redirect_tqdm  # noqa: PLC0415

    is_hidden = not sys.stderr.isatty()
    with nullcontext() if is_hidden else logging_redirect_tqdm():
        yield from tqdm(items, what, total, unit=unit, disable=is_hidden)
