"""A page of a PDF whose curves are lines, in the digitizer's own terms.

Public: `Drawn`, `digitize_drawing`, `DRAWN_SNR_DB`.

Points of the page take the part of pixels of the flat page.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np

from ecgpaper.digitize import Digitization, Stated
from ecgpaper.digitize.answer.quality import FEATURES
from ecgpaper.digitize.calibration.printed_scale import Said
from ecgpaper.digitize.rows.fit import fits_of
from ecgpaper.drawn.read import DrawnPage, read_drawn
from ecgpaper.drawn.signal import signal_of
from ecgpaper.ecg import STANDARD_ORDER, ByteArray
from ecgpaper.files.inputs import PageSource
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import FlatPage

# Of eight PDF pages with truth (`benchmarks/drawn.py`) the least; its maker draws means of 10 ms
# instead of samples.
DRAWN_SNR_DB = 24.0


@dataclass(frozen=True, eq=False)
class Drawn:
    """What was read from the lines of a page.

    Parameters
    ----------
    digitization : Digitization
    warnings : tuple of str
        What was not on the page and was taken to be the usual.
    """

    digitization: Digitization
    warnings: tuple[str, ...] = ()


def digitize_drawing(
    source: PageSource, photo: ByteArray, fs: float, stated: Stated
) -> Drawn | None:
    """Read a page from the lines that its PDF draws.

    Parameters
    ----------
    source : PageSource
    photo : ndarray of uint8, of shape (height, width, 3), RGB
        The page as a picture, over which the overlay is drawn.
    fs : float, in Hz
    stated : Stated
        Speed and gain win over what is found.

    Returns
    -------
    Drawn or None
        None where no curves are drawn as lines, the page is no PDF's, or another layout is stated.

    Raises
    ------
    DrawingError
        If curves are drawn but cannot be read as an ECG; it may still be read as a picture.
    """
    page = read_drawn(source.file, source.page, fs=fs) if source.kind == "PDF" else None
    if page is None or stated.layout not in (None, page.layout.name):
        return None
    page = _as_stated(page, fs, stated)
    ecg = page.ecg.select(STANDARD_ORDER)
    is_known = np.isfinite(ecg.signal_mv)
    if not is_known.any():
        return None
    digitization = Digitization(
        ecg=ecg,
        confidence=is_known.astype(np.float64),
        page=_flat_page(page, photo),
        scale=page.scale,
        layout=page.layout,
        traces=page.traces,
        quality=1.0,
        fits=fits_of(page.traces, page.layout, page.scale),
        pulse=None,
        said=Said(page.printed.speed_mm_per_s, page.printed.gain_mm_per_mv),
        evidence=np.full((len(STANDARD_ORDER), len(FEATURES)), np.nan),
        predicted_snr_db=np.where(is_known.any(axis=0), DRAWN_SNR_DB, np.nan),
    )
    return Drawn(digitization, page.warnings)


def _as_stated(page: DrawnPage, fs: float, stated: Stated) -> DrawnPage:
    layout = stated.renamed(page.layout.at_scale(stated.over(page.layout.scale)))
    if layout == page.layout:
        return page
    pairs = zip(page.traces, layout.strips, strict=True)
    traces = tuple(replace(trace, strip=strip) for trace, strip in pairs)
    ecg = signal_of(traces, layout, page.scale, fs)
    return replace(page, layout=layout, traces=traces, ecg=ecg)


def _flat_page(page: DrawnPage, photo: ByteArray) -> FlatPage:
    """Return the upright page, a pixel per point, which knows its place on its picture."""
    size_pt = page.size_pt
    # The picture shows the page as a viewer does, before it was turned upright.
    to_photo = np.eye(3)
    for _ in range(page.turns):
        back = np.array([[0, 1, 0], [-1, 0, size_pt[0]], [0, 0, 1.0]])
        to_photo, size_pt = back @ to_photo, size_pt[::-1]
    # Sides of pictures are rounded up to whole pixels.
    px_per_pt = min(photo.shape[1] / size_pt[0], photo.shape[0] / size_pt[1])
    # Points start at the corner of the page, pixels half a pixel further in.
    to_px = np.array([[px_per_pt, 0, -0.5], [0, px_per_pt, -0.5], [0, 0, 1.0]])
    size_px = tuple(max(1, round(side)) for side in page.size_pt)
    image = np.ascontiguousarray(np.rot90(photo, -page.turns))
    small = np.asarray(cv2.resize(image, size_px, interpolation=cv2.INTER_AREA), np.uint8)
    return FlatPage(small, Homography(to_px @ to_photo))
