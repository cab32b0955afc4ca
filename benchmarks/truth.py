"""Measure on full pages whether the truth of the traces lies where ink is found in the picture.

Run from the repository's root: ``python benchmarks/truth.py``. Each page is drawn with and without
its traces; ink is where the two differ by more than a quarter of the local contrast. Prints, per
preset, the least and the mean share of true points within a pixel of ink, of those that are seen.
"""

import argparse
import sys
from pathlib import Path

import numpy as np

# For `tests`, which is not installed.
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ecgpaper.simulate import simulate_record
from ecgpaper.synth import PRESETS, sample_spec
from tests.on_ink import share_on_ink


def measure(preset, seed):
    """Return the share on ink and the share seen of one page of a simulated record."""
    rng = np.random.default_rng([1, seed])
    record = simulate_record(rng=rng)
    return share_on_ink(record.ecg, sample_spec(preset, rng=rng))


def main(argv=None):
    """Print a line per preset; the status is 1 if a page is below 99 per cent."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=20, help="pages per preset (default: 20)")
    parser.add_argument("--preset", choices=PRESETS, help="this one only")
    args = parser.parse_args(argv)
    least_of_all = 1.0
    for preset in (args.preset,) if args.preset else PRESETS:
        hit, seen = np.array([measure(preset, seed) for seed in range(args.seeds)]).T
        worst = int(hit.argmin())
        sys.stdout.write(f"{preset:26} on ink: least {hit.min():.4f} (seed {worst}), ")
        sys.stdout.write(f"mean {hit.mean():.4f}; seen: least {seen.min():.3f}\n")
        least_of_all = min(least_of_all, float(hit.min()))
    return int(least_of_all < 0.99)


if __name__ == "__main__":
    sys.exit(main())
