"""How the time of a training is shared out: minutes by the number of records, seconds by network.

Public: `MINUTES_VARIABLE`, `minutes_for`, `n_members`, `Schedule`, `Round`, `DRAFT`, `FINAL`,
`Stage`, `STAGES` and their names.

A first round, the draft, takes a tenth of the time and trains everything a little: a usable model,
and a measurement of what a step and a page cost on this machine. The second goes on from there.
"""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import dropwhile, pairwise

from ecgpaper.errors import BudgetError
from ecgpaper.runtime.bounds import TRAIN_MINUTES
from ecgpaper.train.span import MANY_STEPS, Meter, Span

MINUTES_VARIABLE = "ECGPAPER_TRAIN_MINUTES"
# Minutes for so many records: a trial, and the Challenge's training set on one T4 with 16 cores,
# where 48 hours are allowed. Between them the logarithm is straight.
_MINUTES = ((5, 5.0), (50, 10.0), (300, 60.0), (1000, 120.0), (20_000, 720.0))


@dataclass(frozen=True, slots=True)
class RoundTimes:
    """What a round has time for."""

    # Share of the time that the draft takes.
    draft_share: float = 0.1
    # A stage has at least this.
    least_s: float = 1.0
    # Share of the time that is left at the end for the work after a network's last step,
    spare_share: float = 0.05
    # and the most of it.
    most_spare_s: float = 60.0
    # Networks of the signals that answer together: in less time than this, one alone.
    few_s: float = 120.0


_TIMES = RoundTimes()


@dataclass(frozen=True, slots=True)
class PagePlan:
    """What pages cost, and how many are drawn."""

    # Before anything is measured: a step of the picture branch may draw eight pages.
    picture_step_s: float = 5.0
    # A page that is digitized takes this many times as long as one of which curves are read,
    whole_page: float = 3.0
    # and less than this many of them teach nothing of how well a lead was read.
    fewest_judged: int = 4
    # Share of new pages in the draft, which measures their cost,
    draft_fresh: float = 0.5
    # and the least that it may become.
    least_fresh: float = 0.05
    # Drawing takes this share of the time that it could, so that the network does not wait.
    drawing_share: float = 0.85
    # Share of its time that the picture branch spends on pages to mix its opinions by,
    opinions_share: float = 0.6
    # and the most of them.
    most_opinions: int = 300


_PAGES = PagePlan()


@dataclass(frozen=True)
class Stage:
    """A part of the training.

    Parameters
    ----------
    name : str
    share : float
        Of the time of a round, where there is much.
    late_minutes : float
        A training of this length gives it half of that share: what learns slowly, or from what
        others have learned, is of no use before.
    most : int
        Steps, or pages: more are not worth their memory, or teach nothing.
    is_in_draft : bool
        Whether the draft does any of it.
    """

    name: str
    share: float
    late_minutes: float = 0.0
    most: int = MANY_STEPS
    is_in_draft: bool = True

    def weight(self, minutes: float) -> float:
        """Return its share, beside those of the others, in a training of a length."""
        return self.share * minutes / (minutes + self.late_minutes)


CLASSIFIER = "classifier"
OCR = "ocr"
SEGMENTER = "segmenter"
TRACER = "tracer"
CURVES = "curves"
ENDS = "ends"
REFINER = "refiner"
QUALITY = "quality"
PICTURE = "picture"
OPINIONS = "opinions"
# Stages that can be complete before their time is over come first: time that is left goes to the
# others.
STAGES = (
    Stage(CLASSIFIER, 0.16),
    Stage(OCR, 0.05, late_minutes=10),
    Stage(SEGMENTER, 0.12),
    # It begins with what ink looks like, as the segmenter does.
    Stage(TRACER, 0.36, late_minutes=5),
    # Pages that are kept in memory, 3 MB each.
    Stage(CURVES, 0.11, late_minutes=5, most=600),
    Stage(ENDS, 0.03, late_minutes=5),
    Stage(REFINER, 0.07, late_minutes=5),
    Stage(QUALITY, 0.05, late_minutes=15, most=400, is_in_draft=False),
    Stage(PICTURE, 0.05, late_minutes=15),
)


@dataclass(frozen=True)
class Round:
    """One of the passes through all stages.

    Parameters
    ----------
    name : str
    share : float
        Of the time that is over at its end.
    stages : tuple of Stage
        In order.
    """

    name: str
    share: float
    stages: tuple[Stage, ...] = STAGES


# In the draft the classifier comes late: what follows its last step takes longer than its steps.
_LATE = (CLASSIFIER, PICTURE)
DRAFT = Round(
    "draft", _TIMES.draft_share, tuple(sorted(STAGES, key=lambda stage: stage.name in _LATE))
)
FINAL = Round("final", 1.0)


