"""What the digitizer's flow decides between several readings of a page."""

import gc
import math
import time
import weakref
from contextlib import nullcontext
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest

from ecgpaper.digitize import Digitizer, digitizer, first_phase, reading
from ecgpaper.digitize.reading import Reading, Way, ways_of
from ecgpaper.digitize.request import UNSTATED, Request, Stated
from ecgpaper.digitize.rows.find import layouts_of, layouts_of_alike
from ecgpaper.errors import EcgPaperError, GridError, LayoutError, MirrorError
from ecgpaper.runtime.bounds import Clock


@pytest.mark.parametrize(
    ("ranks", "limit_s", "taken"),
    [
        ((0.1, 0.9), 60.0, 1),
        ((0.1, 0.05), 60.0, 0),
        ((0.9, 1.0), 60.0, 0),
        ((0.1, None), 60.0, 0),
        ((None, 0.2), 60.0, 1),
        ((None, 0.1, 0.3), 60.0, 2),
        ((0.4, 0.9), 60.0, 1),
        ((0.4, 0.3), 60.0, 0),
        ((0.45, 0.55), 60.0, 0),
        ((0.2, 0.3), 60.0, 1),
        ((0.6, 0.9), 60.0, 0),
        ((0.1, 0.9), -1.0, 0),
        ((None, 0.9), -1.0, None),
    ],
)
def test_rows_whose_leads_do_not_fit_are_read_as_they_may_be_meant_otherwise(
    monkeypatch, ranks, limit_s, taken
):
    with pytest.raises(LayoutError) if taken is None else nullcontext():
        assert read_level(monkeypatch, ranks, limit_s).layout == taken


def test_rows_that_are_none_are_refused_for_the_reason_of_the_likeliest(monkeypatch):
    with pytest.raises(LayoutError, match="no rows in 0"):
        read_level(monkeypatch, (None, None))


def read_level(monkeypatch, ranks, limit_s=60.0):
    """Read a page whose rows may be meant in several ways, each with a rank, or with none."""
    monkeypatch.setattr(reading, "find_scale", lambda *_: None)

    def read_placed(page, scale, layout, _):
        if ranks[layout] is None:
            raise LayoutError(f"no rows in {layout}")
        return SimpleNamespace(page=page, scale=scale, layout=layout, rank=ranks[layout])

    reader = Digitizer.__new__(Digitizer)
    object.__setattr__(reader, "read_placed", read_placed)
    object.__setattr__(reader, "tracer", None)
    page = page_of_no_sheet()
    request = Request(500.0, UNSTATED, Clock(limit_s))
    return reader.read_level(Way(page), request, lambda *_: range(len(ranks)))


@pytest.mark.parametrize(
    ("answers", "limit_s", "taken"),
    [
        (("read", "read"), 60.0, 0),
        ((GridError("as it is"), "read"), 60.0, 1),
        ((GridError("as it is"), LayoutError("upright"), "read"), 60.0, 2),
        ((GridError("as it is"), LayoutError("upright")), 60.0, "as it is"),
        ((GridError("as it is"), "read"), -1.0, "as it is"),
        ((MirrorError("mirrored"), "read"), 60.0, "mirrored"),
    ],
)
def test_a_photo_is_read_in_the_first_sight_that_can_be(monkeypatch, answers, limit_s, taken):
    monkeypatch.setattr(
        first_phase, "sights", lambda *_: [partial(int, at) for at in range(len(answers))]
    )

    def read_page(at, _):
        if isinstance(answers[at], Exception):
            raise answers[at]
        return at

    reader = Digitizer.__new__(Digitizer)
    object.__setattr__(reader, "read_page", read_page)
    object.__setattr__(reader, "segmenter", None)
    request = Request(500.0, UNSTATED, Clock(limit_s))
    if isinstance(taken, int):
        assert reader.read(None, request) == taken
    else:
        with pytest.raises(EcgPaperError, match=taken):
            reader.read(None, request)


