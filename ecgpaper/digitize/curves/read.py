"""Strip image -> row reading: the tracer tells, at each time, where the curve is likely to run.

Public: `RowReading`, `read_strip`, `MIN_PRESENCE`.

The network tells the height of the curve at times between the columns of the strip image. The mean
of the ink in a column would be cheaper, but on steep strokes it is a low-pass filter as wide as the
pen.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from ecgpaper.digitize.curves.strip import STRIP_PX_PER_MM, strip_tensor, sub_columns_px
from ecgpaper.ecg import BoolArray, ByteArray, FloatArray
from ecgpaper.nets.tracer import StripNet

# From this probability on a trace counts as present.
MIN_PRESENCE = 0.5


@dataclass(frozen=True, slots=True)
class ReadLimits:
    """How writing and ink are told from a curve."""

    # Cost, in units of log-probability, of a curve where there is writing: from near by, a V looks
    # like a QRS complex.
    text_cost: float = 2.0
    # Writing counts as blank paper by this share for the steps of a curve; more, and R waves that
    # run through a name are lost.
    blank_share: float = 0.3
    # At least this share of a strip is ink,
    ink_share: float = 0.004
    # and ink is darker than paper by at least this share of full black.
    min_ink_darkness: float = 0.15


LIMITS = ReadLimits()


@dataclass(frozen=True, eq=False)
class RowReading:
    """The tracer's answer for one row.

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
    pulses_mm : tuple of (left, right), in mm
        Calibration pulses that stand in the row, in the place of a column's first samples.
    """

    x_mm: FloatArray
    top_mm: float
    log_probability: NDArray[np.float32]
    ink: NDArray[np.float32]
    presence: FloatArray
    darkness: NDArray[np.float32]
    is_on_photo: BoolArray
    pulses_mm: tuple[tuple[float, float], ...] = ()

    @property
    def middle_mm(self) -> float:
        """Height on the paper of the strip image's middle."""
        n_rows: int = self.log_probability.shape[1]
        return self.top_mm + n_rows / 2 / STRIP_PX_PER_MM

    def shrunk(self, share: float) -> RowReading:
        """Return the row in millimeters that are `share` times as long.

        A layout that goes with it must be shrunk alike. Its middle stays where it is on the paper;
        heights above and below it are as they were read, `share` times as long as they should be.
        """
        half_mm = self.middle_mm - self.top_mm
        return replace(
            self,
            x_mm=self.x_mm / share,
            top_mm=self.middle_mm / share - half_mm,
            pulses_mm=tuple((left / share, right / share) for left, right in self.pulses_mm),
        )

    @cached_property
    def full_darkness(self) -> float:
        """How dark the ink of the row is."""
        return _full_darkness(self.darkness)


def read_strip(
    image: ByteArray,
    text: NDArray[np.float32],
    is_on_photo: BoolArray,
    corner_mm: tuple[float, float],
    network: StripNet,
) -> RowReading:
    """Run the network on one strip image.

    Parameters
    ----------
    image : ndarray of uint8, of shape (height, width, 3), RGB
        With `STRIP_PX_PER_MM`.
    text : ndarray of float32, of shape (n_points, height), in [0, 1]
        How surely there is writing, see `curves.strip.writing`.
    is_on_photo : ndarray of bool, of shape (n_points,)
    corner_mm : tuple of float
        (x, y) of the strip's top-left corner on the paper.
    network : StripNet
    """
    device = next(network.parameters()).device
    values = strip_tensor(image)
    tensor = torch.from_numpy(values)[None].to(device)
    # Off by a hundredth of a row, as the network was when it learned.
    # Not in bfloat16, where the hardware has it: a page that is read elsewhere was refused so.
    with torch.inference_mode():
        logits, presence = network(tensor.contiguous(memory_format=torch.channels_last))
        doubts = torch.from_numpy(LIMITS.text_cost * text).to(device)
        log_probability = (logits[0].float() - doubts).log_softmax(dim=-1).cpu().numpy()
        found = presence[0].float().sigmoid().cpu().numpy().astype(np.float64)
    columns_px = sub_columns_px(image.shape[1])
    x_mm = corner_mm[0] + (columns_px + 0.5) / STRIP_PX_PER_MM
    # Ink is dark in all colors, a colored grid in two of them at the most. Color by color, the
    # least is found ten times as fast as along an axis.
    red, green, blue, _ = values
    in_all = np.minimum(np.minimum(red, green), blue)
    ink = _ink(in_all)[:, np.rint(columns_px).astype(np.intp)].T * (1 - LIMITS.blank_share * text)
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
    return np.asarray(np.clip(darkness / (0.6 * _full_darkness(darkness)), 0, 1), np.float32)


def _full_darkness(darkness: NDArray[np.float32]) -> float:
    """Return how dark the ink of a row is, from the darkness of its pixels."""
    n_ink = round(LIMITS.ink_share * darkness.size)
    # Few pixels are that dark, and only these are sorted.
    dark = darkness[darkness > LIMITS.min_ink_darkness]
    if len(dark) <= n_ink:
        return LIMITS.min_ink_darkness
    return float(np.partition(dark, -1 - n_ink)[-1 - n_ink])


def _between_columns(values: NDArray[np.float32], columns_px: FloatArray) -> NDArray[np.float32]:
    """Interpolate (height, width) at fractional columns: (n_columns, height)."""
    inside_px = np.clip(columns_px, 0, values.shape[1] - 1)
    left = np.minimum(inside_px.astype(np.intp), values.shape[1] - 2)
    share = (inside_px - left).astype(np.float32)[:, None]
    rows = np.ascontiguousarray(values.T)
    between: NDArray[np.float32] = rows[left] * (1 - share) + rows[left + 1] * share
    return between
