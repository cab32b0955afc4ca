"""Ecg: leads in millivolts over time; the names and orders of the leads.

Public: `Ecg`, `canonical_lead_name`, `FloatArray`, `ByteArray`, `BoolArray`, `STANDARD_ORDER`,
`CABRERA_ORDER`, `LIMB_LEADS`, `PRECORDIAL_LEADS`, `LEAD_SUMS`, `UNKNOWN_LEAD`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

FloatArray: TypeAlias = NDArray[np.float64]
ByteArray: TypeAlias = NDArray[np.uint8]
BoolArray: TypeAlias = NDArray[np.bool_]

LIMB_LEADS = ("I", "II", "III", "aVR", "aVL", "aVF")
PRECORDIAL_LEADS = ("V1", "V2", "V3", "V4", "V5", "V6")
STANDARD_ORDER = LIMB_LEADS + PRECORDIAL_LEADS
# Cabrera's order shows -aVR; the sign is the strip's polarity, the lead's name stays aVR.
CABRERA_ORDER = ("aVL", "I", "aVR", "II", "aVF", "III", *PRECORDIAL_LEADS)

# Sums of leads that vanish at any time, as Einthoven and Goldberger defined the leads.
LEAD_SUMS: tuple[dict[str, float], ...] = (
    {"I": 1.0, "II": -1.0, "III": 1.0},
    {"aVR": 1.0, "aVL": 1.0, "aVF": 1.0},
    {"I": 0.5, "II": 0.5, "aVR": 1.0},
    {"II": 0.5, "III": 0.5, "aVF": -1.0},
    {"I": 1.5, "aVR": 1.0, "aVL": -1.0},
)

# The name of a lead that a page shows and nobody knows: a strip alone has nothing to fit.
UNKNOWN_LEAD = "unknown"

_CANONICAL = {name.lower(): name for name in STANDARD_ORDER}
# What some databases and monitors write before the name; Brazil's DI, DII and DIII are I, II, III.
_BEFORE_NAME = re.compile(r"((mdc[ _]ecg[ _]lead|ecg|lead)[ _:.-]*)+|d(?=i+$)")


def canonical_lead_name(name: str) -> str:
    """Return the usual spelling of a lead name: ``AVR`` -> ``aVR``, ``Lead v1`` -> ``V1``.

    A name that is none of the twelve comes back stripped of blanks and otherwise unchanged.

    Examples
    --------
    >>> [canonical_lead_name(name) for name in ("AVR", "Lead v1", "MLII")]
    ['aVR', 'V1', 'MLII']
    """
    stripped = name.strip()
    lowered = stripped.lower()
    prefix = _BEFORE_NAME.match(lowered)
    return _CANONICAL.get(lowered[prefix.end() :] if prefix else lowered, stripped)


@dataclass(frozen=True, eq=False)
class Ecg:
    """A multi-lead electrocardiogram.

    Parameters
    ----------
    signal_mv : ndarray of shape (n_samples, n_leads), in mV
        NaN where a sample is not printed or was not recovered; never infinite.
    fs : float, in Hz
        Sampling frequency.
    lead_names : tuple of str, of length n_leads
        In canonical spelling (see `canonical_lead_name`), each once.

    Raises
    ------
    ValueError
        If the shapes disagree, a value is infinite, `fs` is not positive or a lead occurs twice.

    Examples
    --------
    >>> ecg = Ecg(np.array([[0.1, 0.3], [0.2, 0.4]]), fs=500.0, lead_names=("I", "II"))
    >>> ecg.n_samples, ecg.duration_s
    (2, 0.004)
    >>> ecg.lead("II")
    array([0.3, 0.4])
    """

    signal_mv: FloatArray
    fs: float
    lead_names: tuple[str, ...]

    def __post_init__(self) -> None:
        """Check shapes and ranges."""
        shape = np.shape(self.signal_mv)
        if len(shape) != 2 or shape[1] != len(self.lead_names):
            raise ValueError(
                f"signal_mv must have shape (n_samples, {len(self.lead_names)}), one column per "
                f"lead; got {shape}"
            )
        if not self.fs > 0:
            raise ValueError(f"fs must be a positive number of Hz; got {self.fs}")
        if len(set(self.lead_names)) != len(self.lead_names):
            raise ValueError(f"each lead may occur once; got {self.lead_names}")
        if np.isinf(self.signal_mv).any():
            raise ValueError("signal_mv holds infinite values; mark missing samples with NaN")

    @property
    def n_samples(self) -> int:
        """Number of samples per lead."""
        return int(self.signal_mv.shape[0])

    @property
    def duration_s(self) -> float:
        """Length of the record in seconds."""
        return self.n_samples / self.fs

    def lead(self, name: str) -> FloatArray:
        """Return one lead as an array of shape (n_samples,), in mV.

        Raises
        ------
        ValueError
            If the record has no lead of this name.
        """
        if name not in self.lead_names:
            raise ValueError(f"no lead {name!r}; this record has {', '.join(self.lead_names)}")
        return self.signal_mv[:, self.lead_names.index(name)]

    def select(self, lead_names: Sequence[str]) -> Ecg:
        """Return the record with these leads in this order; a lead it lacks is all NaN."""
        signal_mv = np.full((self.n_samples, len(lead_names)), np.nan)
        for column, name in enumerate(lead_names):
            if name in self.lead_names:
                signal_mv[:, column] = self.lead(name)
        return Ecg(signal_mv, self.fs, tuple(lead_names))

    @property
    def is_of_unknown_lead(self) -> bool:
        """Whether all that it shows is a lead nobody knows."""
        is_known = np.isfinite(self.signal_mv)
        shown = {name for name, own in zip(self.lead_names, is_known.T, strict=True) if own.any()}
        return shown == {UNKNOWN_LEAD}

    def twelve_leads(self) -> Ecg:
        """Return the record with the twelve leads in standard order; a lead it lacks is all NaN.

        A lead nobody knows, if there is no other, is taken for II, the usual rhythm strip.
        """
        twelve = self.select(STANDARD_ORDER)
        if self.is_of_unknown_lead:
            twelve.lead("II")[:] = self.lead(UNKNOWN_LEAD)
        return twelve
