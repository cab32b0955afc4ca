"""When the columns of a page were recorded: one after another, or at once.

Public: `column_starts_s`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ecgpaper.drawn.naming import NamedCell, left_over
from ecgpaper.ecg import LEAD_SUMS, FloatArray


@dataclass(frozen=True, slots=True)
class TimeLimits:
    """How columns are told to stand at their times."""

    # Columns last a multiple of the first's duration over this
    step_s: float = 0.25
    # if they do within this: pages leave out some samples or add a gap.
    exact_s: float = 0.002
    # Where they do within this, all columns stand at their time.
    rounded_s: float = 0.035
    # Sums over leads of several columns leave so little of their power only if these are of one
    # time.
    at_once: float = 0.03
    # Where no sum tells, heartbeats do, at this sampling frequency,
    fs_hz: float = 100.0
    # blurred by so many points,
    beat: float = 1.0
    # if they correlate by this: see `ecgpaper.digitize.rows.together`, from which it is.
    surely_together: float = 0.93


LIMITS = TimeLimits()


def column_starts_s(
    cells: Sequence[NamedCell], lefts_pt: Mapping[int, float], s_per_pt: float
) -> dict[int, float]:
    """Tell at which time of the record each column starts.

    Parameters
    ----------
    cells : sequence of NamedCell
    lefts_pt : mapping from int to float, in points
        Left end of each column.
    s_per_pt : float, in s per point

    Returns
    -------
    dict from int to float, in s
    """
    first_pt = lefts_pt[min(lefts_pt)]
    if len(lefts_pt) == 1:
        return dict.fromkeys(lefts_pt, 0.0)
    short = [cell for cell in cells if not cell.cell.is_long]
    if _are_at_once(short, lefts_pt, s_per_pt):
        return dict.fromkeys(lefts_pt, 0.0)
    starts_s = {column: (left_pt - first_pt) * s_per_pt for column, left_pt in lefts_pt.items()}
    pitch_s = float(np.median(np.diff([starts_s[column] for column in sorted(starts_s)])))
    rounded_s = LIMITS.step_s * round(pitch_s / LIMITS.step_s)
    if LIMITS.exact_s < abs(pitch_s - rounded_s) < LIMITS.rounded_s:
        return {column: column * rounded_s for column in lefts_pt}
    return starts_s


def _are_at_once(
    cells: Sequence[NamedCell], lefts_pt: Mapping[int, float], s_per_pt: float
) -> bool:
    curves = {
        cell.lead: (
            (cell.cell.strand.x_pt - lefts_pt[cell.cell.column]) * s_per_pt,
            cell.cell.strand.y_pt * cell.polarity,
        )
        for cell in cells
    }
    columns = {cell.lead: cell.cell.column for cell in cells}
    left = [
        left_over([curves[lead] for lead in weights], [*weights.values()])
        for weights in LEAD_SUMS
        if all(lead in curves for lead in weights) and len({columns[lead] for lead in weights}) > 1
    ]
    return max(left) < LIMITS.at_once if left else _beat_together(curves, columns)


def _beat_together(
    curves: Mapping[str, tuple[FloatArray, FloatArray]], columns: Mapping[str, int]
) -> bool:
    """Whether the heartbeats of all columns come at the same times."""
    stop_s = min(float(time_s[-1]) for time_s, _ in curves.values())
    at_s = np.arange(0, stop_s, 1 / LIMITS.fs_hz)
    powers: dict[int, FloatArray] = {}
    for lead, (time_s, height) in curves.items():
        slope_power = np.gradient(np.interp(at_s, time_s, height)) ** 2
        power = slope_power / max(float(slope_power.mean()), 1e-12)
        powers[columns[lead]] = powers.get(columns[lead], 0.0) + power
    if len(powers) < 2:
        return False
    beats = [gaussian_filter1d(power, LIMITS.beat) for power in powers.values()]
    return bool(np.corrcoef(beats).min() > LIMITS.surely_together)
