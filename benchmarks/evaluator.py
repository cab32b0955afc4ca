"""Time the alignment of `ecgpaper.score` against its plain form, on one core.

Run from the repository's root: ``python benchmarks/evaluator.py``. The plain form is the oracle of
the tests. A lead is 10 s at 500 Hz; each kind of lead is drawn several times, and both forms must
find the same shift.
"""

import argparse
import os
import sys
import time
from pathlib import Path

# Before numpy: its libraries read this once.
os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np

# For `tests`, which is not installed.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ecgpaper.score import find_shift
from tests.plain_alignment import make_lead, plain_find_shift

FS = 500  # Hz
N_SAMPLES = 5000


def draw_pairs(rng):
    """Return one reference and estimate in mV for each kind of lead, by name."""
    ref_mv = make_lead(rng, N_SAMPLES, FS, 0.01)
    noise_mv = rng.normal(size=N_SAMPLES)
    late_mv = np.roll(ref_mv, 20) + 0.02 * noise_mv
    column = slice(N_SAMPLES // 4, N_SAMPLES // 2)
    masked_mv = np.full(N_SAMPLES, np.nan)
    masked_mv[column] = ref_mv[column]
    return {
        "late, little noise": (ref_mv, late_mv),
        "much noise": (ref_mv, ref_mv + 0.2 * noise_mv),
        "another ECG": (ref_mv, make_lead(rng, N_SAMPLES, FS, 0.01)),
        "noise only": (ref_mv, noise_mv),
        "2.5 s of reference": (masked_mv, late_mv),
    }


def time_call(function, *args):
    """Return a function's result and its time in s."""
    start = time.perf_counter()
    result = function(*args)
    return result, time.perf_counter() - start


def main(argv=None):
    """Print the mean time of both forms and their ratio, by kind of lead."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=5, help="leads per kind (default: 5)")
    args = parser.parse_args(argv)

    times_s = {}
    for seed in range(args.repeats):
        for kind, pair in draw_pairs(np.random.default_rng(seed)).items():
            plain, plain_s = time_call(plain_find_shift, *pair)
            ours, ours_s = time_call(find_shift, *pair)
            if ours != plain:
                raise SystemExit(f"{kind}, seed {seed}: found {ours} instead of {plain}")
            times_s.setdefault(kind, []).append((plain_s, ours_s))

    lines = [f"{'lead':20} {'plain, ms':>10} {'ours, ms':>10} {'ratio':>7}"]
    for kind, pairs in times_s.items():
        plain_s, ours_s = np.mean(pairs, axis=0)
        ratio = plain_s / ours_s
        lines.append(f"{kind:20} {1000 * plain_s:10.1f} {1000 * ours_s:10.1f} {ratio:7.1f}")
    print("\n".join(lines))  # noqa: T201 - the table is the result


if __name__ == "__main__":
    main()
