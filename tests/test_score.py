import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ecgpaper import score
from ecgpaper.score import alignment
from tests.plain_alignment import (
    make_lead,
    make_pair,
    plain_correlation,
    plain_find_shift,
)

GOLDEN = json.loads((Path(__file__).parent / "golden" / "challenge.json").read_text())


def numbers(value):
    """Turn the golden file's text for NaN and infinity into numbers."""
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return float(value) if isinstance(value, str) else value


def golden(function):
    cases = [case for case in GOLDEN["unit_cases"] if case["function"] == function]
    return pytest.mark.parametrize("case", [pytest.param(c, id=c["id"]) for c in cases])


@golden("align_signals")
@pytest.mark.parametrize("alignment", ["comp", "head"])
def test_alignment_equals_the_organizers_in_both_versions(case, alignment):
    expected = case["expected_head"]
    if alignment == "comp":
        expected = case.get("expected_competition", expected)
    ref_mv, est_mv, n_levels = numbers(case["args"])
    aligned_mv, late_samples, high_mv = score.align(
        ref_mv, est_mv, n_levels=n_levels, alignment=alignment
    )
    np.testing.assert_allclose(aligned_mv, numbers(expected[0]), rtol=1e-12, atol=1e-15)
    assert late_samples == expected[1]
    assert high_mv == pytest.approx(expected[2], rel=1e-12)


@pytest.mark.parametrize("seed", range(80))
def test_the_shift_equals_the_plain_computation(seed):
    rng = np.random.default_rng(seed)
    n_samples, fs = [(60, 100), (300, 100), (625, 250), (1000, 100)][seed % 4]
    ref_mv, est_mv = make_pair(rng, n_samples, fs)
    assert score.find_shift(ref_mv, est_mv) == plain_find_shift(ref_mv, est_mv)


@pytest.mark.parametrize("seed", range(3))
def test_the_shift_equals_the_plain_computation_at_full_length(seed):
    ref_mv, est_mv = make_pair(np.random.default_rng([seed, 1]), 5000, 500)
    assert score.find_shift(ref_mv, est_mv) == plain_find_shift(ref_mv, est_mv)


@pytest.mark.parametrize(("n_levels", "sigma"), [(32, 0.5), (256, 0.0), (100, 1.3)])
@pytest.mark.parametrize("seed", range(3))
def test_the_shift_equals_the_plain_computation_on_other_rasters(seed, n_levels, sigma):
    ref_mv, est_mv = make_pair(np.random.default_rng([seed, 2]), 400, 100)
    ours = score.find_shift(ref_mv, est_mv, n_levels=n_levels, sigma=sigma)
    assert ours == plain_find_shift(ref_mv, est_mv, n_levels, sigma)


@pytest.mark.parametrize("folded_rows", [(), (16,), (64, 256)])
@pytest.mark.parametrize("max_candidates", [0, 10**9])
def test_the_shift_does_not_depend_on_how_it_is_searched(monkeypatch, folded_rows, max_candidates):
    limits = replace(alignment.LIMITS, folded_rows=folded_rows, max_candidates=max_candidates)
    monkeypatch.setattr(alignment, "LIMITS", limits)
    for seed in range(3):
        ref_mv, est_mv = make_pair(np.random.default_rng([seed, 3]), 300, 100)
        assert score.find_shift(ref_mv, est_mv) == plain_find_shift(ref_mv, est_mv)


def test_leads_without_relation_are_shifted_like_the_plain_computation():
    rng = np.random.default_rng(4)
    ref_mv, est_mv = rng.normal(size=(2, 500))
    assert score.find_shift(ref_mv, est_mv) == plain_find_shift(ref_mv, est_mv)


def rasters(ref_mv, est_mv):
    both = np.concatenate([ref_mv, est_mv])
    low_mv, high_mv = np.nanmin(both), np.nanmax(both)
    return [alignment._smoothed_raster(x, low_mv, high_mv, 256, 0.5) for x in (ref_mv, est_mv)]


def test_a_single_shift_evaluates_to_its_place_in_the_full_correlation():
    ref_mv, est_mv = make_lead(np.random.default_rng(5), 400, 100, 0.01).reshape(2, 200)
    full, _ = plain_correlation(ref_mv, est_mv)
    exact = alignment._ExactCorrelation(*rasters(ref_mv, est_mv))
    for column, row in [(0, 0), (7, 0), (0, 5), (-30, 3), (150, -20), (-180, -200), (199, 255)]:
        assert exact.at(column, row) == pytest.approx(full[255 + row, 199 + column], abs=1e-9)


