"""Train the classifier on full records, seen through random layouts and a digitizer's errors.

Public: `ClassifierConfig`, `train_classifier`, `save_classifier`, `split_records`.

Several networks learn at once; each leaves out its own part of the records (cross-validation).
Their answers on the records that they have not learnt from give the thresholds, and at run time
they answer together.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from ecgpaper.classify import ARCHITECTURE, N_FEATURES, NAME
from ecgpaper.classify.beats import N_BEAT_SAMPLES
from ecgpaper.classify.inputs import INPUT_FS, N_CHANNELS, N_SAMPLES, Float32Array
from ecgpaper.classify.labels import CLASSES
from ecgpaper.classify.person import N_PERSON_FEATURES
from ecgpaper.classify.rhythm import N_RHYTHM_FEATURES
from ecgpaper.classify.waves import N_WAVE_MEASURES
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.nets.checkpoint import CheckpointInfo, save_checkpoint
from ecgpaper.nets.device import best_device
from ecgpaper.nets.ensemble import SignalEnsemble
from ecgpaper.nets.resnet1d import ResNet1d, ResNet1dConfig
from ecgpaper.train.cohort import Batch, BatchSource, read_cohort, with_rhythms
from ecgpaper.train.facts import RecordFacts
from ecgpaper.train.imbalance import class_weights, unweigh
from ecgpaper.train.left_out import choose_left_out
from ecgpaper.train.loop import TrainConfig, fit
from ecgpaper.train.proxy import ACUTE_MI, with_acute_proxy

logger = logging.getLogger(__name__)

# Fewer examples than this teach a class next to nothing: it is named in the log and the model.
FEW_EXAMPLES = 10
# With fewer records nothing is left out for the thresholds: they come from theory.
_FEWEST_TO_SPLIT = 60
# Collections that need more than these have the rhythms themselves.
MOST_SIMULATED = 1000
# What the statements of a record count beside its labels.
STATEMENT_SHARE = 1.0


@dataclass(frozen=True)
class ClassifierConfig:
    """Size of the networks and length of their training.

    Parameters
    ----------
    network : ResNet1dConfig
    n_members : int
        Networks that answer together; each leaves out the n-th part of the records.
    n_stored : int
        Records, at most, whose typical beats and rhythm are kept to compare others with.
    batch_size : int
    steps_per_root : float
        Optimizer steps per square root of the number of records: more records take longer to
        learn from, but fewer passes over each.
    min_steps : int
    simulated_share : float
        Simulated records of rare rhythms per record; at most `MOST_SIMULATED` in all.
    peak_rate, weight_decay : float
        See `TrainConfig`.
    """

    network: ResNet1dConfig = field(
        default_factory=lambda: ResNet1dConfig(
            N_CHANNELS, len(CLASSES), N_FEATURES, N_BEAT_SAMPLES, n_measures=N_WAVE_MEASURES
        )
    )
    n_members: int = 3
    n_stored: int = 2000
    batch_size: int = 64
    steps_per_root: float = 20.0
    min_steps: int = 150
    simulated_share: float = 0.3
    peak_rate: float = 3e-3
    weight_decay: float = 2e-2

    def n_steps(self, n_records: int) -> int:
        """Return the number of optimizer steps for this many records."""
        return max(self.min_steps, round(self.steps_per_root * math.sqrt(n_records)))


def train_classifier(
    ecgs: Iterable[Ecg],
    facts: Sequence[RecordFacts],
    *,
    config: ClassifierConfig | None = None,
    seed: int = 0,
    state_file: Path | None = None,
) -> tuple[SignalEnsemble, CheckpointInfo]:
    """Train the networks and choose their thresholds.

    Parameters
    ----------
    ecgs : iterable of Ecg
        Original records; taken one at a time, so that a generator may read them from disk.
    facts : sequence of RecordFacts
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
    taught, n_proxies = with_acute_proxy(facts)
    cohort = read_cohort(ecgs, taught)
    examples = dict(zip(CLASSES, cohort.truth.sum(axis=0).tolist(), strict=True))
    few = _report_classes(examples, n_proxies)
    n_records = len(cohort)
    folds = split_records(n_records, config.n_members, seed)
    n_simulated = min(round(config.simulated_share * n_records), MOST_SIMULATED)
    cohort = with_rhythms(cohort, n_simulated, rng=np.random.default_rng([seed, n_records]))
    folds = np.append(folds, np.full(n_simulated, -1))
    source = BatchSource(cohort, folds, config.batch_size, seed)
    network = _fit_networks(source, config, f"{examples}, seed {seed}", state_file)
    proxies = (ACUTE_MI,) if n_proxies else ()
    thresholds, metrics = choose_left_out(network, source, unscored=proxies)
    info = CheckpointInfo(
        ARCHITECTURE,
        {
            "network": asdict(config.network),
            "n_members": config.n_members,
            "n_stored": len(network.shapes.stored),
        },
        inputs={"fs_hz": INPUT_FS, "n_samples": N_SAMPLES, "lead_order": STANDARD_ORDER},
        training={
            "seed": seed,
            "n_records": n_records,
            "n_simulated": n_simulated,
            "n_steps": config.n_steps(len(cohort)),
            "batch_size": config.batch_size,
            "n_statements": cohort.statements.shape[1],
            "examples": examples,
            "too_few_examples": few,
            "learnt_by_proxy": {ACUTE_MI: n_proxies} if n_proxies else {},
        },
        metrics=metrics,
        extra={"classes": CLASSES, "thresholds": thresholds.round(4).tolist()},
    )
    return network.cpu(), info


