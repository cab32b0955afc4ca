"""Signals -> labels: an `Ecg`, complete or with gaps, to the probabilities of the 11 classes."""

from ecgpaper.classify.classifier import (
    ARCHITECTURE,
    CONTRACT,
    N_COMPARED,
    N_FEATURES,
    NAME,
    Classifier,
    Diagnosis,
    NetworkInputs,
    Traits,
    inputs_from_leads,
    logits_of,
    probabilities_of,
    thresholds_from,
    traits_of,
)

__all__ = [
    "ARCHITECTURE",
    "CONTRACT",
    "NAME",
    "N_COMPARED",
    "N_FEATURES",
    "Classifier",
    "Diagnosis",
    "NetworkInputs",
    "Traits",
    "inputs_from_leads",
    "logits_of",
    "probabilities_of",
    "thresholds_from",
    "traits_of",
]
