"""Write simulated 12-lead records with their labels, as a Challenge folder.

The same seed gives the same files, whatever N is; records of this seed that are already there stay.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from ecgpaper.app.options import add_seed, whole_number
from ecgpaper.runtime.files import prepare_output_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write to")
    parser.add_argument(
        "--records",
        type=whole_number(1, 99_999),
        default=20,
        metavar="N",
        help="number of records",
    )
    add_seed(parser, "random numbers")


def run(arguments: argparse.Namespace) -> int:
    """Write the records, one random generator each."""
    import numpy as np  # noqa: PLC0415  the parser must be quick
    from tqdm import tqdm  # noqa: PLC0415

    from ecgpaper.files.records.challenge import write_record  # noqa: PLC0415
    from ecgpaper.simulate import simulate_record  # noqa: PLC0415

    prepare_output_folder(arguments.out)
    origin = f"seed {arguments.seed}"
    for index in tqdm(range(arguments.records), "simulate", disable=not sys.stderr.isatty()):
        name = f"sim{index + 1:05d}_hr"
        if _origin(arguments.out / name) == origin:
            continue
        record = simulate_record(rng=np.random.default_rng([arguments.seed, index]))
        comments = [f"Age: {record.age_years}", f"Sex: {record.sex}"]
        comments += ["Height: Unknown", "Weight: Unknown", f"Simulated: {origin}"]
        write_record(arguments.out, name, record.ecg, comments=comments, labels=record.labels)
    return 0


def _origin(record: Path) -> str | None:
    """Return what the header of a record that is there says of its simulation."""
    from ecgpaper.files.records.challenge import read_header  # noqa: PLC0415

    if not record.with_name(f"{record.name}.hea").exists():
        return None
    return read_header(record).comment("Simulated")
