"""Time the generator, preset by preset, on one core, one encoding as JPEG included.

Run from the repository's root: ``python benchmarks/generator.py``. Pages and photos have 2200 x
1700 pixels, or as many in another shape. The ECG is a sum of Gaussians; what it looks like makes
no difference to the time.
"""

import argparse
import os
import resource
import sys
import time

# Before numpy: its libraries read this once.
os.environ["OMP_NUM_THREADS"] = "1"

import cv2
import numpy as np

from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.synth import PRESETS, resized, sample_spec, synthesize
from ecgpaper.synth.capture.sensor import jpeg_bytes

FS = 500  # Hz
N_PIXELS = 2200 * 1700


def make_ecg():
    """Return ten seconds of twelve leads."""
    phase = np.arange(10 * FS) / FS % 0.8
    waves = [(0.15, 0.2, 0.03), (1.0, 0.36, 0.012), (0.3, 0.6, 0.06)]
    beat = sum(high * np.exp(-(((phase - at) / width) ** 2)) for high, at, width in waves)
    return Ecg(np.outer(beat, np.linspace(-0.6, 1, 12)), FS, STANDARD_ORDER)


def at_size(spec):
    """Return the spec with a picture of about `N_PIXELS`."""
    scene = spec.camera.scene
    photo_px = scene.photo_px if scene else np.array(spec.layout.size_mm) * spec.camera.dpi / 25.4
    return resized(spec, float((N_PIXELS / np.prod(photo_px)) ** 0.5))


def time_page(ecg, preset, seed):
    """Return the seconds of processor time that one page takes."""
    spec = at_size(sample_spec(preset, rng=np.random.default_rng([1, seed])))
    start = time.process_time()
    page = synthesize(ecg, spec)
    if spec.camera.jpeg_quality is None:
        jpeg_bytes(page.image, 90)
    return time.process_time() - start


def main(argv=None):
    """Print pages per second for each preset, and the most memory used."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=30, help="per preset (default: 30)")
    parser.add_argument("--preset", choices=PRESETS, help="this one only")
    args = parser.parse_args(argv)
    cv2.setNumThreads(1)
    ecg = make_ecg()
    for preset in (args.preset,) if args.preset else PRESETS:
        times_s = [time_page(ecg, preset, seed) for seed in range(args.pages)]
        median_s = np.median(times_s)
        sys.stdout.write(f"{preset:26} {1000 * median_s:6.0f} ms  {1 / median_s:5.1f} pages/s\n")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sys.stdout.write(f"peak memory {peak_mb:.0f} MB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
