"""The time of a training: by records, by the environment, by stages."""

import pytest

from ecgpaper.errors import BudgetError
from ecgpaper.train.schedule import (
    DRAFT,
    FINAL,
    MINUTES_VARIABLE,
    STAGES,
    Schedule,
    minutes_for,
    n_members,
)
from ecgpaper.train.span import MANY_STEPS, Meter, Span

BY_NAME = {stage.name: stage for stage in STAGES}


def test_more_records_are_worth_more_time(monkeypatch):
    monkeypatch.delenv(MINUTES_VARIABLE, raising=False)
    known = {1: 5, 5: 5, 50: 10, 1000: 120, 21_799: 720}
    assert {n: minutes_for(n) for n in known} == pytest.approx(known)
    minutes = [minutes_for(n) for n in range(1, 22_000, 50)]
    assert minutes == sorted(minutes)


def test_environment_states_another_time(monkeypatch):
    monkeypatch.setenv(MINUTES_VARIABLE, "7.5")
    assert minutes_for(5) == minutes_for(21_799) == 7.5


@pytest.mark.parametrize("said", ["", "0", "-3", "nan", "inf", "two hours"])
def test_time_that_is_no_number_of_minutes_is_refused(monkeypatch, said):
    monkeypatch.setenv(MINUTES_VARIABLE, said)
    with pytest.raises(BudgetError, match=rf"{MINUTES_VARIABLE} must be .*unset it"):
        minutes_for(5)


def test_shares_of_all_stages_are_the_whole():
    assert sum(stage.share for stage in STAGES) == pytest.approx(1)


def test_time_that_a_stage_leaves_goes_to_the_later_ones():
    schedule = Schedule(minutes=100.0)
    second = STAGES[1]
    weights = [stage.weight(100.0) for stage in STAGES]
    begun_s = 600 + 5340 * weights[0] / sum(weights)
    usual = schedule.span(FINAL, second, begun_s, {}).seconds
    assert usual == pytest.approx(5340 * weights[1] / sum(weights))
    assert schedule.span(FINAL, second, 600.0, {}).seconds > usual
    # The last one gets all there is but for a minute, and who comes too late a second.
    assert schedule.span(FINAL, STAGES[-1], 5000.0, {}).seconds == pytest.approx(940)
    assert schedule.span(FINAL, STAGES[-1], 7000.0, {}).seconds == 1.0


def test_what_learns_late_gets_less_in_little_time_and_its_whole_share_in_much():
    def shares(minutes):
        weights = {stage.name: stage.weight(minutes) for stage in STAGES}
        return {name: weight / sum(weights.values()) for name, weight in weights.items()}

    little, usual, much = shares(5.0), shares(60.0), shares(1e6)
    for late in ("ocr", "refiner", "quality", "picture"):
        assert (
            little[late] < usual[late] < much[late] == pytest.approx(BY_NAME[late].share, rel=1e-4)
        )
    assert little["segmenter"] > usual["segmenter"] > much["segmenter"]


def test_pages_to_judge_by_are_read_if_a_few_of_them_fit():
    schedule, quality = Schedule(minutes=10.0), BY_NAME["quality"]
    dear, cheap = Meter(n_steps=3, seconds=60.0), Meter(n_steps=3, seconds=1.0)
    # Twenty seconds are left for them and for the picture branch.
    assert schedule.span(FINAL, quality, 550.0, {"curves": dear}).n_steps == 0
    assert schedule.span(FINAL, quality, 550.0, {"curves": cheap}).n_steps == quality.most


def test_draft_reads_no_pages_to_judge_by():
    schedule = Schedule(minutes=10.0)
    assert schedule.span(DRAFT, BY_NAME["quality"], 0.0, {}).n_steps == 0
    picture = schedule.span(DRAFT, BY_NAME["picture"], 55.0, {})
    assert schedule.opinions(DRAFT, picture)[1].n_steps == 0


def test_steps_of_the_picture_branch_are_planned_by_what_one_has_cost():
    schedule = Schedule(minutes=100.0)
    measured = {"picture": Meter(n_steps=10, seconds=20.0)}
    planned = schedule.span(FINAL, BY_NAME["picture"], 5840.0, measured)
    own, opinions = schedule.opinions(FINAL, planned)
    assert own.n_steps * 2.0 == pytest.approx(own.seconds, abs=2)
    assert own.seconds + opinions.seconds == pytest.approx(planned.seconds)
    assert schedule.span(FINAL, BY_NAME["tracer"], 0.0, measured).n_steps == MANY_STEPS


def test_stated_spans_replace_the_clock():
    stated = {"tracer": Span(7), "opinions": Span(3), "picture": Span(2)}
    schedule = Schedule(minutes=1.0, stated=stated)
    assert schedule.rounds == (FINAL,)
    assert schedule.span(FINAL, BY_NAME["tracer"], 1e9, {}) == Span(7)
    assert schedule.opinions(FINAL, Span(2)) == (Span(2), Span(3))


def test_share_of_new_pages_is_what_the_processes_that_draw_can_feed():
    """A step takes a second, a batch that is half new two: four processes feed one all new."""
    schedule = Schedule(minutes=10.0)
    draft = Meter(n_steps=10, seconds=20.0, waited_s=10.0, made_s=2.0)
    shares = [schedule.fresh(draft, n_workers) for n_workers in (1, 2, 4, 15)]
    assert shares == pytest.approx([0.2125, 0.425, 0.85, 1.0], abs=1e-3)
    assert schedule.fresh(draft, 1, larger=3.0) == pytest.approx(3 * 0.2125, abs=1e-3)
    assert 0 < schedule.fresh(None, 1) < 1
    assert Schedule(10.0, stated={"tracer": Span(1)}).fresh(draft, 1) == 1.0


def test_little_time_is_worth_one_network_of_the_signals():
    assert (n_members(Span(seconds=40.0)), n_members(Span(seconds=1000.0))) == (1, 3)
