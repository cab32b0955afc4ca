"""Laws of the paper: scales invert, layouts show what they must."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.page import LAYOUTS, SIX_LEADS, LeadLayout, PageLayout, PaperScale, Strip

numbers = st.floats(-1e3, 1e3)
settings.register_profile("pure", derandomize=True, deadline=None)
settings.load_profile("pure")


@given(numbers, st.sampled_from([25.0, 50.0]), st.sampled_from([5.0, 10.0, 20.0]))
def test_paper_scales_invert(value, speed, gain) -> None:
    scale = PaperScale(speed, gain)
    assert scale.s_from_mm(scale.mm_from_s(value)) == pytest.approx(value)
    assert scale.mv_from_mm(scale.mm_from_mv(value)) == pytest.approx(value)


def test_the_usual_paper_runs_25_mm_per_s_at_10_mm_per_mv() -> None:
    assert PaperScale().mm_from_s(10.0) == 250
    assert PaperScale().mm_from_mv(1.0) == 10


def test_a_scale_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="must be positive"):
        PaperScale(speed_mm_per_s=0.0)


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_every_layout_shows_each_of_its_leads_once_besides_the_rhythm(layout) -> None:
    short = [segment.lead for segment in layout.segments if not segment.is_rhythm]
    assert len(set(short)) == len(short)
    assert set(layout.rhythm) <= set(STANDARD_ORDER)
    assert {segment.row for segment in layout.segments} == set(range(layout.n_rows))


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=lambda layout: layout.name)
def test_the_segments_of_a_row_follow_each_other_without_gap_or_overlap(layout) -> None:
    for row in range(layout.n_rows):
        segments = sorted(
            (segment for segment in layout.segments if segment.row == row),
            key=lambda segment: segment.column,
        )
        if layout.is_simultaneous:
            assert {segment.start_s for segment in segments} == {0.0}
        else:
            edges = [0.0, *(segment.stop_s for segment in segments)]
            np.testing.assert_allclose([segment.start_s for segment in segments], edges[:-1])
        assert sum(segment.duration_s for segment in segments) == pytest.approx(layout.duration_s)


def test_the_layouts_of_twelve_leads_show_all_of_them() -> None:
    shown = {
        name: {lead for row in layout.rows for lead in row} for name, layout in LAYOUTS.items()
    }
    assert [name for name, leads in shown.items() if leads != set(STANDARD_ORDER)] == [
        "1x1",
        *SIX_LEADS,
    ]


def test_cabrera_s_order_goes_round_the_heart_with_avr_upside_down() -> None:
    layout = LAYOUTS["6x2"].in_cabrera_order()
    assert [row[0] for row in layout.rows] == ["aVL", "I", "aVR", "II", "aVF", "III"]
    assert layout.inverted == ("aVR",)
    with pytest.raises(ValueError, match="twelve leads"):
        LAYOUTS["1x1"].in_cabrera_order()


def test_columns_of_a_simultaneous_page_show_the_same_time() -> None:
    ecg = Ecg(np.ones((5000, 12)), 500.0, STANDARD_ORDER)
    shown = LAYOUTS["6x2"].at_once().displayed(ecg)
    assert shown[:2500].all()
    assert not shown[2500:].any()


def test_the_challenge_page_shows_columns_one_after_another() -> None:
    starts = {
        segment.lead: segment.start_s
        for segment in LAYOUTS["3x4+1R"].segments
        if not segment.is_rhythm
    }
    assert starts["III"] == 0
    assert starts["aVR"] == 2.5
    assert starts["V3"] == 5
    assert starts["V4"] == 7.5


def test_masking_keeps_what_the_page_shows_and_nothing_else() -> None:
    ecg = Ecg(np.ones((5000, 12)), 500.0, STANDARD_ORDER)
    masked = LAYOUTS["3x4+1R"].mask_unplotted(ecg)
    shown = np.isfinite(masked.signal_mv).sum(axis=0)
    assert dict(zip(STANDARD_ORDER, shown, strict=True))["II"] == 5000
    assert sorted(shown) == [1250] * 11 + [5000]
    assert np.flatnonzero(np.isfinite(masked.lead("V4"))).tolist() == list(range(3750, 5000))


def test_rows_come_from_top_to_bottom_and_left_to_right() -> None:
    layout = LAYOUTS["3x4+1R"]
    strips = tuple(
        Strip(segment, 100 + 25 * segment.start_s, 30.0 + 20 * segment.row)
        for segment in reversed(layout.segments)
    )
    rows = list(PageLayout("3x4+1R", (280.0, 210.0), PaperScale(), strips).rows())
    assert [[strip.segment.lead for strip in row] for row in rows[:2]] == [
        ["I", "aVR", "V1", "V4"],
        ["II", "aVL", "V2", "V5"],
    ]
    assert rows[0][1].right_mm(PaperScale()) == rows[0][2].left_mm


def test_a_page_at_another_scale_stands_where_it_stood() -> None:
    strips = tuple(
        Strip(segment, 10 + 25 * segment.start_s, 40.0) for segment in LAYOUTS["3x4+1R"].segments
    )
    slow = PageLayout("3x4+1R", (280.0, 210.0), PaperScale(), strips)
    fast = slow.at_scale(PaperScale(50.0, 20.0))
    for before, after in zip(slow.strips, fast.strips, strict=True):
        assert (after.left_mm, after.baseline_mm) == (before.left_mm, before.baseline_mm)
        assert after.right_mm(fast.scale) == pytest.approx(before.right_mm(slow.scale))
        assert after.segment.start_s == before.segment.start_s / 2
    assert fast.at_scale(PaperScale()) == slow


def test_a_layout_that_repeats_a_lead_is_refused() -> None:
    with pytest.raises(ValueError, match="two columns"):
        LeadLayout("bad", (("I", "V2"), ("II", "V2")))


def test_a_layout_of_ragged_rows_is_refused() -> None:
    with pytest.raises(ValueError, match="one length"):
        LeadLayout("bad", (("I", "V2"), ("II",)))
