"""Measure batches: what a second worker brings, and whether memory grows with the number of pages.

Run from the repository's root: ``python benchmarks/batch.py``. Two workers need two idle cores. The
pages whose memory is watched are small ones of all presets by turns, drawn in this process.
"""

import argparse
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from ecgpaper.simulate import simulate_record
from ecgpaper.synth import PRESETS, resized, sample_spec, synthesize

SMALL_DPI = 40.0
MB_PER_PAGE = 4096 / 1e6


def command(*arguments):
    """Run a verb of the program."""
    line = [sys.executable, "-m", "ecgpaper", *map(str, arguments)]
    subprocess.run(line, check=True, stderr=subprocess.DEVNULL)  # noqa: S603  our own program


def time_workers(n_records, preset, folder):
    """Return the seconds that one and that two workers take for the same records."""
    command("simulate", folder / "records", "--records", n_records)
    times_s = []
    for n_workers in (1, 2):
        start = time.perf_counter()
        out = folder / f"pages{n_workers}"
        command("synthesize", folder / "records", out, "--preset", preset, "--workers", n_workers)
        times_s.append(time.perf_counter() - start)
    return times_s


def resident_mb():
    """Return the memory that this process holds now, in MB (Linux)."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * MB_PER_PAGE


def main(argv=None):
    """Print both measurements."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--records", type=int, default=60, help="for the workers (default: 60)")
    parser.add_argument("--preset", choices=PRESETS, default="photo", help="for the workers")
    parser.add_argument("--pages", type=int, default=10_000, help="to watch (default: 10000)")
    args = parser.parse_args(argv)
    if args.records:
        with tempfile.TemporaryDirectory() as folder:
            one_s, two_s = time_workers(args.records, args.preset, Path(folder))
        sys.stdout.write(f"{args.records} records, {args.preset}: one worker {one_s:.1f} s, ")
        sys.stdout.write(f"two workers {two_s:.1f} s, {one_s / two_s:.2f} times as fast\n")
    ecg = simulate_record(rng=np.random.default_rng(1)).ecg
    step = max(1, args.pages // 10)
    for index in range(args.pages):
        rng = np.random.default_rng([1, index])
        spec = sample_spec(PRESETS[index % len(PRESETS)], rng=rng)
        synthesize(ecg, resized(spec, SMALL_DPI / spec.camera.dpi))
        if (index + 1) % step == 0:
            sys.stdout.write(f"{index + 1:6d} pages  {resident_mb():6.0f} MB\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
