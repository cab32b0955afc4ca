"""Answers: one page answered and measured, and its result kept.

Public: `PageTask`, `answer_page`, `answer_with`.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from ecgpaper import score
from ecgpaper.app.leaderboard.boxes import compare_boxes
from ecgpaper.app.leaderboard.challenge import Answer, Models, answer_record, score_record
from ecgpaper.app.leaderboard.result import BoxResult, LeadResult, PageResult
from ecgpaper.ecg import Ecg
from ecgpaper.files.records.challenge import read_ecg, read_header
from ecgpaper.measure import measure
from ecgpaper.synth.truth import read_truth
from ecgpaper.synth.truth.truth_file import JSON_SUFFIX


@dataclass(frozen=True, slots=True)
class PageTask:
    """A page to be answered.

    Parameters
    ----------
    record : str
    pages : Path
        Folder of the pages with the true signals and labels.
    work : Path
        Folder of the condition: ``hidden`` has the copies to be answered; ``outputs`` receives the
        answers, ``results`` the results.
    model : Path
    """

    record: str
    pages: Path
    work: Path
    model: Path

    @property
    def result_file(self) -> Path:
        """Where the result is kept."""
        return self.work / "results" / f"{self.record}.json"


@cache
def _models(folder: Path) -> Models:
    """Load the models once in each process."""
    return Models.load(folder)


def answer_page(task: PageTask) -> PageTask:
    """Answer a page as the Challenge's scripts do, score it, and keep its result."""
    answer_with(_models(task.model), task).write(task.result_file)
    return task


def answer_with(models: Models, task: PageTask) -> PageResult:
    """Answer a page by models that are loaded, and score it."""
    start_s = time.process_time()
    outputs = task.work / "outputs"
    answer = answer_record(models, task.work / "hidden", outputs, task.record)
    processor_s = time.process_time() - start_s
    truth = read_ecg(task.pages / task.record)
    found = _read_back(outputs / task.record, truth)
    return PageResult(
        record=task.record,
        layout=answer.pages[0].layout.name if answer.pages else None,
        leads=_leads(task, truth, found, answer),
        ratio=score.page_ratio(truth.signal_mv, found.signal_mv, truth.fs),
        true_labels=read_header(task.pages / task.record).labels,
        labels=read_header(outputs / task.record).labels,
        probabilities=_probabilities(answer),
        true_measured=measure(truth),
        measured=measure(found),
        boxes=_boxes(task, answer),
        processor_s=round(processor_s, 2),
    )


def _read_back(record: Path, truth: Ecg) -> Ecg:
    """Return the answered leads of a record, in the order and length of the truth."""
    signal_mv = np.full_like(truth.signal_mv, np.nan)
    if record.with_name(f"{record.name}.dat").exists():
        found_mv = read_ecg(record).select(truth.lead_names).signal_mv[: len(signal_mv)]
        signal_mv[: len(found_mv)] = found_mv
    return Ecg(signal_mv, truth.fs, truth.lead_names)


def _leads(task: PageTask, truth: Ecg, found: Ecg, answer: Answer) -> dict[str, LeadResult]:
    """Score the leads that the page shows."""
    outputs = task.work / "outputs"
    by_scorer = [
        list(score_record(task.pages, outputs, task.record, alignment=name).values())
        for name in ("comp", "head")
    ]
    leads = {}
    for name, snr_db, later_db in zip(truth.lead_names, *by_scorer, strict=True):
        is_shown = np.isfinite(truth.lead(name))
        if is_shown.any() and np.isfinite(snr_db):
            coverage = float(np.isfinite(found.lead(name)[is_shown]).mean())
            # The later scorer may move an answer until nothing is left to compare.
            compared_db = later_db if np.isfinite(later_db) else 0.0
            leads[name] = LeadResult(snr_db, compared_db, coverage, _predicted_db(answer, name))
    return leads


def _predicted_db(answer: Answer, lead: str) -> float | None:
    """Return what the first page that shows a lead was expected to score."""
    for page in answer.pages:
        if lead in page.ecg.lead_names:
            predicted_db = float(page.predicted_snr_db[page.ecg.lead_names.index(lead)])
            return predicted_db if np.isfinite(predicted_db) else None
    return None


def _probabilities(answer: Answer) -> tuple[float, ...]:
    return tuple(answer.diagnosis.probabilities.tolist()) if answer.diagnosis else ()


def _boxes(task: PageTask, answer: Answer) -> tuple[BoxResult, ...]:
    """Compare the boxes of the first picture of the record, if its truth is beside it."""
    image = Path(read_header(task.pages / task.record).image_names[0])
    stem = (task.pages / task.record).with_name(image.stem)
    if not stem.with_name(stem.name + JSON_SUFFIX).exists():
        return ()
    truth = read_truth(stem)
    return compare_boxes(truth, answer.pages[0] if answer.pages else None)