def test_a_folded_correlation_is_the_sum_of_the_shifts_that_fold_together():
    ref_mv, est_mv = make_lead(np.random.default_rng(6), 400, 100, 0.01).reshape(2, 200)
    full, _ = plain_correlation(ref_mv, est_mv)
    torus = 300, 64
    expected = np.zeros(torus)
    row_shift, column_shift = np.indices(full.shape) - np.array([255, 199])[:, None, None]
    np.add.at(expected, (column_shift % torus[0], row_shift % torus[1]), full)

    ours, error = alignment._folded_correlation(*rasters(ref_mv, est_mv), torus)
    gap = np.abs(ours.reshape(torus) - expected)
    assert gap.max() < error
    assert error < 1e-3 * expected.max()


@pytest.mark.parametrize("seed", range(5))
def test_a_lead_fits_itself_best_unmoved(seed):
    ref_mv = make_lead(np.random.default_rng(seed), 300, 100, 0.01)
    _, auto = plain_correlation(ref_mv, ref_mv)
    assert np.unravel_index(np.argmax(auto), auto.shape) == (255, 299)
    assert score.find_shift(ref_mv, ref_mv) == (0, 0.0)


def test_of_equally_good_shifts_the_lowest_row_and_then_the_first_column_wins():
    ref_mv = np.array([0.0, 1.0, 0.0, 1.0])
    options = {"n_levels": 2, "sigma": 0.0}
    assert score.find_shift(ref_mv, [0.0], **options) == (0, 0.0)
    assert score.find_shift(ref_mv, [np.nan, np.nan, 0.0], **options) == (2, 0.0)
    assert score.find_shift(ref_mv, [np.nan, 1.0], **options) == (1, 1.0)


def test_a_shift_may_be_as_large_as_the_leads_are_long():
    last_mv = [np.nan, np.nan, np.nan, 0.5]
    assert score.find_shift(last_mv, [0.5]) == (-3, 0.0)
    assert score.find_shift([0.5], last_mv) == (3, 0.0)
    assert score.find_shift([0.0, np.nan], [1.0]) == (0, 1.0)
    assert score.find_shift([1.0, np.nan], [0.0]) == (0, -1.0)


def test_a_late_estimate_is_moved_forward_and_an_early_one_back():
    ref_mv = make_lead(np.random.default_rng(7), 1000, 100, 0.01)
    late_mv = np.concatenate([np.zeros(30), ref_mv[:-30]])
    early_mv = np.concatenate([ref_mv[30:], np.zeros(30)])
    assert score.align(ref_mv, late_mv)[1] == 30
    assert score.align(ref_mv, early_mv)[1] == -30
    np.testing.assert_array_equal(
        score.align_within_limits(ref_mv, late_mv, 100)[:970], ref_mv[:970]
    )
    np.testing.assert_array_equal(
        score.align_within_limits(ref_mv, early_mv, 100)[30:1000], ref_mv[30:]
    )


def test_a_shift_over_either_limit_is_refused_on_both_axes():
    ref_mv = make_lead(np.random.default_rng(8), 1000, 100, 0.01)
    too_late_mv = np.concatenate([np.zeros(51), ref_mv[:-51]]) + 0.25
    too_high_mv = np.concatenate([np.zeros(5), ref_mv[:-5]]) + 1.5
    for est_mv in (too_late_mv, too_high_mv):
        np.testing.assert_array_equal(score.align_within_limits(ref_mv, est_mv, 100), est_mv)


@pytest.mark.parametrize(("late_samples", "is_taken"), [(12, True), (13, False)])
def test_the_limit_in_time_rounds_half_a_sample_to_even(late_samples, is_taken):
    ref_mv = make_lead(np.random.default_rng(9), 500, 100, 0.01)
    est_mv = np.concatenate([np.zeros(late_samples), ref_mv[:-late_samples]])
    aligned_mv = score.align_within_limits(ref_mv, est_mv, 25)
    assert np.isnan(aligned_mv[-1]) == is_taken


def test_an_infinite_estimate_is_aligned_to_nothing_and_scored_unshifted():
    ref_mv = make_lead(np.random.default_rng(10), 300, 100, 0.01)
    est_mv = ref_mv + 0.1
    est_mv[5] = np.inf
    aligned_mv, _, high_mv = score.align(ref_mv, est_mv)
    assert np.isnan(high_mv)
    assert np.isnan(aligned_mv).all()
    np.testing.assert_array_equal(score.align_within_limits(ref_mv, est_mv, 100), est_mv)


