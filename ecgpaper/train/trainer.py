"""The stages of a training, each run by its name in a folder where the networks wait for others.

Public: `Lessons`, `Task`, `Trainer`, `LEARNERS`, `TOGETHER`.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from ecgpaper.classify.labels import one_hot
from ecgpaper.ecg import Ecg
from ecgpaper.nets.stored.checkpoint import read_info
from ecgpaper.train.classifier.facts import RecordFacts
from ecgpaper.train.classifier.folds import split_records
from ecgpaper.train.classifier.signals import (
    ClassifierConfig,
    forget_members,
    save_classifier,
    train_classifier,
)
from ecgpaper.train.digitizer.curves import forget_pages, read_pages
from ecgpaper.train.digitizer.ends import ENDS_LEARNER, EndSource
from ecgpaper.train.digitizer.feed import Feed, SegmentFeed, StripFeed, usual_feed
from ecgpaper.train.digitizer.network import Learner, Source
from ecgpaper.train.digitizer.ocr import OCR_LEARNER, LineSource
from ecgpaper.train.digitizer.quality import train_quality
from ecgpaper.train.digitizer.refiner import REFINER_LEARNER, CurveSource, batch_size_for
from ecgpaper.train.digitizer.segmenter import SEGMENTER_LEARNER
from ecgpaper.train.digitizer.source import PageSource
from ecgpaper.train.digitizer.tracer import TRACER_LEARNER
from ecgpaper.train.picture.branches import train_picture_branch
from ecgpaper.train.picture.holdout import Labeled
from ecgpaper.train.schedule import (
    CLASSIFIER,
    CURVES,
    ENDS,
    OCR,
    PICTURE,
    QUALITY,
    SEGMENTER,
    TRACER,
    n_members,
)
from ecgpaper.train.span import Meter, Span

_ALL: list[Learner[Any, Any, Any]] = [
    OCR_LEARNER,
    SEGMENTER_LEARNER,
    TRACER_LEARNER,
    ENDS_LEARNER,
    REFINER_LEARNER,
]
LEARNERS = {learner.name: learner for learner in _ALL}
# What several processes learn together; the first does the rest alone.
TOGETHER = tuple(LEARNERS)
_OF_PAGES: Mapping[str, type[SegmentFeed] | type[StripFeed]] = {
    SEGMENTER: SegmentFeed,
    TRACER: StripFeed,
}


@dataclass(frozen=True, eq=False)
class Lessons:
    """What is learned from.

    Parameters
    ----------
    ecgs : sequence of Ecg
    facts : sequence of RecordFacts
    patients : sequence of str
        Whose the records are.
    """

    ecgs: Sequence[Ecg]
    facts: Sequence[RecordFacts]
    patients: Sequence[str]


@dataclass(frozen=True)
class Task:
    """A stage, and how much of it is to be done.

    Parameters
    ----------
    stage : str
    span : Span
    n_curve_pages : int
        Pages whose curves were read before, for what learns from them.
    feed : Feed, optional
        What a step shows segmenter or tracer.
    opinions : Span
        Of pages that the picture branch mixes its opinions by.
    """

    stage: str
    span: Span
    n_curve_pages: int = 0
    feed: Feed | None = None
    opinions: Span = field(default_factory=lambda: Span(0))

    def without_meter(self) -> Task:
        """Return what another process is told."""
        return replace(self, span=replace(self.span, meter=Meter()), opinions=Span(0))

    def plan(self, known: Meter | None) -> str:
        """Say what is planned: seconds, and steps by what one has cost before, if that is known."""
        if self.span.seconds == math.inf:
            return f"{self.span.n_steps} steps"
        said = [f"{self.span.seconds:.0f} s"]
        if known and known.n_steps:
            step_s = known.seconds / known.n_steps
            n_steps = min(float(self.span.n_steps), self.span.seconds / step_s)
            waiting = 100 * known.waiting_share
            said.append(f"about {n_steps:.0f} steps of {step_s:.2f} s ({waiting:.0f} % waiting)")
        if self.feed:
            said.append(f"{100 * self.feed.fresh:.0f} % of the pages new")
        return ", ".join(said)


@dataclass(frozen=True, eq=False)
class Trainer:
    """Runs the stages.

    Parameters
    ----------
    lessons : Lessons
    folder : Path
        Of the networks.
    seed : int
    """

    lessons: Lessons
    folder: Path
    seed: int

    def run(self, task: Task) -> None:
        """Run a stage."""
        ecgs, folder, span, seed = self.lessons.ecgs, self.folder, task.span, self.seed
        if task.stage == CLASSIFIER:
            self._classifier(span)
        elif task.stage == PICTURE:
            self._picture(span, task.opinions)
        elif task.stage == CURVES:
            read_pages(ecgs, folder, span=span, seed=seed)
        elif task.stage == QUALITY:
            train_quality(ecgs, folder, span=span, seed=seed)
            forget_pages(folder)
        else:
            start, learner = self._start(task.stage), LEARNERS[task.stage]
            learner.train(self._source(task), folder, span=span, seed=seed, start=start)

    def forget_drawn(self) -> None:
        """Remove the pages that segmenter and tracer have learned from."""
        for name in _OF_PAGES:
            shutil.rmtree(self._drawn(name), ignore_errors=True)

    def _drawn(self, name: str) -> Path:
        return self.folder / f".pages-{name}"

    def _source(self, task: Task) -> Source[Any]:
        """Return what a network of the digitizer learns from."""
        ecgs, seed, name = self.lessons.ecgs, self.seed, task.stage
        if name == OCR:
            return LineSource(seed)
        if name in _OF_PAGES:
            pages = PageSource(ecgs, seed + LEARNERS[name].seed_offset)
            return _OF_PAGES[name](pages, task.feed or usual_feed(name), self._drawn(name))
        curves = read_pages(ecgs, self.folder, span=Span(task.n_curve_pages), seed=seed)
        if name == ENDS:
            return EndSource(curves, seed)
        return CurveSource(curves, seed, batch_size_for(task.span.seconds))

    def _start(self, name: str) -> Path | None:
        """Return where a network begins: where the round before has left it."""
        return self.folder if (self.folder / f"{name}.json").exists() else None

    def _classifier(self, span: Span) -> None:
        state_file = self.folder / f".{CLASSIFIER}"
        known = self.lessons
        network, info = train_classifier(
            known.ecgs,
            known.facts,
            patients=known.patients,
            config=ClassifierConfig(n_members=n_members(span), span=span),
            seed=self.seed,
            state_file=state_file,
        )
        save_classifier(self.folder, network, info)
        forget_members(state_file, int(info.config["n_members"]))

    def _picture(self, span: Span, opinions: Span) -> None:
        known = self.lessons
        n_parts = int(read_info(self.folder, CLASSIFIER).config["n_members"])
        rows = np.flatnonzero([fact.has_label for fact in known.facts])
        folds = np.full(len(known.facts), -1)
        folds[rows] = split_records([known.patients[row] for row in rows.tolist()], n_parts)
        truth = one_hot([fact.labels for fact in known.facts])
        records = Labeled(known.ecgs, truth, folds).part(rows)
        train_picture_branch(records, self.folder, span=span, opinions=opinions, seed=self.seed)