@pytest.mark.parametrize(
    ("by_all", "by_alike", "limit_s", "answer"),
    [
        ("all", "alike", 60.0, "all"),
        (LayoutError("all rows"), "alike", 60.0, "alike"),
        (LayoutError("all rows"), LayoutError("rows alike"), 60.0, "all rows"),
        (LayoutError("all rows"), MirrorError("mirrored"), 60.0, "mirrored"),
        (LayoutError("all rows"), "alike", -1.0, "all rows"),
        (MirrorError("mirrored"), "alike", 60.0, "mirrored"),
    ],
)
def test_rows_that_are_alike_are_read_alone_where_all_cannot_be(
    monkeypatch, by_all, by_alike, limit_s, answer
):
    monkeypatch.setattr(reading, "ways_round", lambda _: [(0, True)])

    def read_any_way(_page, _request, find):
        found = by_all if find is layouts_of else by_alike
        if isinstance(found, Exception):
            raise found
        return found

    reader = Digitizer.__new__(Digitizer)
    object.__setattr__(reader, "read_any_way", read_any_way)
    request = Request(500.0, UNSTATED, Clock(limit_s))
    if answer in ("all", "alike"):
        assert reader.read_page(page_of_no_sheet(), request) == answer
    else:
        with pytest.raises(EcgPaperError, match=answer):
            reader.read_page(page_of_no_sheet(), request)


@pytest.mark.parametrize("find", [layouts_of, layouts_of_alike])
def test_each_way_round_is_read_by_the_rows_that_are_asked_for(monkeypatch, find):
    asked = []

    def read_level(way, _stated, by):
        asked.append((way.page.n_quarters, by))
        raise LayoutError("no rows")

    monkeypatch.setattr(reading, "ways_round", lambda _: [(0, True), (2, True)])
    reader = Digitizer.__new__(Digitizer)
    object.__setattr__(reader, "read_level", read_level)
    page = page_of_no_sheet()
    with pytest.raises(LayoutError, match="no rows"):
        reader.read_any_way(ways_of(page), Request(500.0, UNSTATED, Clock(60.0)), find)
    others = [(0, layouts_of_alike), (2, layouts_of_alike)] if find is layouts_of else []
    assert sorted(asked, key=str) == sorted([(0, find), (2, find), *others], key=str)
    assert asked[0] == (0, find)


@pytest.mark.parametrize(
    ("of_all", "of_alike", "is_cabrera", "is_likely", "limit_s", "taken"),
    [
        # All rows make no sense, and those that are alike do: no other way round is tried.
        (0.1, 0.9, False, True, 60.0, "alike"),
        (LayoutError("no rows"), 0.9, False, True, 60.0, "alike"),
        # All rows make some sense,
        (0.4, 0.9, False, True, 60.0, "all"),
        # those that are alike leave doubts,
        (0.1, 0.7, False, True, 60.0, "all"),
        (0.1, 0.97, True, True, 60.0, "all"),
        (0.1, None, False, True, 60.0, "all"),
        (0.1, LayoutError("all are alike"), False, True, 60.0, "all"),
        # would stand upright, or there is no time.
        (0.1, 0.9, False, False, 60.0, "all"),
        (0.1, 0.9, False, True, -1.0, "all"),
    ],
)
def test_rows_that_are_alike_spare_the_other_ways_round_if_they_leave_no_doubt(
    of_all, of_alike, is_cabrera, is_likely, limit_s, taken
):
    def read_level(_page, _stated, by):
        found = of_all if by is layouts_of else of_alike
        if isinstance(found, Exception):
            raise found
        return reading_of(by, found, is_cabrera=is_cabrera)

    reader = Digitizer.__new__(Digitizer)
    object.__setattr__(reader, "read_level", read_level)
    request = Request(500.0, UNSTATED, Clock(limit_s))
    found = reader._tried(Way(None, is_likely=is_likely), request, layouts_of)
    assert found.layout.find is (layouts_of_alike if taken == "alike" else layouts_of)


def test_rows_alike_that_run_backwards_leave_the_other_ways_round_to_be_tried(monkeypatch):
    """They may be another sheet's: no page is refused as mirrored for them alone."""
    asked = []

    def read_level(way, _stated, by):
        asked.append((way.page.n_quarters, by))
        if by is layouts_of_alike:
            return reading_of(by, 0.9, is_backwards=True)
        return reading_of(by, 0.1 if way.page.n_quarters == 0 else 0.97)

    monkeypatch.setattr(reading, "ways_round", lambda _: [(0, True), (2, True), (1, False)])
    monkeypatch.setattr(first_phase, "check_legible", lambda *_: None)
    reader = Digitizer.__new__(Digitizer)
    object.__setattr__(reader, "read_level", read_level)
    page = page_of_no_sheet()
    assert (
        reader.read_any_way(ways_of(page), Request(500.0, UNSTATED, Clock(60.0))).agreement == 0.97
    )
    assert asked == [(0, layouts_of), (0, layouts_of_alike), (2, layouts_of)]


