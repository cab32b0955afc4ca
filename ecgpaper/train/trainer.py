"""The stages of a training, each run by its name in a folder where the networks wait for others.

Public: `Lessons`, `Task`, `Trainer`, `TOGETHER`.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

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
from ecgpaper.train.digitizer.ends import train_ends
from ecgpaper.train.digitizer.feed import Feed
from ecgpaper.train.digitizer.quality import train_quality
from ecgpaper.train.digitizer.reader import train_reader
from ecgpaper.train.digitizer.refiner import train_refiner
from ecgpaper.train.digitizer.segmenter import train_segmenter
from ecgpaper.train.digitizer.tracer import train_tracer
from ecgpaper.train.picture.branches import train_picture_branch
from ecgpaper.train.picture.holdout import Labeled
from ecgpaper.train.schedule import (
    CLASSIFIER,
    CURVES,
    ENDS,
    PICTURE,
    QUALITY,
    READER,
    REFINER,
    SEGMENTER,
    TRACER,
    n_members,
)
from ecgpaper.train.span import Meter, Span

# What several processes learn together; the first does the rest alone.
TOGETHER = (READER, SEGMENTER, TRACER, ENDS, REFINER)


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
        start = self._start(task.stage)
        if task.stage == CLASSIFIER:
            self._classifier(span)
        elif task.stage == PICTURE:
            self._picture(span, task.opinions)
        elif task.stage == CURVES:
            read_pages(ecgs, folder, span=span, seed=seed)
        elif task.stage == QUALITY:
            train_quality(ecgs, folder, span=span, seed=seed)
            forget_pages(folder)
        elif task.stage == READER:
            train_reader(folder, span=span, seed=seed, start=start)
        elif task.stage in _OF_CURVES:
            pages = read_pages(ecgs, folder, span=Span(task.n_curve_pages), seed=seed)
            _OF_CURVES[task.stage](pages, folder, span=span, seed=seed, start=start)
        else:
            learn = _OF_PAGES[task.stage]
            learn(ecgs, folder, span=span, seed=seed, feed=task.feed, start=start)

    def forget_drawn(self) -> None:
        """Remove the pages that segmenter and tracer have learned from."""
        for name in _OF_PAGES:
            shutil.rmtree(self.folder / f".pages-{name}", ignore_errors=True)

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


_OF_PAGES = {SEGMENTER: train_segmenter, TRACER: train_tracer}
_OF_CURVES = {ENDS: train_ends, REFINER: train_refiner}
