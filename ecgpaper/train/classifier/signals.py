"""Train the classifier on full records, seen through random layouts and a digitizer's errors.

Public: `ClassifierConfig`, `train_classifier`, `train_member`, `forget_members`,
`save_classifier`.

Several networks learn one after the other; each leaves out its own part of the patients. Their
answers on the records that they have not learned from calibrate them and give the thresholds, and
at run time they answer together.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import cast
from zlib import crc32

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load_file
from safetensors.torch import save as tensors_as_bytes
from torch import nn

from ecgpaper.classify import ARCHITECTURE, N_COMPARED, N_FEATURES, NAME, Classifier
from ecgpaper.classify.infarcts import questions_of
from ecgpaper.classify.inputs import INPUT_FS, N_CHANNELS, N_SAMPLES, Float32Array
from ecgpaper.classify.labels import CLASSES
from ecgpaper.classify.rhythm import N_RATE_STEPS
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.nets.classifier import SignalEnsemble
from ecgpaper.nets.device import best_device
from ecgpaper.nets.resnet1d import ResNet1d, ResNet1dConfig
from ecgpaper.nets.stored.checkpoint import save_checkpoint
from ecgpaper.nets.stored.description import CheckpointInfo
from ecgpaper.runtime.files import write_whole
from ecgpaper.train.classifier.cohort import (
    BatchSource,
    Cohort,
    read_cohort,
)
from ecgpaper.train.classifier.facts import RecordFacts
from ecgpaper.train.classifier.folds import split_records
from ecgpaper.train.classifier.imbalance import class_weights, undo_class_weights
from ecgpaper.train.classifier.loss import WithStatements, make_loss
from ecgpaper.train.classifier.out_of_fold import fit_out_of_fold
from ecgpaper.train.loop import TrainConfig, fit
from ecgpaper.train.span import Meter, Span

logger = logging.getLogger(__name__)

# Fewer examples than this teach a class next to nothing: it is named in the log and the model.
FEW_EXAMPLES = 10
# Decay of the moving average of the weights.
_AVERAGE = 0.998


@dataclass(frozen=True)
class ClassifierConfig:
    """Size of the networks and length of their training.

    Parameters
    ----------
    network : ResNet1dConfig
    n_members : int
        Networks that answer together; each leaves out another eighth of the patients.
    n_stored : int
        Records, at most, that others are compared with.
    batch_size : int
    steps_per_root : float
        Optimizer steps per square root of the number of records: more records take longer to
        learn from, but fewer passes over each.
    most_epochs : float
        Passes over few records, at most.
    min_steps : int
    steps : int, optional
        Optimizer steps, however many records there are.
    start : Path, optional
        Model folder whose networks go on learning. It must be of the same patients, so that each
        network keeps leaving out those that it left out before.
    peak_rate, weight_decay : float
        See `TrainConfig`.
    span : Span
        Of all networks together; by default each takes the steps that the others say.
    """

    network: ResNet1dConfig = field(
        default_factory=lambda: ResNet1dConfig(N_CHANNELS, len(CLASSES), N_FEATURES)
    )
    n_members: int = 3
    n_stored: int = 2000
    batch_size: int = 64
    steps_per_root: float = 15.0
    most_epochs: float = 40.0
    min_steps: int = 60
    steps: int | None = None
    start: Path | None = None
    peak_rate: float = 3e-3
    weight_decay: float = 2e-2
    span: Span = field(default_factory=Span, repr=False, compare=False)

    def n_steps(self, n_records: int) -> int:
        """Return the number of optimizer steps for this many records."""
        if self.steps is not None:
            return self.steps
        wanted = self.steps_per_root * math.sqrt(n_records)
        most = self.most_epochs * n_records / self.batch_size
        return max(self.min_steps, round(min(wanted, most)))


def train_classifier(
    ecgs: Iterable[Ecg],
    facts: Sequence[RecordFacts],
    *,
    patients: Sequence[str] | None = None,
    config: ClassifierConfig | None = None,
    seed: int = 0,
    state_file: Path | None = None,
) -> tuple[SignalEnsemble, CheckpointInfo]:
    """Train the networks, calibrate them and choose their thresholds.

    Parameters
    ----------
    ecgs : iterable of Ecg
        Original records; taken one at a time, so that a generator may read them from disk.
    facts : sequence of RecordFacts
        Of the same records; a record without any known label is skipped.
    patients : sequence of str, optional
        Whose the records are; without it each is taken for a patient of its own.
    config : ClassifierConfig, optional
    seed : int
    state_file : Path, optional
        Where an interrupted training is kept to go on from.

    Raises
    ------
    ValueError
        If no record has a label.
    """
    config = config or ClassifierConfig()
    cohort = read_cohort(ecgs, facts)
    whose = patients or [str(index) for index in range(len(facts))]
    labeled = [name for name, known in zip(whose, facts, strict=True) if known.has_label]
    folds = split_records(labeled, config.n_members)
    examples = dict(zip(CLASSES, cohort.truth.sum(axis=0).tolist(), strict=True))
    few = _report_classes(examples)
    n_stored = min(config.n_stored, int((folds < 0).sum())) if (folds >= 0).any() else 0
    network = SignalEnsemble(config.network, config.n_members, n_stored, N_COMPARED, N_RATE_STEPS)
    n_steps: list[int] = []
    meter = config.span.meter
    for index in range(config.n_members):
        own = Span(seconds=config.span.seconds / config.n_members, meter=Meter(beat=meter.beat))
        rows = np.flatnonzero(folds != index)
        member = train_member(cohort, rows, index, replace(config, span=own), seed, state_file)
        network.networks[index].load_state_dict(member.state_dict())
        n_steps.append(own.meter.n_steps)
        meter.add([own.meter])
    network.to(best_device()).eval()
    thresholds, metrics = fit_out_of_fold(network, cohort, folds, seed=seed)
    info = CheckpointInfo(
        ARCHITECTURE,
        {
            "network": asdict(config.network),
            "n_members": config.n_members,
            "n_stored": n_stored,
        },
        inputs={"fs_hz": INPUT_FS, "n_samples": N_SAMPLES, "lead_order": STANDARD_ORDER},
        training={
            "seed": seed,
            "n_records": len(cohort),
            "n_steps": n_steps,
            "batch_size": config.batch_size,
            "n_statements": cohort.statements.shape[1],
            "examples": examples,
            "too_few_examples": few,
        },
        metrics=metrics,
        extra={
            "classes": CLASSES,
            "thresholds": thresholds.round(4).tolist(),
            "prior": cohort.truth.mean(axis=0).round(4).tolist(),
        },
    )
    return network.cpu(), info


def train_member(
    cohort: Cohort,
    rows: NDArray[np.int64],
    index: int,
    config: ClassifierConfig,
    seed: int,
    state_file: Path | None,
) -> ResNet1d:
    """Train one network on some of the records, or take it from where it is kept."""
    span = replace(config.span, n_steps=min(config.span.n_steps, config.n_steps(len(cohort))))
    described = f"network {index}, seed {seed}, {_identity(cohort, rows)}, {config}"
    kept = state_file and _kept(state_file, index)
    network = ResNet1d(config.network)
    if kept and (found := _metadata(kept)).get("identity") == described:
        network.load_state_dict(load_file(kept))
        span.meter.n_steps, span.meter.seconds = int(found["n_steps"]), float(found["seconds"])
        return network
    device = best_device()
    torch.manual_seed(seed + index)
    network = ResNet1d(config.network)
    weights = _question_weights(cohort, rows)
    if config.start:
        learned = Classifier.load(config.start).network.networks[index]
        network.load_state_dict(learned.state_dict())
        undo_class_weights(network.head.bias, np.reciprocal(weights))
    elif not cohort.persons.any():
        _ignore_persons(network)
    learner = WithStatements(network, cohort.statements.shape[1]).to(device)
    loss_of = make_loss(weights, class_weights(cohort.statements[rows]), device)
    plan = TrainConfig(
        span,
        config.peak_rate,
        config.weight_decay,
        average=_AVERAGE,
        task=described,
    )
    source = BatchSource(cohort, rows, config.batch_size, seed + index)
    fit(
        learner, source.make_batch, loss_of, plan, name=f"{NAME} {index + 1}", state_file=state_file
    )
    undo_class_weights(network.head.bias, weights)
    network.cpu()
    if kept:
        tensors = {key: value.contiguous() for key, value in network.state_dict().items()}
        metadata = {"identity": described}
        metadata |= {"n_steps": str(span.meter.n_steps), "seconds": str(span.meter.seconds)}
        write_whole(kept, tensors_as_bytes(tensors, metadata=metadata))
    return network


def _kept(state_file: Path, index: int) -> Path:
    """Return where a network that has learned is kept while others learn."""
    return state_file.with_name(f"{state_file.name}-{index}")


def forget_members(state_file: Path, n_members: int) -> None:
    """Remove the files of a training that is complete."""
    for index in range(n_members):
        _kept(state_file, index).unlink(missing_ok=True)


def _identity(cohort: Cohort, rows: NDArray[np.int64]) -> str:
    """Tell collections of records apart, by their labels."""
    return f"{len(rows)} records {crc32(rows.tobytes() + cohort.truth.tobytes()):08x}"


def _metadata(kept: Path) -> dict[str, str]:
    """Return what is said of a network that is kept; nothing where none is."""
    if not kept.exists():
        return {}
    with safe_open(kept, framework="pt") as file:
        return dict(file.metadata() or {})


def _question_weights(cohort: Cohort, rows: NDArray[np.int64]) -> Float32Array:
    """Weigh the examples of each question by how rare they are where it is asked."""
    answers, is_asked = questions_of(cohort.truth[rows])
    columns = zip(answers.T, is_asked.T, strict=True)
    return np.concatenate([class_weights(own[asked][:, None]) for own, asked in columns])


def _ignore_persons(network: ResNet1d) -> None:
    """Begin without weights for age and sex; where nobody tells them they stay 0."""
    with torch.no_grad():
        cast("nn.Linear", cast("nn.Sequential", network.embed)[0]).weight.zero_()


def save_classifier(folder: Path, network: SignalEnsemble, info: CheckpointInfo) -> None:
    """Write the files that `ecgpaper.classify.Classifier.load` reads."""
    save_checkpoint(folder, NAME, network, info)


def _report_classes(examples: Mapping[str, int]) -> list[str]:
    """Return, and log, the classes with too few examples."""
    few = [name for name, count in examples.items() if count < FEW_EXAMPLES]
    for name in few:
        logger.warning("%s: %d examples, too few to learn the class", name, examples[name])
    return few
