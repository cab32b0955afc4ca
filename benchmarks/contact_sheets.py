"""Draw one contact sheet per preset, of pages of simulated records.

Run from the repository's root: ``python benchmarks/contact_sheets.py docs/sheets``. With ``--beside
FOLDER`` real pictures from a folder are mixed in at random places, and where they are is printed at
the end: find them first.
"""

import argparse
import sys
from pathlib import Path

import cv2
import numpy as np

from ecgpaper.files.records.challenge import read_image
from ecgpaper.simulate import simulate_record
from ecgpaper.synth import PRESETS, sample_spec, synthesize

N_COLUMNS, N_ROWS = 4, 3
CELL_PX = (216, 280)  # height, width
GAP_PX = 6
GRAY = 128
QUALITY = 75
IMAGES = {".jpg", ".jpeg", ".png", ".bmp"}


def draw_page(preset, seed, index):
    """Return the picture of a simulated record."""
    rng = np.random.default_rng([seed, index])
    record = simulate_record(rng=rng)
    return synthesize(record.ecg, sample_spec(preset, rng=rng)).image


def in_cell(image):
    """Return a picture, shrunk to fit, on a gray cell."""
    height, width = CELL_PX
    factor = min(height / image.shape[0], width / image.shape[1])
    size = (max(1, round(image.shape[1] * factor)), max(1, round(image.shape[0] * factor)))
    small = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    cell = np.full((height, width, 3), GRAY, dtype=np.uint8)
    top, left = (height - size[1]) // 2, (width - size[0]) // 2
    cell[top : top + size[1], left : left + size[0]] = small
    return cell


def sheet_of(images):
    """Return pictures side by side, in rows."""
    cells = [
        cv2.copyMakeBorder(
            in_cell(image), *[GAP_PX // 2] * 4, cv2.BORDER_CONSTANT, value=[GRAY] * 3
        )
        for image in images
    ]
    rows = [np.hstack(cells[row : row + N_COLUMNS]) for row in range(0, len(cells), N_COLUMNS)]
    return np.vstack(rows)


def mix(images, real_paths, rng):
    """Put real pictures at random places among the others; return their names by place."""
    chosen = rng.choice(real_paths, size=min(len(images) // 2, len(real_paths)), replace=False)
    places = rng.choice(len(images), size=len(chosen), replace=False)
    for place, path in zip(places, chosen, strict=True):
        images[place] = read_image(path)
    return {int(place): path.name for place, path in zip(places, chosen, strict=True)}


def main(argv=None):
    """Write a JPEG per preset."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=Path, help="folder to write to")
    parser.add_argument("--preset", choices=PRESETS, help="this one only")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--beside", type=Path, help="folder of real pictures to mix in")
    args = parser.parse_args(argv)
    args.out.mkdir(parents=True, exist_ok=True)
    real = [path for path in args.beside.iterdir() if path.suffix in IMAGES] if args.beside else []
    rng = np.random.default_rng([args.seed, 7])
    for preset in (args.preset,) if args.preset else PRESETS:
        images = [draw_page(preset, args.seed, index) for index in range(N_COLUMNS * N_ROWS)]
        key = mix(images, sorted(real), rng) if real else {}
        path = args.out / f"{preset}.jpg"
        cv2.imwrite(str(path), sheet_of(images)[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
        for place, name in sorted(key.items()):
            sys.stdout.write(f"{preset}: row {place // N_COLUMNS + 1}, ")
            sys.stdout.write(f"column {place % N_COLUMNS + 1} is {name}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
