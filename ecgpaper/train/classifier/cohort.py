"""The records that the classifier learns from, in memory, and the batches drawn from them.

Public: `Cohort`, `read_cohort`, `Batch`, `BatchSource`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ecgpaper.classify import NetworkInputs, inputs_from_leads
from ecgpaper.classify.infarcts import questions_of
from ecgpaper.classify.inputs import Float32Array, leads_from_ecg
from ecgpaper.classify.labels import CLASSES, one_hot
from ecgpaper.classify.person import person_features
from ecgpaper.ecg import BoolArray, Ecg
from ecgpaper.train.classifier.augment.degrade import degrade
from ecgpaper.train.classifier.augment.vary import vary
from ecgpaper.train.classifier.facts import RecordFacts

logger = logging.getLogger(__name__)

LABEL_SMOOTHING = 0.02


@dataclass(frozen=True, slots=True)
class CohortLimits:
    """What is learned of the records, and how they are hidden and mixed."""

    # Age and sex are learned from where nearly all records tell them. Where few do, that they are
    # told says more than they do: in one pool of PTB-XL records half of those with an age have
    # atrial fibrillation, and of the others one in 160.
    share_of_persons: float = 0.9
    # A statement with fewer examples teaches nothing.
    fewest_stated: int = 20
    # How often a batch hides age and sex, which few headers have.
    hide_person_share: float = 0.5
    # Items are mixed with others by shares of a beta distribution (mixup, Zhang et al. 2018,
    # arXiv:1710.09412): mostly a little.
    mixup: float = 0.2


_LIMITS = CohortLimits()


@dataclass(frozen=True, eq=False)
class Cohort:
    """Labeled records, their first ten seconds each.

    Parameters
    ----------
    leads_mv : ndarray of float16, of shape (n, 12, 1000)
        24 kB a record, so that tens of thousands fit into memory.
    truth : ndarray of bool, of shape (n, 11)
    statements : ndarray of bool, of shape (n, n_statements)
    is_stated : ndarray of bool, of shape (n,)
        Whether a record has any statements; where it has none, nothing is known of them.
    persons : ndarray of float32, of shape (n, 4)
        See `person_features`; all 0 where too few records tell.
    """

    leads_mv: NDArray[np.float16]
    truth: BoolArray
    statements: BoolArray
    is_stated: BoolArray
    persons: Float32Array

    def __len__(self) -> int:
        return len(self.truth)


def read_cohort(ecgs: Iterable[Ecg], facts: Sequence[RecordFacts]) -> Cohort:
    """Keep the records that have a label.

    Parameters
    ----------
    ecgs : iterable of Ecg
        Taken one at a time.
    facts : sequence of RecordFacts
        Of the same records.

    Raises
    ------
    ValueError
        If no record has a label.
    """
    kept = [
        (leads_from_ecg(ecg)[0].astype(np.float16), known)
        for ecg, known in zip(ecgs, facts, strict=True)
        if known.has_label
    ]
    if not kept:
        raise ValueError(
            f"at least one record needs a label of {', '.join(CLASSES)}; none of {len(facts)} has"
        )
    leads_mv, known = zip(*kept, strict=True)
    names = sorted({name for item in known for name in item.statements})
    rows = [[name in item.statements for name in names] for item in known]
    statements = np.array(rows, dtype=np.bool_).reshape(len(known), len(names))
    return Cohort(
        np.stack(leads_mv),
        one_hot([item.labels for item in known]),
        statements[:, statements.sum(axis=0) >= _LIMITS.fewest_stated],
        np.array([bool(item.statements) for item in known]),
        _persons(known),
    )


def _persons(facts: Sequence[RecordFacts]) -> Float32Array:
    """Describe whose the records are, or nobody where too few tell."""
    persons = np.stack([person_features(known.age_years, known.sex) for known in facts])
    share = persons.any(axis=1).mean()
    if 0 < share < _LIMITS.share_of_persons:
        logger.info("only %.0f %% of the records tell age or sex: not learned from", 100 * share)
    return persons * np.float32(share >= _LIMITS.share_of_persons)


class Targets(NamedTuple):
    """The right answers for the items of a batch."""

    answers: Float32Array  # (B, 11): to the questions of `questions_of`
    is_asked: Float32Array  # (B, 11)
    statements: Float32Array  # (B, n_statements)
    is_stated: Float32Array  # (B, 1)


class Batch(NamedTuple):
    """Inputs and targets of one step of training."""

    inputs: NetworkInputs  # of B items
    targets: Targets
    others: Targets  # of the items that each was mixed with
    share: Float32Array  # (B, 1): of the other item
    seed: int  # of dropout, so that an interrupted training goes on as it would have


@dataclass(frozen=True, eq=False)
class BatchSource:
    """The records to learn from, and how a batch is drawn from them.

    Parameters
    ----------
    cohort : Cohort
    rows : ndarray of int, of shape (n_learned,)
        Records that are learned from; others are left out.
    batch_size, seed : int
    """

    cohort: Cohort
    rows: NDArray[np.int64]
    batch_size: int
    seed: int

    def make_batch(self, step: int) -> Batch:
        """Draw the batch of a step: item i of an epoch depends on (seed, epoch, i) alone."""
        first = step * self.batch_size
        drawn = list(self._draw(first, first + self.batch_size))
        index, leads_mv, persons = (np.stack(column) for column in zip(*drawn, strict=True))
        series, features = inputs_from_leads(leads_mv, persons)
        rng = np.random.default_rng([self.seed, step, 1])
        share = rng.beta(_LIMITS.mixup, _LIMITS.mixup, (len(index), 1)).astype(np.float32)
        share = np.minimum(share, 1 - share)
        other = rng.permutation(len(index))
        mixed = NetworkInputs(
            series + share[:, :, None] * (series[other] - series),
            features + share * (features[other] - features),
        )
        targets = self._targets(index), self._targets(index[other])
        return Batch(mixed, *targets, share, self.seed + step)

    def _draw(
        self, first: int, stop: int
    ) -> Iterator[tuple[NDArray[np.int64], Float32Array, Float32Array]]:
        """Yield items by their position in the sequence of all epochs, each in its own order."""
        n_records = len(self.rows)
        for epoch in range(first // n_records, (stop - 1) // n_records + 1):
            order = np.random.default_rng([self.seed, epoch]).permutation(self.rows)
            start = epoch * n_records
            for index in order[max(first - start, 0) : stop - start]:
                rng = np.random.default_rng([self.seed, epoch, int(index)])
                leads_mv = self.cohort.leads_mv[index].astype(np.float32)
                leads_mv = degrade(vary(leads_mv, rng=rng), rng=rng)
                is_hidden = rng.random() < _LIMITS.hide_person_share
                yield index, leads_mv, self.cohort.persons[index] * np.float32(not is_hidden)

    def _targets(self, index: NDArray[np.int64]) -> Targets:
        answers, is_asked = questions_of(self.cohort.truth[index])
        return Targets(
            _smoothed(answers),
            is_asked.astype(np.float32),
            _smoothed(self.cohort.statements[index]),
            self.cohort.is_stated[index, None].astype(np.float32),
        )


def _smoothed(truth: BoolArray) -> Float32Array:
    """Targets a little off 0 and 1: labels are not that sure."""
    return np.asarray(np.abs(truth - LABEL_SMOOTHING / 2), dtype=np.float32)
