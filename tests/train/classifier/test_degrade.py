import numpy as np
import pytest

from ecgpaper.classify.inputs import leads_from_ecg
from ecgpaper.ecg import STANDARD_ORDER
from ecgpaper.page import LAYOUTS
from ecgpaper.simulate import simulate_ecg
from ecgpaper.train.classifier.degrade import degrade, mask_of_layout

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
