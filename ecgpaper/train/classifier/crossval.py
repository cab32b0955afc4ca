"""K-fold cross-validation of the classifier: each record judged by networks that never saw it.

Public: `View`, `Crossval`, `FoldAnswers`, `cross_validate`.

Training sees every record through another random layout and other errors of a digitizer in each
epoch (`ecgpaper.train.classifier.augment.degrade`): what a freshly distorted picture would do to
it, at a thousandth of the cost. The thresholds of a fold come from its training records alone.
"""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeAlias
from zlib import crc32

import numpy as np
from tqdm import tqdm

from ecgpaper.classify import Classifier
from ecgpaper.classify.labels import CLASSES, one_hot
from ecgpaper.ecg import BoolArray, Ecg, FloatArray
from ecgpaper.errors import CrossvalError
from ecgpaper.files.records.challenge import read_ecg
from ecgpaper.runtime.files import write_whole
from ecgpaper.train.classifier.facts import RecordFacts
from ecgpaper.train.classifier.folds import assign_folds
from ecgpaper.train.classifier.signals import ClassifierConfig, train_classifier

logger = logging.getLogger(__name__)

# A record, by its name, as the classifier is to see it.
View: TypeAlias = Callable[[str], Ecg]


@dataclass(frozen=True)
class FoldAnswers:
    """Answers of the networks of one fold on the records that they have not seen.

    Parameters
    ----------
    names : tuple of str
        Of the records.
    probabilities : dict of str to list
        By view: a row of 11 numbers per record.
    labels : dict of str to list
        By view: the labels answered for each record.
    too_few : tuple of str
        Classes with too few examples among the training records.
    """

    names: tuple[str, ...]
    probabilities: dict[str, list[list[float]]]
    labels: dict[str, list[list[str]]]
    too_few: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Crossval:
    """The records, how they are split, and how they are seen.

    Parameters
    ----------
    folder : Path
        Of the records.
    facts : mapping of str to RecordFacts
        By name of the record; each has a label.
    groups : sequence of str
        Of the same records; a group stays on one side.
    views : mapping of str to View
        Ways to see a record that is judged.
    n_folds, seed : int
    config : ClassifierConfig, optional
    """

    folder: Path
    facts: Mapping[str, RecordFacts]
    groups: Sequence[str]
    views: Mapping[str, View]
    n_folds: int = 5
    seed: int = 0
    config: ClassifierConfig | None = None

    @property
    def truth(self) -> BoolArray:
        """Which classes each record has, of shape (n_records, 11)."""
        return one_hot([facts.labels for facts in self.facts.values()])

    @property
    def identity(self) -> str:
        """List the settings that must agree for results to belong together."""
        known = "\n".join(f"{name} {facts}" for name, facts in self.facts.items())
        return (
            f"{self.n_folds} folds of {len(self.facts)} records {crc32(known.encode()):08x}, "
            f"{crc32(' '.join(self.groups).encode()):08x}, seed {self.seed}, "
            f"seen as {', '.join(self.views)}, {self.config or ClassifierConfig()}"
        )


def cross_validate(
    crossval: Crossval, out: Path
) -> tuple[dict[str, tuple[FloatArray, BoolArray]], tuple[str, ...]]:
    """Train and judge fold after fold; folds that `out` has already are taken from there.

    Parameters
    ----------
    crossval : Crossval
    out : Path
        Folder of the results of each fold, and of the state of an interrupted training.

    Returns
    -------
    answers : dict of str to (ndarray, ndarray)
        By view: probabilities and answers, of shape (n_records, 11), in the order of
        ``crossval.facts``.
    too_few : tuple of str
        Classes with too few examples in some fold.

    Raises
    ------
    CrossvalError
        If `out` holds another cross-validation.
    """
    folds = assign_folds(crossval.groups, crossval.n_folds)
    results = []
    for fold in tqdm(range(crossval.n_folds), "folds", disable=not sys.stderr.isatty()):
        file = out / f"fold-{fold + 1}.json"
        if not file.exists():
            answers = _judge(crossval, folds == fold, out / f".fold-{fold + 1}")
            content = {"identity": crossval.identity} | asdict(answers)
            write_whole(file, (json.dumps(content) + "\n").encode())
        results.append(_read_answers(file, crossval.identity))
    found = {name for result in results for name in result.too_few}
    gathered = {view: _gather(results, view, tuple(crossval.facts)) for view in crossval.views}
    return gathered, tuple(name for name in CLASSES if name in found)


def _gather(
    results: Sequence[FoldAnswers], view: str, names: Sequence[str]
) -> tuple[FloatArray, BoolArray]:
    """Bring the answers of all folds into the order of `names`."""
    row_of = {name: row for row, name in enumerate(names)}
    rows = [row_of[name] for result in results for name in result.names]
    probabilities = np.zeros((len(names), len(CLASSES)))
    answered = np.zeros((len(names), len(CLASSES)), dtype=np.bool_)
    probabilities[rows] = np.concatenate([result.probabilities[view] for result in results])
    answered[rows] = np.concatenate([one_hot(result.labels[view]) for result in results])
    return probabilities, answered


def _judge(crossval: Crossval, is_judged: BoolArray, state_file: Path) -> FoldAnswers:
    """Train on the records of the other folds and answer those of this one."""
    names, groups = list(crossval.facts), list(crossval.groups)
    judged, learned = np.flatnonzero(is_judged).tolist(), np.flatnonzero(~is_judged).tolist()
    network, info = train_classifier(
        (read_ecg(crossval.folder / names[row]) for row in learned),
        [crossval.facts[names[row]] for row in learned],
        patients=[groups[row] for row in learned],
        config=crossval.config,
        seed=crossval.seed,
        state_file=state_file,
    )
    classifier = Classifier.of(network, info)
    probabilities: dict[str, list[list[float]]] = {view: [] for view in crossval.views}
    labels: dict[str, list[list[str]]] = {view: [] for view in crossval.views}
    out = [names[row] for row in judged]
    for name in tqdm(out, "records", leave=False, disable=not sys.stderr.isatty()):
        facts = crossval.facts[name]
        for view, look in crossval.views.items():
            diagnosis = classifier.diagnose(look(name), age_years=facts.age_years, sex=facts.sex)
            probabilities[view].append(diagnosis.probabilities.round(6).tolist())
            labels[view].append(list(diagnosis.labels))
    return FoldAnswers(tuple(out), probabilities, labels, tuple(info.training["too_few_examples"]))


def _read_answers(file: Path, identity: str) -> FoldAnswers:
    content = json.loads(file.read_text())
    if content.pop("identity", None) != identity:
        raise CrossvalError(
            f"{file} must be of the cross-validation that was asked for ({identity}); it is of "
            "another: choose another folder with --out, or remove this one"
        )
    return FoldAnswers(**content)
