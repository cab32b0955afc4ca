"""Train everything that a model folder holds, from a Challenge folder, in a stated time.

Public: `train_all`, `NETWORKS`.

Networks learn in a folder of their own inside the model folder, in two rounds (see `schedule`).
Whenever they are all there, or better than before, they take the place of those in the model folder
together. A training that is interrupted goes on where it was.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ecgpaper.classify.branches import PICTURE
from ecgpaper.digitize.networks import CONTRACTS
from ecgpaper.errors import CheckpointError, RecordError
from ecgpaper.files.records.challenge import RecordHeader, find_records
from ecgpaper.nets.device import best_device
from ecgpaper.nets.stored.checkpoint import publish, read_info, require_files
from ecgpaper.runtime.files import prepare_output_folder, remove_abandoned
from ecgpaper.simulate import simulate_record
from ecgpaper.train.ahead import n_cores, usual_workers
from ecgpaper.train.classifier.facts import RecordFacts
from ecgpaper.train.classifier.folds import N_PARTS, group_records
from ecgpaper.train.digitizer.feed import usual_feed
from ecgpaper.train.processes import from_first, joined, n_processes, rank
from ecgpaper.train.records import (
    RecordFolder,
    check_labels,
    checksum_of,
    read_headers,
    with_signals,
)
from ecgpaper.train.schedule import (
    CLASSIFIER,
    CURVES,
    DRAFT,
    ENDS,
    FINAL,
    QUALITY,
    REFINER,
    SEGMENTER,
    STAGES,
    TRACER,
    Round,
    Schedule,
    minutes_for,
)
from ecgpaper.train.span import Meter, Span
from ecgpaper.train.state import WORK, TrainingState
from ecgpaper.train.trainer import TOGETHER, Lessons, Task, Trainer

logger = logging.getLogger(__name__)

NETWORKS = (*CONTRACTS, CLASSIFIER, PICTURE)
# After these stages what is there fits together, and is better than what was there before.
_PUBLISHED_AFTER = (CLASSIFIER, QUALITY, PICTURE)
# With fewer records than this the networks would learn the records by heart.
FEW_RECORDS = 50
N_SIMULATED = 200
SEED = 1


def train_all(
    data_folder: Path,
    model_folder: Path,
    *,
    seed: int = SEED,
    minutes: float | None = None,
    stated: Mapping[str, Span] | None = None,
) -> None:
    """Train the networks of the digitizer and both branches of the classifier, from scratch.

    Parameters
    ----------
    data_folder : Path
        Challenge records with signals; images in it are not needed, pages are drawn from the
        signals.
    model_folder : Path
        Made when it is not there. An interrupted training goes on where it stopped; a finished
        one of the same records, seed and time is not done again.
    seed : int
    minutes : float, optional
        How long it may take; by default see `minutes_for`.
    stated : mapping of str to Span, optional
        Steps and pages by stage, instead of a time: the same seed gives the same networks.

    Raises
    ------
    BudgetError
        If the environment states no number of minutes.
    FileNotFoundError
        If the folder holds no records.
    OutputError
        If the model folder cannot be written: before any record is read.
    RecordError
        If no record has a known label, or none has signals.
    """
    with joined():
        if rank() == 0:
            _lead(data_folder, model_folder, seed, minutes, stated)
        else:
            _follow(data_folder, model_folder / WORK, seed)


def _lead(
    data_folder: Path,
    model_folder: Path,
    seed: int,
    minutes: float | None,
    stated: Mapping[str, Span] | None,
) -> None:
    """Train; of several processes the first, which tells the others what to do."""
    names = find_records(data_folder)
    if not names:
        raise FileNotFoundError(f"expected records (*.hea) below {data_folder}; found none")
    schedule = Schedule(minutes or minutes_for(len(names)), stated)
    prepare_output_folder(model_folder)
    remove_abandoned(model_folder)
    headers = read_headers(data_folder, names)
    check_labels(headers, data_folder)
    identity = {"records": checksum_of(data_folder, names), "seed": seed}
    published = _published(model_folder)
    if _is_finished(published, identity, schedule):
        logger.info("%s is trained on these records already: nothing to do", model_folder)
        from_first(None)
        return
    if any(model_folder.glob("*.safetensors")) and not identity.items() <= published.items():
        logger.info(
            "the weights in %s are of another training: they are replaced when new ones are there",
            model_folder,
        )
    state = TrainingState.open(model_folder / WORK, identity)
    usable = _usable(data_folder, headers, state)
    from_first([*usable])
    trainer = Trainer(_lessons(data_folder, usable, seed), state.folder, seed)
    _log_start(schedule, state, len(usable))
    _train(trainer, schedule, state, model_folder)
    from_first(None)
    logger.info("trained in %.0f s: %s", state.spent_s, model_folder)
    shutil.rmtree(state.folder)


def _follow(data_folder: Path, work: Path, seed: int) -> None:
    """Learn with the first process what it says, until it says nothing more."""
    logging.getLogger("ecgpaper").setLevel(logging.ERROR)
    names: list[str] | None = from_first(None)
    if names is None:
        return
    trainer = Trainer(_lessons(data_folder, read_headers(data_folder, names), seed), work, seed)
    task: Task | None
    while (task := from_first(None)) is not None:
        trainer.run(task)


def _published(folder: Path) -> dict[str, Any]:
    """Return what the networks in a model folder say of their training; nothing without them."""
    try:
        require_files(folder, NETWORKS)
        return dict(read_info(folder, NETWORKS[0]).training.get("run", {}))
    except CheckpointError:
        return {}


def _is_finished(
    published: Mapping[str, Any], identity: Mapping[str, Any], schedule: Schedule
) -> bool:
    """Tell whether what is published is complete, of this identity, and got as much time."""
    minutes = published.get("minutes") or 0.0
    return (
        published.get("round") == FINAL.name
        and identity.items() <= published.items()
        and (schedule.stated is not None or minutes >= schedule.minutes)
    )


def _usable(
    folder: Path, headers: Mapping[str, RecordHeader], state: TrainingState
) -> dict[str, RecordHeader]:
    """Return the records with signals; a training that goes on knows them already."""
    names = state.names()
    usable = with_signals(folder, headers) if names is None else {n: headers[n] for n in names}
    if not any(RecordFacts.from_header(header).has_label for header in usable.values()):
        shutil.rmtree(state.folder)
        raise RecordError(
            f"training needs records with signals, some of them with a known label; of "
            f"{len(headers)} records below {folder}, {len(usable)} have signals that can be read "
            "and none of these a known label: name the folder with the complete records, signal "
            "files (.dat) beside the headers"
        )
    state.keep_names([*usable])
    return usable


def _lessons(folder: Path, headers: Mapping[str, RecordHeader], seed: int) -> Lessons:
    """Return what is learned from; few records are filled up with simulated ones."""
    facts = [RecordFacts.from_header(header) for header in headers.values()]
    patients = [*group_records(headers, N_PARTS).groups]
    ecgs = RecordFolder(folder, tuple(headers))
    if len(headers) >= FEW_RECORDS:
        return Lessons(ecgs, facts, patients)
    logger.warning(
        "only %d records to learn from: adding %d simulated ones", len(headers), N_SIMULATED
    )
    simulated = [
        simulate_record(rng=np.random.default_rng([seed, index])) for index in range(N_SIMULATED)
    ]
    facts += [
        RecordFacts(record.labels, age_years=record.age_years, sex=record.sex)
        for record in simulated
    ]
    patients += [f"simulated {index}" for index in range(N_SIMULATED)]
    return Lessons([*ecgs, *(record.ecg for record in simulated)], facts, patients)


def _log_start(schedule: Schedule, state: TrainingState, n_records: int) -> None:
    device = best_device()
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU"
    time_is = "stated steps" if schedule.stated else f"{schedule.minutes:.1f} minutes"
    logger.info(
        "device: %s, %d cores, %d processes; %d records; %s, %.0f s of it spent",
        *(name, n_cores(), n_processes(), n_records, time_is, state.spent_s),
    )


def _train(trainer: Trainer, schedule: Schedule, state: TrainingState, model_folder: Path) -> None:
    """Go through the rounds and stages that are not done yet, publishing what is complete."""
    for part in schedule.rounds:
        for stage in part.stages:
            key = f"{part.name} {stage.name}"
            if key in state.done:
                continue
            planned = schedule.span(part, stage, state.spent_s, _measured(state))
            task = _task(part, stage.name, state.begin(key, planned), schedule, state)
            logger.info("%s: %s", key, task.plan(_measured(state).get(task.stage)))
            if stage.name in TOGETHER:
                from_first(task.without_meter())
            trainer.run(task)
            _finish(key, task.span.meter, state)
            if stage.name in _PUBLISHED_AFTER and part.name != DRAFT.name:
                trainer.forget_drawn()
            _publish(part, stage.name, schedule, state, model_folder)


def _task(part: Round, stage: str, span: Span, schedule: Schedule, state: TrainingState) -> Task:
    """Say what a stage needs to know beside its span."""
    if stage in (SEGMENTER, TRACER):
        feed, draft = usual_feed(stage, span.seconds), state.done.get(f"{DRAFT.name} {stage}")
        larger = feed.n_crops / usual_feed(stage, draft.seconds).n_crops if draft else 1.0
        fresh = schedule.fresh(draft, usual_workers(), larger=larger)
        return Task(stage, span, feed=replace(feed, fresh=fresh))
    if stage in (ENDS, REFINER):
        return Task(stage, span, n_curve_pages=state.done[f"{part.name} {CURVES}"].n_steps)
    if stage == PICTURE:
        own, opinions = schedule.opinions(part, span)
        return Task(stage, own, opinions=opinions)
    return Task(stage, span)


def _finish(key: str, meter: Meter, state: TrainingState) -> None:
    state.finish(key, meter)
    logger.info(
        "%s: done, %d steps in %.0f s, of which %.0f %% waiting; %.0f s spent in all",
        *(key, meter.n_steps, meter.seconds, 100 * meter.waiting_share, state.spent_s),
    )


def _measured(state: TrainingState) -> dict[str, Meter]:
    """Return what stages have cost, by their names, the last round of each."""
    return {key.split(" ", 1)[1]: meter for key, meter in state.done.items()}


def _publish(
    part: Round, stage: str, schedule: Schedule, state: TrainingState, model_folder: Path
) -> None:
    """Put the networks into the model folder when all are there and fit together."""
    work = state.folder
    if stage not in _PUBLISHED_AFTER or not all(
        (work / f"{name}.json").exists() for name in NETWORKS
    ):
        return
    is_last = stage == STAGES[-1].name
    run = {
        **state.identity,
        "minutes": None if schedule.stated else schedule.minutes,
        "round": part.name if is_last else f"{part.name}, {stage}",
        "seconds": round(state.spent_s),
    }
    publish(work, model_folder, NETWORKS, {"run": run})
    logger.info("%s holds a model (%s)", model_folder, run["round"])
