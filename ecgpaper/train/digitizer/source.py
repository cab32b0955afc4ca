"""Where training pages come from: records, and a preset by which they are printed.

Public: `PageSource`, `without_gaps`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ecgpaper.ecg import Ecg
from ecgpaper.synth import PageSpec, sample_spec


@dataclass(frozen=True)
class PageSource:
    """Pages of given records, drawn with the presets that training uses.

    A page of a file that is there is another thing: `ecgpaper.files.inputs.PageSource`.

    Parameters
    ----------
    ecgs : sequence of Ecg
        May read its items from disk.
    seed : int
    preset : str
        Of `sample_spec`.
    """

    ecgs: Sequence[Ecg]
    seed: int
    preset: str = "wild"

    def draw(self, rng: np.random.Generator) -> tuple[int, Ecg, PageSpec]:
        """Draw a random record, by its place in `ecgs`, and how it is to be printed."""
        record = int(rng.integers(len(self.ecgs)))
        return record, without_gaps(self.ecgs[record]), sample_spec(self.preset, rng=rng)


def without_gaps(ecg: Ecg) -> Ecg:
    """Fill missing stretches of each lead with mirrored copies of those it has.

    Challenge folders may hold only what their pages show; networks that read traces can learn from
    any curve, at any place.
    """
    if not np.isnan(ecg.signal_mv).any():
        return ecg
    filled = ecg.signal_mv.copy()
    for column in filled.T:
        known = column[np.isfinite(column)]
        if 0 < len(known) < len(column):
            there_and_back = np.concatenate([known, known[::-1]])
            missing = ~np.isfinite(column)
            column[missing] = np.resize(there_and_back, len(column))[missing]
    return Ecg(filled, ecg.fs, ecg.lead_names)