def _fit_networks(
    source: BatchSource, config: ClassifierConfig, described: str, state_file: Path | None
) -> SignalEnsemble:
    """Train the networks, with heads for statements that are gone afterwards."""
    cohort = source.cohort
    device = best_device()
    torch.manual_seed(source.seed)
    n_real = int(cohort.is_real.sum())
    n_stored = min(config.n_stored, n_real)
    network = SignalEnsemble(config.network, config.n_members, n_stored, N_RHYTHM_FEATURES)
    if not cohort.persons.any():
        _ignore_persons(network)
    learner = _WithStatements(network, cohort.statements.shape[1]).to(device)
    weights = class_weights(cohort.truth[cohort.is_real])
    stated = cohort.statements[cohort.is_stated]
    loss_of = _make_loss(weights, class_weights(stated), device)
    plan = TrainConfig(
        config.n_steps(len(cohort)),
        config.peak_rate,
        config.weight_decay,
        task=f"{described}, {stated.shape[1]} statements",
    )
    fit(learner, source.make_batch, loss_of, plan, name=NAME, state_file=state_file)
    for member in network.networks:
        unweigh(cast("ResNet1d", member).head.bias, weights)
    return network


def _ignore_persons(network: SignalEnsemble) -> None:
    """Begin without weights for age and sex; where nobody tells them they stay 0."""
    with torch.no_grad():
        for member in network.networks:
            first = cast("nn.Sequential", cast("ResNet1d", member).embed)[0]
            cast("nn.Linear", first).weight[:, -N_PERSON_FEATURES:] = 0


def save_classifier(folder: Path, network: SignalEnsemble, info: CheckpointInfo) -> None:
    """Write what `ecgpaper.classify.Classifier.load` reads."""
    save_checkpoint(folder, NAME, network, info)


def _report_classes(examples: Mapping[str, int], n_proxies: int) -> list[str]:
    """Return, and log, the classes with too few examples; say which are learnt by proxy."""
    few = [name for name, count in examples.items() if count < FEW_EXAMPLES]
    for name in few:
        logger.warning("%s: %d examples, too few to learn the class", name, examples[name])
    if n_proxies:
        logger.warning(
            "%s: no example; learnt from %d records with a statement of injury instead",
            ACUTE_MI,
            n_proxies,
        )
    return few


def split_records(n_records: int, n_members: int, seed: int) -> NDArray[np.int64]:
    """Give each record the member that leaves it out; -1 when there are too few to leave out."""
    if n_records < _FEWEST_TO_SPLIT or n_members < 2:
        return np.full(n_records, -1)
    return np.random.default_rng([seed, n_records]).permutation(n_records) % n_members


class _WithStatements(nn.Module):
    """The networks, and heads for statements that they need only while they learn.

    Finer statements say why a record has a label, and so teach what to look at.
    """

    def __init__(self, network: SignalEnsemble, n_statements: int) -> None:
        super().__init__()
        self.network = network
        self.heads = nn.ModuleList(
            nn.Linear(cast("ResNet1d", member).n_summary, n_statements)
            for member in network.networks
            if n_statements
        )

    def answer(self, index: int, inputs: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Return the logits of classes, and of statements, of one member."""
        member = cast("ResNet1d", self.network.networks[index])
        summary = member.summarize(*inputs)
        stated = self.heads[index](summary) if self.heads else summary[:, :0]
        return member.head(summary).float(), stated.float()


def _make_loss(
    weights: Float32Array, statement_weights: Float32Array, device: torch.device
) -> Callable[[nn.Module, Batch], Tensor]:
    """Return the mean loss of the members, each on the items that it does not leave out."""
    class_weight, statement_weight = (
        torch.from_numpy(array).to(device) for array in (weights, statement_weights)
    )

    def loss_of(network: nn.Module, batch: Batch) -> Tensor:
        torch.manual_seed(batch.seed)
        learner = cast("_WithStatements", network)
        inputs = [torch.from_numpy(array).to(device) for array in batch.inputs]
        targets, statements, is_stated, is_taught, folds = (
            torch.from_numpy(array).to(device) for array in batch[1:6]
        )
        losses = []
        for index in range(len(learner.network.networks)):
            learns = folds != index
            logits, stated = learner.answer(index, [part[learns] for part in inputs])
            losses.append(
                binary_cross_entropy_with_logits(
                    *(logits, targets[learns], is_taught[learns].float()), pos_weight=class_weight
                )
            )
            if statement_weight.numel() and (learns & is_stated).any():
                known = is_stated[learns]
                losses[-1] = losses[-1] + STATEMENT_SHARE * binary_cross_entropy_with_logits(
                    stated[known], statements[learns][known], pos_weight=statement_weight
                )
        return torch.stack(losses).mean()

    return loss_of
