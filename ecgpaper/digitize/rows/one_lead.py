"""Rows -> whether each shows one lead from end to end, or another one in each column.

Public: `Repeat`, `repeat_of`, `is_one_lead`, `goes_on`, `nobody_knows`, `FS`.

Pages of six leads, limb or precordial, have as many rows as pages of twelve leads in two columns,
and recorders of one lead print it in several rows. There the typical heartbeat of each row is the
same in all parts of the row; where columns show different leads, it is not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ecgpaper.digitize.heartbeat import find_beats
from ecgpaper.digitize.rows.together import rows_beat_together
from ecgpaper.ecg import LIMB_LEADS, Ecg, FloatArray
from ecgpaper.errors import LayoutError

# Samples per second of the curves.
FS = 100.0
# Samples that are compared around each heartbeat: from P wave to T wave.
_AROUND = np.arange(-20, 36)


@dataclass(frozen=True, slots=True)
class RepeatLimits:
    """Shares of power that heartbeats have in common where a row shows one lead."""

    # The second heartbeat is searched up to this number of samples earlier and later.
    lag: int = 8
    # Share from which rows show one lead, over all rows together. Of 400 records (PTB-XL) six limb
    # or precordial leads in rows of their own had 0.89 and more together (99 of 100), two columns
    # of limb and precordial leads 0.65 at the most, in Cabrera's order 0.84, four columns 0.72.
    min_together: float = 0.85
    # The same, in all rows but one. Where three rows of six are rhythm strips, the others do not
    # repeat.
    min_row: float = 0.75
    # At least this share of the parts of rows of one lead have a whole heartbeat,
    min_parts: float = 0.75
    # and at least this share of its power in common: of 150 records (PTB-XL), the parts of twelve
    # leads have 0.68 at the most, of one lead 0.84 and more in 95 of 100.
    min_one_lead: float = 0.75
    # Shorter columns, in samples, hold no whole heartbeat (0.56 s) of most hearts: rows of these
    # are compared instead.
    least_column: int = 125


LIMITS = RepeatLimits()


@dataclass(frozen=True, slots=True)
class Repeat:
    """How much the columns of rows have in common.

    Parameters
    ----------
    together : float, up to 1
        Over all rows, by power.
    row : float, up to 1
        In all rows but one at least.
    """

    together: float
    row: float

    @property
    def is_likely(self) -> bool:
        """Whether the rows together look as if each showed one lead."""
        return self.together > LIMITS.min_together

    @property
    def is_sure(self) -> bool:
        """Whether each row does, so that nothing else need speak for it."""
        return self.is_likely and self.row > LIMITS.min_row


def repeat_of(rows: Sequence[Sequence[FloatArray]]) -> Repeat:
    """Compare the typical heartbeats of neighboring columns; the two least alike count.

    Parameters
    ----------
    rows : sequence of sequences of ndarray of shape (n_samples,), in mV
        Of each row its columns from left to right, at `FS`.
    """
    beats = [[_typical_beat(curve) for curve in row] for row in rows]
    if len(beats[0]) < 2:
        return Repeat(0.0, 0.0)
    together = min(_common(list(pairs)) for pairs in _neighbors(beats))
    of_rows = sorted(min(_common([pair]) for pair in pairwise(row)) for row in beats)
    return Repeat(together, of_rows[min(1, len(of_rows) - 1)])


def is_one_lead(rows: Sequence[Sequence[FloatArray]]) -> bool:
    """Whether all rows show one lead: the typical heartbeat of all their parts is the same.

    Parameters
    ----------
    rows : sequence of sequences of ndarray of shape (n_samples,), in mV
        As for `repeat_of`.
    """
    return one_lead_share(rows) > LIMITS.min_one_lead


def goes_on(seen: Sequence[Sequence[FloatArray]], whole: Sequence[Sequence[FloatArray]]) -> bool:
    """Whether all rows show one lead, each the next stretch.

    Parameters
    ----------
    seen, whole : sequence of sequences of ndarray of shape (n_samples,), in mV
        As for `repeat_of`, where the columns are seen; and all of them, to compare times.

    Raises
    ------
    LayoutError
        If rows that look like one lead beat at the same times. Six may be precordial leads; in
        Cabrera's order sums of one lead vanish as those of limb leads do, and tell nothing.
    """
    if not is_one_lead(seen):
        return False
    if not rows_beat_together(whole):
        return True
    if len(seen) != len(LIMB_LEADS):
        raise nobody_knows(len(seen))
    return False


def nobody_knows(n_rows: int) -> LayoutError:
    """Return the error for rows that look alike all along, at the same times."""
    return LayoutError(
        f"expected another lead in each column; each of {n_rows} rows shows one lead from end to "
        "end, and nobody knows which: crop the image to six limb or precordial leads, or state a "
        "layout"
    )


def one_lead_share(rows: Sequence[Sequence[FloatArray]]) -> float:
    """Share of power that most parts of all rows have in common with the middle of all."""
    if _are_short(rows):
        rows = [[np.concatenate(list(row))] for row in rows]
    beats = [_typical_beat(curve) for row in rows for curve in row]
    known = [beat for beat in beats if beat is not None]
    if not known or len(known) < LIMITS.min_parts * len(beats):
        return 0.0
    peaks = [beat - np.median(beat) for beat in known]
    middle = np.median(peaks, axis=0)
    shares = [_common([(middle, beat)]) for beat in known]
    return float(np.percentile(shares, 100 * (1 - LIMITS.min_parts)))


def _are_short(rows: Sequence[Sequence[FloatArray]]) -> bool:
    """Whether columns are too short for a heartbeat: rows are then compared from end to end."""
    lengths = [len(curve) for row in rows if len(row) > 1 for curve in row]
    return bool(lengths) and max(lengths) < LIMITS.least_column


def _neighbors(
    beats: Sequence[Sequence[FloatArray | None]],
) -> Iterator[Iterator[tuple[FloatArray | None, FloatArray | None]]]:
    """Yield, for each two columns next to each other, the heartbeats of all rows in both."""
    for first, second in pairwise(zip(*beats, strict=True)):
        yield zip(first, second, strict=True)


def _typical_beat(curve_mv: FloatArray) -> FloatArray | None:
    """Median over the heartbeats of a curve, about its mean; None where none is whole."""
    beats = find_beats(Ecg(curve_mv[:, None], FS, ("I",)))
    whole = beats[(beats >= -_AROUND[0]) & (beats < len(curve_mv) - _AROUND[-1])]
    if not len(whole):
        return None
    beat: FloatArray = np.median(curve_mv[whole[:, None] + _AROUND], axis=0)
    return beat


def _common(pairs: Sequence[tuple[FloatArray | None, FloatArray | None]]) -> float:
    """Share of the power of pairs of heartbeats that they have in common; 0 if one is missing."""
    left = power = 0.0
    for first, second in pairs:
        if first is None or second is None:
            return 0.0
        least, both = _left(first, second)
        left, power = left + least, power + both
    return 1 - left / power if power > 0 else 0.0


def _left(first: FloatArray, second: FloatArray) -> tuple[float, float]:
    """Power of the difference of two heartbeats at the best lag, and of both."""
    inner = _centered(second[LIMITS.lag : -LIMITS.lag])
    n_inner = len(inner)
    moved = [_centered(first[lag : lag + n_inner]) for lag in range(2 * LIMITS.lag + 1)]
    powers = [float(((curve - inner) ** 2).sum()) for curve in moved]
    best = int(np.argmin(powers))
    return powers[best], float((moved[best] ** 2).sum() + (inner**2).sum())


def _centered(curve: FloatArray) -> FloatArray:
    centered: FloatArray = curve - curve.mean()
    return centered
