"""What is measured of an ECG: plain numbers with units; None where something cannot be measured.

Public: `Measurements`, `LeadAmplitudes`, `RHYTHMS`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

SINUS = "sinus rhythm"
BRADYCARDIA = "sinus bradycardia"
TACHYCARDIA = "sinus tachycardia"
FIBRILLATION = "atrial fibrillation"
PACED = "paced"
UNDETERMINED = "other or undetermined"
RHYTHMS = (SINUS, BRADYCARDIA, TACHYCARDIA, FIBRILLATION, PACED, UNDETERMINED)


@dataclass(frozen=True)
class LeadAmplitudes:
    """Heights of the waves of one lead above the level just before the QRS complex, in mV.

    A wave that the lead does not have is 0; None is what cannot be measured. Q and S are not
    positive. A complex without R is all Q (a QS complex).
    """

    q_mv: float
    r_mv: float
    s_mv: float
    st60_mv: float | None
    t_mv: float | None


@dataclass(frozen=True)
class Measurements:
    """Intervals, axes, amplitudes and rhythm of an ECG.

    Parameters
    ----------
    n_beats : int
        Beats that were found, of all classes.
    heart_rate_bpm : float or None
        Of all beats, from the first to the last.
    rr_ms : tuple of float
        The intervals between all beats, in order.
    rr_median_ms : float or None
    p_ms, pr_ms, qrs_ms, qt_ms : float or None
        Durations of the typical beat, over all leads: from the first lead that begins to the last
        one that ends.
    qtc_bazett_ms, qtc_fridericia_ms : float or None
        QT at 60 beats per minute by the median RR interval.
    p_axis_deg, qrs_axis_deg, t_axis_deg : float or None
        In the frontal plane, above -180 and at most 180: 0 is left (lead I), 90 is down (aVF).
    leads : mapping of str to LeadAmplitudes
        By name, the leads that show the typical beat.
    rhythm : str
        One of `RHYTHMS`: where the beats come from and how fast, whatever the beats look like.
    """

    n_beats: int = 0
    heart_rate_bpm: float | None = None
    rr_ms: tuple[float, ...] = ()
    rr_median_ms: float | None = None
    p_ms: float | None = None
    pr_ms: float | None = None
    qrs_ms: float | None = None
    qt_ms: float | None = None
    qtc_bazett_ms: float | None = None
    qtc_fridericia_ms: float | None = None
    p_axis_deg: float | None = None
    qrs_axis_deg: float | None = None
    t_axis_deg: float | None = None
    leads: Mapping[str, LeadAmplitudes] = field(default_factory=dict)
    rhythm: str = UNDETERMINED

    def to_json(self) -> dict[str, Any]:
        """Return plain numbers by name, rounded to what they are good for; None stays."""
        told = {key: _rounded(value, 1) for key, value in asdict(self).items()}
        rr_ms = [round(each_ms, 1) for each_ms in self.rr_ms]
        leads = {
            lead: {wave: _rounded(value, 3) for wave, value in asdict(waves).items()}
            for lead, waves in self.leads.items()
        }
        return told | {"rr_ms": rr_ms, "leads": leads}

    @classmethod
    def from_json(cls, told: Mapping[str, Any]) -> Measurements:
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError
            If it is not that.
        """
        try:
            leads = {str(lead): LeadAmplitudes(**waves) for lead, waves in told["leads"].items()}
            found = cls(**{**told, "rr_ms": tuple(told["rr_ms"]), "leads": leads})
            numbers = [*found.rr_ms, *(v for v in asdict(found).values() if _is_number(v))]
            waves = [v for each in leads.values() for v in asdict(each).values() if v is not None]
            if not all(math.isfinite(value) for value in [*numbers, *waves]):
                raise ValueError("numbers must be finite")
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"expected measurements; {error}") from error
        if found.rhythm not in RHYTHMS:
            raise ValueError(f"rhythm must be one of {', '.join(RHYTHMS)}; got {found.rhythm!r}")
        return found


def _is_number(value: object) -> bool:
    return value is not None and not isinstance(value, str | tuple | dict)


def _rounded(value: Any, n_digits: int) -> Any:
    return round(value, n_digits) if isinstance(value, float) else value
