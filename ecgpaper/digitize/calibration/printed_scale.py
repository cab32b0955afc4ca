"""Photo and flat page -> speed and gain as they are printed: "25 mm/s", "10 mm/mV".

Public: `OCR`, `LINE_PX`, `LETTERS`, `letters_of`, `Said`, `find_lines`, `read_said`, `said_in`.

Lines of print are where the segmenter sees text. Each is read by a small network that knows the
letters of a scale and takes all others for one; a scale is a text that is spelled like one.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ecgpaper.digitize.page.sampling import map_pixels
from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.nets.ocr import OcrNet
from ecgpaper.page.geometry import Homography, Warp
from ecgpaper.page.raster import FlatPage, GridScale, PixelMaps

Box = tuple[float, float, float, float]
Spelled = tuple[str, NDArray[np.float32]]

OCR = "ocr"
# The network reads lines of this height,
LINE_PX = 32
# of which the print takes about this share,
PRINT_SHARE = 0.55
# in steps of this width.
STEP_PX = 4
# Letters that the network tells apart; "?" is any other. Position 0 of its answer is no letter.
OTHER = "?"
LETTERS = "0123456789.,/msv " + OTHER
# Speeds that recorders print at,
SPEEDS_MM_PER_S = (25.0, 50.0)
# and gains.
GAINS_MM_PER_MV = (5.0, 10.0, 20.0)
_SPELLED = re.compile(r"(?<![\d.,/])(\d{1,2}(?:[.,]\d)?) ?mm ?/ ?(s|mv)")


@dataclass(frozen=True, slots=True)
class LineLimits:
    """How lines of print are found on a page, and when they are believed."""

    # Width of the border around the page that is looked at,
    around_mm: float = 40.0
    # in an image of this resolution.
    map_px_per_mm: float = 4.0
    # Of a line at least this share of pixels is darker than paper, or nearly so.
    paper_share: float = 0.8
    # Probability from which pixels are likely text.
    likely: float = 0.3
    # Gaps within a line that are bridged,
    gap_mm: float = 4.0
    # and across it.
    leading_mm: float = 0.3
    # Least and largest height of a line,
    heights_mm: tuple[float, float] = (0.9, 7.0)
    # its least length,
    min_mm: float = 4.0
    # and how much more is looked at to either side: print in light colors is seen in part.
    more_mm: float = 8.0
    # More lines than this are no header and no footer.
    max_lines: int = 80
    # Each letter of a scale must be this probable.
    min_probable: float = 0.5


LIMITS = LineLimits()


@dataclass(frozen=True, slots=True)
class Said:
    """Speed and gain as they are printed on a page; None without any, or with two.

    Parameters
    ----------
    speed_mm_per_s, gain_mm_per_mv : float or None
    """

    speed_mm_per_s: float | None = None
    gain_mm_per_mv: float | None = None


def letters_of(text: str) -> list[int]:
    """Return the right answer of the network for a text, as positions in its output."""
    folded = text.casefold()
    known = (letter if letter in LETTERS else OTHER for letter in folded)
    return [1 + LETTERS.index(letter) for letter in known]


def read_said(
    photo: ByteArray,
    photo_maps: PixelMaps,
    page: FlatPage,
    scale: GridScale,
    network: OcrNet,
) -> Said:
    """Read printed speed and gain, on the page and on the sheet around it.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3), RGB
    photo_maps : PixelMaps
        Of the photo: a page ends where its grid does, and print may stand beyond.
    page : FlatPage
    scale : GridScale
    network : OcrNet
    """
    device = next(network.parameters()).device
    texts = []
    for box_mm in find_lines(photo_maps, page, scale):
        values = np.ascontiguousarray(_cut(photo, page, scale, box_mm).transpose(2, 0, 1))
        with torch.inference_mode():
            found = network(torch.from_numpy(values)[None].to(device))
        texts.append(_spelled(found[0].exp().cpu().numpy()))
    return said_in(texts)


def find_lines(photo_maps: PixelMaps, page: FlatPage, scale: GridScale) -> list[Box]:
    """Find lines of print: (left, top, right, bottom) in mm on the paper, the longest first.

    Parameters
    ----------
    photo_maps : PixelMaps
        Of the photo.
    page : FlatPage
    scale : GridScale
    """
    corner_mm = scale.mm_from_px(np.array([[0.0, 0.0]]))[0] - LIMITS.around_mm
    height_px, width_px = page.image.shape[:2]
    size_mm = np.array([width_px, height_px]) / scale.px_per_mm + 2 * LIMITS.around_mm
    size = tuple(round(float(side) * LIMITS.map_px_per_mm) for side in size_mm[::-1])
    to_maps = _to_photo(page, scale, corner_mm, 1 / LIMITS.map_px_per_mm).compose(
        Homography.scaling(1 / photo_maps.px_per_map_px)
    )
    at = map_pixels(to_maps, size)
    text = cv2.remap(photo_maps.of("text"), at[..., 0], at[..., 1], cv2.INTER_LINEAR)
    bridge = np.ones((_odd_px(LIMITS.leading_mm), _odd_px(LIMITS.gap_mm)), np.uint8)
    joined = cv2.morphologyEx((text > LIMITS.likely).astype(np.uint8), cv2.MORPH_CLOSE, bridge)
    _, _, stats, _ = cv2.connectedComponentsWithStats(joined)
    boxes: list[Box] = []
    for part in sorted(stats[1:].tolist(), key=lambda part: -part[2]):
        left, top, width, height = (edge / LIMITS.map_px_per_mm for edge in part[:4])
        if LIMITS.heights_mm[0] <= height <= LIMITS.heights_mm[1] and width >= LIMITS.min_mm:
            left, top = left + float(corner_mm[0]), top + float(corner_mm[1])
            boxes.append((left - LIMITS.more_mm, top, left + width + LIMITS.more_mm, top + height))
    return boxes[: LIMITS.max_lines]


def _odd_px(length_mm: float) -> int:
    return 2 * round(length_mm * LIMITS.map_px_per_mm / 2) + 1


def _to_photo(page: FlatPage, scale: GridScale, corner_mm: FloatArray, px_mm: float) -> Warp:
    """Return the map to the photo from a picture of the paper whose pixels are so large."""
    left, top = corner_mm + px_mm / 2
    to_mm = Homography(np.array([[px_mm, 0, left], [0, px_mm, top], [0, 0, 1.0]]))
    (x_px, y_px), (x_origin, y_origin) = scale.px_per_mm, scale.origin_px
    to_px = Homography(np.array([[x_px, 0, x_origin], [0, y_px, y_origin], [0, 0, 1.0]]))
    return to_mm.compose(to_px).compose(page.page_to_photo)


def _cut(photo: ByteArray, page: FlatPage, scale: GridScale, box_mm: Box) -> NDArray[np.float32]:
    """Cut the darkness of a line out of a photo, as high as the network reads."""
    left, top, right, bottom = box_mm
    high_mm = (bottom - top) / PRINT_SHARE
    px_mm = high_mm / LINE_PX
    width = max(2 * STEP_PX, round((right - left) / px_mm / STEP_PX) * STEP_PX)
    corner_mm = np.array([left, (top + bottom - high_mm) / 2])
    at = map_pixels(_to_photo(page, scale, corner_mm, px_mm), (LINE_PX, width))
    line = cv2.remap(
        photo, at[..., 0], at[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE
    )
    paper = np.maximum(np.quantile(line, LIMITS.paper_share, axis=(0, 1)), 8)
    return np.asarray(np.clip(1 - line / paper, -0.25, 1), np.float32)


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
        if probable[slice(*match.span())].min() >= LIMITS.min_probable:
            yield match[2], float(match[1].replace(",", "."))


def _only(values: Sequence[float], known: Sequence[float]) -> float | None:
    """Return the one known value; None where there is none, or limb and chest leads differ."""
    return values[0] if len(set(values)) == 1 and values[0] in known else None
