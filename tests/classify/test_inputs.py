import numpy as np
import pytest

from ecgpaper.classify.inputs import (
    INPUT_FS,
    MAX_WINDOWS,
    UNIT_MV,
    channels_from_leads,
    fill_limb_leads,
    leads_from_ecg,
)
from ecgpaper.ecg import LIMB_LEADS, STANDARD_ORDER, UNKNOWN_LEAD, Ecg
from ecgpaper.page import LAYOUTS

V4 = STANDARD_ORDER.index("V4")


def waves(time_s, lead):
    """A smooth signal of its own for each of the twelve leads, by its number."""
    return np.sin(2 * np.pi * (1 + 0.3 * lead) * time_s + lead)


def draw_ecg(fs=500.0, duration_s=10.0, lead_names=STANDARD_ORDER):
    time_s = np.arange(round(fs * duration_s)) / fs
    leads = [waves(time_s, STANDARD_ORDER.index(name)) for name in lead_names]
    return Ecg(np.stack(leads, axis=1), fs, tuple(lead_names))


def limb_leads(lead_i, lead_ii):
    return np.stack(
        [
            lead_i,
            lead_ii,
            lead_ii - lead_i,
            -(lead_i + lead_ii) / 2,
            lead_i - lead_ii / 2,
            lead_ii - lead_i / 2,
        ]
    )


@pytest.mark.parametrize("fs", [100.0, 250.0, 257.3, 500.0, 1000.0])
def test_leads_become_rows_at_their_time_whatever_the_sampling_frequency(fs):
    windows = leads_from_ecg(draw_ecg(fs))
    time_s = np.arange(1000) / INPUT_FS
    expected = np.stack([waves(time_s, lead) for lead in range(12)])
    assert windows.shape == (1, 12, 1000)
    np.testing.assert_allclose(windows[0, :, 2:-2], expected[:, 2:-2], atol=0.02)


def test_leads_are_put_in_standard_order_and_missing_ones_stay_missing():
    rows = leads_from_ecg(draw_ecg(lead_names=("V4", "II")))[0]
    np.testing.assert_allclose(rows[V4], leads_from_ecg(draw_ecg())[0, V4])
    assert np.isfinite(rows).all(axis=1).nonzero()[0].tolist() == [1, V4]
    assert np.isnan(np.delete(rows, [1, V4], axis=0)).all()


def test_segment_of_v4_lands_at_seven_and_a_half_seconds():
    page = LAYOUTS["3x4+1R"].mask_unplotted(draw_ecg())
    row = leads_from_ecg(page)[0, V4]
    assert np.flatnonzero(np.isfinite(row))[[0, -1]].tolist() == [750, 999]
    confidence = channels_from_leads(leads_from_ecg(page)[0])[12 + V4]
    assert confidence[:750].max() == 0
    assert confidence[750:].min() == 1


def test_long_record_gives_windows_from_its_first_to_its_last_sample():
    ecg = draw_ecg(100.0, 25.0)
    windows = leads_from_ecg(ecg)
    assert windows.shape == (2, 12, 1000)
    np.testing.assert_allclose(windows[0, 1, 1:], ecg.signal_mv[1:1000, 1], atol=1e-6)
    np.testing.assert_allclose(windows[-1, 1, :-1], ecg.signal_mv[1500:2499, 1], atol=1e-6)
    assert len(leads_from_ecg(draw_ecg(100.0, 300.0))) == MAX_WINDOWS


def test_short_record_is_padded_at_its_end():
    rows = leads_from_ecg(draw_ecg(500.0, 4.0))[0]
    assert np.isfinite(rows[:, :400]).all()
    assert np.isnan(rows[:, 400:]).all()


def test_gap_stays_a_gap():
    ecg = draw_ecg()
    ecg.signal_mv[1000:1500, 3] = np.nan
    row = leads_from_ecg(ecg)[0, 3]
    assert np.flatnonzero(np.isnan(row))[[0, -1]].tolist() == [200, 299]


@pytest.mark.parametrize("n_samples", [0, 1, 3])
def test_record_of_hardly_any_sample_gives_a_window(n_samples):
    channels = channels_from_leads(
        leads_from_ecg(Ecg(np.ones((n_samples, 12)), 500.0, STANDARD_ORDER))[0]
    )
    assert channels.shape == (24, 1000)
    assert np.isfinite(channels).all()


@pytest.mark.parametrize("first", range(6))
@pytest.mark.parametrize("second", range(6))
def test_any_two_limb_leads_give_all_six(first, second):
    rng = np.random.default_rng(7)
    limb = limb_leads(rng.normal(size=50), rng.normal(size=50))
    leads = np.full((12, 50), np.nan, np.float32)
    leads[[first, second]] = limb[[first, second]]
    filled = fill_limb_leads(leads)
    if first == second:
        np.testing.assert_array_equal(filled, leads)
    else:
        np.testing.assert_allclose(filled[:6], limb, atol=1e-5)
    assert np.isnan(filled[6:]).all()


def test_limb_leads_are_not_filled_from_another_time():
    leads = np.full((12, 100), np.nan, np.float32)
    leads[0, :50], leads[1, 50:] = 1, 1
    np.testing.assert_array_equal(fill_limb_leads(leads), leads)


def test_seen_leads_are_never_replaced():
    leads = np.random.default_rng(0).normal(size=(12, 40)).astype(np.float32)
    leads[2, 10:] = np.nan
    known = np.isfinite(leads)
    np.testing.assert_array_equal(fill_limb_leads(leads)[known], leads[known])


def test_confidence_tells_seen_derived_and_missing_apart():
    page = LAYOUTS["3x4"].mask_unplotted(draw_ecg())
    confidence = channels_from_leads(leads_from_ecg(page)[0])[12:]
    a_vf = LIMB_LEADS.index("aVF")
    assert set(confidence[a_vf, 1:249]) == {0.5}  # from I, II and III
    assert set(confidence[a_vf, 250:499]) == {1.0}
    assert set(confidence[a_vf, 501:]) == {0.0}


def test_offset_of_a_lead_changes_nothing():
    leads = leads_from_ecg(LAYOUTS["3x4+1R"].mask_unplotted(draw_ecg()))[0]
    offsets = np.linspace(-1, 1, 12, dtype=np.float32)[:, None]
    np.testing.assert_allclose(
        channels_from_leads(leads + offsets), channels_from_leads(leads), atol=1e-5
    )


def test_amplitude_is_kept_up_to_a_limit():
    leads = np.zeros((12, 1000), np.float32)
    leads[4, 100:110], leads[5, 100:110] = 1.5, -90
    values = channels_from_leads(leads)[:12]
    assert values[4, 105] * UNIT_MV == pytest.approx(1.5)
    assert values[5, 105] * UNIT_MV == pytest.approx(-4)


def test_a_lead_nobody_knows_is_seen_as_lead_ii_unless_others_are_known():
    whole = draw_ecg()
    columns = np.column_stack([np.full((whole.n_samples, 12), np.nan), whole.lead("II")])
    alone = Ecg(columns, whole.fs, (*STANDARD_ORDER, UNKNOWN_LEAD))
    rows = leads_from_ecg(alone)[0]
    np.testing.assert_array_equal(rows[1], leads_from_ecg(whole)[0, 1])
    assert np.isfinite(rows).all(axis=1).nonzero()[0].tolist() == [1]
    columns[:, 0] = 0.0
    rows = leads_from_ecg(Ecg(columns, whole.fs, alone.lead_names))[0]
    assert np.isfinite(rows).all(axis=1).nonzero()[0].tolist() == [0]
