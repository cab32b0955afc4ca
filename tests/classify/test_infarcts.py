import numpy as np
import pytest
from scipy.special import expit, logit

from ecgpaper.classify.infarcts import ACUTE, OLD, class_logits, questions_of
from ecgpaper.classify.labels import CLASSES, one_hot


def test_probabilities_of_acute_and_old_add_up_to_that_of_an_infarct():
    rng = np.random.default_rng(0)
    questions = rng.normal(0, 4, (50, len(CLASSES)))
    found = expit(class_logits(questions))
    infarct, is_acute = expit(questions[:, OLD]), expit(questions[:, ACUTE])
    np.testing.assert_allclose(found[:, ACUTE], infarct * is_acute)
    np.testing.assert_allclose(found[:, ACUTE] + found[:, OLD], infarct)
    others = np.setdiff1d(np.arange(len(CLASSES)), [ACUTE, OLD])
    np.testing.assert_allclose(found[:, others], expit(questions[:, others]))


@pytest.mark.parametrize("infarct", [-60.0, 0.0, 60.0])
@pytest.mark.parametrize("is_acute", [-60.0, 0.0, 60.0])
def test_sure_answers_stay_finite(infarct, is_acute):
    questions = np.zeros((1, len(CLASSES)))
    questions[0, [OLD, ACUTE]] = infarct, is_acute
    found = class_logits(questions)
    assert np.isfinite(found).all()
    assert np.abs(found).max() < 200


def test_questions_are_not_changed_by_answering_them():
    questions = np.ones((2, len(CLASSES)))
    class_logits(questions)
    assert (questions == 1).all()


def test_kind_of_infarct_is_asked_where_there_is_one():
    truth = one_hot([("Acute MI",), ("Old MI", "CD"), ("NORM",)])
    answers, is_asked = questions_of(truth)
    assert answers[:, OLD].tolist() == [True, True, False]
    assert answers[:2, ACUTE].tolist() == [True, False]
    assert is_asked[:, ACUTE].tolist() == [True, True, False]
    assert np.delete(is_asked, ACUTE, axis=1).all()
    others = np.delete(np.arange(len(CLASSES)), [ACUTE, OLD])
    np.testing.assert_array_equal(answers[:, others], truth[:, others])


def test_sure_answers_are_those_of_the_labels():
    truth = one_hot([("Acute MI",), ("Old MI",), ("HYP",)])
    answers, _ = questions_of(truth)
    found = expit(class_logits(logit(np.where(answers, 0.999, 0.001))))
    np.testing.assert_array_equal(found > 0.5, truth)
