"""A record from its findings: the heart, its rhythm, the torso around it and the noise on top."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import numpy as np

from ecgpaper.ecg import STANDARD_ORDER, BoolArray, Ecg, FloatArray
from ecgpaper.simulate.conduction import draw_ectopic_p, draw_ventricular_beat
from ecgpaper.simulate.findings import CHANGES, draw_findings, simulate_labels
from ecgpaper.simulate.heart import Heart, draw_healthy_heart
from ecgpaper.simulate.noise import draw_noise
from ecgpaper.simulate.rhythm import (
    BREATHING_HZ,
    Rhythm,
    draw_premature,
    fibrillation_intervals,
    fibrillatory_waves,
    flutter_intervals,
    flutter_waves,
    place_beats,
    re_entry_intervals,
    sinus_intervals,
    without_p,
)
from ecgpaper.simulate.waves import (
    ATRIAL_GAIN,
    REPOLARIZATION_GAIN,
    add_waves,
    draw_torso,
    twelve_from_eight,
)


@dataclass(frozen=True, eq=False)
class SimulatedRecord:
    """A simulated ECG with what is true of it."""

    ecg: Ecg
    labels: tuple[str, ...]
    age_years: int
    sex: str


def simulate_ecg(
    labels: tuple[str, ...],
    *,
    rng: np.random.Generator,
    fs: float = 500.0,
    duration_s: float = 10.0,
) -> Ecg:
    """Simulate a twelve-lead ECG of a person to whom the labels apply.

    Parameters
    ----------
    labels : tuple of str
        Challenge labels, in any order; without any, a sinus rhythm at a normal rate.
    rng : numpy.random.Generator
        The same state gives the same record.
    fs : float, in Hz
        Sampling frequency; another one samples the same person (noise above fs / 2 left out).
    duration_s : float, in s

    Returns
    -------
    Ecg
        Leads in standard order, signal of shape (round(duration_s * fs), 12).

    Raises
    ------
    ValueError
        If a label is unknown, two exclude each other, or the record has no sample.

    Examples
    --------
    >>> ecg = simulate_ecg(("AFIB/AFL",), rng=np.random.default_rng(1), fs=100.0)
    >>> ecg.signal_mv.shape
    (1000, 12)
    >>> ecg.lead_names[:3]
    ('I', 'II', 'III')
    """
    findings = draw_findings(labels, rng=rng)
    n_samples = round(duration_s * fs)
    if n_samples < 1:
        raise ValueError(f"a record needs a sample; got {duration_s} s at {fs} Hz")
    heart = draw_heart(findings, rng=rng)
    torso = draw_torso(rng=rng)
    breath_hz = rng.uniform(*BREATHING_HZ)
    time_s = np.arange(n_samples) / fs
    dipoles = _beating_dipoles(heart, findings, time_s, fs, breath_hz, rng=rng)
    gains = (ATRIAL_GAIN, np.ones(len(torso)), REPOLARIZATION_GAIN)
    heart_mv = sum(one @ torso.T * gain for one, gain in zip(dipoles, gains, strict=True))
    independent_mv = heart_mv + draw_noise(n_samples, fs, breath_hz, rng=rng)
    return Ecg(twelve_from_eight(independent_mv), fs, STANDARD_ORDER)


def simulate_record(
    *, rng: np.random.Generator, fs: float = 500.0, duration_s: float = 10.0
) -> SimulatedRecord:
    """Simulate a record of a person drawn at random: labels, age, sex and ECG.

    Examples
    --------
    >>> record = simulate_record(rng=np.random.default_rng(1), fs=100.0)
    >>> record.sex in ("Female", "Male")
    True
    >>> record.ecg.duration_s
    10.0
    """
    labels = simulate_labels(rng=rng)
    mean_years, spread_years = (52.0, 17.0) if "NORM" in labels else (67.0, 13.0)
    age_years = int(np.clip(rng.normal(mean_years, spread_years), 18, 95))
    sex = str(rng.choice(["Female", "Male"]))
    return SimulatedRecord(
        simulate_ecg(labels, rng=rng, fs=fs, duration_s=duration_s), labels, age_years, sex
    )


def draw_heart(findings: Collection[str], *, rng: np.random.Generator) -> Heart:
    """Draw a heart with these findings."""
    heart = draw_healthy_heart(rng=rng)
    for finding, change in CHANGES.items():
        if finding in findings:
            heart = change(heart, rng=rng)
    return heart


def _mean_rr_s(findings: Collection[str], *, rng: np.random.Generator) -> float:
    """Draw the mean RR interval, in s, that the findings allow."""
    if "PSVT" in findings:
        rate_bpm = rng.uniform(145, 195)
    elif "STACH" in findings:
        rate_bpm = np.clip(106 + rng.gamma(2.0, 8.0), 106, 150)
    elif "SBRAD" in findings:
        # Those who labeled PTB-XL call few hearts slow that beat more than 50 times.
        rate_bpm = np.clip(rng.normal(46, 3), 38, 51)
    elif "AFIB" in findings:
        rate_bpm = np.clip(rng.normal(84, 18), 56, 125)
    else:
        rate_bpm = np.clip(rng.normal(71, 11), 53, 96)
    return float(60 / rate_bpm)


def _draw_intervals(
    findings: Collection[str],
    cycle_s: float,
    breath_hz: float,
    *,
    duration_s: float,
    rng: np.random.Generator,
) -> FloatArray:
    """Draw the RR intervals of a record, in s; `cycle_s` is the length of a flutter wave."""
    mean_s = _mean_rr_s(findings, rng=rng)
    if "AFIB" in findings:
        return fibrillation_intervals(mean_s, duration_s, rng=rng)
    if "AFLT" in findings:
        usual = 2 if mean_s < 0.6 else 6 if "SBRAD" in findings else int(rng.choice([3, 4]))
        return flutter_intervals(cycle_s, usual, duration_s, rng=rng)
    if "PSVT" in findings:
        return re_entry_intervals(mean_s, duration_s)
    is_arrhythmic = mean_s > 0.6 and rng.random() < 0.08
    return sinus_intervals(mean_s, duration_s, breath_hz, rng=rng, is_arrhythmic=is_arrhythmic)


def _draw_rhythm(
    findings: Collection[str],
    intervals_s: FloatArray,
    pr_s: float,
    *,
    duration_s: float,
    rng: np.random.Generator,
) -> Rhythm:
    """Draw the events of a record: regular beats at the intervals, and premature ones."""
    kinds = [finding for finding in ("PVC", "PAC") if finding in findings]
    premature = [
        draw_premature(
            is_ventricular=kind == "PVC",
            is_alone=len(kinds) == 1,
            rr_s=float(np.median(intervals_s)),
            rng=rng,
        )
        for kind in kinds
    ]
    rhythm = place_beats(
        intervals_s, pr_s=pr_s, duration_s=duration_s, premature=premature, rng=rng
    )
    has_p = not {"AFIB", "AFLT", "PSVT"}.intersection(findings)
    return rhythm if has_p else without_p(rhythm)


def _beating_dipoles(
    heart: Heart,
    findings: Collection[str],
    time_s: FloatArray,
    fs: float,
    breath_hz: float,
    *,
    rng: np.random.Generator,
) -> FloatArray:
    """Return the dipoles of atria, QRS and repolarization over time, (3, n_samples, 3), in mV."""
    duration_s = len(time_s) / fs
    cycle_s = 1 / rng.uniform(4.2, 5.4)  # flutter at 250-325 per minute
    intervals_s = _draw_intervals(findings, cycle_s, breath_hz, duration_s=duration_s, rng=rng)
    rhythm = _draw_rhythm(findings, intervals_s, heart.pr_s, duration_s=duration_s, rng=rng)
    dipoles_mv = np.zeros((3, len(time_s), 3))
    if "AFIB" in findings:
        dipoles_mv[0] += fibrillatory_waves(time_s, rng=rng)
    if "AFLT" in findings:
        dipoles_mv[0] += flutter_waves(time_s, cycle_s, rng=rng)
    _add_p_waves(dipoles_mv[0], heart, rhythm, fs=fs, rng=rng)
    ectopic = draw_ventricular_beat(heart, rng=rng)
    for beat_heart, chosen in ((heart, ~rhythm.is_ectopic_beat), (ectopic, rhythm.is_ectopic_beat)):
        _add_beats(dipoles_mv[1:], beat_heart, rhythm, chosen, fs=fs, rng=rng)
    return _breathe(dipoles_mv, time_s, breath_hz, rng=rng)


def _add_p_waves(
    dipole_mv: FloatArray, heart: Heart, rhythm: Rhythm, *, fs: float, rng: np.random.Generator
) -> None:
    ectopic = draw_ectopic_p(heart, rng=rng)
    for waves, chosen in ((heart.atrial, ~rhythm.is_ectopic_p), (ectopic, rhythm.is_ectopic_p)):
        onset_s = rhythm.atrial_s[chosen]
        gain = 1 + rng.normal(0, 0.04, size=len(onset_s))
        add_waves(
            dipole_mv, waves, fs=fs, anchor_s=onset_s, stretch=np.ones(len(onset_s)), gain=gain
        )


def _add_beats(
    dipoles_mv: FloatArray,
    heart: Heart,
    rhythm: Rhythm,
    chosen: BoolArray,
    *,
    fs: float,
    rng: np.random.Generator,
) -> None:
    """Add QRS, and ST, T and U, of the chosen beats, (n_beats,) of bool, each to its dipole."""
    onset_s, rr_s = rhythm.beat_s[chosen], rhythm.rr_s
    # QT lags behind the rate (Pueyo et al. 2004): mostly the mean RR, a little the last one.
    lagged_s = 0.75 * np.median(rr_s) + 0.25 * np.minimum(rr_s, 1.5 * np.median(rr_s))
    gain = 1 + rng.normal(0, 0.015, size=len(onset_s))
    add_waves(
        dipoles_mv[0],
        heart.depolarization,
        fs=fs,
        anchor_s=onset_s,
        stretch=np.ones(len(onset_s)),
        gain=gain,
    )
    add_waves(
        dipoles_mv[1],
        heart.repolarization,
        fs=fs,
        anchor_s=onset_s + heart.qrs_s,
        stretch=heart.jt_stretch(lagged_s[chosen]),
        gain=gain * (1 + rng.normal(0, 0.03, size=len(onset_s))),
    )


def _breathe(
    dipoles_mv: FloatArray, time_s: FloatArray, breath_hz: float, *, rng: np.random.Generator
) -> FloatArray:
    """Swing and swell the dipoles with breathing: some degrees about an axis, some per cent."""
    breath = np.sin(2 * np.pi * (breath_hz * time_s + rng.random()))[:, None]
    swing_rad = rng.normal(0, 0.045, size=3)  # 2.6 deg about each axis
    swell = abs(rng.normal(0, 0.03))
    return dipoles_mv * (1 + swell * breath) + breath * np.cross(swing_rad, dipoles_mv)
