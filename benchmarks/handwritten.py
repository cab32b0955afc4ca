"""Print records as ECG-Image-Kit's paper did: handwriting, wrinkles, creases and perspective, all.

Run from the repository's root: ``python benchmarks/handwritten.py RECORDS PAGES --workers 2``.
PAGES becomes a Challenge folder with a picture of each record, its true signals and truth files;
pages that are there stay. ``train_model.py -d PAGES`` trains on its records, and ``ecgpaper
leaderboard --conditions --pages PAGES`` digitizes the pages: its column "per page, mean and SD" is
the figure that the paper gives, 27 +- 2.8 dB.
"""

import argparse
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from zlib import crc32

import numpy as np
from tqdm import tqdm

from ecgpaper.files.records.challenge import find_records, read_ecg, read_header, write_record
from ecgpaper.runtime.files import write_whole
from ecgpaper.runtime.workers import by_workers
from ecgpaper.synth import sample_spec, synthesize
from ecgpaper.synth.capture.sensor import jpeg_bytes
from ecgpaper.synth.sample.draws import uniform
from ecgpaper.synth.sample.sheet.notes import sample_notes
from ecgpaper.synth.sample.sheet.relief import sample_photo_relief
from ecgpaper.synth.truth import Origin, encode_truth, picture_truth


def draw_spec(rng):
    """Draw the spec of a photo, in perspective, of a folded and crumpled sheet with handwriting."""
    spec = sample_spec("photo-deteriorated", rng=rng)
    size_mm = spec.layout.size_mm
    slope = uniform(rng, 0.12, 0.4)
    relief = sample_photo_relief(int(rng.integers(2, 7)), slope, 4.0, size_mm, rng=rng)
    notes = sample_notes(spec.layout, rng=rng)
    while not any(note.kind == "writing" for note in notes):
        notes = sample_notes(spec.layout, rng=rng)
    return replace(
        spec, ink=replace(spec.ink, notes=notes), paper=replace(spec.paper, relief=relief)
    )


def print_page(records, pages, seed, name):
    """Print a record, unless it is printed; its header is written last."""
    if (pages / f"{name}.hea").exists():
        return
    ecg, header = read_ecg(records / name), read_header(records / name)
    spec = draw_spec(np.random.default_rng([seed, crc32(name.encode())]))
    page = synthesize(ecg, spec)
    content = page.content if isinstance(page.content, bytes) else jpeg_bytes(page.image, 95)
    image = f"{name}-0.jpg"
    truth = picture_truth(ecg, spec, Origin(name, image, 0.0, ecg.fs), has_masks=False)
    for ending, data in {".jpg": content, **encode_truth(truth)}.items():
        write_whole(pages / f"{name}-0{ending}", data)
    comments = [line for line in header.comments if not line.lower().startswith("image:")]
    is_shown = np.isfinite(page.truth.ecg.signal_mv)
    shown_mv = np.where(is_shown, ecg.signal_mv[: len(is_shown)], np.nan)
    write_record(
        pages, name, replace(ecg, signal_mv=shown_mv), comments=comments, image_names=[image]
    )


def main(argv=None):
    """Print all records."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("records", type=Path)
    parser.add_argument("pages", type=Path)
    parser.add_argument("--limit", type=int, help="the first so many records only")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--workers", type=int, default=1)
    args = parser.parse_args(argv)
    names = find_records(args.records)[: args.limit]
    task = partial(print_page, args.records.resolve(), args.pages.resolve(), args.seed)
    done = by_workers(task, names, args.workers)
    for _ in tqdm(done, "pages", len(names), disable=not sys.stderr.isatty()):
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
