"""Which readings are refused: ink that nobody read, unless the leads prove themselves."""

from types import SimpleNamespace

import pytest

from ecgpaper.digitize.answer.refusals import check_legible
from ecgpaper.digitize.request import UNSTATED
from ecgpaper.errors import LayoutError


@pytest.fixture
def half_read(print_page, true_maps):
    """Return a function that makes a page of which two rows of four were read."""
    page = print_page(3, layout="3x4+1R", dpi=120.0)
    truth = page.truth

    def reading(agreement):
        return SimpleNamespace(
            agreement=agreement,
            rank=0.9 if agreement is None else agreement,
            rows=(0, 1),
            traces=tuple(trace for trace in truth.traces if trace.strip.segment.row < 2),
            layout=truth.layout,
            scale=truth.scale,
            page=SimpleNamespace(maps=true_maps(page)),
        )

    return reading


@pytest.mark.parametrize("agreement", [0.4, 0.8, None])
def test_ink_beside_the_traces_speaks_against_leads_in_doubt(half_read, agreement):
    with pytest.raises(LayoutError, match="beside those that were found"):
        check_legible(half_read(agreement), UNSTATED)


def test_leads_that_fit_each_other_were_read_whatever_lies_beside_them(half_read):
    check_legible(half_read(0.9), UNSTATED)
