"""Measure the digitizer: seconds per page from file to signal, and memory, on this machine.

Run from the repository's root: ``python benchmarks/digitizer.py``. Pages of simulated records; the
median over pages. Without a GPU, torch uses as many threads as there are cores.
"""

import argparse
import resource
import sys
import tempfile
import time
from pathlib import Path

import cv2
import numpy as np

from ecgpaper.digitize import Digitizer
from ecgpaper.records import read_image
from ecgpaper.simulate import simulate_record
from ecgpaper.synth import sample_spec, synthesize
from ecgpaper.synth.capture.sensor import jpeg_bytes

# Preset -> size of the pictures, (width, height) in px; None leaves them as they are drawn.
PICTURES = {"clean": None, "scan-color": None, "photo": (4080, 3060), "screen": (8160, 4592)}


def write_pages(preset, size_px, n_pages, folder):
    """Draw pages to files; return their names."""
    files = []
    for seed in range(n_pages):
        rng = np.random.default_rng([5, seed])
        image = synthesize(simulate_record(rng=rng).ecg, sample_spec(preset, rng=rng)).image
        if size_px:
            # A photo held upright stays so.
            upright = image.shape[0] > image.shape[1]
            image = cv2.resize(
                image, size_px[:: -1 if upright else 1], interpolation=cv2.INTER_CUBIC
            )
        files.append(folder / f"{preset}{seed}.jpg")
        files[-1].write_bytes(jpeg_bytes(image, 92))
    return files


def time_file(digitizer, file):
    """Return the seconds from file to signal, by the clock and of the processor."""
    start_s, start_cpu_s = time.perf_counter(), time.process_time()
    digitizer.digitize(read_image(file))
    return time.perf_counter() - start_s, time.process_time() - start_cpu_s


def main(argv=None):
    """Print a line per kind of picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", type=Path, default=Path("model"))
    parser.add_argument("--pages", type=int, default=5, help="per kind (default: 5)")
    args = parser.parse_args(argv)
    digitizer = Digitizer.load(args.model)
    for preset, size_px in PICTURES.items():
        with tempfile.TemporaryDirectory() as folder:
            files = write_pages(preset, size_px, args.pages, Path(folder))
            time_file(digitizer, files[0])
            seconds = np.median([time_file(digitizer, file) for file in files], axis=0)
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        size = "{} x {}".format(*size_px) if size_px else "as drawn"
        sys.stdout.write(
            f"{preset:12} {size:12} {seconds[0]:5.1f} s ({seconds[1]:.1f} s of processor time), "
            f"peak so far {peak_mb:.0f} MB\n"
        )
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
