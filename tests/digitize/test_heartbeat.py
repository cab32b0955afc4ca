import numpy as np
import pytest

from ecgpaper.digitize.heartbeat import find_beats, runs_backwards
from ecgpaper.ecg import Ecg
from ecgpaper.simulate import simulate_ecg


def reversed_in_time(ecg):
    return Ecg(np.ascontiguousarray(ecg.signal_mv[::-1]), ecg.fs, ecg.lead_names)


@pytest.mark.parametrize("labels", [("NORM",), ("BRADY",), ("TACHY",), ("CD",), ("AFIB/AFL",)])
@pytest.mark.parametrize("seed", range(3))
def test_no_record_runs_backwards(labels, seed):
    assert not runs_backwards(simulate_ecg(labels, rng=np.random.default_rng(seed)))


@pytest.mark.parametrize("seed", range(4))
def test_reversed_records_run_backwards(seed):
    ecg = simulate_ecg(("NORM",), rng=np.random.default_rng(seed))
    assert runs_backwards(reversed_in_time(ecg))


@pytest.mark.parametrize("lead", ["II", "V2", "V4"])
def test_single_lead_does_not_tell(lead):
    ecg = reversed_in_time(simulate_ecg(("NORM",), rng=np.random.default_rng(0)))
    is_shown = np.array(ecg.lead_names) == lead
    single_mv = np.where(is_shown, ecg.signal_mv, np.nan)
    assert not runs_backwards(Ecg(single_mv, ecg.fs, ecg.lead_names))


def test_record_without_heartbeats_runs_no_way(healthy_ecg):
    for level in (0.0, np.nan):
        flat = Ecg(np.full_like(healthy_ecg.signal_mv, level), 500.0, healthy_ecg.lead_names)
        assert not len(find_beats(flat))
        assert not runs_backwards(flat)


@pytest.mark.parametrize("fs", [100.0, 500.0])
def test_beats_come_as_often_as_they_were_simulated(fs):
    """Spikes at 75 per minute in some leads, at any sampling frequency."""
    time_s = np.arange(0, 10, 1 / fs)
    spikes_mv = np.exp(-0.5 * (((time_s - 0.4) % 0.8 - 0.4) / 0.02) ** 2)
    signal_mv = np.full((len(time_s), 12), np.nan)
    signal_mv[:, :6] = spikes_mv[:, None]
    names = simulate_ecg(("NORM",), rng=np.random.default_rng(0)).lead_names
    beats = find_beats(Ecg(signal_mv, fs, names))
    assert np.median(np.diff(beats)) / fs == pytest.approx(0.8, abs=0.02)
