"""Show the digitizer twenty pictures that are no page of an ECG: all must be refused.

Run from the repository's root: ``python benchmarks/nonpages.py [--out FOLDER] [--only NAME...]``.

A line per picture: its name, seconds of processor time, and why it is refused, or what it was
taken for. The status is 1 if one was read. FOLDER receives the pictures.
"""

import argparse
import sys
import time
import warnings
from pathlib import Path

import cv2
import numpy as np
import torch

from ecgpaper.digitize import Digitizer
from ecgpaper.runtime.boundary import PageFault, attempt

HEIGHT, WIDTH = 1240, 1754
BLACK, RED, BLUE, GREEN = (20, 20, 20), (200, 40, 40), (40, 60, 180), (40, 140, 60)
FONT = cv2.FONT_HERSHEY_SIMPLEX
WORDS = (
    "the",
    "patient",
    "was",
    "seen",
    "in",
    "our",
    "clinic",
    "on",
    "monday",
    "without",
    "pain",
    "since",
)


def white(level=255):
    """Return an empty sheet."""
    return np.full((HEIGHT, WIDTH, 3), level, np.uint8)


def write(image, text, corner, height=0.8, color=BLACK):
    """Write a line."""
    cv2.putText(image, text, corner, FONT, height, color, 2, cv2.LINE_AA)


def rule(image, step_px, color, width=1):
    """Draw lines in both directions, every so many pixels."""
    for at in range(0, WIDTH, step_px):
        cv2.line(image, (at, 0), (at, HEIGHT), color, width)
    for at in range(0, HEIGHT, step_px):
        cv2.line(image, (0, at), (WIDTH, at), color, width)


def curve(image, y, first=0, color=BLACK, width=2):
    """Draw a curve, one height per pixel."""
    points = np.column_stack([first + np.arange(len(y)), y]).astype(np.int32)
    cv2.polylines(image, [points], isClosed=False, color=color, thickness=width, lineType=16)


def noise(rng, n, smooth=1.0):
    """Return slow noise of standard deviation 1."""
    values = cv2.GaussianBlur(rng.normal(size=(1, n)), (0, 0), smooth).ravel()
    return values / values.std()


def text_page(rng):
    """Draw lines of words."""
    image = white()
    for row in range(34):
        write(image, " ".join(rng.choice(WORDS, 16)), (60, 60 + 34 * row))
    return image


def letter(rng):
    """Draw a heading and three paragraphs, on gray paper."""
    image = white(225)
    write(image, "CITY HOSPITAL", (100, 120), 2.0)
    for row in (*range(6), *range(8, 15), *range(17, 20)):
        write(image, " ".join(rng.choice(WORDS, 9)), (100, 220 + 44 * row), 1.0)
    return image


def table(rng):
    """Draw numbers in boxes."""
    image = white()
    rule(image, 110, BLACK)
    for top in range(70, HEIGHT, 110):
        for left in range(12, WIDTH, 110):
            write(image, f"{rng.integers(0, 999)}", (left, top))
    return image


def form(rng):
    """Draw labels and lines to write on."""
    image = white()
    for row in range(24):
        write(image, str(rng.choice(WORDS)).title(), (60, 80 + 48 * row))
        cv2.line(image, (320, 80 + 48 * row), (1650, 80 + 48 * row), BLACK, 2)
    return image


def line_chart(rng):
    """Draw four curves over one grid, with axes."""
    image = white()
    rule(image, 120, (220, 220, 220))
    for color in (RED, BLUE, GREEN, BLACK):
        curve(image, 620 + 200 * noise(rng, 1500, 40), 120, color, 3)
    cv2.rectangle(image, (120, 60), (1620, 1180), BLACK, 2)
    return image


def panels(rng):
    """Draw four plots below each other, each with its axes."""
    image = white()
    for top in range(40, 1240, 300):
        cv2.rectangle(image, (120, top), (1700, top + 250), BLACK, 2)
        curve(image, top + 125 + 40 * noise(rng, 1580, 12), 120, BLUE)
    return image


