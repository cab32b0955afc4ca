import numpy as np
import pytest

from ecgpaper.digitize.calibration.paper_scale import find_paper_scale
from ecgpaper.digitize.calibration.printed_scale import Said
from ecgpaper.digitize.calibration.pulse import Pulse
from ecgpaper.digitize.heartbeat import fast_odds
from ecgpaper.digitize.request import UNSTATED, Stated
from ecgpaper.ecg import Ecg
from ecgpaper.page import LAYOUTS, PaperScale
from ecgpaper.simulate import simulate_ecg

NOTHING = Said()
USUAL, FAST = PaperScale(), PaperScale(speed_mm_per_s=50.0)


def shown(ecg):
    return LAYOUTS["3x4+1R"].mask_unplotted(ecg)


def taken_for_slow(ecg):
    """The first half of a record, on paper twice as fast as it is taken for."""
    return shown(Ecg(ecg.signal_mv[: ecg.n_samples // 2], ecg.fs / 2, ecg.lead_names))


def pulse(width_mm=5.0, height_mm=10.0):
    return Pulse(10.0, width_mm, height_mm, share=0.9)


@pytest.mark.parametrize("labels", [("NORM",), ("BRADY",), ("TACHY",), ("CD",), ("AFIB/AFL",)])
@pytest.mark.parametrize("seed", range(3))
def test_heartbeats_at_their_own_speed_are_never_taken_for_fast_paper(labels, seed):
    ecg = simulate_ecg(labels, rng=np.random.default_rng(seed))
    assert find_paper_scale(None, NOTHING, shown(ecg), USUAL) == USUAL


def test_slow_and_dull_heartbeats_show_fast_paper():
    ecg = simulate_ecg(("NORM",), rng=np.random.default_rng(0))
    assert fast_odds(taken_for_slow(ecg)) > fast_odds(shown(ecg)) + 10
    assert find_paper_scale(None, NOTHING, taken_for_slow(ecg), USUAL) == FAST


def test_pulse_that_is_not_wide_speaks_against_fast_paper():
    ecg = simulate_ecg(("NORM",), rng=np.random.default_rng(0))
    assert find_paper_scale(pulse(), NOTHING, taken_for_slow(ecg), USUAL) == USUAL


def test_record_without_heartbeats_says_nothing(healthy_ecg):
    nothing = Ecg(np.full_like(healthy_ecg.signal_mv, np.nan), 500.0, healthy_ecg.lead_names)
    assert fast_odds(nothing) == -np.inf
    assert find_paper_scale(None, NOTHING, nothing, USUAL) == USUAL


@pytest.mark.parametrize("height_mm", [5.0, 10.0, 20.0])
@pytest.mark.parametrize(("width_mm", "speed"), [(2.5, 25.0), (5.0, 25.0), (9.75, 50.0)])
def test_pulse_tells_gain_and_speed(healthy_ecg, height_mm, width_mm, speed):
    found = find_paper_scale(pulse(width_mm, height_mm), NOTHING, shown(healthy_ecg), USUAL)
    assert found == PaperScale(speed, height_mm)


def test_rows_too_long_for_slow_paper_stay_fast(healthy_ecg):
    assert find_paper_scale(pulse(5.0, 20.0), NOTHING, shown(healthy_ecg), FAST) == PaperScale(
        50.0, 20.0
    )
    assert find_paper_scale(None, NOTHING, shown(healthy_ecg), FAST) == FAST


def test_print_tells_the_gain_whatever_a_pulse_looks_like(healthy_ecg):
    said = Said(gain_mm_per_mv=5.0)
    assert find_paper_scale(None, said, shown(healthy_ecg), USUAL) == PaperScale(25.0, 5.0)
    assert find_paper_scale(pulse(), said, shown(healthy_ecg), USUAL) == PaperScale(25.0, 5.0)


def test_print_tells_the_speed_whatever_pulse_and_heartbeats_look_like(healthy_ecg):
    slow, fast = Said(speed_mm_per_s=25.0), Said(speed_mm_per_s=50.0)
    assert find_paper_scale(pulse(width_mm=9.75), slow, shown(healthy_ecg), USUAL) == USUAL
    assert find_paper_scale(None, slow, taken_for_slow(healthy_ecg), USUAL) == USUAL
    assert find_paper_scale(pulse(), fast, shown(healthy_ecg), USUAL) == FAST


def test_what_is_stated_wins():
    assert UNSTATED.over(FAST) == FAST
    assert Stated(gain_mm_per_mv=5.0).over(FAST) == PaperScale(50.0, 5.0)
    assert Stated(speed_mm_per_s=12.5).over(FAST) == PaperScale(12.5, 10.0)


@pytest.mark.parametrize(
    "stated", [{"layout": "5x5"}, {"speed_mm_per_s": 0.0}, {"gain_mm_per_mv": -10.0}]
)
def test_what_cannot_be_is_refused(stated):
    with pytest.raises(ValueError, match=r"must be one of 3x4|expected a (paper speed|gain) of"):
        Stated(**stated)


def test_heartbeats_of_one_lead_alone_show_no_fast_paper():
    ecg = simulate_ecg(("NORM",), rng=np.random.default_rng(0))
    alone = Ecg(ecg.signal_mv[: ecg.n_samples // 2, :1], ecg.fs / 2, ("unknown",))
    assert fast_odds(alone) > 5
    assert find_paper_scale(None, NOTHING, alone, USUAL) == USUAL
    assert find_paper_scale(pulse(9.75), NOTHING, alone, USUAL) == FAST
