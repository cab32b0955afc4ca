"""Laws of `Ecg` and of the names of leads."""

import numpy as np
import pytest

from ecgpaper.ecg import (
    CABRERA_ORDER,
    LIMB_LEADS,
    PRECORDIAL_LEADS,
    STANDARD_ORDER,
    Ecg,
    canonical_lead_name,
)


def test_both_orders_hold_the_same_twelve_leads() -> None:
    assert sorted(STANDARD_ORDER) == sorted(CABRERA_ORDER)
    assert len(set(STANDARD_ORDER)) == len(LIMB_LEADS) + len(PRECORDIAL_LEADS) == 12


@pytest.mark.parametrize("spelled", [str.upper, str.lower, lambda name: f" {name} "])
@pytest.mark.parametrize("name", STANDARD_ORDER)
def test_a_lead_name_is_recognized_in_any_case(name, spelled) -> None:
    assert canonical_lead_name(spelled(name)) == name


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        ("DI", "I"),
        ("DIII", "III"),
        ("Lead II", "II"),
        ("ECG_V4", "V4"),
        ("ECG Lead aVL", "aVL"),
        ("MDC_ECG_LEAD_AVF", "aVF"),
        ("MLII", "MLII"),
        ("DV1", "DV1"),
        ("ECG", "ECG"),
        ("lead x", "lead x"),
    ],
)
def test_a_lead_is_known_by_the_names_of_other_databases(spelled, name) -> None:
    assert canonical_lead_name(spelled) == name


def test_an_unknown_lead_name_stays_as_it_is() -> None:
    assert canonical_lead_name(" VX ") == "VX"


def test_select_reorders_and_leaves_missing_leads_empty() -> None:
    ecg = Ecg(np.array([[1.0, 2.0], [3.0, 4.0]]), 100.0, ("I", "V1"))
    chosen = ecg.select(("V1", "II", "I"))
    assert chosen.lead_names == ("V1", "II", "I")
    np.testing.assert_array_equal(chosen.lead("I"), [1, 3])
    np.testing.assert_array_equal(chosen.lead("V1"), [2, 4])
    assert np.isnan(chosen.lead("II")).all()


def test_duration_is_the_number_of_samples_over_their_rate() -> None:
    assert Ecg(np.zeros((250, 1)), 100.0, ("I",)).duration_s == 2.5


@pytest.mark.parametrize(
    ("signal_mv", "fs", "lead_names", "message"),
    [
        (np.zeros((12, 5000)), 500.0, STANDARD_ORDER, r"\(n_samples, 12\).*got \(12, 5000\)"),
        (np.zeros(5), 500.0, ("I",), r"got \(5,\)"),
        (np.zeros((5, 1)), 0.0, ("I",), "positive number of Hz; got 0"),
        (np.zeros((5, 2)), 1.0, ("I", "I"), "each lead may occur once"),
        (np.full((5, 1), np.inf), 1.0, ("I",), "infinite"),
    ],
)
def test_an_impossible_record_is_refused(signal_mv, fs, lead_names, message) -> None:
    with pytest.raises(ValueError, match=message):
        Ecg(signal_mv, fs, lead_names)


def test_asking_for_a_lead_that_is_not_there_names_those_that_are() -> None:
    with pytest.raises(ValueError, match=r"no lead 'V9'.*I, II"):
        Ecg(np.zeros((5, 2)), 1.0, ("I", "II")).lead("V9")
