"""Hand the program what nobody should: count what is read, what is refused and what is a fault.

Run from the repository's root: ``python benchmarks/fuzz.py images --n 1000 --cpu-minutes 10``, or
``arguments``. The same seed makes the same inputs.

- ``images``: pages of the generator, cut off, overwritten, with other headers, modes and EXIF
  turns, squeezed, torn, laid over each other. All are opened; those that are images are digitized,
  until the processor time is used up.
- ``arguments``: command lines of every verb with numbers, names and folders that cannot be.

A fault is an exception that is none of the program's own, an answer in more than 60 s of processor
time, a process of more than 2 GB, or a file outside the output folder. The worst are printed.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import os
import resource
import struct
import sys
import tempfile
import time
import traceback
import zlib
from collections import Counter
from pathlib import Path

import cv2
import numpy as np
from PIL import Image

from ecgpaper import __main__ as program
from ecgpaper.digitize import Digitizer
from ecgpaper.errors import EcgPaperError
from ecgpaper.files.records.challenge import read_image
from ecgpaper.simulate import simulate_ecg
from ecgpaper.synth import sample_spec, synthesize

MODEL = Path(__file__).parent.parent / "model"
FORMATS = {"PNG": "png", "JPEG": "jpg", "TIFF": "tiff", "BMP": "bmp", "WEBP": "webp", "GIF": "gif"}
MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "YCbCr", "I", "I;16", "F")
MAX_CPU_S, MAX_GB = 60.0, 2.0


def make_pages(n_pages, seed):
    """Draw small pages of every look."""
    pages = []
    for index in range(n_pages):
        rng = np.random.default_rng([seed, index])
        preset = ("clean", "scan-bw", "photo", "wild")[index % 4]
        ecg = simulate_ecg(("NORM",), rng=rng)
        image = synthesize(ecg, sample_spec(preset, rng=rng)).image
        factor = 1100 / max(image.shape[:2])
        pages.append(cv2.resize(image, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA))
    return pages


def change_pixels(image, pages, rng):  # noqa: PLR0911  one of eight ways
    """Change what the image shows."""
    height, width = image.shape[:2]
    kind = rng.integers(8)
    if kind == 0:  # another shape
        size = tuple(int(side) for side in rng.integers(1, 2500, 2))
        return cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    if kind == 1:  # a part
        x, y = rng.integers(0, width), rng.integers(0, height)
        return image[y : y + rng.integers(1, height), x : x + rng.integers(1, width)]
    if kind == 2:  # turned by any angle
        turn = cv2.getRotationMatrix2D((width / 2, height / 2), rng.uniform(0, 360), 1.0)
        return cv2.warpAffine(image, turn, (width, height))
    if kind == 3:  # two pages over each other
        other = cv2.resize(pages[rng.integers(len(pages))], (width, height))
        return np.minimum(image, other)
    if kind == 4:  # noise
        noise = rng.normal(0, rng.uniform(5, 200), image.shape)
        return np.clip(image + noise, 0, 255).astype(np.uint8)
    if kind == 5:  # blocks swapped
        half = image[: height // 2].copy()
        return np.concatenate([image[height // 2 :], half[:, ::-1]])
    if kind == 6:  # levels
        return np.clip(rng.uniform(-2, 3) * image.astype(float) + rng.uniform(-200, 200), 0, 255)
    return np.roll(image, rng.integers(0, width), axis=1)


def encode(image, rng):
    """Encode an image in any format and mode, turned by EXIF."""
    picture = Image.fromarray(np.ascontiguousarray(image, np.uint8))
    name = str(rng.choice(list(FORMATS)))
    mode = str(rng.choice(MODES))
    exif = Image.Exif()
    exif[0x0112] = int(rng.integers(0, 10))
    content = io.BytesIO()
    with contextlib.suppress(ValueError):
        picture = picture.convert("L").convert(mode) if mode == "I;16" else picture.convert(mode)
    try:
        picture.save(content, name, exif=exif)
    except (OSError, ValueError, KeyError):
        picture.convert("RGB").save(content, name)
    return content.getvalue()


def damage(content, rng):
    """Cut a file off, overwrite parts of it, or claim another size."""
    kind = rng.integers(5)
    content = bytearray(content)
    if kind == 0:
        return bytes(content[: rng.integers(len(content))])
    if kind == 1:
        for at in rng.integers(0, len(content), rng.integers(1, 20)):
            content[at] = rng.integers(256)
    if kind == 2:
        for at in rng.integers(0, min(len(content), 200), 4):
            content[at] = rng.integers(256)
    if kind == 3 and content[1:4] == b"PNG":
        size = struct.pack(">II", *(int(side) for side in rng.integers(0, 2**31, 2)))
        content[16:24] = size
        content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    return bytes(content)


def make_image(pages, rng):
    """Return the content of one hostile file."""
    image = pages[rng.integers(len(pages))]
    if rng.random() < 0.6:
        image = change_pixels(image, pages, rng)
    if min(image.shape[:2]) < 1:
        return b""
    content = encode(image, rng)
    return damage(content, rng) if rng.random() < 0.6 else content


def fuzz_images(n_images, seed, cpu_s):
    """Open all images and digitize as many as there is time for."""
    counts, slow = Counter(), []
    digitizer, pages = Digitizer.load(MODEL), make_pages(8, seed)
    start_s = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        for index in range(n_images):
            file = Path(folder) / "page"
            file.write_bytes(make_image(pages, np.random.default_rng([seed, index])))
            page_s = time.process_time()
            try:
                photo = read_image(file)
                counts["opened"] += 1
                if time.process_time() - start_s < cpu_s:
                    counts["handed to the digitizer"] += 1
                    digitizer.digitize(photo)
                    counts["read"] += 1
            except EcgPaperError as error:
                counts["refused: " + type(error).__name__] += 1
            except Exception:  # noqa: BLE001  a fault is what is looked for
                counts["fault"] += 1
                print(f"image {index}:\n{traceback.format_exc()}")
            slow.append((time.process_time() - page_s, index))
            if slow[-1][0] > MAX_CPU_S:
                counts["too slow"] += 1
    counts["fault"] += 0
    used_gb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    print(f"largest process: {used_gb:.2f} GB; slowest: {sorted(slow)[-3:]} (s, image)")
    return counts


VALUES = (
    *("0", "-1", "nan", "inf", "-inf", "1e300", "1e-300", "1e9", "99999999999999999999", "", " "),
    *(
        "x",
        "..",
        "../..",
        "/",
        "/dev/null",
        "/dev/zero",
        "/proc/self/mem",
        "a\nb",
        "'",
        '"',
        "\\",
        "%s",
    ),
    *("3x4+1R", "12x1", "clean", "photo", "full", "25", "10", "500", "1", "\udcff", "é", "x" * 300),
)
# Of each verb what it takes without a name, and its options with a value that is right.
VERBS = {
    "digitize": (
        ("page.png",),
        {
            "--out": "out",
            "--model": str(MODEL),
            "--fs": "250",
            "--layout": "3x4+1R",
            "--speed": "25",
            "--gain": "10",
            "--format": "npz",
            "--workers": "1",
        },
    ),
    "synthesize": (
        ("records", "pages"),
        {
            "--preset": "clean",
            "--layout": "3x4",
            "--speed": "25",
            "--gain": "10",
            "--per-record": "1",
            "--workers": "1",
            "--seed": "1",
            "--truth": "none",
        },
    ),
    "simulate": (("simulated",), {"--records": "1", "--seed": "1"}),
    "crossval": (
        ("records",),
        {"--folds": "5", "--out": "out", "--seed": "1", "--patients": "page.png"},
    ),
}


def make_arguments(rng):
    """Return a command line that is right but for a few things."""
    verb = str(rng.choice(list(VERBS)))
    names, options = VERBS[verb]
    argv = [verb, *(str(_other(name, 0.2, rng)) for name in names)]
    for option, value in options.items():
        if rng.random() < 0.6 or option == "--out":
            argv += [option, str(_other(value, 0.15, rng))]
    return argv


def _other(value, share, rng):
    return VALUES[rng.integers(len(VALUES))] if rng.random() < share else value


def fuzz_arguments(n_lines, seed):
    """Run command lines in an empty folder; none may end in a traceback."""
    counts = Counter(fault=0)
    before = Path.cwd()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        Image.new("RGB", (300, 200), "white").save("page.png")
        program.main(["simulate", "records", "--records", "1"])
        try:
            for index in range(n_lines):
                argv = make_arguments(np.random.default_rng([seed, index]))
                counts[_answer(argv)] += 1
        finally:
            os.chdir(before)
    return counts


def _answer(argv):
    """Return what a command line comes to."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stderr(said), contextlib.redirect_stdout(said):
            return f"status {program.main(argv)}"
    except SystemExit as stop:
        return f"status {stop.code}"
    except Exception:  # noqa: BLE001  a fault is what is looked for
        print(f"{argv}:\n{traceback.format_exc()}", file=sys.__stdout__)
        return "fault"


def main():
    """Parse the arguments and fuzz."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("what", choices=("images", "arguments"))
    parser.add_argument("--n", type=int, default=1000, help="inputs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cpu-minutes", type=float, default=10.0, help="of digitizing")
    options = parser.parse_args()
    if options.what == "images":
        counts = fuzz_images(options.n, options.seed, 60 * options.cpu_minutes)
    else:
        counts = fuzz_arguments(options.n, options.seed)
    for name, count in sorted(counts.items()):
        print(f"{count:6d}  {name}")
    return 1 if counts["fault"] or counts["too slow"] else 0


if __name__ == "__main__":
    sys.exit(main())
