"""How well the shipped model reads one page of each kind: what was measured, less 2 dB.

The figures of docs/results.md are means over 100 pages; one page notices what loses decibels.
"""

from functools import cache

import numpy as np
import pytest

from ecgpaper import score
from ecgpaper.simulate import simulate_record
from ecgpaper.synth import sample_spec, synthesize

SLACK_DB = 2.0
# Mean SNR in dB of the leads of a page, as it was measured.
MEASURED_DB = {
    "clean": 23.3,
    "scan-color": 23.4,
    "photo": 23.0,
    "photo-deteriorated": 20.4,
}


@pytest.fixture(scope="module")
def page_of(shipped):
    """Return a function: preset -> what a page of it shows, and what was read of it."""

    @cache
    def page_of(preset):
        rng = np.random.default_rng([2024, 11])
        record = simulate_record(rng=rng)
        page = synthesize(record.ecg, sample_spec(preset, rng=rng))
        return page.truth.ecg, shipped.digitize(page.image, fs=record.ecg.fs).ecg

    return page_of


@pytest.mark.slow
@pytest.mark.parametrize("preset", MEASURED_DB)
def test_a_page_is_read_as_well_as_it_was_measured(page_of, preset):
    """Scored as the Challenge scores: aligned, what is missing counts."""
    truth, found = page_of(preset)
    snrs = []
    for lead in truth.lead_names:
        ref, est = truth.lead(lead), found.lead(lead)
        snrs.append(score.snr(ref, score.align_within_limits(ref, est, truth.fs))[0])
    assert score.mean_of_finite(snrs) > MEASURED_DB[preset] - SLACK_DB


@pytest.mark.slow
@pytest.mark.parametrize("preset", MEASURED_DB)
def test_nearly_all_that_is_printed_is_read_and_little_else(page_of, preset):
    truth, found = page_of(preset)
    shown, read = np.isfinite(truth.signal_mv), np.isfinite(found.signal_mv)
    assert read[shown].mean() > 0.95
    assert read[~shown].mean() < 0.05
