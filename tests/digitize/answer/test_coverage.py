import numpy as np
import pytest

from ecgpaper.digitize.answer.coverage import uncovered_share


@pytest.mark.parametrize("name", ["3x4+1R", "6x2"])
def test_ink_of_rows_that_were_not_read_is_uncovered(print_page, true_maps, name):
    page = print_page(3, layout=name, dpi=120.0)
    truth, maps = page.truth, true_maps(page)
    share = uncovered_share(truth.traces, truth.layout, truth.scale, maps)
    assert share < 0.05
    rows = sorted({trace.strip.segment.row for trace in truth.traces})
    kept = [t for t in truth.traces if t.strip.segment.row in rows[: len(rows) // 2]]
    assert uncovered_share(kept, truth.layout, truth.scale, maps) > 0.35


def test_page_without_ink_has_none_uncovered(print_page, true_maps):
    page = print_page(3, dpi=120.0)
    truth, maps = page.truth, true_maps(page)
    maps.probabilities[:] = np.array([1, 0, 0, 0], np.float32)
    assert uncovered_share((), truth.layout, truth.scale, maps) == 0
