"""Photo -> the picture that the second branch of the classifier sees: traces, and little else.

Public: `PICTURE_PX`, `Sight`, `look_at`, `trust_in`, `printed_picture`, `whole_picture`, `ink_of`.

The part of the page that is printed on is flattened and fitted into a small picture; where nobody
knows how the page lies, the whole photo is. Shadows and creases are divided out and colored grids
go, as the winner of the British Heart Foundation's challenge did before its network
(arXiv:2507.21968).
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np

from ecgpaper.classify.inputs import Float32Array
from ecgpaper.digitize.answer.result import Digitization
from ecgpaper.digitize.page.negative import negative
from ecgpaper.digitize.reading import MIN_CREDIBLE
from ecgpaper.digitize.segment import darkness
from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.geometry import Warp
from ecgpaper.page import PageLayout
from ecgpaper.raster import GridScale

# Height and width; 0.9 mm per pixel on a page of 25 cm.
PICTURE_PX = (192, 288)
# Waves reach so far above the first baseline and below the last.
_REACH_MM = 20.0
_MARGIN_MM = 5.0
# Strokes cover more than one percent of a page; blank paper has none darker than this.
_DARKEST_PERCENT = 99.0
_FAINTEST = 0.15
# A lead that is expected to be as good as this is as good as any.
_GOOD_SNR_DB = 20.0


class Sight(NamedTuple):
    """One image of a record, and how well it was digitized."""

    picture: ByteArray  # (192, 288, 3)
    quality: float  # in [0, 1], see `trust_in`; 0 where the digitizer failed


def look_at(photo: ByteArray, found: Digitization | None) -> Sight:
    """Make a picture of a photo: of what is printed, or of all where the digitizer is lost.

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
    return float(np.clip(shown_db / _GOOD_SNR_DB, 0, 1).mean()) if shown_db.size else 0.0


def printed_picture(
    photo: ByteArray, layout: PageLayout, scale: GridScale, to_photo: Warp
) -> ByteArray:
    """Flatten the part of a page that shows traces.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3)
    layout, scale, to_photo
        What stands where on the page, and where the page lies on the photo; true or digitized.

    Returns
    -------
    ndarray of uint8, of shape (192, 288, 3)
        Fitted with its proportions kept; white beyond the photo.
    """
    corner_mm, size_mm = _printed_area(layout)
    px_per_mm = float(min(np.array(PICTURE_PX[::-1]) / size_mm))
    at_px = np.stack(np.meshgrid(*(np.arange(n) for n in PICTURE_PX[::-1])), axis=-1)
    middle_px = (np.array(PICTURE_PX[::-1]) - 1) / 2
    at_mm = corner_mm + size_mm / 2 + (at_px.reshape(-1, 2) - middle_px) / px_per_mm
    at_photo = to_photo(scale.px_from_mm(at_mm)).reshape(*PICTURE_PX, 2)
    # A photo with about as many pixels as are asked for can be sampled without a filter.
    step = np.linalg.norm(np.diff(at_photo, axis=1), axis=2)
    shrink = min(1.0, 1 / max(float(np.median(step)), 1e-6))
    small = cv2.resize(photo, None, fx=shrink, fy=shrink, interpolation=cv2.INTER_AREA)
    ratio = np.array(small.shape[1::-1]) / photo.shape[1::-1]
    where_x, where_y = np.moveaxis((at_photo + 0.5) * ratio - 0.5, 2, 0).astype(np.float32)
    white = (255, 255, 255)
    picture = cv2.remap(
        *(small, where_x, where_y, cv2.INTER_LINEAR),
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=white,
    )
    return np.asarray(picture, dtype=np.uint8)


def _printed_area(layout: PageLayout) -> tuple[FloatArray, FloatArray]:
    """Top-left corner and size, in mm, of what the strips cover."""
    left_mm = min(strip.left_mm for strip in layout.strips) - _MARGIN_MM
    right_mm = max(strip.right_mm(layout.scale) for strip in layout.strips) + _MARGIN_MM
    baselines_mm = [strip.baseline_mm for strip in layout.strips]
    top_mm, bottom_mm = min(baselines_mm) - _REACH_MM, max(baselines_mm) + _REACH_MM
    return np.array([left_mm, top_mm]), np.array([right_mm - left_mm, bottom_mm - top_mm])


def whole_picture(photo: ByteArray) -> ByteArray:
    """Fit a whole photo into the picture, its proportions kept, on white."""
    height, width = photo.shape[:2]
    factor = min(PICTURE_PX[0] / height, PICTURE_PX[1] / width)
    size = (max(1, round(width * factor)), max(1, round(height * factor)))
    small = cv2.resize(photo, size, interpolation=cv2.INTER_AREA)
    picture = np.full((*PICTURE_PX, 3), 255, dtype=np.uint8)
    top, left = (PICTURE_PX[0] - size[1]) // 2, (PICTURE_PX[1] - size[0]) // 2
    picture[top : top + size[1], left : left + size[0]] = small
    return picture


def ink_of(picture: ByteArray) -> Float32Array:
    """Keep what is darker than its surroundings in all colors.

    Returns
    -------
    ndarray of float32, of shape (1, height, width), in [0, 1]
        1 for the darkest strokes, however faint the print; 0 for paper, whatever the light, and
        little for a colored grid.
    """
    red, green, blue = cv2.split(darkness(picture))
    ink = np.clip(cv2.min(cv2.min(red, green), blue), 0, 1)
    darkest = max(float(np.percentile(ink, _DARKEST_PERCENT)), _FAINTEST)
    return np.asarray(np.minimum(ink / darkest, 1)[None], dtype=np.float32)
