import numpy as np
import pytest

from ecgpaper.classify import Diagnosis
from ecgpaper.classify.labels import CLASSES, labels_above, one_hot


def test_classes_are_the_eleven_of_the_challenge():
    assert len(CLASSES) == len(set(CLASSES)) == 11
    assert {"NORM", "Acute MI", "AFIB/AFL", "BRADY"} < set(CLASSES)


def test_one_hot_rows_follow_the_classes():
    truth = one_hot([["BRADY", "NORM"], [], ["no such class"]])
    assert truth.shape == (3, 11)
    assert np.flatnonzero(truth[0]).tolist() == [CLASSES.index("NORM"), CLASSES.index("BRADY")]
    assert not truth[1:].any()
    assert one_hot([]).shape == (0, 11)


def test_labels_are_those_that_reach_their_threshold():
    probabilities = np.linspace(0, 1, 11)
    assert labels_above(probabilities, np.full(11, 0.85)) == ("TACHY", "BRADY")
    assert labels_above(probabilities, probabilities) == CLASSES


@pytest.mark.parametrize("scale", [0.0, 1e-12, 0.1])
def test_an_answer_is_never_empty(scale):
    thresholds = np.linspace(0.2, 0.9, 11)
    probabilities = scale * np.random.default_rng(0).random(11)
    assert len(Diagnosis(probabilities, thresholds).labels) == 1


def test_closest_to_its_threshold_is_answered_when_none_reaches_it():
    probabilities, thresholds = np.full(11, 0.01), np.full(11, 0.5)
    probabilities[[3, 7]] = 0.4, 0.2
    thresholds[7] = 0.21
    assert labels_above(probabilities, thresholds) == (CLASSES[7],)


@pytest.mark.parametrize(
    ("probabilities", "thresholds"),
    [
        (np.zeros(10), np.ones(11)),
        (np.zeros(11), np.ones(3)),
        (np.full(11, np.nan), np.ones(11)),
        (np.zeros(11), np.zeros(11)),
    ],
)
def test_diagnosis_refuses_what_is_not_a_number_per_class(probabilities, thresholds):
    with pytest.raises(ValueError, match=r"numbers|positive"):
        Diagnosis(probabilities, thresholds)
