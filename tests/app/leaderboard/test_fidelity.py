"""Measurements and findings compared: by hand-made ones."""

from dataclasses import replace

import pytest

from ecgpaper.app.leaderboard.fidelity import FIGURES, Difference, agreement, differences
from ecgpaper.app.leaderboard.findings import FINDINGS, flips
from ecgpaper.app.leaderboard.result import PageResult
from ecgpaper.measure import LeadAmplitudes, Measurements

BY_NAME = {figure.name: figure for figure in FIGURES}
FOUND = {finding.name: finding for finding in FINDINGS}
BASE = Measurements(qrs_ms=100.0, qrs_axis_deg=10.0, qtc_bazett_ms=420.0)


def page(true, found):
    return PageResult("r", None, {}, 0.0, (), (), (), true, found, (), 0.0)


def lead(r_mv=0.5, s_mv=-0.2, st60_mv=0.0):
    return LeadAmplitudes(0.0, r_mv, s_mv, st60_mv, None)


def test_axes_differ_by_the_shorter_way_round():
    turned = page(replace(BASE, qrs_axis_deg=175.0), replace(BASE, qrs_axis_deg=-175.0))
    (found,) = differences(BY_NAME["qrs_axis"], [turned])
    assert found.off == pytest.approx(10)


def test_what_cannot_be_measured_any_more_is_counted_and_what_never_could_is_not():
    lost = page(BASE, replace(BASE, qrs_ms=None))
    never = page(replace(BASE, qrs_ms=None), BASE)
    kept = page(BASE, replace(BASE, qrs_ms=104.0))
    told = agreement(BY_NAME["qrs"], differences(BY_NAME["qrs"], [lost, never, kept, kept]))
    assert (told["n"], told["n_lost"]) == (2, 1)
    assert (told["median"], told["mean"], told["sd"]) == (4.0, 4.0, 0.0)
    nothing = agreement(BY_NAME["qrs"], [])
    assert nothing["median"] is None


def test_amplitudes_are_in_microvolts_by_lead():
    true = replace(BASE, leads={"I": lead(0.4), "II": lead(2.0)})
    found = replace(BASE, leads={"I": lead(0.43), "II": lead(2.09)})
    offs = [each.off for each in differences(BY_NAME["r"], [page(true, found)])]
    assert offs == pytest.approx([30.0, 90.0])


@pytest.mark.parametrize(
    ("true_uv", "off_uv", "share"),
    [(500, 25, 1), (500, 26, 0), (600, 40, 1), (600, 41, 0), (-2000, 100, 1), (-2000, 101, 0)],
)
def test_the_standard_allows_small_waves_a_height_and_large_ones_a_share(true_uv, off_uv, share):
    told = agreement(BY_NAME["s"], [Difference(true_uv, true_uv + off_uv)])
    assert told["within"] == share


@pytest.mark.parametrize(
    ("name", "true", "found"),
    [
        ("qrs", {"qrs_ms": 118.0}, {"qrs_ms": 120.0}),
        ("qtc", {"qtc_bazett_ms": 459.0}, {"qtc_bazett_ms": 461.0}),
        ("axis", {"qrs_axis_deg": 5.0}, {"qrs_axis_deg": -5.0}),
        ("axis", {"qrs_axis_deg": 85.0}, {"qrs_axis_deg": 95.0}),
        ("st", {"leads": {"V1": lead(st60_mv=0.09)}}, {"leads": {"V1": lead(st60_mv=0.1)}}),
        ("st", {"leads": {"V1": lead(st60_mv=-0.09)}}, {"leads": {"V1": lead(st60_mv=-0.1)}}),
        (
            "sokolow",
            {"leads": {"V1": lead(s_mv=-1.5), "V5": lead(1.9), "V6": lead(1.0)}},
            {"leads": {"V1": lead(s_mv=-1.5), "V5": lead(1.9), "V6": lead(2.0)}},
        ),
    ],
)
def test_a_finding_turns_over_at_its_threshold(name, true, found):
    there, back = replace(BASE, **true), replace(BASE, **found)
    assert flips(FOUND[name], [page(there, there)])["n_flips"] == 0
    new = flips(FOUND[name], [page(there, back)])
    assert (new["n_flips"], new["n_new"], new["n_present"]) == (1, 1, 0)
    missed = flips(FOUND[name], [page(back, there)])
    assert (missed["n_flips"], missed["n_new"], missed["n_present"]) == (1, 0, 1)


def test_findings_that_cannot_be_told_any_more_are_counted():
    told = flips(FOUND["qrs"], [page(BASE, Measurements())])
    assert (told["n"], told["n_lost"]) == (0, 1)
