"""Which readings are refused: ink that nobody read, unless the leads prove themselves."""

from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest

from ecgpaper.digitize.answer import refusals as module
from ecgpaper.digitize.answer.refusals import check_legible, defended
from ecgpaper.digitize.request import UNSTATED, Stated
from ecgpaper.errors import EcgPaperError, LayoutError


@pytest.fixture
def half_read(print_page, true_maps):
    """Return a function that makes a page of which two rows of four were read."""
    page = print_page(3, layout="3x4+1R", dpi=120.0)
    truth = page.truth

    def reading(agreement, enough=0.85):
        return SimpleNamespace(
            agreement=agreement,
            enough=lambda **_: enough,
            rank=0.9 if agreement is None else agreement,
            rows=(0, 1),
            traces=tuple(trace for trace in truth.traces if trace.strip.segment.row < 2),
            layout=truth.layout,
            has_columns=True,
            scale=truth.scale,
            page=SimpleNamespace(maps=true_maps(page), is_pale=False),
        )

    return reading


@pytest.fixture
def covered(monkeypatch):
    """Return a function that makes a reading of one row, beside which there is no ink."""
    monkeypatch.setattr(module, "uncovered_share", lambda *_: 0.0)

    def reading(agreement, rank, *, confidence=1.0, has_columns=True, **page):
        return SimpleNamespace(
            agreement=agreement,
            rank=rank if agreement is None else agreement,
            has_columns=has_columns,
            rows=(0,),
            traces=(),
            layout=None,
            scale=SimpleNamespace(confidence=confidence),
            page=SimpleNamespace(**{"maps": None, "is_negative": False, "is_pale": False, **page}),
        )

    return reading


@pytest.mark.parametrize("agreement", [0.4, 0.8, None])
def test_ink_beside_the_traces_speaks_against_leads_in_doubt(half_read, agreement):
    with pytest.raises(LayoutError, match="beside those that were found"):
        check_legible(half_read(agreement), UNSTATED)


def test_leads_that_fit_each_other_were_read_whatever_lies_beside_them(half_read):
    check_legible(half_read(0.9), UNSTATED)


def test_leads_that_may_be_upside_down_must_fit_the_better_with_ink_beside_them(half_read):
    with pytest.raises(LayoutError, match="beside those that were found"):
        check_legible(half_read(0.9, enough=0.95), UNSTATED)


@pytest.mark.parametrize(
    ("agreement", "faults", "layout", "grid", "reason"),
    [
        # What is said is the doubt about the best way round, not what is wrong with another;
        (
            0.27,
            [LayoutError("no traces upside down")],
            None,
            1.0,
            "by 0.50 .* by 0.27.* its layout",
        ),
        (0.27, [], None, 1.0, "by 0.35 or more; .* by 0.27"),
        # but that there is no grid speaks against this one.
        (0.4, [LayoutError("no traces upside down")], None, 0.5, "neither"),
        (0.4, [], None, 0.5, None),
        # Who states a layout knows that the page can be read, not that it lies upright.
        (0.4, [LayoutError("no traces upside down")], "3x4+1R", 0.5, None),
        (0.27, [LayoutError("no traces upside down")], "3x4+1R", 1.0, "by 0.35 .* another layout"),
        (0.27, [], "3x4+1R", 1.0, None),
        (None, [LayoutError("no traces upside down")], None, 1.0, "upside down"),
    ],
)
def test_leads_that_do_not_fit_are_refused_for_what_speaks_against_them(
    covered, agreement, faults, layout, grid, reason
):
    reading = covered(agreement, -np.inf, confidence=grid)
    with pytest.raises(EcgPaperError, match=reason) if reason else nullcontext():
        check_legible(reading, Stated(layout=layout), faults)


@pytest.mark.parametrize(("agreement", "is_refused"), [(0.9, False), (0.8, True), (None, True)])
def test_what_was_seen_with_more_contrast_must_prove_itself(covered, agreement, is_refused):
    """Darkened, lines of an empty grid or of a table look like curves."""
    with pytest.raises(LayoutError, match="prove each other") if is_refused else nullcontext():
        check_legible(covered(agreement, 0.85, is_pale=True), UNSTATED)


def test_no_page_is_lost_by_half_whose_leads_prove_each_other():
    lost = np.array([-13.0, np.nan, -3.0, 1.0])
    assert defended(lost, 0.74).tolist() == pytest.approx([0.0, np.nan, 0.0, 1.0], nan_ok=True)
    for agreement in (None, 0.2):
        np.testing.assert_array_equal(defended(lost, agreement), lost)
    # A lead that is worse than the others is still left out.
    mixed = np.array([-13.0, 8.0, 9.0])
    np.testing.assert_array_equal(defended(mixed, 0.9), mixed)


@pytest.mark.parametrize(
    ("is_negative", "confidence", "layout", "is_refused"),
    [
        (True, 0.3, None, True),
        (True, 0.3, "1x1", False),
        (True, 1.0, None, False),
        (False, 0.3, None, False),
    ],
)
def test_a_monitor_s_curve_without_a_grid_is_refused(
    covered, is_negative, confidence, layout, is_refused
):
    reading = covered(None, 0.5, confidence=confidence, has_columns=False, is_negative=is_negative)
    with pytest.raises(LayoutError, match="monitor") if is_refused else nullcontext():
        check_legible(reading, Stated(layout=layout))
