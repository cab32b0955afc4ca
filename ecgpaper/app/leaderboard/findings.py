"""Findings: what a threshold makes of a measurement, and how often digitizing turns it over.

Public: `FINDINGS`, `Finding`, `flips`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ecgpaper.app.leaderboard.result import PageResult
from ecgpaper.measure import Measurements

# Thresholds that guidelines use. ST deviation: Thygesen et al. 2018, Universal Definition of
# Myocardial Infarction.
_ST_MV = 0.1
# Long QTc in women (Rautaharju, Surawicz et al. 2009, AHA, ACCF and HRS),
_QTC_MS = 460.0
# and wide QRS (the same).
_QRS_MS = 120.0
# Left ventricular hypertrophy (Sokolow and Lyon 1949).
_SOKOLOW_MV = 3.5
_QUADRANTS = {
    (True, True): "normal",
    (True, False): "left",
    (False, True): "right",
    (False, False): "extreme",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A finding: `of` gives its state by lead, or under "" once; states that are unknown lack."""

    name: str
    title: str
    of: Callable[[Measurements], Mapping[str, str]]


def _at_least(value: float | None, least: float) -> Mapping[str, str]:
    return {} if value is None else {"": "yes" if value >= least else "no"}


def _st(measured: Measurements) -> Mapping[str, str]:
    """Tell elevation from depression in each lead."""
    known = {name: lead.st60_mv for name, lead in measured.leads.items()}
    return {
        name: "up" if mv >= _ST_MV else "down" if mv <= -_ST_MV else "no"
        for name, mv in known.items()
        if mv is not None
    }


def _sokolow(measured: Measurements) -> Mapping[str, str]:
    leads = measured.leads
    left = [leads[name].r_mv for name in ("V5", "V6") if name in leads]
    if "V1" not in leads or not left:
        return {}
    return _at_least(max(left) - leads["V1"].s_mv, _SOKOLOW_MV)


def _quadrant(measured: Measurements) -> Mapping[str, str]:
    axis_deg = measured.qrs_axis_deg
    if axis_deg is None:
        return {}
    return {"": _QUADRANTS[-90 <= axis_deg <= 90, 0 <= axis_deg <= 180]}


FINDINGS = (
    Finding("st", "ST deviation of 0.1 mV, each lead", _st),
    Finding("qtc", "QTc (Bazett) of 460 ms", lambda m: _at_least(m.qtc_bazett_ms, _QTC_MS)),
    Finding("qrs", "QRS of 120 ms", lambda m: _at_least(m.qrs_ms, _QRS_MS)),
    Finding("sokolow", "Sokolow-Lyon index of 3.5 mV", _sokolow),
    Finding("axis", "quadrant of the QRS axis", _quadrant),
)
_ABSENT = ("no", "normal")


def flips(finding: Finding, pages: Iterable[PageResult]) -> dict[str, int]:
    """Count how often a finding is another one in what was read.

    Returns
    -------
    dict of str to int
        ``n`` compared, ``n_present`` in the record, ``n_flips``, of these ``n_new`` that the record
        does not have, and ``n_lost`` that could not be told any more.
    """
    told = dict.fromkeys(("n", "n_present", "n_flips", "n_new", "n_lost"), 0)
    for page in pages:
        found = finding.of(page.measured)
        for place, true in finding.of(page.true_measured).items():
            if place not in found:
                told["n_lost"] += 1
                continue
            told["n"] += 1
            told["n_present"] += true not in _ABSENT
            told["n_flips"] += found[place] != true
            told["n_new"] += found[place] != true and true in _ABSENT
    return told
