import numpy as np
import pytest

from ecgpaper.classify.inputs import leads_from_ecg
from ecgpaper.ecg import STANDARD_ORDER
from ecgpaper.page import LAYOUTS
from ecgpaper.simulate import simulate_ecg
from ecgpaper.train.classifier.augment.degrade import degrade, mask_of_layout

LEADS = leads_from_ecg(simulate_ecg(("NORM",), rng=np.random.default_rng(1)))[0]


@pytest.mark.parametrize("name", LAYOUTS)
def test_mask_shows_each_lead_where_the_layout_prints_it(name):
    mask = mask_of_layout(name)
    assert mask.shape == (12, 1000)
    left = mask.copy()
    for segment in LAYOUTS[name].segments:
        row = STANDARD_ORDER.index(segment.lead)
        # A thirteenth of ten seconds ends between two samples.
        shown = slice(round(100 * segment.start_s + 0.5), round(100 * segment.stop_s - 0.5))
        assert mask[row, shown].all()
        left[row, max(shown.start - 1, 0) : shown.stop + 1] = False
    assert not left.any()


def test_same_generator_same_page():
    first, again, other = (degrade(LEADS, rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other, equal_nan=True)


def test_pages_stay_close_to_the_record_and_the_record_untouched():
    before = LEADS.copy()
    for seed in range(30):
        page = degrade(LEADS, rng=np.random.default_rng(seed))
        assert page.shape == (12, 1000)
        assert page.dtype == np.float32
        assert 0.1 < np.isfinite(page).mean() <= 1
        assert np.nanmedian(np.abs(page - LEADS)) < 0.2
    np.testing.assert_array_equal(LEADS, before)


def test_every_layout_comes_up():
    shares = {
        round(float(np.isfinite(degrade(LEADS, rng=np.random.default_rng(s))).mean()), 1)
        for s in range(60)
    }
    assert {0.2, 0.3, 0.5, 1.0} <= shares


def test_columns_often_begin_elsewhere():
    """Each lead is learnt from all of its record."""
    shown = [np.isfinite(degrade(LEADS, rng=np.random.default_rng(seed))) for seed in range(60)]
    v1, first_column = STANDARD_ORDER.index("V1"), slice(0, 250)
    partly = [rows for rows in shown if not rows[v1].all() and rows[v1].any()]
    assert 0.2 < np.mean([rows[v1, first_column].any() for rows in partly]) < 0.8


def test_pages_of_six_leads_and_of_one_come_up():
    limb = np.arange(12) < 6
    seen = {
        tuple(np.isfinite(degrade(LEADS, rng=np.random.default_rng(seed))).mean(axis=1) > 0.5)
        for seed in range(250)
    }
    assert {tuple(limb), tuple(~limb), tuple(np.arange(12) == 1)} <= seen


def test_a_lead_alone_is_often_another_that_stands_for_ii():
    """As a lead that nobody knows does."""
    wave = np.sin(2 * np.pi * 0.013 * np.arange(1000))
    sizes_mv = 2.0 ** np.arange(12)
    leads = (sizes_mv[:, None] * wave).astype(np.float32)
    pages = [degrade(leads, rng=np.random.default_rng(seed)) for seed in range(300)]
    alone = [page for page in pages if np.isfinite(page).any(axis=1).sum() == 1]
    which = [round(np.log2(np.sqrt(2) * np.nanstd(page[1]))) for page in alone]
    assert 0.2 < np.mean(np.array(which) == 1) < 0.8
    assert len(set(which)) > 3


def test_fast_waves_are_weakened_a_little_or_much():
    """Averages from 500 Hz down to 100 take a third of them, thick pens more."""
    fast = np.tile(np.cos(np.pi * 0.8 * np.arange(1000)), (12, 1)).astype(np.float32)
    pages = [degrade(fast, rng=np.random.default_rng(seed)) for seed in range(200)]
    left = np.array([np.nanstd(page) for page in pages]) / fast.std()
    assert (left < 0.4).any()
    assert ((left > 0.5) & (left < 0.8)).any()
