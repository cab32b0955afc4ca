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
from dataclasses import replace
from pathlib import Path

# Before numpy: its libraries read this once.
os.environ["OMP_NUM_THREADS"] = "1"

import cv2
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.synth import PRESETS, sample_spec, synthesize

FS = 500  # Hz
N_PIXELS = 2200 * 1700
MM_PER_IN = 25.4


def make_ecg():
    """Return ten seconds of twelve leads."""
    phase = np.arange(10 * FS) / FS % 0.8
    waves = [(0.15, 0.2, 0.03), (1.0, 0.36, 0.012), (0.3, 0.6, 0.06)]
    beat = sum(high * np.exp(-(((phase - at) / width) ** 2)) for high, at, width in waves)
    return Ecg(np.outer(beat, np.linspace(-0.6, 1, 12)), FS, STANDARD_ORDER)


def at_size(spec):
    """Return the spec with a picture of `N_PIXELS`."""
    scene = spec.camera.scene
    if scene is None:
        dpi = 2200 * MM_PER_IN / spec.layout.size_mm[0]
        return replace(spec, camera=replace(spec.camera, dpi=dpi))
    factor = (N_PIXELS / np.prod(scene.photo_px)) ** 0.5
    photo_px = tuple(round(part * factor) for part in scene.photo_px)
    camera = replace(
        spec.camera, dpi=spec.camera.dpi * factor, scene=replace(scene, photo_px=photo_px)
    )
    return replace(spec, camera=camera)


def time_page(ecg, preset, seed):
    """Return the seconds of processor time that one page takes."""
    spec = at_size(sample_spec(preset, rng=np.random.default_rng([1, seed])))
    start = time.process_time()
    page = synthesize(ecg, spec)
    if spec.camera.jpeg_quality is None:
        cv2.imencode(".jpg", page.image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 90])
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
