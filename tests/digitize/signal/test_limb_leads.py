import numpy as np
import pytest

from ecgpaper.digitize.signal.limb_leads import consistent
from ecgpaper.ecg import STANDARD_ORDER

FS = 500.0
NOISE_MV = 0.02


@pytest.fixture
def beats_mv(healthy_ecg):
    """Four seconds of twelve leads, the limb leads of which add up."""
    signal_mv = healthy_ecg.select(STANDARD_ORDER).signal_mv[:2000].copy()
    one, two = signal_mv[:, 0], signal_mv[:, 1]
    signal_mv[:, 2:6] = np.column_stack([two - one, -(one + two) / 2, one - two / 2, two - one / 2])
    return signal_mv


def shown(signal_mv, leads):
    """Keep some of the leads, in random noise, at heights of their own."""
    rng = np.random.default_rng(1)
    read_mv = signal_mv + NOISE_MV * rng.normal(size=signal_mv.shape) + rng.normal(size=12)
    columns = [STANDARD_ORDER.index(lead) for lead in leads]
    return np.where(np.isin(np.arange(12), columns), read_mv, np.nan), columns


def error(found_mv, truth_mv):
    """Mean square of what is off, but for the height, per lead."""
    return np.var(found_mv - truth_mv, axis=0)


@pytest.mark.parametrize(
    ("leads", "share"),
    [
        (("I", "II", "III"), 2 / 3),
        (("aVR", "aVL", "aVF"), 2 / 3),
        (("II", "aVR", "aVL", "aVF"), 1 / 2),
        (STANDARD_ORDER[:6], 1 / 3),
    ],
)
def test_of_random_errors_that_is_left_which_two_voltages_can_have(beats_mv, leads, share):
    read_mv, columns = shown(beats_mv, leads)
    found_mv = consistent(read_mv, np.full_like(read_mv, NOISE_MV), FS)
    left = error(found_mv, beats_mv)[columns].mean() / NOISE_MV**2
    assert left == pytest.approx(share, abs=0.05)
    np.testing.assert_allclose(np.median(found_mv - read_mv, axis=0)[columns], 0, atol=0.01)


@pytest.mark.parametrize("leads", [("I", "II", "III"), ("II", "aVR", "aVL", "aVF")])
def test_where_a_lead_was_not_read_surely_the_others_tell_it(beats_mv, leads):
    read_mv, columns = shown(beats_mv, leads)
    spread_mv = np.full_like(read_mv, NOISE_MV)
    read_mv[100:140, columns[-1]] += 0.5
    spread_mv[100:140, columns[-1]] = 0.5
    found_mv = consistent(read_mv, spread_mv, FS)
    assert (error(found_mv, beats_mv)[columns] < 1.2 * NOISE_MV**2).all()


def test_leads_that_do_not_add_up_and_all_others_stay_as_they_were_read(beats_mv):
    swapped_mv = beats_mv.copy()
    swapped_mv[:, 2] = beats_mv[:, 7]
    for signal_mv, leads in ((swapped_mv, ("I", "II", "III")), (beats_mv, STANDARD_ORDER[6:])):
        read_mv, _ = shown(signal_mv, leads)
        found_mv = consistent(read_mv, np.full_like(read_mv, NOISE_MV), FS)
        np.testing.assert_array_equal(found_mv, read_mv)


def test_leads_of_which_one_is_late_keep_what_they_show(beats_mv):
    read_mv, columns = shown(beats_mv, ("I", "II", "III"))
    large = columns[int(np.argmax(np.ptp(read_mv[:, columns], axis=0)))]
    read_mv[:, large] = np.roll(read_mv[:, large], round(0.012 * FS))
    found_mv = consistent(read_mv, np.full_like(read_mv, NOISE_MV), FS)
    np.testing.assert_array_equal(found_mv[:, columns], read_mv[:, columns])
