"""The classifier: signals, complete or with gaps, to the probabilities of the 11 classes.

Public: `Classifier`, `Diagnosis`, `ARCHITECTURE`, `CONTRACT`, `N_FEATURES`, `N_COMPARED`,
`NetworkInputs`, `Traits`, `inputs_from_leads`, `traits_of`, `thresholds_from`, `probabilities_of`,
`logits_of`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit

from ecgpaper.classify.beats import N_BEAT_SAMPLES, typical_beats
from ecgpaper.classify.described import check_classes, numbers_from
from ecgpaper.classify.infarcts import class_logits
from ecgpaper.classify.inputs import (
    INPUT_FS,
    N_CHANNELS,
    N_SAMPLES,
    Float32Array,
    channels_from_leads,
    leads_from_ecg,
)
from ecgpaper.classify.labels import CLASSES, labels_above
from ecgpaper.classify.person import N_PERSON_FEATURES, person_features
from ecgpaper.classify.rhythm import (
    N_RATE_STEPS,
    N_RHYTHM_FEATURES,
    find_beats,
    rate_step,
    rhythm_features,
)
from ecgpaper.classify.wave_features import N_WAVE_MEASURES, wave_measures
from ecgpaper.ecg import STANDARD_ORDER, Ecg, FloatArray
from ecgpaper.nets.classifier import EnsembleConfig, SignalEnsemble
from ecgpaper.nets.stored.checkpoint import load_info, load_weights, refusing
from ecgpaper.nets.stored.description import CheckpointInfo, Contract

NAME = "classifier"
ARCHITECTURE = "SignalEnsemble"
N_FEATURES = N_PERSON_FEATURES
# Values of each kind that records are compared by, see `Traits.compared`.
N_COMPARED = (N_CHANNELS // 2 * N_BEAT_SAMPLES, N_RHYTHM_FEATURES, N_WAVE_MEASURES)
CONTRACT = Contract(
    config={"n_channels": N_CHANNELS, "n_features": N_FEATURES, "n_classes": len(CLASSES)},
    inputs={"fs_hz": INPUT_FS, "n_samples": N_SAMPLES, "lead_order": STANDARD_ORDER},
    extra=("classes", "thresholds", "prior"),
)


@dataclass(frozen=True, eq=False)
class Diagnosis:
    """How probable each class is, and which are answered.

    Parameters
    ----------
    probabilities, thresholds : ndarray of shape (11,)
        In the order of `ecgpaper.classify.labels.CLASSES`.
    """

    probabilities: FloatArray
    thresholds: FloatArray

    def __post_init__(self) -> None:
        """Refuse arrays that are not one number per class, or thresholds that divide by zero."""
        for values in (self.probabilities, self.thresholds):
            if np.shape(values) != (len(CLASSES),) or not np.isfinite(values).all():
                raise ValueError(f"expected {len(CLASSES)} finite numbers; got {values}")
        if not (self.thresholds > 0).all():
            raise ValueError(f"thresholds must be positive; got {self.thresholds}")

    @property
    def labels(self) -> tuple[str, ...]:
        """Classes that reach their threshold, else the one that comes closest; never empty."""
        return labels_above(self.probabilities, self.thresholds)


@dataclass(frozen=True, eq=False)
class Classifier:
    """Networks that answer together, and the thresholds of their answers.

    Parameters
    ----------
    network : SignalEnsemble
    thresholds : ndarray of shape (11,)
    prior : ndarray of shape (11,)
        How often each class occurs: all that can be said of a record that shows nothing.
    """

    network: SignalEnsemble
    thresholds: FloatArray
    prior: FloatArray

    @classmethod
    def load(cls, folder: Path) -> Classifier:
        """Load ``classifier.json`` and ``classifier.safetensors``.

        Raises
        ------
        CheckpointError
            If a file is missing or does not fit this program.
        """
        info = load_info(folder, NAME, ARCHITECTURE)
        with refusing(folder, NAME):
            config = EnsembleConfig.from_json(info.config)
            CONTRACT.check(info, config.network)
            check_classes(info.extra)
            thresholds, prior = thresholds_from(info.extra), prior_from(info.extra)
        network = load_weights(folder, NAME, info, lambda: network_from_config(config))
        return cls(network.eval(), thresholds, prior)

    @classmethod
    def of(cls, network: SignalEnsemble, info: CheckpointInfo) -> Classifier:
        """Let a network answer by the thresholds that its description names.

        Raises
        ------
        KeyError, ValueError
            If thresholds or prior are missing, or are not one number per class.
        """
        return cls(network.eval(), thresholds_from(info.extra), prior_from(info.extra))

    def diagnose(
        self, ecg: Ecg, *, age_years: float | None = None, sex: str | None = None
    ) -> Diagnosis:
        """Classify a record of any length, sampling frequency and choice of leads.

        Parameters
        ----------
        ecg : Ecg
            Samples at the time at which the record shows them; NaN where it shows nothing.
        age_years : float, optional
        sex : str, optional
            ``"Female"`` or ``"Male"``.
        """
        windows = leads_from_ecg(ecg)
        windows = windows[np.isfinite(windows).any(axis=(1, 2))]
        if not len(windows):
            return Diagnosis(self.prior, self.thresholds)
        persons = np.tile(person_features(age_years, sex), (len(windows), 1))
        probabilities = probabilities_of(self.network, windows, persons)
        return Diagnosis(probabilities.mean(axis=0), self.thresholds)


def thresholds_from(extra: Mapping[str, Any]) -> FloatArray:
    """Read the thresholds in the JSON of a checkpoint; a ``ValueError`` says what is wrong."""
    thresholds = numbers_from(extra, "thresholds", (len(CLASSES),))
    if not ((thresholds > 0) & (thresholds <= 1)).all():
        raise ValueError(f"thresholds must be above 0 and not above 1; got {thresholds}")
    return thresholds


def prior_from(extra: Mapping[str, Any]) -> FloatArray:
    """Read the frequencies of the classes; a ``ValueError`` says what is wrong."""
    prior = numbers_from(extra, "prior", (len(CLASSES),))
    if not ((prior >= 0) & (prior <= 1)).all():
        raise ValueError(f"prior must be from 0 to 1; got {prior}")
    return prior


def network_from_config(config: EnsembleConfig) -> SignalEnsemble:
    """Build the networks that a checkpoint describes, with weights yet to be loaded."""
    return SignalEnsemble(
        config.network, config.n_members, config.n_stored, N_COMPARED, N_RATE_STEPS
    )


class NetworkInputs(NamedTuple):
    """What a network is called with, for some windows of leads."""

    series: Float32Array  # (n_windows, 24, 1000)
    features: Float32Array  # (n_windows, 4): of the person


class Traits(NamedTuple):
    """What windows of leads are compared by, and their heart rate."""

    beats: Float32Array  # (n_windows, 24, 80)
    rhythm: Float32Array  # (n_windows, 8)
    measures: Float32Array  # (n_windows, 2 * N_WAVE_MEASURES): of the waves, and which are known
    rates: NDArray[np.int64]  # (n_windows,): steps of the heart rate

    @property
    def compared(self) -> tuple[Float32Array, Float32Array, Float32Array]:
        """What likeness is told by."""
        return self.beats, self.rhythm, self.measures


def inputs_from_leads(windows: Float32Array, persons: Float32Array) -> NetworkInputs:
    """Prepare windows of leads for the network.

    Parameters
    ----------
    windows : ndarray of shape (n_windows, 12, 1000), in mV
    persons : ndarray of shape (n_windows, 4)
        Whose they are, see `person_features`.
    """
    return NetworkInputs(np.stack([channels_from_leads(leads) for leads in windows]), persons)


def traits_of(series: Float32Array) -> Traits:
    """Tell what windows, of shape (n_windows, 24, 1000), are compared by."""
    places = [find_beats(channels) for channels in series]
    pairs = zip(series, places, strict=True)
    beats = np.stack([typical_beats(channels, found) for channels, found in pairs])
    rhythm = np.stack([rhythm_features(found) for found in places])
    measures = np.stack([wave_measures(typical) for typical in beats])
    return Traits(beats, rhythm, measures, np.array([rate_step(found) for found in places]))


def probabilities_of(
    network: torch.nn.Module, windows: Float32Array, persons: Float32Array
) -> FloatArray:
    """Probabilities, of shape (n_windows, 11), of an ensemble or one of its members.

    Other arguments as for `inputs_from_leads`.
    """
    inputs = inputs_from_leads(windows, persons)
    return np.asarray(expit(class_logits(logits_of(network, *inputs, *traits_of(inputs.series)))))


def logits_of(network: torch.nn.Module, *inputs: Float32Array | NDArray[np.int64]) -> FloatArray:
    """Logits of the questions, of shape (n_windows, 11), see `ecgpaper.classify.infarcts`."""
    device = next(network.parameters()).device
    with torch.inference_mode():
        logits = network(*(torch.from_numpy(array).to(device) for array in inputs)).cpu()
    return np.asarray(logits.double().numpy(), dtype=np.float64)
