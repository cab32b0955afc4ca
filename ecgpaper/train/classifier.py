"""Train the classifier on full records, seen through random layouts and a digitizer's errors.

Public: `ClassifierConfig`, `train_classifier`, `save_classifier`.

Several networks learn at once; each leaves out its own part of the records (cross-validation).
Their answers on the records that they have not learnt from give the thresholds, and at run time
they answer together.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ecgpaper.classify import ARCHITECTURE, NAME, NetworkInputs, inputs_from_leads, probabilities_of
from ecgpaper.classify.beats import N_BEAT_SAMPLES
from ecgpaper.classify.degrade import degrade, mask_of_layout
from ecgpaper.classify.inputs import INPUT_FS, N_CHANNELS, N_SAMPLES, Float32Array, leads_from_ecg
from ecgpaper.classify.labels import CLASSES, labels_above, one_hot
from ecgpaper.classify.rhythm import N_FEATURES
from ecgpaper.classify.thresholds import ABSENT_THRESHOLD, PRIOR_THRESHOLD, choose_thresholds
from ecgpaper.ecg import STANDARD_ORDER, BoolArray, Ecg, FloatArray
from ecgpaper.nets.checkpoint import CheckpointInfo, save_checkpoint
from ecgpaper.nets.device import best_device
from ecgpaper.nets.resnet1d import ResNet1d, ResNet1dConfig, ResNet1dEnsemble
from ecgpaper.score import f_measure
from ecgpaper.train.loop import TrainConfig, fit

logger = logging.getLogger(__name__)

# Fewer examples than this teach a class next to nothing: it is named in the log and the model.
FEW_EXAMPLES = 10
# With fewer records nothing is left out for the thresholds: they come from theory.
_FEWEST_TO_SPLIT = 60
_LABEL_SMOOTHING = 0.02
_LARGEST_WEIGHT = 4.0
# Layouts on which thresholds are chosen: the page of the Challenge and the whole record.
_VIEWS = ("3x4+1R", "12x1")


@dataclass(frozen=True)
class ClassifierConfig:
    """Size of the networks and length of their training.

    Parameters
    ----------
    network : ResNet1dConfig
    n_members : int
        Networks that answer together; each leaves out the n-th part of the records.
    batch_size : int
    steps_per_root : float
        Optimizer steps per square root of the number of records: more records take longer to
        learn from, but fewer passes over each.
    min_steps : int
    peak_rate, weight_decay : float
        See `TrainConfig`.
    """

    network: ResNet1dConfig = field(
        default_factory=lambda: ResNet1dConfig(N_CHANNELS, len(CLASSES), N_FEATURES, N_BEAT_SAMPLES)
    )
    n_members: int = 3
    batch_size: int = 64
    steps_per_root: float = 20.0
    min_steps: int = 150
    peak_rate: float = 3e-3
    weight_decay: float = 2e-2

    def n_steps(self, n_records: int) -> int:
        """Return the number of optimizer steps for this many records."""
        return max(self.min_steps, round(self.steps_per_root * math.sqrt(n_records)))


class _Batch(NamedTuple):
    inputs: NetworkInputs  # of B items
    targets: Float32Array  # (B, 11)
    folds: NDArray[np.int64]  # (B,): the member that does not learn from the item; -1 for none
    seed: int  # of dropout, so that an interrupted training goes on as it would have


@dataclass(frozen=True, eq=False)
class _Task:
    """The records to learn from, and how a batch is drawn from them."""

    leads_mv: Float32Array  # (n, 12, 1000)
    truth: BoolArray  # (n, 11)
    folds: NDArray[np.int64]  # (n,)
    batch_size: int
    seed: int

    def make_batch(self, step: int) -> _Batch:
        """Draw the batch of a step: item i of an epoch depends on (seed, epoch, i) alone."""
        first = step * self.batch_size
        drawn = list(self._draw(first, first + self.batch_size))
        index = np.array([index for index, _ in drawn])
        inputs = inputs_from_leads(np.stack([leads for _, leads in drawn]))
        targets = np.abs(self.truth[index] - _LABEL_SMOOTHING / 2).astype(np.float32)
        return _Batch(inputs, targets, self.folds[index], self.seed + step)

    def _draw(self, first: int, stop: int) -> Iterator[tuple[int, Float32Array]]:
        """Yield items by their position in the sequence of all epochs, each in its own order."""
        n_records = len(self.leads_mv)
        for epoch in range(first // n_records, (stop - 1) // n_records + 1):
            order = np.random.default_rng([self.seed, epoch]).permutation(n_records)
            start = epoch * n_records
            for index in order[max(first - start, 0) : stop - start].tolist():
                rng = np.random.default_rng([self.seed, epoch, index])
                yield index, degrade(self.leads_mv[index], rng=rng)


def train_classifier(
    ecgs: Iterable[Ecg],
    labels: Sequence[Sequence[str]],
    *,
    config: ClassifierConfig | None = None,
    seed: int = 0,
    state_file: Path | None = None,
) -> tuple[ResNet1dEnsemble, CheckpointInfo]:
    """Train the networks and choose their thresholds.

    Parameters
    ----------
    ecgs : iterable of Ecg
        Original records; taken one at a time, so that a generator may read them from disk.
    labels : sequence of sequence of str
        Of the same records; a record without any known label is skipped.
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
    leads_mv, truth = _labeled_records(ecgs, labels)
    few = _report_classes(truth)
    folds = _split(len(truth), config.n_members, seed)
    device = best_device()
    torch.manual_seed(seed)
    network = ResNet1dEnsemble(config.network, config.n_members).to(device)
    task = _Task(leads_mv, truth, folds, config.batch_size, seed)
    weights = _class_weights(truth)
    n_steps = config.n_steps(len(truth))
    examples = dict(zip(CLASSES, truth.sum(axis=0).tolist(), strict=True))
    described = f"{examples}, seed {seed}"
    plan = TrainConfig(n_steps, config.peak_rate, config.weight_decay, task=described)
    loss_of = _make_loss(weights, device)
    fit(network, task.make_batch, loss_of, plan, name=NAME, state_file=state_file)
    _unweigh(network, weights)
    thresholds, metrics = _thresholds(network, task)
    info = CheckpointInfo(
        ARCHITECTURE,
        {"network": asdict(config.network), "n_members": config.n_members},
        inputs={"fs_hz": INPUT_FS, "n_samples": N_SAMPLES, "lead_order": STANDARD_ORDER},
        training={
            "seed": seed,
            "n_records": len(truth),
            "n_steps": n_steps,
            "batch_size": config.batch_size,
            "examples": examples,
            "too_few_examples": few,
        },
        metrics=metrics,
        extra={"classes": CLASSES, "thresholds": thresholds.round(4).tolist()},
    )
    return network.cpu(), info


