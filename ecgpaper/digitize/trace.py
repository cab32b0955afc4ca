"""Strips -> traces: the height of each curve, finer than a pixel in both directions.

Public: `RowCurve`, `read_rows`, `follow_paths`, `cut_traces`, `sample_strip`, `strip_tensor`,
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

from ecgpaper.digitize.segment import darkness
from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.nets.unet import DECODE_HALF_ROWS, StripNet
from ecgpaper.page import PageLayout, Strip
from ecgpaper.raster import FlatPage, GridScale, Trace

STRIP_PX_PER_MM = 8.0
STRIP_HEIGHT_MM = 48.0
# Heights read per two columns of the strip image: 20 per mm, 500 per second at 25 mm/s.
N_SUB_COLUMNS = 5
# Paper before and after a row that is looked at as well, to see where its trace begins and ends;
# calibration pulses stand there.
MARGIN_MM = 16.0
# Cost of a step, per row, in units of log-probability: a spike of 10 mm and back costs as much as
# six columns of a trace that is otherwise certain.
STEP_COST = 0.04
MIN_LOG_PROBABILITY = -9.0
_HEIGHT_PX = round(STRIP_HEIGHT_MM * STRIP_PX_PER_MM)


@dataclass(frozen=True, eq=False)
class RowCurve:
    """What the network reads in one row.

    Parameters
    ----------
    x_mm, y_mm : ndarray of shape (n_points,), in mm
    presence : ndarray of shape (n_points,), in [0, 1]
        How likely there is a trace at all.
    confidence : ndarray of shape (n_points,), in [0, 1]
        Presence times the share of probability around the height.
    """

    x_mm: FloatArray
    y_mm: FloatArray
    presence: FloatArray
    confidence: FloatArray


def sub_columns_px(width_px: int) -> FloatArray:
    """Columns, in px of the strip image, at which heights are read."""
    return (np.arange(width_px // 2 * N_SUB_COLUMNS) + 0.5) * 2 / N_SUB_COLUMNS - 0.5


def sample_strip(
    photo: ByteArray,
    page: FlatPage,
    scale: GridScale,
    corner_mm: tuple[float, float],
    width_px: int,
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
    width_px : int
        Width of the strip image.

    Returns
    -------
    ndarray of uint8, of shape (`STRIP_HEIGHT_MM` * `STRIP_PX_PER_MM`, width_px, 3)
        Beyond the photo its edge continues.
    """
    columns = corner_mm[0] + (np.arange(width_px) + 0.5) / STRIP_PX_PER_MM
    rows = corner_mm[1] + (np.arange(_HEIGHT_PX) + 0.5) / STRIP_PX_PER_MM
    grid_mm = np.stack(np.meshgrid(columns, rows), axis=-1).reshape(-1, 2)
    on_photo = page.page_to_photo(scale.px_from_mm(grid_mm)).astype(np.float32)
    where = on_photo.reshape(_HEIGHT_PX, width_px, 2)
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
    photo: ByteArray, page: FlatPage, scale: GridScale, layout: PageLayout, network: StripNet
) -> tuple[RowCurve, ...]:
    """Read the curve of every row of a page, from `MARGIN_MM` before it to as much behind it.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3), RGB
    page : FlatPage
    scale : GridScale
    layout : PageLayout
    network : StripNet

    Returns
    -------
    tuple of RowCurve
        One per row, top to bottom; all at the same `x_mm`.
    """
    left_mm = min(strip.left_mm for strip in layout.strips) - MARGIN_MM
    right_mm = max(strip.right_mm(layout.scale) for strip in layout.strips) + MARGIN_MM
    multiple = network.body.multiple
    width_px = int(np.ceil((right_mm - left_mm) * STRIP_PX_PER_MM / multiple)) * multiple
    tops_mm = [strips[0].baseline_mm - STRIP_HEIGHT_MM / 2 for strips in layout.rows()]
    answers = [
        _ask(sample_strip(photo, page, scale, (left_mm, top_mm), width_px), network)
        for top_mm in tops_mm
    ]
    log_probability = np.stack([rows for rows, _ in answers])
    row, mass = _heights(log_probability, follow_paths(log_probability))
    x_mm = left_mm + (sub_columns_px(width_px) + 0.5) / STRIP_PX_PER_MM
    return tuple(
        RowCurve(x_mm, top_mm + (row[k] + 0.5) / STRIP_PX_PER_MM, presence, presence * mass[k])
        for k, (top_mm, (_, presence)) in enumerate(zip(tops_mm, answers, strict=True))
    )


