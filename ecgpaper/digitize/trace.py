"""Strips -> traces: the height of each curve, finer than a pixel in both directions.

Public: `RowReading`, `read_rows`, `follow_path`, `TraceCutter`, `sample_strip`, `strip_tensor`,
`sub_columns_px`, and the frame of a strip image.

A row is cut out of the *photo* once, into an image of fixed pixels per millimetre whose middle is
the row's baseline; the network then tells the height of the curve at times between the columns.
The mean of the ink in a column would be cheaper, but on steep strokes it is a low-pass filter as
wide as the pen.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ecgpaper.digitize.sampling import map_pixels
from ecgpaper.digitize.segment import darkness
from ecgpaper.ecg import BoolArray, ByteArray, FloatArray
from ecgpaper.geometry import Homography
from ecgpaper.nets.device import fast_precision
from ecgpaper.nets.unet import DECODE_HALF_ROWS, StripNet
from ecgpaper.page import PageLayout, Strip
from ecgpaper.raster import FlatPage, GridScale, PixelMaps, Trace

STRIP_PX_PER_MM = 8.0
STRIP_HEIGHT_MM = 48.0
# Height of a second look at a row whose curve comes this near to the edge of the first: waves of
# 2.4 mV are cut off there.
TALL_HEIGHT_MM, EDGE_MM = 72.0, 2.0
# So many points at the edge are no accident.
MIN_EDGE_POINTS = 3
# Heights read per two columns of the strip image: 20 per mm, 500 per second at 25 mm/s.
N_SUB_COLUMNS = 5
# Paper before and after a row that is looked at as well, to see where its trace begins and ends;
# calibration pulses stand there.
MARGIN_MM = 16.0
# From here on a trace counts as present.
MIN_PRESENCE = 0.5
# Cost of a step per row, in units of log-probability, over blank paper and along ink.
BLANK_COST, INK_COST = 0.4, 0.01
# A single column can speak no louder than this against a path.
MIN_LOG_PROBABILITY = -6.0
# Cost, in units of log-probability, of a curve where there is writing: from near by, a V looks like
# a QRS complex. The segmenter takes QRS complexes for writing as well, but less surely.
TEXT_COST = 2.0
UNSURE_TEXT, SURE_TEXT = 0.3, 0.7
# So far writing counts as blank paper for the steps of a curve; more, and R waves that run through
# a name are lost.
BLANK_SHARE = 0.3
# At least so much of a strip is ink, and ink is at least so much darker than paper.
INK_SHARE, MIN_INK_DARKNESS = 0.004, 0.15


@dataclass(frozen=True, eq=False)
class RowReading:
    """What the network reads in one row.

    Parameters
    ----------
    x_mm : ndarray of shape (n_points,), in mm
    top_mm : float, in mm
        Upper edge of the strip image.
    log_probability : ndarray of float32, of shape (n_points, n_rows)
        Of each row of the strip image to be where the curve runs.
    ink : ndarray of float32, of shape (n_points, n_rows), in [0, 1]
        How much print there is that is no writing: a curve leaves ink where it goes.
    presence : ndarray of shape (n_points,), in [0, 1]
        How likely there is a trace at all; beyond the photo, as at its edge.
    darkness : ndarray of float32, of shape (n_points, n_rows)
        Of the print in all colors, as it is: finer than `ink`, which any faint print fills.
    is_on_photo : ndarray of bool, of shape (n_points,)
        Whether the photo shows the place: nothing that is read elsewhere can be trusted.
    """

    x_mm: FloatArray
    top_mm: float
    log_probability: NDArray[np.float32]
    ink: NDArray[np.float32]
    presence: FloatArray
    darkness: NDArray[np.float32]
    is_on_photo: BoolArray

    @property
    def middle_mm(self) -> float:
        """Height on the paper of the strip image's middle."""
        n_rows: int = self.log_probability.shape[1]
        return self.top_mm + n_rows / 2 / STRIP_PX_PER_MM