def save_classifier(folder: Path, network: ResNet1dEnsemble, info: CheckpointInfo) -> None:
    """Write what `ecgpaper.classify.Classifier.load` reads."""
    save_checkpoint(folder, NAME, network, info)


def _labeled_records(
    ecgs: Iterable[Ecg], labels: Sequence[Sequence[str]]
) -> tuple[Float32Array, BoolArray]:
    """Keep the first ten seconds of the records that have a label."""
    truth = one_hot(labels)
    kept = [leads_from_ecg(ecg)[0] for ecg, row in zip(ecgs, truth, strict=True) if row.any()]
    if not kept:
        raise ValueError(
            f"at least one record needs a label of {', '.join(CLASSES)}; none of {len(truth)} has"
        )
    return np.stack(kept), truth[truth.any(axis=1)]


def _report_classes(truth: BoolArray) -> list[str]:
    """Return, and log, the classes with too few examples."""
    counts = truth.sum(axis=0)
    few = [name for name, count in zip(CLASSES, counts, strict=True) if count < FEW_EXAMPLES]
    for name in few:
        logger.warning(
            "%s: %d examples among %d records, too few to learn the class",
            name,
            counts[CLASSES.index(name)],
            len(truth),
        )
    return few


def _split(n_records: int, n_members: int, seed: int) -> NDArray[np.int64]:
    """Give each record the member that leaves it out; -1 when there are too few to leave out."""
    if n_records < _FEWEST_TO_SPLIT or n_members < 2:
        return np.full(n_records, -1)
    return np.random.default_rng([seed, n_records]).permutation(n_records) % n_members


