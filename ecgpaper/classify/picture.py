"""Photo -> the picture that the second branch of the classifier sees: the ink of each lead's strip.

Public: `PICTURE_PX`, `N_ROWS`, `MV_PER_ROW`, `Sight`, `look_at`, `trust_in`, `printed_picture`,
`whole_picture`, `ink_of`.

The strips of the twelve leads lie one below the other, each at the time that it shows: a column is
a hundredth of a second, so that a QRS complex is ten columns wide. Where nobody knows how the page
lies, rows of the usual layout are looked for. Shadows and
creases are divided out and colored grids go, as the winner of the British Heart Foundation's
challenge did before its network (arXiv:2507.21968).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import cv2
import numpy as np

from ecgpaper.classify.guess import guess_page
from ecgpaper.classify.inputs import INPUT_FS, N_SAMPLES, Float32Array
from ecgpaper.digitize.answer.result import Digitization
from ecgpaper.digitize.page.negative import negative
from ecgpaper.digitize.reading import MIN_CREDIBLE
from ecgpaper.digitize.segment import darkness
from ecgpaper.ecg import STANDARD_ORDER, UNKNOWN_LEAD, ByteArray, FloatArray
from ecgpaper.page import PageLayout, Strip
from ecgpaper.page.geometry import Warp
from ecgpaper.page.raster import GridScale

# Height of a strip, in rows,
N_ROWS = 48
# and what a row stands for.
MV_PER_ROW = 0.1
PICTURE_PX = (N_ROWS * len(STANDARD_ORDER), N_SAMPLES)


@dataclass(frozen=True, slots=True)
class PictureLimits:
    """How much of a page is looked at, how finely, and what counts as ink."""

    # Waves reach so far above the first baseline and below the last,
    reach_mm: float = 25.0
    # and there is this much beside the rows.
    margin_mm: float = 5.0
    # A flat page is no wider or higher than this, however small its print.
    most_px: float = 3000.0
    # Places on the photo are computed this far apart.
    knot_px: int = 8
    # Strokes cover more than one percent of a page: this percentile of the darkness is theirs;
    darkest_percent: float = 99.0
    # blank paper has none darker than this.
    faintest: float = 0.15
    # A lead that is expected to be as good as this is as good as any.
    good_snr_db: float = 20.0
    # Longer side of a photo of which nothing is known.
    guessed_px: int = 1040


_LIMITS = PictureLimits()


class Sight(NamedTuple):
    """One image of a record, and how well it was digitized."""

    picture: ByteArray  # PICTURE_PX, 255 for ink
    trust: float  # in [0, 1], see `trust_in`; 0 where the digitizer failed


def look_at(photo: ByteArray, found: Digitization | None) -> Sight:
    """Make a picture of a photo: of the strips, or of where they may be if the digitizer is lost.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3)
    found : Digitization, optional
        What was read from it, if anything.
    """
    if found is None:
        return Sight(whole_picture(photo), 0.0)
    if found.is_negative:
        photo = negative(photo)
    if found.agreement is not None and found.agreement < MIN_CREDIBLE:
        return Sight(whole_picture(photo), trust_in(found))
    picture = printed_picture(photo, found.layout, found.scale, found.page.page_to_photo)
    return Sight(picture, trust_in(found))


def trust_in(found: Digitization) -> float:
    """Say how far to trust what was read: 0 to 1, by the SNR that its leads are expected to have.

    The mean over the leads that the page shows of the predicted SNR, as a share of 20 dB.
    """
    shown_db = found.predicted_snr_db[np.isfinite(found.predicted_snr_db)]
    return float(np.clip(shown_db / _LIMITS.good_snr_db, 0, 1).mean()) if shown_db.size else 0.0


def printed_picture(
    photo: ByteArray, layout: PageLayout, scale: GridScale, to_photo: Warp
) -> ByteArray:
    """Cut the strips out of a photo.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3)
    layout, scale, to_photo
        What stands where on the page, and where the page lies on the photo; true or digitized.

    Returns
    -------
    ndarray of uint8, of shape `PICTURE_PX`
        255 for ink, 0 for paper and where the layout shows nothing.
    """
    corner_mm, size_mm = _printed_area(layout)
    px_per_mm = min(INPUT_FS / layout.scale.speed_mm_per_s, _LIMITS.most_px / size_mm.max())
    ink = ink_of(_flattened(photo, corner_mm, size_mm, (px_per_mm, scale, to_photo)))
    picture = np.zeros((len(STANDARD_ORDER), N_ROWS, N_SAMPLES), dtype=np.uint8)
    # What a row of a strip covers.
    row_px = MV_PER_ROW * layout.scale.gain_mm_per_mv * px_per_mm
    thick = cv2.blur(ink, (1, max(1, round(row_px))))
    for strip, lead, start, stop in _placed_cuts(layout):
        left_mm, baseline_mm = np.array([strip.left_mm, strip.baseline_mm]) - corner_mm
        late_s = start / INPUT_FS - strip.segment.start_s
        left_px = (left_mm + layout.scale.mm_from_s(late_s)) * px_per_mm
        down_px = strip.polarity * row_px
        to_ink = np.array(
            [
                [layout.scale.speed_mm_per_s / INPUT_FS * px_per_mm, 0, left_px],
                [0, down_px, baseline_mm * px_per_mm - down_px * (N_ROWS - 1) / 2],
            ]
        )
        picture[lead, :, start:stop] = cv2.warpAffine(
            *(thick, to_ink, (stop - start, N_ROWS)),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderValue=0.0,
        )
    return picture.reshape(PICTURE_PX)


def _placed_cuts(layout: PageLayout) -> list[tuple[Strip, int, int, int]]:
    """Return strips, the lead of each, and the first and last column that it fills.

    A rhythm strip shows what no other strip of its lead does.
    """
    names = [*STANDARD_ORDER, UNKNOWN_LEAD]
    known = [strip for strip in layout.strips if strip.segment.lead in names]
    placed = []
    for strip in sorted(known, key=lambda strip: not strip.segment.is_rhythm):
        # A lead nobody knows is taken for II, see `Ecg.twelve_leads`.
        lead = "II" if strip.segment.lead == UNKNOWN_LEAD else strip.segment.lead
        times_s = strip.segment.start_s, strip.segment.stop_s
        start, stop = (min(max(round(time_s * INPUT_FS), 0), N_SAMPLES) for time_s in times_s)
        if start < stop:
            placed.append((strip, STANDARD_ORDER.index(lead), start, stop))
    return placed


def _printed_area(layout: PageLayout) -> tuple[FloatArray, FloatArray]:
    """Top-left corner and size, in mm, of what the strips cover."""
    left_mm = layout.left_mm - _LIMITS.margin_mm
    right_mm = layout.right_mm + _LIMITS.margin_mm
    baselines_mm = [strip.baseline_mm for strip in layout.strips]
    top_mm, bottom_mm = min(baselines_mm) - _LIMITS.reach_mm, max(baselines_mm) + _LIMITS.reach_mm
    return np.array([left_mm, top_mm]), np.array([right_mm - left_mm, bottom_mm - top_mm])


def _flattened(
    photo: ByteArray,
    corner_mm: FloatArray,
    size_mm: FloatArray,
    lies: tuple[float, GridScale, Warp],
) -> ByteArray:
    """Return a part of the page from straight above; white beyond the photo."""
    px_per_mm, scale, to_photo = lies
    width, height = np.ceil(size_mm * px_per_mm).astype(int)
    # Paper bends little between knots: places between them are interpolated.
    knots = [np.arange(0, size + _LIMITS.knot_px, _LIMITS.knot_px) for size in (width, height)]
    at_px = np.stack(np.meshgrid(*knots), axis=-1)
    at_mm = corner_mm + at_px.reshape(-1, 2) / px_per_mm
    at_photo = to_photo(scale.px_from_mm(at_mm)).reshape(at_px.shape)
    # A photo with about as many pixels as are asked for can be sampled without a filter.
    step = np.linalg.norm(np.diff(at_photo, axis=1), axis=2) / _LIMITS.knot_px
    shrink = min(1.0, 1 / max(float(np.median(step)), 1e-6))
    small = cv2.resize(photo, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    ratio = np.array(small.shape[1::-1]) / photo.shape[1::-1]
    between = np.array([[1 / _LIMITS.knot_px, 0, 0], [0, 1 / _LIMITS.knot_px, 0]])
    where_x, where_y = (
        cv2.warpAffine(
            *(knot.astype(np.float32), between, (width, height)),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        )
        for knot in np.moveaxis((at_photo + 0.5) * ratio - 0.5, 2, 0)
    )
    flat = cv2.remap(
        *(small, where_x, where_y, cv2.INTER_LINEAR),
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(255, 255, 255),
    )
    return np.asarray(flat, dtype=np.uint8)


def whole_picture(photo: ByteArray) -> ByteArray:
    """Cut strips out of a photo of which nothing is known, where a usual page may have them.

    Returns
    -------
    ndarray of uint8, of shape `PICTURE_PX`
    """
    height, width = photo.shape[:2]
    factor = _LIMITS.guessed_px / max(height, width)
    size = (max(2, round(width * factor)), max(2, round(height * factor)))
    small = np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)
    layout, scale, to_photo = guess_page(ink_of(small) / np.float32(255))
    return printed_picture(small, layout, scale, to_photo)


def ink_of(image: ByteArray) -> Float32Array:
    """Keep what is darker than its surroundings in all colors.

    Returns
    -------
    ndarray of float32, of shape (height, width), from 0 to 255
        255 for the darkest strokes, however faint the print; 0 for paper, whatever the light, and
        little for a colored grid.
    """
    red, green, blue = cv2.split(darkness(image))
    ink = np.clip(cv2.min(cv2.min(red, green), blue), 0, 1)
    darkest = max(float(np.percentile(ink, _LIMITS.darkest_percent)), _LIMITS.faintest)
    return np.asarray(255 * np.minimum(ink / darkest, 1), dtype=np.float32)
