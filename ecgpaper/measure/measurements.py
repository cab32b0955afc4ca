"""What is measured of an ECG: plain numbers with units; None where something cannot be measured.

Public: `Measurements`, `LeadAmplitudes`, `RHYTHMS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

SINUS, BRADYCARDIA, TACHYCARDIA = "sinus rhythm", "sinus bradycardia", "sinus tachycardia"
FIBRILLATION, PACED, UNDETERMINED = "atrial fibrillation", "paced", "other or undetermined"
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
