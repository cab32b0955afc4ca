"""Train the OCR network: it reads the printed lines that tell speed and gain.

Public: `OCR_LEARNER`, `LineSource`, `LineBatch`.

The generator's print is drawn line by line: no page is needed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ecgpaper.digitize.calibration.printed_scale import (
    LETTERS,
    LINE_PX,
    OCR,
    PRINT_SHARE,
    STEP_PX,
    letters_of,
)
from ecgpaper.ecg import ByteArray
from ecgpaper.nets.ocr import OcrConfig, OcrNet
from ecgpaper.page.raster import GridScale
from ecgpaper.synth import sample_spec
from ecgpaper.synth.print.text import box_mm, draw_text
from ecgpaper.synth.spec.print import TextLine
from ecgpaper.train.digitizer.network import Learner

FloatImage = NDArray[np.float32]
BATCH_SIZE = 48
LINE_WIDTH_PX = 448
_NUMBERS = ("25", "50", "5", "10", "20", "12.5", "2.5", "15", "30", "40", "100", "60")
_UNITS = ("mm/s", "mm/mV", "mm/sec", "mm/mV", "mm/S", "MM/MV", "Hz", "ms", "mV", "s", "cm/mV")


@dataclass(frozen=True, slots=True)
class LineChoices:
    """What lines say."""

    # Specs whose texts a batch is drawn from.
    n_specs: int = 6
    # Share of lines that say a scale.
    scale_share: float = 0.6
    # A line is cut to this length.
    most_letters: int = 34


_LINES = LineChoices()


@dataclass(frozen=True, eq=False)
class LineBatch:
    """Lines of print.

    Parameters
    ----------
    lines : ndarray of float32, of shape (n, 3, LINE_PX, LINE_WIDTH_PX)
    letters : ndarray of int64, of shape (n_letters,)
        Of all lines, one after the other.
    lengths : ndarray of int64, of shape (n,)
    """

    lines: FloatImage
    letters: NDArray[np.int64]
    lengths: NDArray[np.int64]


class LineSource:
    """Batches of lines; batch i depends on the seed and i alone."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.task = "lines of print"
        self.origin = {"lines": f"generated, {BATCH_SIZE} a step"}

    def batch(self, step: int) -> LineBatch:
        """Draw a batch."""
        rng = np.random.default_rng([self.seed, step])
        printed = [
            line for _ in range(_LINES.n_specs) for line in sample_spec("wild", rng=rng).ink.texts
        ]
        lines, letters = [], []
        for _ in range(BATCH_SIZE):
            line = printed[int(rng.integers(len(printed)))]
            line = replace(line, text=_text(line.text, rng), corner_mm=(0.0, 0.0))
            picture, is_seen = _drawn(line, rng)
            lines.append(picture.transpose(2, 0, 1))
            letters.append(letters_of(line.text) if is_seen else [])
        return LineBatch(
            np.ascontiguousarray(lines),
            np.array([letter for line in letters for letter in line], np.int64),
            np.array([len(line) for line in letters], np.int64),
        )


def _text(printed: str, rng: np.random.Generator) -> str:
    """Return the text of a line: a printed one, or a scale, with something beside it or not."""
    if rng.random() > _LINES.scale_share:
        text = printed
    else:
        parts = [_scale(rng) for _ in range(int(rng.integers(1, 3)))]
        if rng.random() < 0.4:
            parts.insert(int(rng.integers(len(parts) + 1)), printed[: int(rng.integers(4, 14))])
        text = (" " * int(rng.integers(1, 4))).join(parts)
    return " ".join(text[: _LINES.most_letters].split())


def _scale(rng: np.random.Generator) -> str:
    # The usual ones, and some that nobody prints: digits are to be read, not guessed.
    number = str(rng.choice(_NUMBERS)) if rng.random() < 0.8 else str(rng.integers(1, 100))
    blank = " " if rng.random() < 0.4 else ""
    return f"{number}{blank}{rng.choice(_UNITS)}"


def _drawn(line: TextLine, rng: np.random.Generator) -> tuple[FloatImage, bool]:
    """Draw a line as it is cut out of a page; whether any of it is there to be read."""
    left_mm, top_mm, right_mm, bottom_mm = box_mm(line)
    high_mm = bottom_mm - top_mm
    if not line.text or high_mm <= 0:
        return _worn(np.zeros((LINE_PX, LINE_WIDTH_PX), np.uint8), 8.0, rng), False
    # Boxes of text are found to a pixel or two of coarse maps.
    px = LINE_PX * PRINT_SHARE / high_mm * rng.uniform(0.75, 1.3)
    stretch = rng.uniform(0.9, 1.1)
    fits_px = (LINE_WIDTH_PX - 8) / (right_mm - left_mm)
    px_x, px = min(px * stretch, fits_px), min(px, fits_px / 0.7)
    spare_px = LINE_WIDTH_PX - (right_mm - left_mm) * px_x
    layer = np.zeros((LINE_PX, LINE_WIDTH_PX), np.uint8)
    middle_px = LINE_PX / 2 + rng.normal(0, 1.5)
    origin = (
        float(rng.uniform(2, spare_px - 2)) - left_mm * px_x,
        middle_px - (top_mm + bottom_mm) / 2 * px,
    )
    scale = GridScale((px_x, px), origin_px=origin)
    # Letters keep their proportions, but for the stretch of the picture.
    draw_text(layer, line, GridScale((px, px), origin_px=origin))
    if px_x != px:
        turn = np.array([[px_x / px, 0, origin[0] * (1 - px_x / px)], [0, 1, 0]])
        layer = np.asarray(cv2.warpAffine(layer, turn, layer.shape[::-1]), np.uint8)
    _add_neighbors(layer, line, scale, rng)
    return _worn(layer, px, rng), True


