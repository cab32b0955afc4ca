"""The records that the classifier learns from, in memory, and the batches drawn from them.

Public: `Cohort`, `read_cohort`, `with_rhythms`, `Batch`, `BatchSource`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ecgpaper.classify import NetworkInputs, inputs_from_leads
from ecgpaper.classify.degrade import degrade
from ecgpaper.classify.inputs import Float32Array, leads_from_ecg
from ecgpaper.classify.labels import CLASSES, one_hot
from ecgpaper.classify.person import person_features
from ecgpaper.classify.vary import vary
from ecgpaper.ecg import BoolArray, Ecg
from ecgpaper.train.facts import RecordFacts
from ecgpaper.train.rhythms import TAUGHT_RHYTHMS, simulate_rhythms

logger = logging.getLogger(__name__)

# Age and sex are learnt from where nearly all records tell them. Where few do, that they are told
# says more than they do: in the pool of PTB-XL records half of those with an age have atrial
# fibrillation, and of the others one in 160.
SHARE_OF_PERSONS = 0.9
# A statement with fewer examples teaches nothing.
FEWEST_STATED = 5
LABEL_SMOOTHING = 0.02
# How often a batch hides age and sex, which few headers have.
_HIDE_PERSON_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Cohort:
    """Labeled records, their first ten seconds each.

    Parameters
    ----------
    leads_mv : ndarray of float32, of shape (n, 12, 1000)
    truth : ndarray of bool, of shape (n, 11)
    statements : ndarray of bool, of shape (n, n_statements)
    is_stated : ndarray of bool, of shape (n,)
        Whether a record has any statements; where it has none, nothing is known of them.
    persons : ndarray of float32, of shape (n, 4)
        See `person_features`; all 0 where too few records tell.
    is_taught : ndarray of bool, of shape (n, 11)
        Which classes a record teaches: all of them, or, if it was simulated, some.
    """

    leads_mv: Float32Array
    truth: BoolArray
    statements: BoolArray
    is_stated: BoolArray
    persons: Float32Array
    is_taught: BoolArray

    @property
    def is_real(self) -> BoolArray:
        """Which records were not simulated, of shape (n,)."""
        return np.asarray(self.is_taught.all(axis=1))

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
        (leads_from_ecg(ecg)[0], known)
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
        statements[:, statements.sum(axis=0) >= FEWEST_STATED],
        np.array([bool(item.statements) for item in known]),
        _persons(known),
        np.ones((len(known), len(CLASSES)), dtype=np.bool_),
    )


def _persons(facts: Sequence[RecordFacts]) -> Float32Array:
    """Describe whose the records are, or nobody where too few tell."""
    persons = np.stack([person_features(known.age_years, known.sex) for known in facts])
    share = persons.any(axis=1).mean()
    if 0 < share < SHARE_OF_PERSONS:
        logger.info("only %.0f %% of the records tell age or sex: not learnt from", 100 * share)
    return persons * np.float32(share >= SHARE_OF_PERSONS)


def with_rhythms(cohort: Cohort, n_records: int, *, rng: np.random.Generator) -> Cohort:
    """Add simulated records at the end, which teach `TAUGHT_RHYTHMS` alone."""
    if n_records == 0:
        return cohort
    ecgs, labels = simulate_rhythms(n_records, rng=rng)
    is_taught = np.tile(np.isin(CLASSES, TAUGHT_RHYTHMS), (n_records, 1))
    added = Cohort(
        np.stack([leads_from_ecg(ecg)[0] for ecg in ecgs]),
        one_hot(labels) & is_taught,
        np.zeros((n_records, cohort.statements.shape[1]), dtype=np.bool_),
        np.zeros(n_records, dtype=np.bool_),
        # Anybody's: that nothing is known of a person must not mean that the record was simulated.
        cohort.persons[rng.integers(len(cohort), size=n_records)],
        is_taught,
    )
    pairs = zip(vars(cohort).values(), vars(added).values(), strict=True)
    return Cohort(*(np.concatenate(pair) for pair in pairs))


class Batch(NamedTuple):
    """What one step of training sees."""

    inputs: NetworkInputs  # of B items
    targets: Float32Array  # (B, 11)
    statements: Float32Array  # (B, n_statements)
    is_stated: BoolArray  # (B,)
    is_taught: BoolArray  # (B, 11)
    folds: NDArray[np.int64]  # (B,): the member that does not learn from the item; -1 for none
    seed: int  # of dropout, so that an interrupted training goes on as it would have


@dataclass(frozen=True, eq=False)
class BatchSource:
    """The records to learn from, and how a batch is drawn from them."""

    cohort: Cohort
    folds: NDArray[np.int64]  # (n,)
    batch_size: int
    seed: int

    def make_batch(self, step: int) -> Batch:
        """Draw the batch of a step: item i of an epoch depends on (seed, epoch, i) alone."""
        first = step * self.batch_size
        drawn = list(self._draw(first, first + self.batch_size))
        index, leads_mv, persons = (np.stack(column) for column in zip(*drawn, strict=True))
        return Batch(
            inputs_from_leads(leads_mv, persons),
            _smoothed(self.cohort.truth[index]),
            _smoothed(self.cohort.statements[index]),
            self.cohort.is_stated[index],
            self.cohort.is_taught[index],
            self.folds[index],
            self.seed + step,
        )

    def _draw(
        self, first: int, stop: int
    ) -> Iterator[tuple[NDArray[np.int64], Float32Array, Float32Array]]:
        """Yield items by their position in the sequence of all epochs, each in its own order."""
        n_records = len(self.cohort)
        for epoch in range(first // n_records, (stop - 1) // n_records + 1):
            order = np.random.default_rng([self.seed, epoch]).permutation(n_records)
            start = epoch * n_records
            for index in order[max(first - start, 0) : stop - start]:
                rng = np.random.default_rng([self.seed, epoch, int(index)])
                leads_mv = degrade(vary(self.cohort.leads_mv[index], rng=rng), rng=rng)
                is_hidden = rng.random() < _HIDE_PERSON_SHARE
                yield index, leads_mv, self.cohort.persons[index] * np.float32(not is_hidden)


def _smoothed(truth: BoolArray) -> Float32Array:
    """Targets a little off 0 and 1: labels are not that sure."""
    return np.asarray(np.abs(truth - LABEL_SMOOTHING / 2), dtype=np.float32)
