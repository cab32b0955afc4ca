"""Measure archives: a folder of anything is digitized, killed three times, and digitized again.

Run from the repository's root: ``python benchmarks/archive.py --pages 500 --workers 2``. It prints
pages of all presets by turns, with 5 % damaged files, a PDF and a TIFF of several pages; reads them
once undisturbed and once with ``kill -9`` at a quarter, a half and three quarters of the pages; and
says whether both folders of outputs are equal, how long a run takes that has nothing to do, how
many pages are read in an hour, and what memory the largest process takes. A page takes some 10 s of
a core, twice.
"""

import argparse
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from ecgpaper.simulate import simulate_record
from ecgpaper.synth import PRESETS, resized, sample_spec, synthesize

# One file in twenty is damaged; the PDF and the TIFF have so many pages.
EVERY_DAMAGED, N_IN_PDF, N_IN_TIFF = 20, 4, 3
KILLED_AT = (0.25, 0.5, 0.75)
MB_PER_KB = 1 / 1024
POLL_S = 0.05


def page_of(index, dpi):
    """Return the picture of a generated page."""
    rng = np.random.default_rng([7, index])
    spec = sample_spec(PRESETS[index % len(PRESETS)], rng=rng)
    ecg = simulate_record(rng=rng).ecg
    return Image.fromarray(synthesize(ecg, resized(spec, dpi / spec.camera.dpi)).image)


def fill(folder, n_pages, dpi):
    """Write pages as files of many kinds, and damaged ones."""
    folder.mkdir()
    pages = iter(range(n_pages))
    for name, n_in_file in (("several.pdf", N_IN_PDF), ("several.tif", N_IN_TIFF)):
        first, *others = [page_of(next(pages), dpi) for _ in range(n_in_file)]
        first.save(folder / name, save_all=True, append_images=others)
    for index in pages:
        inner = folder / f"ward {index % 3}"
        inner.mkdir(exist_ok=True)
        page_of(index, dpi).save(inner / f"page {index}.{('png', 'jpg', 'webp')[index % 3]}")
    damage(sorted(folder.glob("*/*")), folder / "damaged")


def damage(files, folder):
    """Write damaged copies of some files: cut off, overwritten, empty."""
    folder.mkdir()
    for number, file in enumerate(files[: max(3, len(files) // EVERY_DAMAGED)]):
        whole = file.read_bytes()
        spoilt = (whole[: len(whole) // 3], b"\0" * 5000 + whole[5000:], b"")[number % 3]
        (folder / f"{number}-{file.name}").write_bytes(spoilt)


def start(folder, out, n_workers):
    """Start the program on a folder."""
    line = [sys.executable, "-m", "ecgpaper", "digitize", folder, "-o", out]
    line += ["--workers", n_workers]
    return subprocess.Popen(  # noqa: S603  our own program
        [str(word) for word in line], stderr=subprocess.DEVNULL, start_new_session=True
    )


def run(folder, out, n_workers):
    """Digitize a folder; return the seconds that it takes."""
    before_s = time.perf_counter()
    start(folder, out, n_workers).wait()
    return time.perf_counter() - before_s


def n_done(out):
    """Return how many pages have their JSON file."""
    return len(list(out.rglob("*.json")))


def kill_at(folder, out, n_workers, n_pages):
    """Digitize a folder until so many pages are done, then kill all processes."""
    process = start(folder, out, n_workers)
    while n_done(out) < n_pages and process.poll() is None:
        time.sleep(POLL_S)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return n_done(out)


def contents(folder):
    """Return the bytes of all files below a folder by their paths."""
    files = (file for file in folder.rglob("*") if file.is_file())
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def told_of(folder, args):
    """Yield what is measured, a line each."""
    pages, whole, killed = folder / "pages", folder / "whole", folder / "killed"
    fill(pages, args.pages, args.dpi)
    took_s = run(pages, whole, args.workers)
    yield f"{args.pages} pages, {args.workers} workers: {took_s:.0f} s"
    yield f"{3600 * args.pages / took_s:.0f} pages an hour, {n_done(whole)} read"
    peak_mb = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * MB_PER_KB
    yield f"the largest process took {peak_mb:.0f} MB"
    yield f"again, with nothing to do: {run(pages, whole, args.workers):.1f} s"
    for share in KILLED_AT:
        n = kill_at(pages, killed, args.workers, max(1, round(share * n_done(whole))))
        yield f"killed with {n} pages read"
    run(pages, killed, args.workers)
    left, right = contents(whole), contents(killed)
    differ = sorted(name for name in left | right if left.get(name) != right.get(name))
    yield f"equal: {len(left)} files" if not differ else f"DIFFERENT: {differ}"


def main(argv=None):
    """Print what is measured; the status is 1 if a killed run ends otherwise."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--pages", type=int, default=20, help="pages (default: 20)")
    parser.add_argument("--workers", type=int, default=2, help="processes (default: 2)")
    parser.add_argument("--dpi", type=float, default=100.0, help="of the pages (default: 100)")
    args = parser.parse_args(argv)
    is_equal = False
    with tempfile.TemporaryDirectory() as folder:
        for line in told_of(Path(folder), args):
            sys.stdout.write(f"{line}\n")
            sys.stdout.flush()
            is_equal = line.startswith("equal")
    return 0 if is_equal else 1


if __name__ == "__main__":
    sys.exit(main())