def bar_chart(rng):
    """Draw bars in three colors."""
    image = white()
    for left in range(100, 1650, 52):
        color = (RED, BLUE, GREEN)[left // 52 % 3]
        cv2.rectangle(image, (left, int(rng.integers(200, 1100))), (left + 40, 1150), color, -1)
    cv2.line(image, (80, 1150), (1700, 1150), BLACK, 3)
    return image


def graph_paper(_):
    """Draw an empty grid of 1 and 5 mm."""
    image = white()
    rule(image, 8, (250, 215, 215))
    rule(image, 40, (235, 140, 140), 2)
    return image


def notes_on_graph_paper(rng):
    """Draw lines of writing on a grid."""
    image = graph_paper(rng)
    for row in range(12):
        write(image, " ".join(rng.choice(WORDS, 9)), (80, 120 + 90 * row), 1.2, BLUE)
    return image


def sketch_on_graph_paper(_):
    """Draw a parabola, a line and axes on a grid."""
    image = graph_paper(None)
    x = np.arange(1400)
    curve(image, 1150 - (x - 700) ** 2 / 480.0, 150, BLACK, 3)
    curve(image, 300 + x * 0.5, 150, BLUE, 3)
    cv2.line(image, (150, 1150), (1600, 1150), BLACK, 3)
    return image


def eeg(rng):
    """Draw sixteen channels of smooth noise without a grid."""
    image = white()
    for row in range(16):
        curve(image, 50 + 72 * row + 14 * noise(rng, 1560, 4), 150)
        write(image, f"Fp{row + 1}", (30, 58 + 72 * row), 0.7)
    return image


def eeg_on_paper(rng):
    """Draw eight channels of slow waves, with lines every second."""
    image = white(245)
    for at in range(120, WIDTH, 150):
        cv2.line(image, (at, 0), (at, HEIGHT), (170, 190, 170), 2)
    for row in range(8):
        curve(image, 90 + 145 * row + 30 * noise(rng, 1600, 7), 120)
    return image


def seismogram(rng):
    """Draw three rows of trembling that swells and fades."""
    image = white()
    for row in range(3):
        swell = 10 + 120 * np.exp(-(((np.arange(1650) - 600) / 200.0) ** 2))
        curve(image, 220 + 400 * row + swell * noise(rng, 1650, 2), 50)
    return image


def spirogram(_):
    """Draw one wide loop over a grid."""
    image = white()
    rule(image, 60, (210, 225, 240))
    at = np.linspace(0, 2 * np.pi, 400)
    loop = np.column_stack([870 + 600 * np.cos(at), 620 + 350 * np.sin(at) * np.exp(np.cos(at))])
    cv2.polylines(image, [loop.astype(np.int32)], isClosed=True, color=BLUE, thickness=4)
    return image


def monitor(rng):
    """Draw a dark screen with three curves of unlike kinds and large numbers."""
    image = white(8)
    x = np.arange(1150)
    pulse = np.exp(-(((x % 190 - 60) / 9.0) ** 2))
    curve(image, 220 - 130 * pulse + noise(rng, 1150, 5), 20, (60, 230, 90), 3)
    curve(image, 620 - 110 * np.exp(-(((x % 190 - 90) / 38.0) ** 2)), 20, (60, 200, 230), 3)
    curve(image, 1000 + 60 * np.sin(2 * np.pi * x / 420), 20, (230, 210, 60), 3)
    for row, text in enumerate(("72", "98", "16")):
        write(image, text, (1300, 280 + 380 * row), 6.0, (90, 230, 120))
    return image


def music(rng):
    """Draw staves with notes."""
    image = white()
    for top in range(80, 1150, 180):
        for line in range(5):
            cv2.line(image, (60, top + 16 * line), (1700, top + 16 * line), BLACK, 2)
        for left in range(160, 1650, 70):
            at = top + 8 * int(rng.integers(0, 9))
            cv2.ellipse(image, (left, at), (13, 9), -20, 0, 360, BLACK, -1)
            cv2.line(image, (left + 12, at), (left + 12, at - 56), BLACK, 3)
    return image


def crossword(rng):
    """Draw black and white squares."""
    image = white()
    for top in range(100, 1100, 60):
        for left in range(300, 1400, 60):
            filled = -1 if rng.random() < 0.25 else 2
            cv2.rectangle(image, (left, top), (left + 60, top + 60), BLACK, filled)
    return image


def landscape(rng):
    """Draw hills below a sky, with the noise of a camera."""
    y = np.linspace(230, 150, HEIGHT)[:, None, None]
    image = np.repeat(np.repeat(y, WIDTH, 1), 3, 2) * np.array([0.7, 0.85, 1.0])
    for shade, level in ((90, 500), (70, 700), (50, 900)):
        ridge = (level + 90 * noise(rng, WIDTH, 120)).astype(int)
        below = np.arange(HEIGHT)[:, None] > ridge
        image[below] = np.array([0.6, 1.0, 0.5]) * shade
    return np.clip(image + rng.normal(0, 6, image.shape), 0, 255).astype(np.uint8)


def fabric(rng):
    """Draw woven cloth."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    weave = 130 + 40 * np.sin(x * 2 * np.pi / 9.3) * np.sin(y * 2 * np.pi / 9.1)
    image = weave[..., None] * np.array([1.0, 0.8, 0.7]) + rng.normal(0, 9, (HEIGHT, WIDTH, 1))
    return np.clip(image, 0, 255).astype(np.uint8)


def tiles(rng):
    """Draw a tiled wall."""
    image = np.full((HEIGHT, WIDTH, 3), 210.0) + rng.normal(0, 5, (HEIGHT, WIDTH, 1))
    image = np.clip(image, 0, 255).astype(np.uint8)
    rule(image, 88, (120, 120, 125), 6)
    return image


NONPAGES = {
    draw.__name__.replace("_", " "): draw
    for draw in (
        *(text_page, letter, table, form, line_chart, panels, bar_chart),
        *(graph_paper, notes_on_graph_paper, sketch_on_graph_paper),
        *(eeg, eeg_on_paper, seismogram, spirogram, monitor),
        *(music, crossword, landscape, fabric, tiles),
    )
}


def draw_nonpage(name):
    """Return a picture, RGB; the same each time."""
    return NONPAGES[name](np.random.default_rng(sorted(NONPAGES).index(name)))


def main(argv=None):
    """Print a line per picture."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", nargs="+", default=[], help="parts of names")
    parser.add_argument("--out", type=Path, help="folder for the pictures")
    parser.add_argument("--model", type=Path, default=Path("model"))
    args = parser.parse_args(argv)
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    cv2.setNumThreads(1)
    digitizer = Digitizer.load(args.model)
    n_read = 0
    for name in NONPAGES:
        if args.only and not any(part in name for part in args.only):
            continue
        image = draw_nonpage(name)
        if args.out:
            args.out.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(args.out / f"{name}.png"), image[..., ::-1])
        start_s = time.process_time()
        found = attempt(lambda image=image: digitizer.digitize(image), "reading this picture")
        cpu_s = time.process_time() - start_s
        is_refused = isinstance(found, PageFault)
        n_read += not is_refused
        said = (
            f"refused: {found.reason}"
            if is_refused
            else f"READ as {found.layout.name}, quality {found.quality:.2f}, agreement "
            f"{found.agreement}, predicted {np.nanmedian(found.predicted_snr_db):.0f} dB"
        )
        sys.stdout.write(f"{name:24} {cpu_s:5.1f} {said}\n")
        sys.stdout.flush()
    sys.stdout.write(f"{n_read} read\n")
    return int(n_read > 0)


if __name__ == "__main__":
    sys.exit(main())
