"""Labeled records and their hold-out: the part that the picture branch does not learn from.

Public: `Labeled`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ecgpaper.ecg import BoolArray, Ecg


@dataclass(frozen=True, eq=False)
class Labeled:
    """Records with a label, and which of the signals' networks has left each out.

    Parameters
    ----------
    ecgs : sequence of Ecg
    truth : ndarray of bool, of shape (n_records, 11)
    folds : ndarray of int, of shape (n_records,)
        The member that has not learned from the record; -1 where all have.
    """

    ecgs: Sequence[Ecg]
    truth: BoolArray
    folds: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.truth)

    def part(self, rows: NDArray[np.int64]) -> Labeled:
        """Return some of the records."""
        return Labeled(_Part(self.ecgs, rows), self.truth[rows], self.folds[rows])

    def split(self, member: int) -> tuple[Labeled, Labeled]:
        """Return the records that a network of the signals has learned from, and the others."""
        is_spared = self.folds == member
        return self.part(np.flatnonzero(~is_spared)), self.part(np.flatnonzero(is_spared))


class _Part(Sequence[Ecg]):
    """Some of a sequence of records, read when they are asked for."""

    def __init__(self, ecgs: Sequence[Ecg], rows: NDArray[np.int64]) -> None:
        self.ecgs, self.rows = ecgs, rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> Ecg:  # type: ignore[override]
        return self.ecgs[int(self.rows[index])]