def test_an_estimate_without_samples_is_not_moved():
    ref_mv, est_mv = np.array([0.0, 1.0, 0.5]), np.full(2, np.nan)
    aligned_mv, late_samples, high_mv = score.align(ref_mv, est_mv)
    assert (late_samples, high_mv) == (0, 0.0)
    np.testing.assert_array_equal(aligned_mv, est_mv)


def test_amplitudes_are_rounded_to_levels_half_to_even_and_an_empty_range_is_one_level():
    lead_mv = np.array([0.0, 0.25, 0.75, 1.0])
    np.testing.assert_array_equal(score.quantize(lead_mv, 0.0, 1.0, 3), [0, 1, 1, 2])
    np.testing.assert_array_equal(score.quantize(lead_mv * 0, 0.0, 0.0, 3), [0, 0, 0, 0])
    np.testing.assert_array_equal(score.quantize(lead_mv, 0.0, np.inf, 3), [0, 0, 0, 0])


def test_two_flat_leads_of_one_height_are_in_place():
    assert score.find_shift(np.full(50, 0.2), np.full(50, 0.2)) == (0, 0.0)


def test_alignment_leaves_the_caller_s_estimate_alone():
    ref_mv = make_lead(np.random.default_rng(11), 300, 100, 0.01)
    est_mv = np.roll(ref_mv, 4)
    before_mv = est_mv.copy()
    score.align(ref_mv, est_mv)[0][:] = 7
    score.align_within_limits(ref_mv, np.roll(ref_mv, 100), 100)[:] = 7
    np.testing.assert_array_equal(est_mv, before_mv)


def test_an_unknown_alignment_is_refused():
    with pytest.raises(ValueError, match="comp"):
        score.align([0.0, 1.0], [0.0, 1.0], alignment="best")


def test_a_lead_must_have_one_dimension():
    with pytest.raises(ValueError, match="shape"):
        score.snr(np.zeros((3, 2)), np.zeros(3))


def test_median_noise_snr_is_the_ratio_alone():
    ref_mv, est_mv = [1.0, 2, 3, 4], [1.5, 2.25, 3, 6]
    assert score.median_noise_snr(ref_mv, est_mv) == pytest.approx(16.812412373755873)


def test_centered_snr_does_not_reward_the_offset_of_the_reference():
    ref_mv = make_lead(np.random.default_rng(12), 500, 100, 0.01) + 2
    flat_mv = np.full(500, ref_mv.mean())
    assert score.snr(ref_mv, flat_mv)[0] > 10
    assert score.centered_snr(ref_mv, flat_mv) == pytest.approx(0, abs=1e-9)


def test_centered_snr_sees_no_offset_and_takes_the_coverage_into_account():
    rng = np.random.default_rng(13)
    ref_mv = make_lead(rng, 500, 100, 0.01)
    est_mv = ref_mv + 0.05 * rng.normal(size=500)
    assert score.centered_snr(ref_mv, est_mv + 3) == pytest.approx(
        score.centered_snr(ref_mv, est_mv)
    )
    est_mv[250:] = np.nan
    half_db = score.centered_snr(ref_mv[:250], est_mv[:250])
    assert score.centered_snr(ref_mv, est_mv) == pytest.approx(half_db / 2)
    assert score.centered_snr(ref_mv, np.full(500, np.nan)) == 0


def test_mean_of_finite_ignores_nan_but_not_infinity():
    assert score.mean_of_finite([1.0, np.nan, 3.0]) == 2
    assert score.mean_of_finite([1.0, np.inf]) == np.inf
    assert np.isnan(score.mean_of_finite([np.nan]))
    assert np.isnan(score.mean_of_finite([]))


def test_a_confusion_matrix_has_predictions_in_rows_and_truth_in_columns():
    labels = [[True], [True], [True], [True], [False], [False], [False]]
    outputs = [[True], [True], [True], [False], [True], [True], [False]]
    np.testing.assert_array_equal(score.confusion_matrices(labels, outputs), [[[3, 2], [1, 1]]])


@pytest.mark.parametrize(
    ("labels", "outputs", "error"),
    [([], [], TypeError), ([["A"]], [["A"], ["B"]], AssertionError)],
)
def test_the_f_measure_needs_records_on_both_sides(labels, outputs, error):
    with pytest.raises(error):
        score.f_measure(labels, outputs)
