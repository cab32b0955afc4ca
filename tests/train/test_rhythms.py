import numpy as np
import pytest

from ecgpaper.classify.labels import CLASSES
from ecgpaper.simulate import simulate_record
from ecgpaper.train.cohort import BatchSource, read_cohort, with_rhythms
from ecgpaper.train.facts import RecordFacts
from ecgpaper.train.rhythms import TAUGHT_RHYTHMS, simulate_rhythms

N_REAL, N_SIMULATED = 3, 30


@pytest.fixture(scope="module")
def real():
    records = [simulate_record(rng=np.random.default_rng([9, i]), fs=100.0) for i in range(N_REAL)]
    facts = [RecordFacts(record.labels, ("SR",), 50.0, "Male") for record in records]
    return read_cohort([record.ecg for record in records], facts)


def test_every_rhythm_comes_up_and_none_with_its_contrary():
    ecgs, labels = simulate_rhythms(N_SIMULATED, rng=np.random.default_rng(0))
    assert len(ecgs) == len(labels) == N_SIMULATED
    for rhythm in TAUGHT_RHYTHMS:
        assert 0.05 * N_SIMULATED < sum(rhythm in row for row in labels) < 0.5 * N_SIMULATED
    rhythms = {*TAUGHT_RHYTHMS, "TACHY", "BRADY"}
    assert all(len(rhythms.intersection(row)) <= 1 for row in labels)
    assert all(ecg.signal_mv.shape == (1000, 12) for ecg in ecgs)


def test_simulated_records_teach_rhythms_alone(real):
    cohort = with_rhythms(real, N_SIMULATED, rng=np.random.default_rng(0))
    assert len(cohort) == N_REAL + N_SIMULATED
    assert cohort.is_real.tolist() == [True] * N_REAL + [False] * N_SIMULATED
    columns = [CLASSES.index(name) for name in TAUGHT_RHYTHMS]
    added = slice(N_REAL, None)
    assert cohort.is_taught[added][:, columns].all()
    assert cohort.is_taught[added].sum() == N_SIMULATED * len(columns)
    assert cohort.truth[added][:, columns].any(axis=0).all()
    assert not np.delete(cohort.truth[added], columns, axis=1).any()
    assert not cohort.is_stated[added].any()
    # Nobody could tell them by the persons.
    np.testing.assert_array_equal(cohort.persons[added], real.persons[[0] * N_SIMULATED])
    np.testing.assert_array_equal(cohort.leads_mv[:N_REAL], real.leads_mv)
    assert with_rhythms(real, 0, rng=np.random.default_rng(0)) is real


def test_batches_say_what_their_records_teach(real):
    cohort = with_rhythms(real, N_SIMULATED, rng=np.random.default_rng(0))
    n_all = len(cohort)
    batch = BatchSource(cohort, np.arange(n_all), n_all, 0).make_batch(0)
    np.testing.assert_array_equal(batch.is_taught, cohort.is_taught[batch.folds])
    np.testing.assert_array_equal(batch.targets > 0.5, cohort.truth[batch.folds])
