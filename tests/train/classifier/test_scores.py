import numpy as np
import pytest

from ecgpaper.classify.labels import CLASSES
from ecgpaper.score import f_measure
from ecgpaper.train.classifier.scores import (
    LabelScores,
    auroc,
    calibration_error,
    score_intervals,
    score_labels,
    superclass_columns,
)

N = 200


def draw_answers(seed=0):
    """Probabilities that know something, a truth, and answers; nobody has an acute infarction."""
    rng = np.random.default_rng(seed)
    truth = rng.random((N, len(CLASSES))) < 0.2
    truth[:, CLASSES.index("Acute MI")] = False
    probabilities = np.clip(0.3 * truth + 0.7 * rng.random(truth.shape), 0, 1)
    return probabilities, truth, probabilities > 0.5


def names(rows):
    return [np.array(CLASSES)[row].tolist() for row in rows]


def test_macro_f_is_that_of_the_challenge():
    probabilities, truth, answered = draw_answers()
    found = score_labels(probabilities, truth, answered)
    macro_f, per_class_f, classes = f_measure(names(truth), names(answered))
    assert found.macro_f == pytest.approx(macro_f)
    assert [found.f[CLASSES.index(name)] for name in classes] == pytest.approx(per_class_f)
    assert np.isnan(found.f[CLASSES.index("Acute MI")])


@pytest.mark.parametrize("n_levels", [3, 1000])
def test_auroc_is_the_share_of_pairs_in_the_right_order(n_levels):
    rng = np.random.default_rng(n_levels)
    is_true = rng.random(60) < 0.3
    p = rng.integers(n_levels, size=60) / n_levels
    pairs = np.sign(p[is_true][:, None] - p[~is_true])
    assert auroc(p, is_true) == pytest.approx((pairs + 1).mean() / 2)
    assert np.isnan(auroc(p, np.zeros(60, bool)))
    assert np.isnan(auroc(p, np.ones(60, bool)))


def test_superclass_of_infarctions_holds_both_and_the_others_are_classes():
    probabilities, truth, _ = draw_answers(1)
    truth[:4, 1:3] = [[0, 0], [0, 1], [1, 0], [1, 1]]
    merged, merged_truth = superclass_columns(probabilities, truth)
    assert merged.shape == merged_truth.shape == (N, 5)
    assert merged_truth[:4, 1].tolist() == [False, True, True, True]
    np.testing.assert_array_equal(merged_truth[:, 3], truth[:, CLASSES.index("CD")])
    none = (1 - probabilities[:, 1]) * (1 - probabilities[:, 2])
    np.testing.assert_allclose(merged[:, 1], 1 - none)


def test_calibration_error_of_true_probabilities_is_small_and_of_shifted_ones_the_shift():
    rng = np.random.default_rng(2)
    p = rng.uniform(0, 0.7, 20_000)
    is_true = rng.random(len(p)) < p
    assert calibration_error(p, is_true) < 0.01
    assert calibration_error(p + 0.2, is_true) == pytest.approx(0.2, abs=0.01)
    # Too high here and too low there do not make up for each other.
    mixed = np.repeat([0.15, 0.85], 100)
    assert calibration_error(mixed, np.arange(200) % 2 == 0) == pytest.approx(0.35)
    assert calibration_error(np.ones(4), np.array([1, 0, 0, 0], bool)) == 0.75


def test_intervals_hold_the_figures():
    probabilities, truth, answered = draw_answers()
    found = score_labels(probabilities, truth, answered).as_row()
    widths = []
    for n_groups in (10, N):
        groups = [str(index % n_groups) for index in range(N)]
        low, high = score_intervals(
            *(probabilities, truth, answered),
            groups=groups,
            rng=np.random.default_rng(0),
            n_resamples=60,
        )
        known = ~np.isnan(found)
        # Resampling within few groups repeats records, which makes calibration look worse.
        known[-1] = False
        assert (low.as_row()[known] <= found[known]).all()
        assert (found[known] <= high.as_row()[known]).all()
        assert np.isnan(low.f[CLASSES.index("Acute MI")])
        widths.append(high.macro_auroc - low.macro_auroc)
    assert min(widths) > 0


def test_records_of_a_group_are_drawn_together():
    """With one group, every draw is the whole."""
    probabilities, truth, answered = draw_answers()
    found = score_labels(probabilities, truth, answered)
    low, high = score_intervals(
        *(probabilities, truth, answered),
        groups=["one"] * N,
        rng=np.random.default_rng(0),
        n_resamples=5,
    )
    np.testing.assert_allclose(low.as_row(), found.as_row())
    np.testing.assert_allclose(high.as_row(), found.as_row())


def test_row_of_figures_and_back():
    found = score_labels(*draw_answers())
    again = LabelScores.from_row(found.as_row())
    np.testing.assert_array_equal(again.as_row(), found.as_row())
    assert again.macro_f == found.macro_f
    assert "Acute MI" not in found.as_dict()["f"]
    assert found.as_dict()["superclass_auroc"] == round(found.superclass_auroc, 4)
