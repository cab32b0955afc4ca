"""Speed and gain of a print: from its calibration pulses and, as a last resort, its heartbeats.

Public: `Stated`, `UNSTATED`, `find_paper_scale`, `fast_odds`.

Nearly all paper runs at 25 mm/s and shows 1 mV as 10 mm; another scale must be seen clearly. Rows
at 50 mm/s are as long as others, they only show less time, and hearts then seem to beat slowly and
their waves to be dull.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.ndimage import gaussian_filter1d, uniform_filter1d
from scipy.signal import find_peaks

from ecgpaper.digitize.layout import FAST_MM_PER_S
from ecgpaper.digitize.pulse import Pulse
from ecgpaper.ecg import Ecg, FloatArray
from ecgpaper.page import LAYOUTS, PULSE_MV, PULSE_S, PaperScale

USUAL = PaperScale()
# Pulses last 0.1 to 0.2 s: wider ones than this, half as wide again as 0.2 s, are on fast paper.
_WIDE_MM = 1.5 * PULSE_S * USUAL.speed_mm_per_s
# Log-odds from which heartbeats alone are believed, and against a pulse that is not wide. No record
# of 719 (PTB-XL) has more than 3.7 at its true speed; 63 % have more than 5 when they are taken for
# twice as long as they are.
_SURE, _DOUBLY_SURE = 5.0, 7.0
# Smoothing of a curve and of the power of its slope, the wander that is no heartbeat, in s; and how
# near heartbeats may follow each other.
_SMOOTH_S, _BEAT_S, _WANDER_S, _REFRACTORY_S = 0.006, 0.03, 0.8, 0.2
# A peak is a heartbeat if it has this share of the highest's power.
_LEAST_BEAT, _HIGHEST = 0.3, 0.98
_LEAST_BEATS, _LEAST_S = 3, 1.0
# Logistic regression on 619 records against the same ones taken for twice as long: log-odds = first
# + second * log(beats per minute) + third * log(root mean square frequency in Hz).
_REGRESSION = (59.05, -10.95, -7.95)


@dataclass(frozen=True, slots=True)
class Stated:
    """What a user says about a page; it wins over what is found.

    Parameters
    ----------
    layout : str or None
        A name in `ecgpaper.page.LAYOUTS`.
    speed_mm_per_s, gain_mm_per_mv : float or None
    """

    layout: str | None = None
    speed_mm_per_s: float | None = None
    gain_mm_per_mv: float | None = None

    def __post_init__(self) -> None:
        """Refuse layouts that nobody knows and scales that cannot be."""
        if self.layout is not None and self.layout not in LAYOUTS:
            raise ValueError(f"layout must be one of {', '.join(LAYOUTS)}; got {self.layout!r}")
        for value in (self.speed_mm_per_s, self.gain_mm_per_mv):
            if value is not None and not value > 0:
                raise ValueError(f"speed and gain must be positive; got {self}")

    def over(self, found: PaperScale) -> PaperScale:
        """Return the scale as stated and, where nothing is, as found."""
        return PaperScale(
            self.speed_mm_per_s or found.speed_mm_per_s, self.gain_mm_per_mv or found.gain_mm_per_mv
        )


UNSTATED = Stated()


def find_paper_scale(pulse: Pulse | None, ecg: Ecg, read_at: PaperScale) -> PaperScale:
    """Tell speed and gain of a print.

    Parameters
    ----------
    pulse : Pulse or None
        The calibration pulse that was found beside the rows.
    ecg : Ecg
        The page, read with the scale below.
    read_at : PaperScale
        What was assumed: the usual scale, or fast paper if the rows are too long for any other.
    """
    if pulse is None:
        is_fast = fast_odds(ecg) > _SURE
    else:
        read_at = replace(read_at, gain_mm_per_mv=pulse.height_mm / PULSE_MV)
        is_fast = pulse.width_mm > _WIDE_MM or fast_odds(ecg) > _DOUBLY_SURE
    if is_fast and read_at.speed_mm_per_s == USUAL.speed_mm_per_s:
        return replace(read_at, speed_mm_per_s=FAST_MM_PER_S)
    return read_at


def fast_odds(ecg: Ecg) -> float:
    """Log-odds that a record took half as long as it seems to: it is slow, and its waves are dull.

    The rate is that of the peaks of the slope's power over all leads; the frequency is the root
    mean square of the spectrum, which is that of the slope over that of the curve.

    Returns
    -------
    float
        Minus infinity where too few heartbeats are seen.
    """
    time_s = np.arange(ecg.n_samples) / ecg.fs
    power, n_known, frequencies = np.zeros(len(time_s)), np.zeros(len(time_s)), []
    for lead_mv in ecg.signal_mv.T:
        known = np.isfinite(lead_mv)
        if known.sum() < _LEAST_S * ecg.fs:
            continue
        inside = (time_s >= time_s[known][0]) & (time_s <= time_s[known][-1])
        curve_mv = np.interp(time_s[inside], time_s[known], lead_mv[known])
        slope_power, frequency_hz = _slope(curve_mv, ecg.fs)
        power[inside] += slope_power
        n_known[inside] += 1
        frequencies.append(frequency_hz)
    beats = gaussian_filter1d(power / np.maximum(n_known, 1), _BEAT_S * ecg.fs)
    height = _LEAST_BEAT * float(np.quantile(beats, _HIGHEST))
    peaks, _ = find_peaks(beats, height=height, distance=_REFRACTORY_S * ecg.fs)
    if len(peaks) < _LEAST_BEATS:
        return -np.inf
    rate_bpm = 60 * ecg.fs / float(np.median(np.diff(peaks)))
    values = 1.0, np.log(rate_bpm), np.log(float(np.median(frequencies)))
    return float(np.dot(_REGRESSION, values))


def _slope(curve_mv: FloatArray, fs: float) -> tuple[FloatArray, float]:
    """Power of a curve's slope, one on average, and the curve's frequency in Hz."""
    smooth = gaussian_filter1d(curve_mv, _SMOOTH_S * fs)
    slope = np.gradient(smooth) * fs
    mean = max(float((slope**2).mean()), 1e-9)
    waves = smooth - uniform_filter1d(smooth, round(_WANDER_S * fs), mode="nearest")
    frequency_hz = np.sqrt(mean / max(float((waves**2).mean()), 1e-9)) / (2 * np.pi)
    return slope**2 / mean, max(float(frequency_hz), 1e-3)
