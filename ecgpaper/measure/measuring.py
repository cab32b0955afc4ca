"""From an ECG to its measurements, stage by stage.

Public: `measure`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ecgpaper.ecg import UNKNOWN_LEAD, Ecg, FloatArray
from ecgpaper.measure.alike import sort_beats
from ecgpaper.measure.beats import find_beats
from ecgpaper.measure.curves import MEASURE_FS, curves_from_ecg
from ecgpaper.measure.leads import frontal_axis_deg, lead_amplitudes
from ecgpaper.measure.measurements import Measurements
from ecgpaper.measure.rhythm import Signs, irregularity, name_rhythm, p_likeness, spike_share
from ecgpaper.measure.typical import N_BEFORE, Beats, take_beats
from ecgpaper.measure.waves import WaveTimes, find_p_and_t, find_qrs

_MS = 1000 / MEASURE_FS
# The level before QRS complexes, in samples: first from their places, which lie about their middle,
_ROUGH_LEVEL = (-50, -30)
# then from their onsets.
_LEVEL = (-12, -3)
# A class with this share of the beats of the largest may be the usual beat, too: bigeminy.
_RIVAL_SHARE = 0.6
# P waves are compared with so many samples on either side.
_P_MARGIN = 5


@dataclass(frozen=True, eq=False)
class _Usual:
    """The class of beats that is measured: which of all beats, above each other, and their QRS."""

    chosen: NDArray[np.intp]
    beats: Beats
    qrs: tuple[int, int]


def measure(ecg: Ecg) -> Measurements:
    """Measure an ECG.

    Beats are found over all leads that are shown at each moment and sorted by what they look like.
    The beats of the usual class are laid above each other; the median of each lead is the typical
    beat, of all twelve leads as if recorded together, and there waves begin and end over all leads.

    Parameters
    ----------
    ecg : Ecg
        Any of the twelve leads, or one that nobody knows, in mV, NaN where nothing is printed.

    Returns
    -------
    Measurements
        None for each thing that the ECG does not show.

    Examples
    --------
    >>> import numpy as np
    >>> from ecgpaper.simulate import simulate_record
    >>> ecg = simulate_record(rng=np.random.default_rng(2)).ecg
    >>> measured = measure(ecg)
    >>> measured.n_beats, round(measured.heart_rate_bpm), measured.rhythm
    (13, 77, 'sinus rhythm')
    """
    curves_mv = curves_from_ecg(ecg)
    places, classes = _sorted_beats(curves_mv, find_beats(curves_mv))
    usual = _usual_beats(curves_mv, places, classes)
    found = Measurements() if usual is None else _measured(curves_mv, places, usual)
    if ecg.is_of_unknown_lead:
        # It was measured in the place of II.
        found = replace(found, leads=dict(zip([UNKNOWN_LEAD], found.leads.values(), strict=False)))
    return replace(
        found,
        n_beats=len(places),
        heart_rate_bpm=_heart_rate_bpm(places),
        rr_ms=tuple((np.diff(places) * _MS).tolist()),
        rr_median_ms=float(np.median(np.diff(places))) * _MS if len(places) > 1 else None,
    )


def _measured(curves_mv: FloatArray, places: NDArray[np.intp], usual: _Usual) -> Measurements:
    """Measure the typical beat and name the rhythm."""
    typical_mv, rate_bpm = usual.beats.typical_mv, _heart_rate_bpm(places)
    rr = float(np.median(np.diff(places))) if len(places) > 1 else np.inf
    times = find_p_and_t(typical_mv, usual.qrs, rr)
    signs = Signs(
        heart_rate_bpm=rate_bpm,
        p_likeness=_p_likeness(usual.beats, times),
        p_axis_deg=frontal_axis_deg(typical_mv, times.p_on, times.p_off),
        irregularity=irregularity(places, usual.chosen),
        spike_share=_spike_share(curves_mv, places[usual.chosen], times),
    )
    if not signs.has_p:
        times = replace(times, p_on=None, p_off=None)
    qt_ms = _between_ms(times.qrs_on, times.t_end)
    # QT follows the usual interval, not pauses.
    rr_s = None if np.isinf(rr) else rr / MEASURE_FS
    return Measurements(
        p_ms=_between_ms(times.p_on, times.p_off),
        pr_ms=_between_ms(times.p_on, times.qrs_on),
        qrs_ms=_between_ms(times.qrs_on, times.qrs_off),
        qt_ms=qt_ms,
        qtc_bazett_ms=None if qt_ms is None or rr_s is None else qt_ms / rr_s ** (1 / 2),
        qtc_fridericia_ms=None if qt_ms is None or rr_s is None else qt_ms / rr_s ** (1 / 3),
        p_axis_deg=signs.p_axis_deg if signs.has_p else None,
        qrs_axis_deg=frontal_axis_deg(typical_mv, times.qrs_on, times.qrs_off),
        t_axis_deg=frontal_axis_deg(typical_mv, times.t_on, times.t_end),
        leads=lead_amplitudes(typical_mv, times),
        rhythm=name_rhythm(signs),
    )


def _heart_rate_bpm(places: NDArray[np.intp]) -> float | None:
    return 60 * MEASURE_FS / float(np.diff(places).mean()) if len(places) > 1 else None


def _between_ms(first: int | None, last: int | None) -> float | None:
    return None if first is None or last is None else (last - first) * _MS


def _p_likeness(beats: Beats, times: WaveTimes) -> float:
    if times.p_on is None or times.p_off is None:
        return 0.0
    stop = min(times.p_off + _P_MARGIN, times.qrs_on)
    return p_likeness(beats.each_mv, times.p_on - _P_MARGIN, stop)


def _spike_share(curves_mv: FloatArray, places: NDArray[np.intp], times: WaveTimes) -> float:
    onsets = [each for each in (times.p_on, times.qrs_on) if each is not None]
    return spike_share(curves_mv, places, [onset - N_BEFORE for onset in onsets])


def _sorted_beats(
    curves_mv: FloatArray, found: NDArray[np.intp]
) -> tuple[NDArray[np.intp], list[NDArray[np.intp]]]:
    """Return where all beats stand, ascending, and which of them belong to each class."""
    classes = sort_beats(curves_mv, found)
    places = found.copy()
    for each in classes:
        places[each.beats] = np.clip(each.places, 0, curves_mv.shape[1] - 1)
    order = np.argsort(places, kind="stable")
    rank = np.argsort(order)
    return places[order], [np.sort(rank[each.beats]) for each in classes]


def _usual_beats(
    curves_mv: FloatArray, places: NDArray[np.intp], classes: list[NDArray[np.intp]]
) -> _Usual | None:
    """Return the usual beats: of the commonest class, or of the narrowest of classes as common."""
    found = []
    for chosen in classes:
        if len(chosen) < _RIVAL_SHARE * len(classes[0]):
            break
        qrs = find_qrs(take_beats(curves_mv, places, chosen, _ROUGH_LEVEL).typical_mv)
        if qrs is not None:
            level = (qrs[0] - N_BEFORE + _LEVEL[0], qrs[0] - N_BEFORE + _LEVEL[1])
            beats = take_beats(curves_mv, places, chosen, level)
            found.append(_Usual(chosen, beats, find_qrs(beats.typical_mv) or qrs))
    return min(found, key=lambda each: each.qrs[1] - each.qrs[0], default=None)