@pytest.mark.parametrize(
    ("fits", "share_spent", "may_be_pale", "n_asked"),
    [
        # Nothing is read, or nothing that fits: half of the time is for more contrast,
        ((None, None), 0.4, True, 4),
        ((None, None), 0.6, True, 2),
        ((0.2, 0.3), 0.6, True, 2),
        # if that may help.
        ((None, None), 0.6, False, 4),
        ((0.2, 0.3), 0.6, False, 4),
        # Leads fit, but may fit better the other way round.
        ((0.2, 0.4), 0.6, True, 4),
        ((0.2, 0.4), 1.1, True, 1),
    ],
)
def test_half_of_the_time_is_for_a_page_seen_otherwise(
    monkeypatch, fits, share_spent, may_be_pale, n_asked
):
    asked = []

    def read_level(way, _request, find):
        if find is layouts_of_alike:
            raise LayoutError("all rows are alike")
        asked.append(way.page.n_quarters)
        fit = {0: fits[0], 2: fits[1]}.get(way.page.n_quarters)
        if fit is None:
            raise LayoutError("no rows")
        return reading_of(find, fit)

    found = []
    ways = [(0, True), (2, True), (1, False), (3, False)]
    monkeypatch.setattr(reading, "ways_round", lambda _: ways)
    monkeypatch.setattr(first_phase, "check_legible", lambda *args: found.append(args))
    reader = Digitizer.__new__(Digitizer)
    object.__setattr__(reader, "read_level", read_level)
    clock = Clock(60.0, time.process_time() - share_spent * 60.0)
    with nullcontext() if any(fits) else pytest.raises(LayoutError, match="no rows"):
        ways = ways_of(page_of_no_sheet(may_be_pale=may_be_pale))
        reader.read_any_way(ways, Request(500.0, UNSTATED, clock))
    assert len(asked) == n_asked
    # What was left out counts as much as what failed: leads must fit the better.
    assert all(faults for _, _, faults in found if n_asked != 1)


@pytest.mark.parametrize(("fit", "n_asked"), [(0.88, 3), (0.3, 1)])
def test_no_time_is_left_for_more_contrast_where_some_rows_fit(monkeypatch, fit, n_asked):
    """Rows of a page that lies on its side may fit upside down: ink is seen, other ways come."""
    asked = []

    def read_level(way, _request, find):
        if find is layouts_of_alike and way.page.n_quarters == 1:
            return reading_of(find, fit, is_cabrera=True)
        if find is layouts_of_alike:
            raise LayoutError("all rows are alike")
        asked.append(way.page.n_quarters)
        if way.page.n_quarters == 2:
            return reading_of(find, 0.99)
        raise LayoutError("no rows")

    monkeypatch.setattr(reading, "ways_round", lambda _: [(1, True), (0, False), (2, False)])
    reader = Digitizer.__new__(Digitizer)
    object.__setattr__(reader, "read_level", read_level)
    monkeypatch.setattr(first_phase, "check_legible", lambda *_: None)
    clock = Clock(60.0, time.process_time() - 36.0)
    ways = ways_of(page_of_no_sheet(may_be_pale=True))
    with nullcontext() if n_asked > 1 else pytest.raises(LayoutError, match="no rows"):
        found = reader.read_any_way(ways, Request(500.0, UNSTATED, clock))
        assert found.agreement == 0.99
    assert asked == [1, 0, 2][:n_asked]


@pytest.mark.parametrize(
    ("may_be_upside_down", "is_likely", "fit", "least"),
    [
        (False, True, 0.9, 0.85),
        (False, False, 0.9, 0.5),
        (False, False, None, 0.85),
        (True, True, 0.9, 0.95),
        (True, False, 0.9, 0.95),
    ],
)
def test_a_page_is_turned_further_until_its_leads_fit(may_be_upside_down, is_likely, fit, least):
    found = SimpleNamespace(_may_be_upside_down=may_be_upside_down, agreement=fit)
    assert Reading.enough(found, is_likely=is_likely) == least


