"""Both branches of the classifier -> one diagnosis.

Public: `PageClassifier`, `PictureBranch`, `PICTURE`.

The signals speak first; the picture is the second opinion, which counts the more the less the
digitizer is to be trusted, and the only one where nothing could be digitized.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.special import expit, logit

from ecgpaper.classify import Classifier, Diagnosis
from ecgpaper.classify.fusion import Stacker
from ecgpaper.classify.labels import CLASSES
from ecgpaper.classify.picture import PICTURE_PX, Sight, ink_of
from ecgpaper.ecg import Ecg, FloatArray
from ecgpaper.errors import CheckpointError
from ecgpaper.nets.checkpoint import CheckpointInfo, load_info, load_weights
from ecgpaper.nets.convnext import ConvNext, ConvNextConfig
from ecgpaper.nets.device import channels_last
from ecgpaper.weights import shipped_model

PICTURE = "picture"
# Probabilities closer to 0 or 1 say nothing more.
_LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True, eq=False)
class PictureBranch:
    """The network that sees pictures, and what its answers count.

    Parameters
    ----------
    network : ConvNext
        Its logits are calibrated.
    stacker : Stacker
        Mixes them with those of the signals.
    thresholds : ndarray of shape (11,)
        Of the picture's answers where it is alone.
    """

    network: ConvNext
    stacker: Stacker
    thresholds: FloatArray

    @classmethod
    def load(cls, folder: Path) -> PictureBranch:
        """Load ``picture.json`` and ``picture.safetensors``.

        Raises
        ------
        CheckpointError
            If a file is missing or does not fit this program.
        """
        info = load_info(folder, PICTURE, ConvNext.__name__)
        path = folder / f"{PICTURE}.json"
        try:
            network = _network_from(info)
            thresholds = np.array(info.extra["thresholds"], dtype=np.float64)
            Diagnosis(np.zeros(len(CLASSES)), thresholds)
            stacker = Stacker(np.array(info.extra["stacker"], dtype=np.float64))
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(
                f"{path} must describe a network for pictures of {PICTURE_PX} pixels and the "
                f"classes {', '.join(CLASSES)}, a threshold per class and a stacker; {error}: "
                "train again"
            ) from error
        load_weights(folder, PICTURE, network, info)
        return cls(network.eval(), stacker, thresholds)

    def logits_of(self, sights: Sequence[Sight]) -> FloatArray:
        """Logits, of shape (n_sights, 11)."""
        pictures = np.stack([ink_of(sight.picture) for sight in sights])
        with torch.inference_mode():
            logits = self.network(torch.from_numpy(pictures))
        return np.asarray(logits.double().numpy(), dtype=np.float64)


def _network_from(info: CheckpointInfo) -> ConvNext:
    """Build the network that a checkpoint describes, with weights yet to be loaded."""
    if tuple(info.extra["classes"]) != CLASSES:
        raise ValueError(f"its classes are {info.extra['classes']}")
    if tuple(info.inputs["picture_px"]) != PICTURE_PX:
        raise ValueError(f"its pictures have {info.inputs['picture_px']} pixels")
    return channels_last(ConvNext(ConvNextConfig(**info.config)))


@dataclass(frozen=True, eq=False)
class PageClassifier:
    """What answers for a record of which there are images."""

    signals: Classifier
    pictures: PictureBranch

    @classmethod
    def load(cls, folder: Path | None = None) -> PageClassifier:
        """Load both branches.

        Parameters
        ----------
        folder : Path, optional
            The model folder; the shipped weights by default.

        Raises
        ------
        CheckpointError
            If a file is missing or does not fit this program.
        """
        folder = folder or shipped_model()
        return cls(Classifier.load(folder), PictureBranch.load(folder))

    def diagnose(
        self,
        ecg: Ecg,
        sights: Sequence[Sight],
        *,
        age_years: float | None = None,
        sex: str | None = None,
    ) -> Diagnosis:
        """Classify a record by its digitized signals and its images.

        Parameters
        ----------
        ecg : Ecg
            Samples at the time at which the pages show them; all NaN where none could be read.
        sights : sequence of Sight
            Of all images that there are; without any the signals are alone.
        age_years : float, optional
        sex : str, optional
            ``"Female"`` or ``"Male"``.
        """
        by_signals = self.signals.diagnose(ecg, age_years=age_years, sex=sex)
        if not sights:
            return by_signals
        seen = self.pictures.logits_of(sights).mean(axis=0)
        if not np.isfinite(ecg.signal_mv).any():
            return Diagnosis(expit(seen), self.pictures.thresholds)
        probabilities = self.pictures.stacker.combine(
            logits_from(by_signals.probabilities)[None],
            seen[None],
            np.array([np.mean([sight.quality for sight in sights])]),
        )[0]
        return Diagnosis(probabilities, by_signals.thresholds)


def logits_from(probabilities: FloatArray) -> FloatArray:
    """Turn probabilities into finite logits."""
    bounded = np.clip(probabilities, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    return np.asarray(logit(bounded), dtype=np.float64)
