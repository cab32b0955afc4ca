"""Both branches of the classifier -> one diagnosis.

Public: `PageClassifier`, `PictureBranch`, `PICTURE`, `CONTRACT`.

The signals answer first. The picture has the more weight, the worse the page was digitized; it
answers alone where nothing could be digitized.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.special import expit, logit

from ecgpaper.classify import NAME, Classifier, Diagnosis, thresholds_from
from ecgpaper.classify.described import check_classes, numbers_from
from ecgpaper.classify.fusion import N_TERMS, Stacker
from ecgpaper.classify.labels import CLASSES
from ecgpaper.classify.picture import PICTURE_PX, Sight, ink_of
from ecgpaper.ecg import Ecg, FloatArray
from ecgpaper.nets.checkpoint import load_info, load_weights, refusing, require_files
from ecgpaper.nets.convnext import ConvNext, ConvNextConfig
from ecgpaper.nets.description import Contract
from ecgpaper.nets.device import channels_last
from ecgpaper.weights import shipped_model

PICTURE = "picture"
CONTRACT = Contract(
    config={"n_channels": 1, "n_classes": len(CLASSES)},
    inputs={"picture_px": PICTURE_PX, "values": "ink"},
    extra=("classes", "thresholds", "stacker"),
)
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
        with refusing(folder, PICTURE):
            config = ConvNextConfig.from_json(info.config)
            CONTRACT.check(info, config)
            check_classes(info.extra)
            thresholds = thresholds_from(info.extra)
            stacker = Stacker(numbers_from(info.extra, "stacker", (len(CLASSES), N_TERMS)))
        network = load_weights(folder, PICTURE, info, lambda: channels_last(ConvNext(config)))
        return cls(network.eval(), stacker, thresholds)

    def logits_of(self, sights: Sequence[Sight]) -> FloatArray:
        """Logits, of shape (n_sights, 11)."""
        pictures = np.stack([ink_of(sight.picture) for sight in sights])
        with torch.inference_mode():
            logits = self.network(torch.from_numpy(pictures))
        return np.asarray(logits.double().numpy(), dtype=np.float64)


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
        require_files(folder, (NAME, PICTURE))
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

        Examples
        --------
        >>> from ecgpaper.simulate import simulate_ecg
        >>> ecg = simulate_ecg(("TACHY",), rng=np.random.default_rng(1))
        >>> found = PageClassifier.load().diagnose(ecg, sights=[])
        >>> "TACHY" in found.labels
        True
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