@pytest.mark.parametrize("has_scale", [True, False])
def test_what_both_tries_of_a_way_need_is_done_once(monkeypatch, has_scale):
    """Its scale, or that it has none, and its rows that are alike."""
    done = []

    def find_scale(page, _):
        done.append(("scale", page.n_quarters))
        if not has_scale:
            raise GridError("no grid")
        return "scale"

    def layouts(name):
        def find(*_):
            done.append((name, None))
            raise LayoutError("no rows")

        return find

    monkeypatch.setattr(reading, "ways_round", lambda _: [(0, True), (2, True), (1, False)])
    monkeypatch.setattr(reading, "find_scale", find_scale)
    monkeypatch.setattr(first_phase, "layouts_of", of_all := layouts("all"))
    monkeypatch.setattr(first_phase, "layouts_of_alike", of_alike := layouts("alike"))
    reader = Digitizer.__new__(Digitizer)
    object.__setattr__(reader, "tracer", None)
    ways, request = ways_of(page_of_no_sheet()), Request(500.0, UNSTATED, Clock(60.0))
    for find in (of_all, of_alike):
        with pytest.raises(EcgPaperError, match="no rows" if has_scale else "no grid"):
            reader.read_any_way(ways, request, find)
    assert sorted(done, key=str) == sorted(
        [("scale", at) for at in (0, 1, 2)] + 3 * [("all", None), ("alike", None)] * has_scale,
        key=str,
    )


@pytest.mark.parametrize(("share", "n_read"), [(1.002, 0), (0.998, 0), (1.005, 1)])
def test_rows_are_read_again_where_their_ends_change_the_scale(
    monkeypatch, print_page, share, n_read
):
    """Only there; but at the new scale all of them are."""
    truth = print_page(0, layout="3x4+1R", dpi=60.0).truth
    scale = replace(truth.scale, px_per_mm=tuple(share * px for px in truth.scale.px_per_mm))
    row = SimpleNamespace(shrunk=lambda share: f"shrunk by {share:.3f}")
    page = SimpleNamespace(photo=None, flat=None, maps=None)
    before = Reading(page, truth.scale, truth.layout, (row,), truth.traces, (), None, ("a place",))
    n_times = []
    told = (scale, truth.layout)
    monkeypatch.setattr(digitizer, "measured_by_ends", lambda *_: told)
    monkeypatch.setattr(digitizer, "read_rows", lambda *_: n_times.append(1) or ("read again",))
    monkeypatch.setattr(digitizer, "without_pulses", lambda _, rows: (rows, None))
    cutter = SimpleNamespace(cut=lambda *_: ())
    monkeypatch.setattr(digitizer, "TraceCutter", lambda _: cutter)
    found = Digitizer(*[None] * 6)._measured(before)
    assert len(n_times) == n_read
    assert found.rows == (("read again",) if n_read else (f"shrunk by {share:.3f}",))
    assert found.scale is scale
    assert found.places == ()


def test_columns_of_which_nothing_tells_whose_they_are_are_no_reading():
    reader = Digitizer.__new__(Digitizer)
    object.__setattr__(reader, "read_level", lambda *_: reading_of(layouts_of, None))
    found = reader._read_or_fault(Way(None), Request(500.0, UNSTATED, Clock(60.0)), layouts_of)
    assert isinstance(found, LayoutError)
    stated = Request(500.0, Stated(layout="3x4"), Clock(60.0))
    assert reader._read_or_fault(Way(None), stated, layouts_of).agreement is None


def page_of_no_sheet(*, may_be_pale=False):
    """Return a page that is only told by the quarters that it was turned by."""

    def turned(n_quarters):
        return SimpleNamespace(flat=None, maps=None, n_quarters=n_quarters)

    return SimpleNamespace(maps=None, turned=turned, may_be_pale=may_be_pale)


def reading_of(find, fit, *, is_cabrera=False, is_backwards=False):
    """Return a reading, of no page, by some rows and with leads that fit each other so well."""
    found = SimpleNamespace(
        layout=SimpleNamespace(find=find),
        agreement=fit,
        rank=-math.inf if fit is None else fit,
        has_columns=True,
        is_cabrera=is_cabrera,
        is_backwards=is_backwards,
        scale=SimpleNamespace(confidence=1.0),
        enough=lambda **_: 0.85,
        is_surer_than=lambda other: fit > other.rank + 0.15,
    )
    found.leaning = lambda: found
    return found


def test_a_reading_after_one_that_failed_is_kept_by_nobody_else(monkeypatch):
    """An error that a frame of its own traceback knows keeps all that this frame has read."""

    class Found:
        rank = 0.9

    def read_placed(_page, _scale, layout, _name):
        if layout == 0:
            raise LayoutError("no rows")
        return Found()

    monkeypatch.setattr(reading, "find_scale", lambda *_: None)
    reader = Digitizer.__new__(Digitizer)
    object.__setattr__(reader, "read_placed", read_placed)
    object.__setattr__(reader, "tracer", None)
    page = page_of_no_sheet()
    request = Request(500.0, UNSTATED, Clock(60.0))
    gc.disable()
    try:
        found = weakref.ref(reader.read_level(Way(page), request, lambda *_: range(2)))
        assert found() is None
    finally:
        gc.enable()