def _add_neighbors(
    layer: ByteArray, line: TextLine, scale: GridScale, rng: np.random.Generator
) -> None:
    """Print the lines above and below, of which letters may reach into the picture, in place."""
    for side in (-1, 1):
        if rng.random() < 0.3:
            down_mm = side * line.height_mm * rng.uniform(1.5, 2.2)
            at_mm = line.corner_mm[0] + rng.uniform(-20, 5), line.corner_mm[1] + down_mm
            digits = "".join(str(digit) for digit in rng.integers(0, 10, 24))
            text = str(rng.choice([digits, "Sinus rhythm  normal ECG", "QRS duration  QT/QTc ms"]))
            px = scale.px_per_mm[1]
            other = replace(line, text=text, corner_mm=at_mm)
            draw_text(layer, other, GridScale((px, px), origin_px=scale.origin_px))


def _worn(layer: ByteArray, px_per_mm: float, rng: np.random.Generator) -> FloatImage:
    """Return the darkness of print on paper with a grid, with the flaws of a camera."""
    # Seen by so many pixels per mm, which may be less than it is shown with.
    blur_px = float(rng.uniform(0.3, 1.0) * max(1.0, px_per_mm / rng.uniform(5.0, 14.0)))
    print_ = cv2.GaussianBlur(layer.astype(np.float32) / 255, (0, 0), blur_px)[..., None]
    ink = np.clip(rng.uniform(0.25, 0.95) + rng.normal(0, 0.08, 3), 0.1, 1).astype(np.float32)
    picture = np.asarray(print_ * ink, np.float32)
    if rng.random() < 0.75:
        grid = _grid(px_per_mm, blur_px, rng)[..., None] * rng.uniform(0, 0.6, 3).astype(np.float32)
        picture = np.maximum(picture, grid.astype(np.float32))
    if rng.random() < 0.3:
        _add_trace(picture, px_per_mm, rng)
    slope = rng.normal(0, 0.05, 2)
    across = np.linspace(-1, 1, layer.shape[1], dtype=np.float32)
    picture += (slope[0] + slope[1] * across)[:, None]
    picture += rng.normal(0, rng.uniform(0, 0.08), picture.shape).astype(np.float32)
    if rng.random() < 0.2:
        picture = _bilevel(picture, 1.5 * float(ink.mean()) * rng.uniform(0.2, 0.5))
    return np.asarray(np.clip(picture, -0.25, 1), np.float32)


def _bilevel(picture: FloatImage, level: float) -> FloatImage:
    """Scan without grays: faint print and grids are lost, others grow."""
    is_dark = (picture.mean(axis=-1) > level).astype(np.float32)
    return np.repeat(cv2.GaussianBlur(is_dark, (0, 0), 0.6)[..., None], 3, axis=-1)


def _grid(px_per_mm: float, blur_px: float, rng: np.random.Generator) -> FloatImage:
    """Draw lines 1 and 5 mm apart, each as dark as it is wide, at their strongest 1."""
    lines = []
    for n_px in (LINE_PX, LINE_WIDTH_PX):
        at_mm = np.arange(n_px) / px_per_mm + rng.uniform(0, 5)
        off_px = (at_mm + 0.5) % 1 - 0.5
        is_large = np.abs((at_mm + 2.5) % 5 - 2.5) < 0.5
        wide_px = np.sqrt(blur_px**2 + (0.07 * px_per_mm) ** 2)
        profile = np.exp(-0.5 * (off_px * px_per_mm / wide_px) ** 2)
        lines.append(profile * np.where(is_large, 1.0, rng.uniform(0, 0.9)))
    return np.asarray(np.maximum(lines[0][:, None], lines[1][None, :]), np.float32)


def _add_trace(picture: FloatImage, px_per_mm: float, rng: np.random.Generator) -> None:
    """Draw a stretch of a trace across the line, in place."""
    n = 12
    x = np.linspace(0, rng.uniform(20, LINE_WIDTH_PX), n) + rng.uniform(-100, LINE_WIDTH_PX)
    y = LINE_PX * rng.uniform(-0.3, 1.3) + rng.normal(0, 0.3 * px_per_mm, n)
    y[int(rng.integers(n))] += rng.normal(0, LINE_PX)
    points = np.rint(np.column_stack([x, y])).astype(np.int32)
    dark = [float(rng.uniform(0.5, 1))] * 3
    cv2.polylines(picture, [points], False, dark, max(1, round(0.3 * px_per_mm)), cv2.LINE_AA)


def _loss(network: nn.Module, batch: LineBatch) -> Tensor:
    """How improbable the letters are, over all ways to place them, per letter."""
    like = next(network.parameters())
    found = network(torch.from_numpy(batch.lines).to(like.device)).permute(2, 0, 1)
    n_steps = torch.full((found.shape[1],), LINE_WIDTH_PX // STEP_PX, dtype=torch.long)
    letters, lengths = torch.from_numpy(batch.letters), torch.from_numpy(batch.lengths)
    return functional.ctc_loss(found, letters.to(like.device), n_steps, lengths, zero_infinity=True)


OCR_LEARNER = Learner(
    name=OCR,
    config=OcrConfig(1 + len(LETTERS), height=LINE_PX),
    untrained=OcrNet,
    loss=_loss,
    seed_offset=5,
)