def _class_weights(truth: BoolArray) -> Float32Array:
    """Weight of each class's examples: the root of the imbalance; 1 without any example."""
    n_true = truth.sum(axis=0)
    weights = np.sqrt((len(truth) - n_true) / np.maximum(n_true, 1))
    return np.where(n_true > 0, np.clip(weights, 1, _LARGEST_WEIGHT), 1).astype(np.float32)


def _make_loss(
    weights: Float32Array, device: torch.device
) -> Callable[[nn.Module, _Batch], Tensor]:
    """Return the mean loss of the members, each on the items that it does not leave out."""
    weight_of_class = torch.from_numpy(weights).to(device)

    def loss_of(network: nn.Module, batch: _Batch) -> Tensor:
        torch.manual_seed(batch.seed)
        inputs = [torch.from_numpy(array).to(device) for array in batch.inputs]
        targets, folds = (
            torch.from_numpy(array).to(device) for array in (batch.targets, batch.folds)
        )
        losses = []
        for index, member in enumerate(cast("ResNet1dEnsemble", network).members):
            learns = folds != index
            logits = member(*(part[learns] for part in inputs)).float()
            losses.append(
                nn.functional.binary_cross_entropy_with_logits(
                    logits, targets[learns], pos_weight=weight_of_class
                )
            )
        return torch.stack(losses).mean()

    return loss_of


def _unweigh(network: ResNet1dEnsemble, weights: Float32Array) -> None:
    """Move the biases so that probabilities are those of the classes as they occur."""
    shift = torch.log(torch.from_numpy(weights))
    with torch.no_grad():
        for member in network.members:
            bias = cast("ResNet1d", member).head.bias
            bias.sub_(shift.to(bias.device))


def _thresholds(network: ResNet1dEnsemble, task: _Task) -> tuple[FloatArray, dict[str, object]]:
    """Choose thresholds by what each member says of the records it has left out, and score them."""
    if (task.folds < 0).any():
        thresholds = np.where(task.truth.any(axis=0), PRIOR_THRESHOLD, ABSENT_THRESHOLD)
        return thresholds, {}
    probabilities = [_left_out(network, task, view) for view in _VIEWS]
    rng = np.random.default_rng(task.seed)
    thresholds = choose_thresholds(
        np.concatenate(probabilities), np.concatenate([task.truth] * len(_VIEWS)), rng=rng
    )
    names = [np.array(CLASSES)[row].tolist() for row in task.truth]
    metrics: dict[str, object] = {}
    for view, rows in zip(_VIEWS, probabilities, strict=True):
        answers = [labels_above(row, thresholds) for row in rows]
        macro_f, per_class_f, classes = f_measure(names, answers)
        scores = dict(zip(classes, per_class_f.round(4).tolist(), strict=True))
        metrics[f"left-out records, {view}"] = {"macro_f": round(macro_f, 4), "f": scores}
        logger.info("records left out, seen as %s: macro F %.3f", view, macro_f)
    return thresholds, metrics


def _left_out(network: ResNet1dEnsemble, task: _Task, view: str) -> FloatArray:
    """Probabilities, (n_records, 11), of each record by the member that has left it out."""
    probabilities = np.zeros(task.truth.shape)
    for index, member in enumerate(network.members):
        for rows in np.array_split(np.flatnonzero(task.folds == index), len(task.folds) // 400 + 1):
            shown = np.where(mask_of_layout(view), task.leads_mv[rows], np.float32(np.nan))
            probabilities[rows] = probabilities_of(member, shown)
    return probabilities
