"""Train everything that a model folder holds, from a Challenge folder.

Public: `train_all`, `budget_for`, `picture_budget_for`, `readable_records`.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from ecgpaper.classify.labels import one_hot
from ecgpaper.ecg import Ecg
from ecgpaper.errors import RecordError
from ecgpaper.files import prepare_output_folder, remove_abandoned
from ecgpaper.records import RecordHeader, find_records, read_ecg, read_header
from ecgpaper.simulate import simulate_record
from ecgpaper.train.classifier.facts import RecordFacts
from ecgpaper.train.classifier.folds import group_records
from ecgpaper.train.classifier.signals import (
    N_PARTS,
    forget_members,
    save_classifier,
    split_records,
    train_classifier,
)
from ecgpaper.train.digitizer.curves import forget_pages, read_pages
from ecgpaper.train.digitizer.ends import train_ends
from ecgpaper.train.digitizer.quality import train_quality
from ecgpaper.train.digitizer.reader import train_reader
from ecgpaper.train.digitizer.refiner import train_refiner
from ecgpaper.train.digitizer.unets import DigitizerBudget, train_segmenter, train_tracer
from ecgpaper.train.picture.branches import PictureBudget, train_picture_branch
from ecgpaper.train.picture.holdout import Labeled

logger = logging.getLogger(__name__)

# With fewer records than this the networks would learn the records by heart.
FEW_RECORDS = 50
# With as many, longer training still pays on CPUs.
MANY_RECORDS = 1000
N_SIMULATED = 200
SEED = 1


class RecordFolder(Sequence[Ecg]):
    """The signals of a folder, read from disk when they are asked for."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.folder, self.names = folder, tuple(names)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Ecg:  # type: ignore[override]
        return read_ecg(self.folder / self.names[index])


def budget_for(n_records: int) -> DigitizerBudget:
    """Choose how long to train: a trial, the CPUs at hand, or a GPU."""
    if n_records < FEW_RECORDS:
        return DigitizerBudget(
            segmenter_steps=100,
            tracer_steps=200,
            curve_pages=8,
            ends_steps=60,
            refiner_steps=60,
            reader_steps=60,
            quality_pages=8,
        )
    if torch.cuda.is_available():
        return DigitizerBudget(
            segmenter_steps=4000,
            tracer_steps=20000,
            n_pages=8,
            curve_pages=600,
            ends_steps=6000,
            refiner_steps=6000,
            reader_steps=6000,
        )
    if n_records < MANY_RECORDS:
        return DigitizerBudget(segmenter_steps=800, tracer_steps=1500)
    return DigitizerBudget(
        segmenter_steps=1500, tracer_steps=2200, curve_pages=240, refiner_steps=1500
    )


def picture_budget_for(n_records: int) -> PictureBudget:
    """Choose how long the picture branch learns."""
    if n_records < FEW_RECORDS:
        return PictureBudget(n_steps=20, n_pages=0)
    if torch.cuda.is_available():
        return PictureBudget(n_steps=6000, n_pages=300)
    if n_records < MANY_RECORDS:
        return PictureBudget(n_steps=300, n_pages=30)
    return PictureBudget(n_steps=1000, n_pages=150)


def train_all(data_folder: Path, model_folder: Path, *, seed: int = SEED) -> None:
    """Train the networks of the digitizer and both branches of the classifier, from scratch.

    Parameters
    ----------
    data_folder : Path
        Challenge records with signals; images in it are not needed, pages are drawn from the
        signals.
    model_folder : Path
        Made when it is not there; an interrupted training goes on where it stopped.

    Raises
    ------
    FileNotFoundError
        If the folder holds no records.
    OutputError
        If the model folder cannot be written: before any record is read.
    RecordError
        If none of the records has both signals and a label.
    """
    names = find_records(data_folder)
    if not names:
        raise FileNotFoundError(f"expected records (*.hea) below {data_folder}; found none")
    prepare_output_folder(model_folder)
    remove_abandoned(model_folder)
    headers = readable_records(data_folder, names)
    if not any(header.labels for header in headers.values()):
        raise RecordError(
            f"training needs a record with signals and a '# Labels:' line; of {len(names)} records "
            f"below {data_folder}, {len(headers)} have readable signals and none of them a label: "
            "prepare the folder with prepare_ptbxl_data.py"
        )
    ecgs: list[Ecg] | RecordFolder = RecordFolder(data_folder, tuple(headers))
    facts = [RecordFacts.from_header(header) for header in headers.values()]
    patients = [*group_records(headers, N_PARTS).groups]
    if len(headers) < FEW_RECORDS:
        simulated = [
            simulate_record(rng=np.random.default_rng([seed, index]))
            for index in range(N_SIMULATED)
        ]
        logger.warning(
            "only %d records to learn from: adding %d simulated ones", len(headers), N_SIMULATED
        )
        ecgs = [*ecgs, *(record.ecg for record in simulated)]
        facts += [
            RecordFacts(record.labels, age_years=record.age_years, sex=record.sex)
            for record in simulated
        ]
        patients += [f"simulated {index}" for index in range(N_SIMULATED)]
    budget = budget_for(len(headers))
    train_segmenter(ecgs, model_folder, budget=budget, seed=seed)
    train_tracer(ecgs, model_folder, budget=budget, seed=seed)
    pages = read_pages(ecgs, model_folder, n_pages=budget.curve_pages, seed=seed)
    train_ends(pages, model_folder, n_steps=budget.ends_steps, seed=seed)
    train_refiner(pages, model_folder, n_steps=budget.refiner_steps, seed=seed)
    forget_pages(model_folder)
    train_reader(model_folder, n_steps=budget.reader_steps, seed=seed)
    train_quality(ecgs, model_folder, n_pages=budget.quality_pages, seed=seed)
    state_file = model_folder / ".classifier"
    network, info = train_classifier(
        ecgs, facts, patients=patients, seed=seed, state_file=state_file
    )
    save_classifier(model_folder, network, info)
    forget_members(state_file, int(info.config["n_members"]))
    records = _labeled(ecgs, facts, patients, int(info.config["n_members"]))
    train_picture_branch(records, model_folder, budget=picture_budget_for(len(headers)), seed=seed)


def _labeled(
    ecgs: Sequence[Ecg], facts: Sequence[RecordFacts], patients: Sequence[str], n_members: int
) -> Labeled:
    """Return the records that the classifier has learned from, and who has left out each."""
    rows = np.flatnonzero([known.has_label for known in facts])
    truth = one_hot([known.labels for known in facts])
    folds = np.full(len(facts), -1)
    folds[rows] = split_records([patients[row] for row in rows.tolist()], n_members)
    return Labeled(ecgs, truth, folds).part(rows)


def readable_records(folder: Path, names: Sequence[str]) -> dict[str, RecordHeader]:
    """Return the headers of the records whose signals can be read; name the others in the log."""
    headers = {}
    for name in tqdm(names, desc="records", disable=not sys.stderr.isatty()):
        try:
            if np.isfinite(read_ecg(folder / name).signal_mv).any():
                headers[name] = read_header(folder / name)
            else:
                logger.warning("%s is left out: it has no signal", name)
        except RecordError as error:
            logger.warning("%s is left out: %s", name, error)
    return headers
