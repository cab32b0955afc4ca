"""Read and run damaged headers: python benchmarks/fuzz_headers.py [--n 1000] [--seed 1].

Each of the headers that the tests keep, and N mutations of good ones, is read as a header and as an
ECG, and is run through `run_model.py` beside a good record, with toy models. The table says what
became of them. A fault is any exception that is not ours, or a good record that is lost.
"""

# ruff: noqa: T201
import argparse
import logging
import resource
import sys
import tempfile
import time
import traceback
from collections import Counter
from pathlib import Path
from unittest.mock import patch

import numpy as np

# The Challenge's scripts and the headers that the tests keep are no part of the package.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import run_model
from ecgpaper.errors import EcgPaperError
from ecgpaper.files.records.challenge import read_ecg, read_header
from tests.hostile_headers import (
    GOOD,
    HIDDEN,
    HOSTILE,
    KINDS,
    NAME,
    TOYS,
    TWELVE,
    Mutation,
    mutate,
    write_record,
)

logger = logging.getLogger("ecgpaper")
OUTCOMES = ("tried", "read", "refused", "faults")
GOOD_FILES = {"good.dat", "good.hea"}


def fuzz_headers(n: int, seed: int) -> Counter:
    """Try the headers that are kept and `n` mutations; count by (what is tried, outcome).

    Each fault is counted by its last line, too, under ("fault", line).
    """
    rng = np.random.default_rng(seed)
    contents = [*HOSTILE.values(), *(draw_header(rng) for _ in range(n))]
    counts: Counter = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for number, content in enumerate(contents):
            below = Path(folder) / str(number)
            record = write_record(below / "data", content)
            write_record(below / "data", GOOD.replace(NAME, "good"), "good")
            for what, outcome in {
                "read_header": try_to_read(read_header, record),
                "read_ecg": try_to_read(read_ecg, record),
                "run_model.py": try_to_run(below),
            }.items():
                counts[what, "tried"] += 1
                counts[what, outcome if outcome in OUTCOMES else "faults"] += 1
                if outcome not in OUTCOMES:
                    counts["fault", f"{what}: {outcome}"] += 1
    return counts


def draw_header(rng: np.random.Generator) -> bytes:
    """Draw a good header with one to four mutations."""
    content = (GOOD, HIDDEN, TWELVE)[rng.integers(3)].encode()
    mutations = [
        Mutation(KINDS[rng.integers(len(KINDS))], rng.random(), int(rng.integers(256)))
        for _ in range(rng.integers(1, 5))
    ]
    return mutate(content, mutations)


def try_to_read(read, record):
    """Return an outcome, or the last line of a traceback."""
    try:
        read(record)
    except EcgPaperError:
        return "refused"
    except Exception as error:  # noqa: BLE001  faults are what is looked for
        return "".join(traceback.format_exception_only(error)).strip()[:100]
    return "read"


def try_to_run(folder):
    """Run the record of a folder beside a good one, which must be written whatever happens."""
    data, output = folder / "data", folder / "output"
    options = ["-d", str(data), "-m", "none", "-o", str(output)]
    outcome = "read"
    said = []
    try:
        with (
            patch.object(logger, "handle", lambda entry: said.append(entry.getMessage())),
            patch.object(run_model, "load_models", lambda *_: TOYS),
        ):
            run_model.run(run_model.get_parser().parse_args(options))
    except EcgPaperError as error:
        outcome = "refused" if NAME in str(error) else f"record not named: {error}"
    except Exception as error:  # noqa: BLE001  faults are what is looked for
        return "".join(traceback.format_exception_only(error)).strip()[:100]
    written = {path.name for path in output.rglob("*") if path.is_file()}
    stray = [path for path in folder.rglob("*") if path.parent not in {data, output, folder}]
    if not written >= {*GOOD_FILES, f"{NAME}.hea"} or stray:
        return f"files written: {sorted(written)} {stray}"
    if "# Labels: NORM" not in (output / f"{NAME}.hea").read_text():
        return "no labels"
    if any(name.startswith(NAME) and name.endswith(".dat") for name in written):
        return outcome
    # Without signals, the status says so where nothing could be saved, and the log in any case.
    return "refused" if any(f"/{NAME}.hea" in text for text in said) else "not said"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition(":")[0])
    parser.add_argument("--n", type=int, default=1000, help="mutated headers (default: 1000)")
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    start_s = time.process_time()
    counts = fuzz_headers(args.n, args.seed)
    print("| " + " | ".join(("headers", *OUTCOMES)) + " |\n" + "|---" * 5 + "|")
    for what in ("read_header", "read_ecg", "run_model.py"):
        print(f"| {what} | " + " | ".join(str(counts[what, each]) for each in OUTCOMES) + " |")
    faults = Counter({text: n for (kind, text), n in counts.items() if kind == "fault"})
    for text, n in faults.most_common(40):
        print(f"{n:5d}  {text}")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{time.process_time() - start_s:.0f} s of processor time, {peak_mb:.0f} MB at most")


if __name__ == "__main__":
    main()
