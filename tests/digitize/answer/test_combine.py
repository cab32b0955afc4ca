import numpy as np
import pytest

from ecgpaper.digitize import Digitization
from ecgpaper.digitize.answer.combine import combine_views, fit_to_record, join_frames
from ecgpaper.digitize.calibration.printed_scale import Said
from ecgpaper.ecg import STANDARD_ORDER, UNKNOWN_LEAD, Ecg
from ecgpaper.page import PageLayout, PaperScale
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import FlatPage, GridScale

FS = 100.0


def view(level_mv, confidence=1.0, *, duration_s=10.0, leads=STANDARD_ORDER):
    """What was read from a page on which every lead is flat at a level."""
    n_samples = round(duration_s * FS)
    shape = (n_samples, len(leads))
    return Digitization(
        ecg=Ecg(np.full(shape, float(level_mv)), FS, leads),
        confidence=np.broadcast_to(np.asarray(confidence, dtype=float), shape),
        page=FlatPage(np.zeros((1, 1, 3), np.uint8), Homography.identity()),
        scale=GridScale((1.0, 1.0)),
        layout=PageLayout("3x4", (1.0, 1.0), PaperScale(), ()),
        traces=(),
        quality=1.0,
        fits=(),
        pulse=None,
        said=Said(),
        evidence=np.zeros((12, 1)),
        predicted_snr_db=np.zeros(12),
    )


def test_each_lead_comes_from_the_surest_view():
    sure_of_v6 = np.where(np.arange(12) == 11, 0.9, 0.2)
    ecg = combine_views([view(1, 0.5), view(2, sure_of_v6), view(3, 0.4)])
    assert ecg.lead("V6")[0] == 2
    assert (ecg.signal_mv[:, :11] == 1).all()


def test_equally_sure_views_leave_the_first():
    assert (combine_views([view(1), view(2)]).signal_mv == 1).all()


def test_view_of_a_shorter_page_leaves_the_rest_empty():
    ecg = combine_views([view(1, 0.9, duration_s=5), view(2, 0.1)])
    assert ecg.n_samples == 1000
    assert (ecg.signal_mv[:500] == 1).all()
    assert np.isnan(ecg.signal_mv[500:]).all()


def test_frames_follow_one_another_and_a_lost_one_leaves_its_time_empty():
    ecg = join_frames([view(1), None, view(3, duration_s=12), view(4, duration_s=4)], 10.0)
    assert ecg.n_samples == 4000
    assert (ecg.signal_mv[:1000] == 1).all()
    assert np.isnan(ecg.signal_mv[1000:2000]).all()
    assert (ecg.signal_mv[2000:3000] == 3).all()
    assert (ecg.signal_mv[3000:3400] == 4).all()
    assert np.isnan(ecg.signal_mv[3400:]).all()


def test_first_frame_may_be_the_lost_one():
    ecg = join_frames([None, view(2)], 10.0)
    assert np.isnan(ecg.signal_mv[:1000]).all()
    assert (ecg.signal_mv[1000:] == 2).all()


@pytest.mark.parametrize("n_samples", [0, 300, 1000, 1500])
def test_signal_has_the_order_and_the_length_of_the_record(n_samples):
    signal_mv = np.tile(np.arange(12.0), (1000, 1))
    ecg = Ecg(signal_mv, FS, STANDARD_ORDER)
    fitted = fit_to_record(ecg, ("V6", "RESP", "I", "V6"), n_samples)
    assert fitted.shape == (n_samples, 4)
    known = fitted[: min(n_samples, 1000)]
    assert (known[:, [0, 2, 3]] == [11, 0, 11]).all()
    assert np.isnan(known[:, 1]).all()
    assert np.isnan(fitted[1000:]).all()


def test_record_without_leads_is_an_empty_signal():
    ecg = Ecg(np.zeros((10, 12)), FS, STANDARD_ORDER)
    assert fit_to_record(ecg, (), 10).shape == (10, 0)


@pytest.mark.parametrize("order", [1, -1])
def test_pages_of_which_one_shows_an_unknown_lead_are_joined(order):
    pages = [view(1), view(2, leads=(*STANDARD_ORDER, UNKNOWN_LEAD))][::order]
    seen = combine_views(pages)
    assert seen.lead_names == (*STANDARD_ORDER, UNKNOWN_LEAD)
    assert (seen.lead(UNKNOWN_LEAD) == 2).all()
    assert (seen.lead("V6") == seen.lead("I")).all()
    joined = join_frames(pages, 10.0)
    assert np.isfinite(joined.lead(UNKNOWN_LEAD)).sum() == 1000
    assert fit_to_record(seen, STANDARD_ORDER, 1000).shape == (1000, 12)
