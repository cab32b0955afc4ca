"""What the digitizer's flow decides between two readings of a page."""

from types import SimpleNamespace

import pytest

from ecgpaper.digitize import Digitizer, digitizer
from ecgpaper.digitize.request import UNSTATED
from ecgpaper.errors import LayoutError


@pytest.mark.parametrize(
    ("rank", "other_rank", "is_other"),
    [(0.1, 0.9, True), (0.1, 0.05, False), (0.9, 1.0, False), (0.1, None, False)],
)
def test_long_rows_whose_leads_do_not_fit_are_read_at_the_usual_length(
    monkeypatch, rank, other_rank, is_other
):
    monkeypatch.setattr(digitizer, "find_scale", lambda *_: None)
    monkeypatch.setattr(digitizer, "is_longer_than_usual", lambda layout: layout == "long")
    monkeypatch.setattr(
        digitizer,
        "find_layout",
        lambda *_, usual_length=False: "usual" if usual_length else "long",
    )
    page = SimpleNamespace(flat=None, maps=None)

    def read_placed(page, scale, layout, _):
        found = rank if layout == "long" else other_rank
        if found is None:
            raise LayoutError("no rows")
        return SimpleNamespace(page=page, scale=scale, layout=layout, rank=found)

    reader = Digitizer.__new__(Digitizer)
    object.__setattr__(reader, "read_placed", read_placed)
    object.__setattr__(reader, "tracer", None)
    assert reader.read_level(page, UNSTATED).layout == ("usual" if is_other else "long")
