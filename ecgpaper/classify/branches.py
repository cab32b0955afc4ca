"""Both branches of the classifier -> one diagnosis.

Public: `PageClassifier`, `PictureBranch`, `PICTURE`, `CONTRACT`, `N_CHANNELS`,
`picture_logits`, `logits_from`.

The signals answer first. A stacker may give the picture the more weight, the less the page is
trusted (the shipped one gives it none); it answers alone where nothing could be digitized.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from scipy.special import expit, logit

from ecgpaper.classify.classifier import NAME, Classifier, Diagnosis, thresholds_from
from ecgpaper.classify.described import check_classes, numbers_from
from ecgpaper.classify.fusion import N_TERMS, Stacker
from ecgpaper.classify.infarcts import class_logits
from ecgpaper.classify.inputs import UNIT_MV
from ecgpaper.classify.labels import CLASSES
from ecgpaper.classify.picture import MV_PER_ROW, N_ROWS, PICTURE_PX, Sight
from ecgpaper.ecg import LIMB_LEADS, STANDARD_ORDER, ByteArray, Ecg, FloatArray
from ecgpaper.nets.picture import InkResNet, InkResNetConfig
from ecgpaper.nets.stored.checkpoint import load_info, load_weights, refusing, require_files
from ecgpaper.nets.stored.description import Contract
from ecgpaper.nets.stored.weights import shipped_model

PICTURE = "picture"
CONTRACT = Contract(
    config={"n_limb": len(LIMB_LEADS), "n_rows": N_ROWS, "unit_per_row": MV_PER_ROW / UNIT_MV},
    inputs={"picture_px": PICTURE_PX, "values": "ink"},
    extra=("classes", "thresholds", "stacker"),
)
# Three for each lead: its height, whether it is seen and how tall its ink is.
N_CHANNELS = 3 * len(STANDARD_ORDER)
# Probabilities closer to 0 or 1 say nothing more.
_LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True, eq=False)
class PictureBranch:
    """The network that sees pictures, and what its answers count.

    Parameters
    ----------
    network : InkResNet
        Its logits are calibrated.
    stacker : Stacker
        Mixes them with those of the signals.
    thresholds : ndarray of shape (11,)
        Of the picture's answers where it is alone.
    """

    network: InkResNet
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
        info = load_info(folder, PICTURE, InkResNet.__name__)
        with refusing(folder, PICTURE):
            config = InkResNetConfig.from_json(info.config)
            CONTRACT.check(info, config)
            _check_shape(config)
            check_classes(info.extra)
            thresholds = thresholds_from(info.extra)
            stacker = Stacker(numbers_from(info.extra, "stacker", (len(CLASSES), N_TERMS)))
        network = load_weights(folder, PICTURE, info, lambda: InkResNet(config))
        return cls(network.eval(), stacker, thresholds)

    def logits_of(self, sights: Sequence[Sight]) -> FloatArray:
        """Logits, of shape (n_sights, 11)."""
        return class_logits(picture_logits(self.network, [sight.picture for sight in sights]))


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
            np.array([np.mean([sight.trust for sight in sights])]),
        )[0]
        return Diagnosis(probabilities, by_signals.thresholds)


def _check_shape(config: InkResNetConfig) -> None:
    """Refuse a network that reads other leads, or answers other questions."""
    found = config.network.n_channels, config.network.n_classes
    if found != (N_CHANNELS, len(CLASSES)):
        raise ValueError(
            f"network in config must have {N_CHANNELS} channels and {len(CLASSES)} classes; it has "
            f"{found[0]} and {found[1]}"
        )


def picture_logits(network: InkResNet, pictures: Sequence[ByteArray]) -> FloatArray:
    """Logits of the questions, of shape (n_pictures, 11), see `ecgpaper.classify.infarcts`."""
    device = next(network.parameters()).device
    ink = np.stack(pictures)[:, None].astype(np.float32) / np.float32(255)
    with torch.inference_mode():
        logits = network(torch.from_numpy(ink).to(device)).cpu()
    return np.asarray(logits.double().numpy(), dtype=np.float64)


def logits_from(probabilities: FloatArray) -> FloatArray:
    """Turn probabilities into finite logits."""
    bounded = np.clip(probabilities, _LEAST_PROBABILITY, 1 - _LEAST_PROBABILITY)
    return np.asarray(logit(bounded), dtype=np.float64)