def minutes_for(n_records: int) -> float:
    """Choose how long to train: what the environment says, or by the number of records.

    Raises
    ------
    BudgetError
        If the environment's variable is no positive number of minutes.
    """
    said = os.environ.get(MINUTES_VARIABLE)
    if said is not None:
        return _checked(said)
    (few, least), *_ = _MINUTES
    if n_records <= few:
        return least
    for (few, least), (many, most) in pairwise(_MINUTES):
        if n_records <= many:
            part = math.log(n_records / few) / math.log(many / few)
            return float(least * (most / least) ** part)
    return _MINUTES[-1][1]


def _checked(said: str) -> float:
    try:
        return TRAIN_MINUTES.checked(float(said))
    except ValueError as error:
        raise BudgetError(
            f"{MINUTES_VARIABLE} must be a number of minutes; it is {said!r} ({error}): unset it, "
            "or set it to 120, say"
        ) from error


def n_members(span: Span) -> int:
    """Choose how many networks of the signals learn: one well rather than several badly."""
    return 1 if span.seconds < _TIMES.few_s else 3


@dataclass(frozen=True)
class Schedule:
    """The time of a training by round and stage; or, where spans are stated, these in one round.

    Parameters
    ----------
    minutes : float
    stated : mapping of str to Span
        By the name of the stage; it replaces the clock.
    """

    minutes: float
    stated: Mapping[str, Span] | None = None

    @property
    def rounds(self) -> tuple[Round, ...]:
        """The rounds, in order."""
        return (FINAL,) if self.stated else (DRAFT, FINAL)

    def span(
        self, part: Round, stage: Stage, spent_s: float, measured: Mapping[str, Meter]
    ) -> Span:
        """Plan a stage when so much of the time is spent.

        Parameters
        ----------
        part : Round
        stage : Stage
        spent_s : float
            Of the time of the whole training.
        measured : mapping of str to Meter
            What stages have cost before.
        """
        if self.stated:
            return self.stated[stage.name]
        if part is DRAFT and not stage.is_in_draft:
            return Span(n_steps=0)
        whole_s = 60 * self.minutes
        spare_s = min(_TIMES.most_spare_s, _TIMES.spare_share * whole_s) if part is FINAL else 0.0
        left_s = part.share * whole_s - spare_s - spent_s
        later = dropwhile(lambda each: each is not stage, part.stages)
        weight = sum(each.weight(self.minutes) for each in later)
        seconds = max(_TIMES.least_s, left_s * stage.weight(self.minutes) / weight)
        return Span(min(stage.most, _planned_steps(stage, seconds, measured)), seconds)

    def fresh(self, draft: Meter | None, n_workers: int, *, larger: float = 1.0) -> float:
        """Choose which share of a network's pages is new, so that it does not wait for them.

        Parameters
        ----------
        draft : Meter or None
            What the network has cost in the draft; None in the draft itself.
        n_workers : int
            Processes that draw.
        larger : float
            Crops of a page that a step learns from, as a multiple of what it was in the draft.
        """
        if self.stated:
            return 1.0
        if draft is None or not draft.n_steps or not draft.made_s:
            return _PAGES.draft_fresh
        learning_s = larger * (draft.seconds - draft.waited_s) / draft.n_steps
        share = _PAGES.drawing_share * n_workers * learning_s / (draft.made_s / _PAGES.draft_fresh)
        return round(min(1.0, max(_PAGES.least_fresh, share)), 3)

    def opinions(self, part: Round, picture: Span) -> tuple[Span, Span]:
        """Share the time of the picture branch out: its network, and pages to mix opinions by."""
        if self.stated:
            return picture, self.stated[OPINIONS]
        share = 0.0 if part is DRAFT else _PAGES.opinions_share
        pages = Span(0 if part is DRAFT else _PAGES.most_opinions, share * picture.seconds)
        return replace(picture, seconds=(1 - share) * picture.seconds), pages


def _planned_steps(stage: Stage, seconds: float, measured: Mapping[str, Meter]) -> int:
    """Return how many steps fit, where that has to be known beforehand.

    The picture branch learns by a plan; pages to judge by are of use if there are a few.
    """
    if stage.name == QUALITY:
        known = measured.get(CURVES)
        page_s = (
            _PAGES.whole_page * known.seconds / known.n_steps if known and known.n_steps else 0.0
        )
        return MANY_STEPS if seconds >= _PAGES.fewest_judged * page_s else 0
    if stage.name != PICTURE:
        return MANY_STEPS
    known = measured.get(PICTURE)
    step_s = known.seconds / known.n_steps if known and known.n_steps else _PAGES.picture_step_s
    return max(2, int((1 - _PAGES.opinions_share) * seconds / step_s))
