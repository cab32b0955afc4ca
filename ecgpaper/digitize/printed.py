"""Flat page -> what its print says of speed and gain: "25 mm/s", "10 mm/mV".

Public: `READER`, `LINE_PX`, `LETTERS`, `letters_of`, `Said`, `find_lines`, `read_said`, `said_in`.

Lines of print are where the segmenter sees text. Each is read by a small network that knows the
letters of a scale and takes all others for one; a scale is what is spelled like one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ecgpaper.digitize.segment import darkness
from ecgpaper.nets.reader import LineReader
from ecgpaper.raster import FlatPage, GridScale, PixelMaps

Box = tuple[float, float, float, float]
Spelled = tuple[str, NDArray[np.float32]]

READER = "reader"
# The network reads lines so high, of which the print takes about the share below.
LINE_PX, PRINT_SHARE = 32, 0.55
# Steps of the network, in px.
STEP_PX = 4
# What the network tells apart; "?" is any other letter. Position 0 of its answer is no letter.
OTHER = "?"
LETTERS = "0123456789.,/msv " + OTHER
# Pixels that are likely text, and gaps within a line that are bridged.
_LIKELY, _GAP_MM, _LEADING_MM = 0.3, 4.0, 0.3
# Heights and least length of a line, and how much more of it is looked at to either side: what is
# printed in light colors is seen in part.
_HEIGHTS_MM, _LEAST_MM, _MORE_MM = (0.9, 7.0), 4.0, 5.0
# More lines than this are no header and no footer.
_MOST_LINES = 80
# Speeds and gains that recorders print at.
SPEEDS_MM_PER_S, GAINS_MM_PER_MV = (25.0, 50.0), (5.0, 10.0, 20.0)
_SPELLED = re.compile(r"(?<![\d.,/])(\d{1,2}(?:[.,]\d)?) ?mm ?/ ?(s|mv)")
# Each letter of a scale must be this probable.
LEAST_PROBABLE = 0.5


@dataclass(frozen=True, slots=True)
class Said:
    """What the print on a page says of its scale; None where it says nothing, or two things.

    Parameters
    ----------
    speed_mm_per_s, gain_mm_per_mv : float or None
    """

    speed_mm_per_s: float | None = None
    gain_mm_per_mv: float | None = None


def letters_of(text: str) -> list[int]:
    """Return what the network is to answer for a text, as positions in its answer."""
    folded = text.casefold()
    known = (letter if letter in LETTERS else OTHER for letter in folded)
    return [1 + LETTERS.index(letter) for letter in known]


def read_said(page: FlatPage, maps: PixelMaps, scale: GridScale, network: LineReader) -> Said:
    """Read what the print says of speed and gain.

    Parameters
    ----------
    page : FlatPage
    maps : PixelMaps
        Of the page.
    scale : GridScale
    network : LineReader
    """
    boxes = find_lines(maps, scale)
    if not boxes:
        return Said()
    dark = darkness(page.image)
    device = next(network.parameters()).device
    texts = []
    for box in boxes:
        line = torch.from_numpy(_cut(dark, box)).permute(2, 0, 1)[None].to(device)
        with torch.inference_mode():
            texts.append(_spelled(network(line)[0].exp().cpu().numpy()))
    return said_in(texts)


def find_lines(maps: PixelMaps, scale: GridScale) -> list[Box]:
    """Find lines of print: (left, top, right, bottom) in px of the flat page, the longest first."""
    likely = (maps.of("text") > _LIKELY).astype(np.uint8)
    per_mm_x, per_mm_y = (px_per_mm / maps.px_per_map_px for px_per_mm in scale.px_per_mm)
    bridge = np.ones((_odd(_LEADING_MM * per_mm_y), _odd(_GAP_MM * per_mm_x)), np.uint8)
    joined = cv2.morphologyEx(likely, cv2.MORPH_CLOSE, bridge)
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    boxes: list[Box] = []
    for left, top, width, height, _ in sorted(stats[1:].tolist(), key=lambda part: -part[2]):
        is_line = _HEIGHTS_MM[0] <= height / per_mm_y <= _HEIGHTS_MM[1]
        if is_line and width / per_mm_x >= _LEAST_MM:
            more = _MORE_MM * per_mm_x
            edges = (left - more, top, left + width + more, top + height)
            first, upper, last, lower = (edge * maps.px_per_map_px for edge in edges)
            boxes.append((first, upper, last, lower))
    return boxes[:_MOST_LINES]


def _odd(size: float) -> int:
    return 2 * round(size / 2) + 1


def _cut(dark: NDArray[np.float32], box: Box) -> NDArray[np.float32]:
    """Cut a line out, as high as the network reads; beyond the page is paper."""
    left, top, right, bottom = box
    high = (bottom - top) / PRINT_SHARE
    px = LINE_PX / high
    width = max(2 * STEP_PX, round((right - left) * px / STEP_PX) * STEP_PX)
    first, above = max(int(left), 0), max(int((top + bottom - high) / 2), 0)
    part = dark[above : int((top + bottom + high) / 2) + 2, first : int(right) + 2]
    # Averaged down first: a warp alone skips the pixels between.
    small = max(1, int(1 / px))
    size = (max(1, part.shape[1] // small), max(1, part.shape[0] // small))
    part = np.asarray(cv2.resize(part, size, interpolation=cv2.INTER_AREA), np.float32)
    step = 1 / (px * small)
    to_page = np.array(
        [
            [step, 0, (left - first) / small],
            [0, step, ((top + bottom - high) / 2 - above) / small],
        ]
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(part, to_page, (width, LINE_PX), flags=flags), np.float32)


def _spelled(probabilities: NDArray[np.float32]) -> Spelled:
    """Return the letters of a line and how probable each is, the best at each step [1]_.

    References
    ----------
    .. [1] Graves et al., "Connectionist temporal classification", ICML 2006.
    """
    best = probabilities.argmax(axis=0)
    changes = np.flatnonzero(np.diff(best, prepend=-1))
    stretches = [part for part in np.split(np.arange(len(best)), changes[1:]) if best[part[0]]]
    text = "".join(LETTERS[best[part[0]] - 1] for part in stretches)
    peaks = [probabilities[best[part[0]], part].max() for part in stretches]
    return text, np.array(peaks, np.float32)


def said_in(lines: Iterable[Spelled]) -> Said:
    """Return the speed and the gain that lines spell.

    Parameters
    ----------
    lines : iterable of (str, ndarray of float32)
        Letters of `LETTERS`, and how probable each is.
    """
    found = [scale for text, probable in lines for scale in _scales(text, probable)]
    return Said(
        _only([value for unit, value in found if unit == "s"], SPEEDS_MM_PER_S),
        _only([value for unit, value in found if unit == "mv"], GAINS_MM_PER_MV),
    )


def _scales(text: str, probable: NDArray[np.float32]) -> Iterator[tuple[str, float]]:
    for match in _SPELLED.finditer(text):
        if probable[slice(*match.span())].min() >= LEAST_PROBABLE:
            yield match[2], float(match[1].replace(",", "."))


def _only(values: Sequence[float], known: Sequence[float]) -> float | None:
    """Return the one known value; None where there is none, or limb and chest leads differ."""
    return values[0] if len(set(values)) == 1 and values[0] in known else None
