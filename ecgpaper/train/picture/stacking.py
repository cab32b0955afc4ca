"""Train the stacker: it mixes the answers of the signals with those of the picture.

Public: `Readers`, `ReadPage`, `fit_stacking`.
"""

from __future__ import annotations

import logging
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from safetensors.numpy import save as arrays_as_bytes
from scipy.special import expit
from tqdm import tqdm

from ecgpaper.classify import Classifier, probabilities_of
from ecgpaper.classify.branches import logits_from, picture_logits
from ecgpaper.classify.fusion import Stacker, choose_stacker, log_loss, signals_only
from ecgpaper.classify.infarcts import class_logits
from ecgpaper.classify.inputs import N_SAMPLES, Float32Array, leads_from_ecg
from ecgpaper.classify.labels import CLASSES
from ecgpaper.classify.person import person_features
from ecgpaper.classify.picture import look_at
from ecgpaper.digitize import Digitizer
from ecgpaper.ecg import STANDARD_ORDER, ByteArray, Ecg, FloatArray
from ecgpaper.errors import EcgPaperError
from ecgpaper.nets.picture import InkResNet
from ecgpaper.runtime.files import write_whole
from ecgpaper.synth import PRESETS, sample_spec, synthesize
from ecgpaper.train.classifier.scores import score_labels
from ecgpaper.train.classifier.thresholds import PRIOR_THRESHOLD
from ecgpaper.train.digitizer.source import without_gaps
from ecgpaper.train.picture.holdout import Labeled
from ecgpaper.train.span import Span

logger = logging.getLogger(__name__)

_UNKNOWN_PERSON = person_features(None, None)


class ReadPage(NamedTuple):
    """The digitizer's answer for a page."""

    leads_mv: Float32Array  # (12, 1000), all NaN where it failed
    picture: ByteArray  # (height, width)
    trust: float

    @property
    def is_read(self) -> bool:
        """Whether there is any signal."""
        return bool(np.isfinite(self.leads_mv).any())


@dataclass(frozen=True, eq=False)
class Readers:
    """The models that read a page, and the folder that keeps the digitizer's answers.

    Parameters
    ----------
    digitizer : Digitizer
    signals : Classifier
    pictures : InkResNet
    kept : Path
    """

    digitizer: Digitizer
    signals: Classifier
    pictures: InkResNet
    kept: Path

    @classmethod
    def load(cls, folder: Path, pictures: InkResNet, kept: Path) -> Readers:
        """Take the digitizer and the signals' networks from a model folder.

        Raises
        ------
        CheckpointError
            If a file is missing or does not fit.
        """
        return cls(Digitizer.load(folder), Classifier.load(folder), pictures, kept)

    def read(self, records: Labeled, index: int, seed: int) -> ReadPage:
        """Print a page of a record and digitize it, or take it from the folder."""
        file = self.kept / f"read-{seed}-{len(records)}" / f"{index}.safetensors"
        if not file.exists():
            page = self._digitized(records.ecgs[index], index, seed)
            arrays: dict[str, NDArray[Any]] = {
                "leads_mv": page.leads_mv,
                "picture": page.picture,
                "trust": np.array(page.trust),
            }
            write_whole(file, arrays_as_bytes(arrays))
        kept = load_file(file)
        return ReadPage(kept["leads_mv"], kept["picture"], float(kept["trust"]))

    def _digitized(self, ecg: Ecg, index: int, seed: int) -> ReadPage:
        """Depends on seed and index alone; all presets come in turn."""
        rng = np.random.default_rng([seed, index])
        page = synthesize(without_gaps(ecg), sample_spec(PRESETS[index % len(PRESETS)], rng=rng))
        try:
            found = self.digitizer.digitize(page.image, fs=ecg.fs)
        except EcgPaperError as error:
            logger.info("a page cannot be read: %s", error)
            nothing = np.full((len(STANDARD_ORDER), N_SAMPLES), np.nan, dtype=np.float32)
            return ReadPage(nothing, *look_at(page.image, None))
        return ReadPage(leads_from_ecg(found.ecg)[0], *look_at(page.image, found))

    def signal_logits(self, page: ReadPage, member: int) -> FloatArray:
        """Logits, of shape (11,), of one of the signals' networks."""
        network = self.signals.network.members[member]
        rows = probabilities_of(network, page.leads_mv[None], _UNKNOWN_PERSON[None])
        return logits_from(rows[0])


def fit_stacking(
    readers: Readers, spared: Labeled, span: Span, *, seed: int
) -> tuple[Stacker, dict[str, object]]:
    """Read one page each of the first spared records and fit a stacker on the answers.

    Parameters
    ----------
    readers : Readers
        Its networks have not learned from these records, or those members that speak have not.
    spared : Labeled
    span : Span
        Of pages.
    seed : int

    Returns
    -------
    stacker : Stacker
    metrics : dict
        Scores of each opinion alone and, out of fold, of both.
    """
    indices = tqdm(span.pages(), desc="opinions", disable=not sys.stderr.isatty())
    pages = [readers.read(spared, index, seed) for index in indices]
    rows = [index for index, page in enumerate(pages) if page.is_read]
    if not rows:
        return signals_only(len(CLASSES)), {}
    signal = np.stack([readers.signal_logits(pages[i], int(spared.folds[i])) for i in rows])
    picture = class_logits(picture_logits(readers.pictures, [pages[i].picture for i in rows]))
    trust, truth = np.array([pages[i].trust for i in rows]), spared.truth[rows]
    stacker, mixed = choose_stacker(signal, picture, trust, truth)
    spoken = {"signals": expit(signal), "picture": expit(picture), "both": mixed}
    metrics: dict[str, object] = {"pages of spared records": len(rows)}
    for name, probabilities in spoken.items():
        found = score_labels(probabilities, truth, probabilities > PRIOR_THRESHOLD)
        metrics[f"pages of spared records, {name}"] = {
            "macro_auroc": round(found.macro_auroc, 4),
            "log_loss": round(log_loss(probabilities, truth), 4),
        }
    logger.info("opinions: %s", metrics)
    return stacker, metrics