def _ask(image: ByteArray, network: StripNet) -> tuple[NDArray[np.float32], FloatArray]:
    """Log-probabilities of rows (n_points, n_rows), and presence, of one strip image."""
    device = next(network.parameters()).device
    tensor = torch.from_numpy(strip_tensor(image))[None].to(device)
    with torch.inference_mode():
        logits, presence = network(tensor.contiguous(memory_format=torch.channels_last))
        log_probability = logits[0].float().log_softmax(dim=-1).cpu().numpy()
        return log_probability, presence[0].float().sigmoid().cpu().numpy().astype(np.float64)


def follow_paths(log_probability: NDArray[np.float32]) -> NDArray[np.intp]:
    """Choose the curve, of all curves, that is most probable for its length.

    Where traces cross, or text stands on one, the most probable row of a single column may be
    another's; a jump there and back costs more than it gains (Viterbi's algorithm, the cost of a
    step being proportional to its height).

    Parameters
    ----------
    log_probability : ndarray of float32, of shape (n_curves, n_points, n_rows)

    Returns
    -------
    ndarray of int, of shape (n_curves, n_points)
    """
    n_curves, n_points, n_rows = log_probability.shape
    ramp = STEP_COST * np.arange(n_rows, dtype=np.float32)
    cost = np.empty((n_points, n_curves, n_rows), np.float32)
    floored = -np.maximum(log_probability, MIN_LOG_PROBABILITY)
    cost[0] = floored[:, 0]
    for point in range(1, n_points):
        before = cost[point - 1]
        up = np.minimum.accumulate(before - ramp, axis=1) + ramp
        down = np.minimum.accumulate((before + ramp)[:, ::-1], axis=1)[:, ::-1] - ramp
        cost[point] = np.minimum(up, down) + floored[:, point]
    path = np.empty((n_curves, n_points), np.intp)
    path[:, -1] = cost[-1].argmin(axis=1)
    index = np.arange(n_rows)
    for point in range(n_points - 1, 0, -1):
        step = STEP_COST * np.abs(index - path[:, point, None])
        path[:, point - 1] = (cost[point - 1] + step).argmin(axis=1)
    return path


def _heights(
    log_probability: NDArray[np.float32], path: NDArray[np.intp]
) -> tuple[FloatArray, FloatArray]:
    """Mean row near the path, and the probability found there: (n_curves, n_points) each."""
    around = np.arange(-DECODE_HALF_ROWS, DECODE_HALF_ROWS + 1)
    rows = np.clip(path[..., None] + around, 0, log_probability.shape[2] - 1)
    is_doubled = np.diff(rows, axis=2, prepend=-1) == 0
    probability = np.exp(np.take_along_axis(log_probability, rows, axis=2)) * ~is_doubled
    mass = probability.sum(axis=2)
    row: FloatArray = (probability * rows).sum(axis=2) / np.maximum(mass, 1e-9)
    return np.where(mass > 1e-9, row, path), mass.astype(np.float64)


def cut_traces(
    layout: PageLayout, curves: tuple[RowCurve, ...], scale: GridScale
) -> tuple[Trace, ...]:
    """Divide the rows' curves among their strips.

    Parameters
    ----------
    layout : PageLayout
    curves : tuple of RowCurve
        One per row.
    scale : GridScale

    Returns
    -------
    tuple of Trace
        On the flat page, one per strip.
    """
    traces = []
    for curve, strips in zip(curves, layout.rows(), strict=True):
        for strip in strips:
            traces.append(_cut(curve, strip, layout, scale))
    return tuple(traces)


def _cut(curve: RowCurve, strip: Strip, layout: PageLayout, scale: GridScale) -> Trace:
    inside = (curve.x_mm >= strip.left_mm) & (curve.x_mm <= strip.right_mm(layout.scale))
    points = scale.px_from_mm(np.column_stack([curve.x_mm[inside], curve.y_mm[inside]]))
    return Trace(strip, points[:, 0], points[:, 1], curve.confidence[inside])
