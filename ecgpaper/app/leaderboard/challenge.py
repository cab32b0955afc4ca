"""Challenge: the Challenge's own scripts, run on one record, with what they do not tell kept.

Public: `challenge_script`, `hide`, `Models`, `Answer`, `answer_record`, `score_record`.

The scripts lie beside the package in a checkout, not in it. They are called as `run_model.py` and
`evaluate_model.py` call themselves, so that the figures are the Challenge's.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ecgpaper.classify import Diagnosis
from ecgpaper.classify.branches import PageClassifier
from ecgpaper.classify.picture import Sight
from ecgpaper.digitize import Digitization, Digitizer
from ecgpaper.ecg import ByteArray, Ecg
from ecgpaper.errors import BatchError

ROOT = Path(__file__).resolve().parents[3]


def challenge_script(name: str) -> Any:
    """Return one of the Challenge's scripts as a module.

    Raises
    ------
    BatchError
        If it is not there: the package was installed without them.
    """
    if not (ROOT / f"{name}.py").is_file():
        raise BatchError(
            f"the Challenge's script {name}.py must lie beside the package; it is not in {ROOT}: "
            "run this in a checkout of the repository"
        )
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    return importlib.import_module(name)


def hide(pages: Path, hidden: Path) -> None:
    """Copy pages without their signals and labels, as ``remove_hidden_data.py -m`` does."""
    script = challenge_script("remove_hidden_data")
    script.run(
        script.get_parser().parse_args(["-i", str(pages), "-o", str(hidden), "--include_images"])
    )


@dataclass(eq=False)
class _KeepingDigitizer:
    """The digitizer, which keeps what it reads: the script hands on the signal alone."""

    digitizer: Digitizer
    kept: list[Digitization]

    def digitize(self, photo: ByteArray, *, fs: float) -> Digitization:
        """Digitize a photo."""
        self.kept.append(self.digitizer.digitize(photo, fs=fs))
        return self.kept[-1]


@dataclass(eq=False)
class _KeepingClassifier:
    """The classifier, which keeps its answers: the script hands on the labels alone."""

    classifier: PageClassifier
    kept: list[Diagnosis]

    def diagnose(
        self, ecg: Ecg, sights: Sequence[Sight], *, age_years: float | None, sex: str | None
    ) -> Diagnosis:
        """Classify a record."""
        self.kept.append(
            self.classifier.diagnose(ecg, sights, age_years=age_years, sex=sex),
        )
        return self.kept[-1]


@dataclass(frozen=True, eq=False)
class Models:
    """What `load_models` of `team_code.py` returns."""

    digitizer: Digitizer
    classifier: PageClassifier

    @classmethod
    def load(cls, folder: Path) -> Models:
        """Load the models of a folder."""
        return cls(*challenge_script("team_code").load_models(str(folder), False))


@dataclass(frozen=True, eq=False)
class Answer:
    """What was kept of a record: pages that could be digitized, and the last diagnosis."""

    pages: tuple[Digitization, ...]
    diagnosis: Diagnosis | None


def answer_record(models: Models, hidden: Path, outputs: Path, record: str) -> Answer:
    """Answer one record as ``run_model.py -d HIDDEN -o OUTPUTS`` does, into the same files."""
    script = challenge_script("run_model")
    arguments = argparse.Namespace(
        data_folder=str(hidden), output_folder=str(outputs), verbose=False, allow_failures=False
    )
    digitizer = _KeepingDigitizer(models.digitizer, [])
    classifier = _KeepingClassifier(models.classifier, [])
    signals, labels = script.run_record(arguments, record, digitizer, classifier)
    script.save_record(arguments, record, signals, labels)
    return Answer(tuple(digitizer.kept), classifier.kept[-1] if classifier.kept else None)


def score_record(pages: Path, outputs: Path, record: str, *, alignment: str) -> dict[str, float]:
    """Return the SNR in dB of each lead of a record, as ``evaluate_model.py`` finds it.

    Parameters
    ----------
    pages, outputs : Path
        Folders of the references and the answers.
    record : str
    alignment : {"comp", "head"}
        The scorer of the published results, or the organisers' later one.

    Returns
    -------
    dict of str to float
        NaN for leads that no page shows.
    """
    channels, _ = challenge_script("evaluate_model").score_record(
        str(pages), str(outputs), record, no_shift=False, extra_scores=False, alignment=alignment
    )
    return {name: float(scores.snr) for name, scores in channels}