def sub_columns_px(width_px: int) -> FloatArray:
    """Columns, in px of the strip image, at which heights are read."""
    return (np.arange(width_px // 2 * N_SUB_COLUMNS) + 0.5) * 2 / N_SUB_COLUMNS - 0.5


def sample_strip(
    photo: ByteArray,
    page: FlatPage,
    scale: GridScale,
    corner_mm: tuple[float, float],
    size_px: tuple[int, int],
) -> ByteArray:
    """Cut a strip of paper out of a photo, in one resampling.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3)
    page : FlatPage
        Tells where the page lies on the photo.
    scale : GridScale
    corner_mm : tuple of float
        (x, y) of the strip's top-left corner on the paper.
    size_px : tuple of int
        (height, width) of the strip image.

    Returns
    -------
    ndarray of uint8, of shape (height, width, 3)
        With `STRIP_PX_PER_MM`; beyond the photo its edge continues.
    """
    px_per_strip_px = np.array(scale.px_per_mm) / STRIP_PX_PER_MM
    first_px = scale.px_from_mm(np.array([corner_mm]) + 0.5 / STRIP_PX_PER_MM)[0]
    matrix = np.diag([*px_per_strip_px, 1.0])
    matrix[:2, 2] = first_px
    where = map_pixels(Homography(matrix).compose(page.page_to_photo), size_px)
    strip = cv2.remap(
        photo, where[..., 0], where[..., 1], cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(strip, dtype=np.uint8)


def strip_tensor(strip: ByteArray) -> NDArray[np.float32]:
    """Return the network's input, of shape (4, height, width): darkness per color, and height."""
    height, width = strip.shape[:2]
    ramp = np.linspace(-1, 1, height, dtype=np.float32)[:, None].repeat(width, axis=1)
    return np.concatenate([darkness(strip).transpose(2, 0, 1), ramp[None]])


def read_rows(
    photo: ByteArray,
    page: FlatPage,
    maps: PixelMaps,
    scale: GridScale,
    layout: PageLayout,
    network: StripNet,
) -> tuple[RowReading, ...]:
    """Read every row of a page, from `MARGIN_MM` before it to as much behind it.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3), RGB
    page : FlatPage
    maps : PixelMaps
        Of the page: they tell where writing is.
    scale : GridScale
    layout : PageLayout
    network : StripNet

    Returns
    -------
    tuple of RowReading
        One per row, top to bottom; all at the same `x_mm`.
    """
    left_mm = min(strip.left_mm for strip in layout.strips) - MARGIN_MM
    right_mm = max(strip.right_mm(layout.scale) for strip in layout.strips) + MARGIN_MM
    multiple = network.body.multiple
    width_px = int(np.ceil((right_mm - left_mm) * STRIP_PX_PER_MM / multiple)) * multiple

    def read(baseline_mm: float, height_mm: float) -> RowReading:
        corner_mm = (left_mm, baseline_mm - height_mm / 2)
        size_px = (round(height_mm * STRIP_PX_PER_MM), width_px)
        image = sample_strip(photo, page, scale, corner_mm, size_px)
        text = _writing(maps, scale, corner_mm, size_px)
        x_mm = corner_mm[0] + (sub_columns_px(width_px) + 0.5) / STRIP_PX_PER_MM
        points_mm = np.column_stack([x_mm, np.full(len(x_mm), baseline_mm)])
        is_on_photo = _is_inside(page.page_to_photo(scale.px_from_mm(points_mm)), photo)
        return _read(image, text, is_on_photo, corner_mm, network)

    readings = []
    for strips in layout.rows():
        reading = read(strips[0].baseline_mm, STRIP_HEIGHT_MM)
        if _is_cut_off(reading):
            reading = read(strips[0].baseline_mm, TALL_HEIGHT_MM)
        readings.append(reading)
    return tuple(readings)


def _is_inside(points_photo: FloatArray, photo: ByteArray) -> BoolArray:
    """Tell which points, of shape (n_points, 2), are on a photo: beyond, its edge is continued."""
    height, width = photo.shape[:2]
    x, y = points_photo.T
    inside: BoolArray = (x > -0.5) & (x < width - 0.5) & (y > -0.5) & (y < height - 0.5)
    return inside


def _is_cut_off(reading: RowReading) -> bool:
    """Tell whether the curve runs along the upper or lower edge of the strip image."""
    probable = reading.log_probability[reading.presence > MIN_PRESENCE].argmax(axis=1)
    edge = EDGE_MM * STRIP_PX_PER_MM
    last = reading.log_probability.shape[1] - 1
    return int(((probable < edge) | (probable > last - edge)).sum()) >= MIN_EDGE_POINTS


def _writing(
    maps: PixelMaps, scale: GridScale, corner_mm: tuple[float, float], size_px: tuple[int, int]
) -> NDArray[np.float32]:
    """How surely there is writing on a strip image: (n_columns, height), at `sub_columns_px`."""
    columns_px, rows_px = sub_columns_px(size_px[1]), np.arange(size_px[0])
    x_mm, y_mm = (
        corner + (at_px + 0.5) / STRIP_PX_PER_MM
        for corner, at_px in zip(corner_mm, (columns_px, rows_px), strict=True)
    )
    # Off the flat page nobody knows.
    x, y = (
        ((at_mm * px_per_mm + origin_px + 0.5) / maps.px_per_map_px - 0.5).astype(np.float32)
        for at_mm, px_per_mm, origin_px in zip(
            (x_mm, y_mm), scale.px_per_mm, scale.origin_px, strict=True
        )
    )
    text = cv2.remap(maps.of("text"), *np.meshgrid(x, y), cv2.INTER_LINEAR)
    sure = np.clip((text.T - UNSURE_TEXT) / (SURE_TEXT - UNSURE_TEXT), 0, 1)
    return np.ascontiguousarray(sure, np.float32)


def _read(
    image: ByteArray,
    text: NDArray[np.float32],
    is_on_photo: BoolArray,
    corner_mm: tuple[float, float],
    network: StripNet,
) -> RowReading:
    """Run the network on one strip image."""
    device = next(network.parameters()).device
    values = strip_tensor(image)
    tensor = torch.from_numpy(values)[None].to(device)
    # Off by a hundredth of a row, as the network was when it learned.
    with torch.inference_mode(), fast_precision(device):
        logits, presence = network(tensor.contiguous(memory_format=torch.channels_last))
        doubts = torch.from_numpy(TEXT_COST * text).to(device)
        log_probability = (logits[0].float() - doubts).log_softmax(dim=-1).cpu().numpy()
        found = presence[0].float().sigmoid().cpu().numpy().astype(np.float64)
    columns_px = sub_columns_px(image.shape[1])
    x_mm = corner_mm[0] + (columns_px + 0.5) / STRIP_PX_PER_MM
    # Ink is dark in all colors, a colored grid in two of them at the most.
    in_all = values[:3].min(axis=0)
    ink = _ink(in_all)[:, np.rint(columns_px).astype(np.intp)].T * (1 - BLANK_SHARE * text)
    darkness = _between_columns(in_all, columns_px)
    return RowReading(
        x_mm,
        corner_mm[1],
        log_probability,
        np.ascontiguousarray(ink),
        found,
        darkness,
        is_on_photo,
    )


def _ink(darkness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Share of ink, (height, width), from darkness (height, width)."""
    full = max(float(np.quantile(darkness, 1 - INK_SHARE)), MIN_INK_DARKNESS)
    return np.asarray(np.clip(darkness / (0.6 * full), 0, 1), np.float32)


def _between_columns(values: NDArray[np.float32], columns_px: FloatArray) -> NDArray[np.float32]:
    """Interpolate (height, width) at fractional columns: (n_columns, height)."""
    inside_px = np.clip(columns_px, 0, values.shape[1] - 1)
    left = np.minimum(inside_px.astype(np.intp), values.shape[1] - 2)
    share = (inside_px - left).astype(np.float32)[:, None]
    rows = np.ascontiguousarray(values.T)
    between: NDArray[np.float32] = rows[left] * (1 - share) + rows[left + 1] * share
    return between


def follow_path(log_probability: NDArray[np.float32], ink: NDArray[np.float32]) -> NDArray[np.intp]:
    """Choose the curve, of all curves, that is most probable for the blank paper it crosses.

    Where traces cross, or a name stands close to one, the most probable row of a single column
    may not be the trace's. A jump over blank paper, there and back, then costs more than it gains
    (Viterbi's algorithm); along the ink of a steep stroke a step costs next to nothing.

    Parameters
    ----------
    log_probability, ink : ndarray of float32, of shape (n_points, n_strips, n_rows)
        Of strips that are followed side by side.

    Returns
    -------
    ndarray of int, of shape (n_points, n_strips)
    """
    # The cost of a step from row a to row b is the difference of these heights.
    height = np.cumsum(BLANK_COST + (INK_COST - BLANK_COST) * ink, axis=-1)
    cost = -np.maximum(log_probability, MIN_LOG_PROBABILITY)
    for point in range(1, len(cost)):
        before, along = cost[point - 1], height[point]
        up = np.minimum.accumulate(before - along, axis=-1)
        down = np.minimum.accumulate((before + along)[:, ::-1], axis=-1)[:, ::-1]
        cost[point] += np.minimum(up + along, down - along)
    strips = np.arange(cost.shape[1])
    path = np.empty(cost.shape[:2], np.intp)
    path[-1] = cost[-1].argmin(axis=-1)
    for point in range(len(path) - 1, 0, -1):
        along = height[point]
        steps = np.abs(along - along[strips, path[point]][:, None])
        path[point - 1] = (cost[point - 1] + steps).argmin(axis=-1)
    return path


def _heights(
    log_probability: NDArray[np.float32], path: NDArray[np.intp]
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean row near the path, its standard deviation and the probability there: (n_points,)."""
    around = np.arange(-DECODE_HALF_ROWS, DECODE_HALF_ROWS + 1)
    rows = path[:, None] + around
    is_inside = (rows >= 0) & (rows < log_probability.shape[1])
    inside = np.clip(rows, 0, log_probability.shape[1] - 1)
    probability = np.exp(np.take_along_axis(log_probability, inside, axis=1)) * is_inside
    mass = probability.sum(axis=1).astype(np.float64)
    share = probability / np.maximum(mass, 1e-9)[:, None]
    row = np.where(mass > 1e-9, (share * rows).sum(axis=1), path)
    variance = (share * (rows - row[:, None]) ** 2).sum(axis=1)
    return row, np.sqrt(variance), mass


class TraceCutter:
    """Follows the curve of each strip; where one lead ends, the next starts anywhere.

    Layouts that share strips are cut as fast as one.

    Parameters
    ----------
    scale : GridScale
    """

    def __init__(self, scale: GridScale) -> None:
        self.scale = scale
        self._curves: dict[_Part, _Curve] = {}

    def cut(self, layout: PageLayout, readings: tuple[RowReading, ...]) -> tuple[Trace, ...]:
        """Cut the rows of a page into its strips.

        Parameters
        ----------
        layout : PageLayout
        readings : tuple of RowReading
            One per row.

        Returns
        -------
        tuple of Trace
            On the flat page, one per strip.
        """
        strips = [
            (strip, self._part(reading, strip, layout))
            for reading, row in zip(readings, layout.rows(), strict=True)
            for strip in row
        ]
        self._follow([part for _, part in strips if part not in self._curves])
        return tuple(self._trace(strip, part) for strip, part in strips)

    def _part(self, reading: RowReading, strip: Strip, layout: PageLayout) -> _Part:
        ends_mm = (strip.left_mm, strip.right_mm(layout.scale))
        first, stop = (int(end) for end in np.searchsorted(reading.x_mm, ends_mm))
        return _Part(reading, first, stop)

    def _follow(self, parts: list[_Part]) -> None:
        """Follow the curves of parts of rows; those of one size side by side, which is faster."""
        by_size: dict[tuple[int, ...], list[_Part]] = {}
        for part in dict.fromkeys(parts):
            by_size.setdefault(part.log_probability.shape, []).append(part)
        for alike in by_size.values():
            probabilities = [part.log_probability for part in alike]
            inks = [part.reading.ink[part.first : part.stop] for part in alike]
            paths = follow_path(np.stack(probabilities, axis=1), np.stack(inks, axis=1))
            for part, path in zip(alike, paths.T, strict=True):
                self._curves[part] = _curve(part, path)

    def _trace(self, strip: Strip, part: _Part) -> Trace:
        curve = self._curves[part]
        x_mm = part.reading.x_mm[part.first : part.stop]
        points = self.scale.px_from_mm(np.column_stack([x_mm, curve.y_mm]))
        spread_px = curve.spread_mm * self.scale.px_per_mm[1]
        return Trace(strip, points[:, 0], points[:, 1], curve.confidence, spread_px)


@dataclass(frozen=True)
class _Part:
    """A part of a row, from one point to before another."""

    reading: RowReading
    first: int
    stop: int

    @property
    def log_probability(self) -> NDArray[np.float32]:
        return self.reading.log_probability[self.first : self.stop]


@dataclass(frozen=True, eq=False)
class _Curve:
    """Height of a curve in a part of a row, (n_points,) each."""

    y_mm: FloatArray
    spread_mm: FloatArray
    confidence: FloatArray


def _curve(part: _Part, path: NDArray[np.intp]) -> _Curve:
    row, spread, mass = _heights(part.log_probability, path)
    return _Curve(
        part.reading.top_mm + (row + 0.5) / STRIP_PX_PER_MM,
        spread / STRIP_PX_PER_MM,
        (part.reading.presence * part.reading.is_on_photo)[part.first : part.stop] * mass,
    )
