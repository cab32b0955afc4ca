"""How well the shipped model reads one page of each kind: what was measured, less 2 dB.

The figures of benchmarks/README.md are means over 100 pages; one page notices what loses decibels.
"""

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


def mean_snr_db(digitizer, preset):
    """Print, read and score a page as the Challenge scores it: what is missing counts."""
    rng = np.random.default_rng([2024, 11])
    record = simulate_record(rng=rng)
    page = synthesize(record.ecg, sample_spec(preset, rng=rng))
    found = digitizer.digitize(page.image, fs=record.ecg.fs).ecg
    truth = page.truth.ecg
    snrs = []
    for lead in truth.lead_names:
        ref, est = truth.lead(lead), found.lead(lead)
        snrs.append(score.snr(ref, score.align_within_limits(ref, est, truth.fs))[0])
    return score.mean_of_finite(snrs)


@pytest.mark.slow
@pytest.mark.parametrize("preset", MEASURED_DB)
def test_a_page_is_read_as_well_as_it_was_measured(shipped, preset):
    assert mean_snr_db(shipped, preset) > MEASURED_DB[preset] - SLACK_DB
