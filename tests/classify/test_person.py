import numpy as np
import pytest

from ecgpaper.classify.person import N_PERSON_FEATURES, person_features


def test_unknown_person_is_all_zero():
    assert person_features(None, None).tolist() == [0] * N_PERSON_FEATURES


@pytest.mark.parametrize("age_years", [-1.0, 300.0, float("inf"), float("nan")])
def test_impossible_age_counts_as_unknown(age_years):
    np.testing.assert_array_equal(person_features(age_years, "Male"), person_features(None, "Male"))


def test_age_rises_and_sexes_differ():
    young, old = person_features(20, None), person_features(80, None)
    assert young[0] < 0 < old[0]
    assert young[1] == old[1] == 1
    female, male = person_features(None, "Female"), person_features(None, "Male")
    assert female[2] == -male[2] != 0
    assert female[3] == male[3] == 1
    np.testing.assert_array_equal(person_features(None, "Unknown"), person_features(None, None))


def test_middle_age_is_not_unknown_age():
    assert person_features(60, None).any()
