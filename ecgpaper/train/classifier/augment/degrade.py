"""Augmentation: a record loses what a page does not print and gets the errors of a digitizer.

Public: `degrade`, `mask_of_layout`.

The leads of a full record lose what a random layout does not print, and suffer the errors a
digitizer makes. Works on leads at the classifier's 100 Hz, where it is cheap.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from ecgpaper.classify.inputs import INPUT_FS, N_SAMPLES, Float32Array
from ecgpaper.ecg import STANDARD_ORDER, BoolArray, Ecg
from ecgpaper.page import LAYOUTS

# How often each layout is seen; "12x1" shows the whole record.
_LAYOUT_SHARES = {
    "3x4": 0.08,
    "3x4+1R": 0.34,
    "6x2": 0.08,
    "6x2+1R": 0.08,
    "12x1": 0.32,
    "6x1-limb": 0.03,
    "6x1-precordial": 0.03,
    "1x1": 0.04,
}


@dataclass(frozen=True, slots=True)
class RecordShares:
    """How often something happens to a record."""

    # A page of one lead shows II half of the time; else any lead, which then stands for II, as a
    # lead nobody knows does (`Ecg.twelve_leads`).
    other_lead: float = 0.5
    # The columns begin anywhere.
    shifted: float = 0.5
    # The digitizer makes no error.
    clean: float = 0.25
    # Each sample is mixed with its neighbors.
    low_pass: float = 0.5
    # Mains hum is left.
    hum: float = 0.15
    # Stretches of some leads are lost,
    gap: float = 0.3
    # or a whole lead.
    missing_lead: float = 0.08


_SHARES = RecordShares()


@dataclass(frozen=True, slots=True)
class DigitizerErrors:
    """Sizes of the errors that a digitizer makes."""

    # Of the gain of all leads, as a share: two standard deviations,
    gain: float = 0.08
    # and of that of each lead: one.
    lead_gain: float = 0.03
    # Of the paper speed, as a share: no more than this.
    time_scale: float = 0.01
    # Of the time of each lead: no more than this.
    shift_s: float = 0.04
    # Of the baseline: three times the mean of its slow waves.
    wander_mv: float = 0.15
    # Standard deviation of the noise: no more than this.
    noise_mv: float = 0.02
    # What either neighbor counts in an average of three samples: from none to as much as the
    # middle.
    most_of_neighbor: float = 1 / 3
    # Three times the mean of mains hum.
    hum_mv: float = 0.03
    # Stretches that are lost are shorter than this.
    longest_gap_s: float = 0.4


_ERRORS = DigitizerErrors()


@cache
def mask_of_layout(name: str) -> BoolArray:
    """Tell which samples of ten seconds a layout shows, as an array of shape (12, 1000)."""
    blank = Ecg(np.zeros((N_SAMPLES, len(STANDARD_ORDER))), INPUT_FS, STANDARD_ORDER)
    return LAYOUTS[name].displayed(blank).T


def degrade(leads_mv: Float32Array, *, rng: np.random.Generator) -> Float32Array:
    """Show a full record as a page of random layout, mostly with the errors of a digitizer.

    Parameters
    ----------
    leads_mv : ndarray of shape (12, 1000), in mV
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of shape (12, 1000), in mV
        NaN where nothing is shown or it was lost.
    """
    layout = rng.choice(list(_LAYOUT_SHARES), p=list(_LAYOUT_SHARES.values()))
    is_shown = _random_mask(layout, rng)
    if layout == "1x1" and rng.random() < _SHARES.other_lead:
        leads_mv = np.tile(leads_mv[rng.integers(len(leads_mv))], (len(leads_mv), 1))
    if rng.random() < _SHARES.clean:
        return np.where(is_shown, leads_mv, np.float32(np.nan))
    leads_mv = _stretch(leads_mv, rng)
    if rng.random() < _SHARES.low_pass:
        leads_mv = _low_pass(leads_mv, rng)
    n_leads = len(leads_mv)
    gain = 1 + rng.normal(0, _ERRORS.gain / 2) + rng.normal(0, _ERRORS.lead_gain, (n_leads, 1))
    noise = rng.standard_normal(leads_mv.shape, dtype=np.float32)
    noise *= np.float32(rng.uniform(0, _ERRORS.noise_mv))
    if rng.random() < _SHARES.hum:
        noise += _hum(rng)
    leads_mv = leads_mv * gain.astype(np.float32) + noise + _wander(rng)
    return _lose(np.where(is_shown, leads_mv, np.float32(np.nan)), rng)


def _random_mask(layout: str, rng: np.random.Generator) -> BoolArray:
    """Draw which samples are shown; often the columns begin anywhere, which no page does.

    So each lead is learned from all of its record.
    """
    shift = int(rng.integers(N_SAMPLES)) if rng.random() < _SHARES.shifted else 0
    return np.roll(mask_of_layout(layout), shift, axis=1)


def _stretch(leads_mv: Float32Array, rng: np.random.Generator) -> Float32Array:
    """Change the paper speed a little and move each lead in time."""
    sample = np.arange(leads_mv.shape[1]) * (1 + rng.uniform(-1, 1) * _ERRORS.time_scale)
    shift = rng.uniform(-1, 1, len(leads_mv)) * _ERRORS.shift_s * INPUT_FS
    place = np.arange(leads_mv.shape[1])
    rows = [np.interp(sample + by, place, row) for by, row in zip(shift, leads_mv, strict=True)]
    return np.stack(rows).astype(np.float32)


def _low_pass(leads_mv: Float32Array, rng: np.random.Generator) -> Float32Array:
    """Average three neighbors: a thick pen, or how 500 Hz were brought down to 100."""
    share = np.float32(rng.uniform(0, _ERRORS.most_of_neighbor))
    padded = np.pad(leads_mv, ((0, 0), (1, 1)), mode="edge")
    return leads_mv * (1 - 2 * share) + (padded[:, :-2] + padded[:, 2:]) * share


def _hum(rng: np.random.Generator) -> Float32Array:
    """Mains hum after sampling at 100 Hz, of shape (12, 1000), in mV: close to half of it."""
    angle = 2 * np.pi * rng.uniform(0.44, 0.5) * np.arange(N_SAMPLES)
    size_mv = rng.exponential(_ERRORS.hum_mv / 3, (len(STANDARD_ORDER), 1))
    return np.asarray((size_mv * np.sin(angle + rng.uniform(0, 2 * np.pi))).astype(np.float32))


def _wander(rng: np.random.Generator) -> Float32Array:
    """Slow waves of the baseline, of shape (12, 1000), in mV: bent paper and breathing."""
    angle = 2 * np.pi * rng.uniform(0.05, 0.4) * np.arange(N_SAMPLES) / INPUT_FS
    waves = np.stack([np.sin(angle), np.cos(angle)]).astype(np.float32)
    phase = rng.uniform(0, 2 * np.pi, len(STANDARD_ORDER))
    size_mv = rng.exponential(_ERRORS.wander_mv / 3, len(STANDARD_ORDER))
    parts_mv = size_mv * np.stack([np.cos(phase), np.sin(phase)])
    return np.asarray(parts_mv.T.astype(np.float32) @ waves)


def _lose(leads_mv: Float32Array, rng: np.random.Generator) -> Float32Array:
    """Blank a stretch of some leads, or a whole lead, in place."""
    if rng.random() < _SHARES.gap:
        for lead in rng.integers(len(leads_mv), size=4):
            start = rng.integers(leads_mv.shape[1])
            stop = start + rng.integers(1, round(_ERRORS.longest_gap_s * INPUT_FS))
            leads_mv[lead, start:stop] = np.nan
    if rng.random() < _SHARES.missing_lead:
        leads_mv[rng.integers(len(leads_mv))] = np.nan
    return leads_mv
