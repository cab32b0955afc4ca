"""Findings behind the labels: which shapes and rhythms a label may stand for, and how they combine.

A label of the Challenge is wide ("CD"); a finding is one thing ("CLBBB"). Findings carry the names
of PTB-XL's SCP-ECG statements where it has one; the acute infarctions, which it has not, begin with
"A-".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Protocol

import numpy as np

from ecgpaper.simulate import conduction, myocardium
from ecgpaper.simulate.heart import Heart


class Change(Protocol):
    """Takes a heart and returns the one with a finding."""

    def __call__(self, heart: Heart, *, rng: np.random.Generator) -> Heart:
        """Return the changed heart."""
        ...


# In the order in which they are applied: what makes a new QRS comes before what alters it.
CHANGES: dict[str, Change] = {
    "CLBBB": conduction.left_bundle_branch_block,
    "LAFB": conduction.left_anterior_fascicular_block,
    "LPFB": conduction.left_posterior_fascicular_block,
    "LVH": myocardium.left_ventricular_hypertrophy,
    "RVH": myocardium.right_ventricular_hypertrophy,
    "LAO/LAE": myocardium.left_atrial_enlargement,
    "RAO/RAE": myocardium.right_atrial_enlargement,
    "IMI": partial(myocardium.old_infarction, territory="inferior"),
    "ILMI": partial(myocardium.old_infarction, territory="inferolateral"),
    "ASMI": partial(myocardium.old_infarction, territory="anteroseptal"),
    "AMI": partial(myocardium.old_infarction, territory="anterior"),
    "ALMI": partial(myocardium.old_infarction, territory="anterolateral"),
    "LMI": partial(myocardium.old_infarction, territory="lateral"),
    "PMI": partial(myocardium.old_infarction, territory="posterior"),
    "A-IMI": partial(myocardium.acute_infarction, territory="inferior"),
    "A-ILMI": partial(myocardium.acute_infarction, territory="inferolateral"),
    "A-ASMI": partial(myocardium.acute_infarction, territory="anteroseptal"),
    "A-AMI": partial(myocardium.acute_infarction, territory="anterior"),
    "A-ALMI": partial(myocardium.acute_infarction, territory="anterolateral"),
    "A-LMI": partial(myocardium.acute_infarction, territory="lateral"),
    "IVCD": conduction.intraventricular_delay,
    "CRBBB": conduction.right_bundle_branch_block,
    "IRBBB": conduction.incomplete_right_bundle_branch_block,
    "WPW": conduction.preexcitation,
    "1AVB": conduction.first_degree_block,
    "NDT": myocardium.nonspecific_st_t,
    "ISCIN": partial(myocardium.ischemia, territory="inferior"),
    "ISCIL": partial(myocardium.ischemia, territory="inferolateral"),
    "ISCAS": partial(myocardium.ischemia, territory="anteroseptal"),
    "ISCAN": partial(myocardium.ischemia, territory="anterior"),
    "ISCAL": partial(myocardium.ischemia, territory="anterolateral"),
    "ISCLA": partial(myocardium.ischemia, territory="lateral"),
    "LNGQT": myocardium.long_qt,
    "DIG": myocardium.digitalis,
    "EL-K+": myocardium.high_potassium,
    "EL-K-": myocardium.low_potassium,
}
# Relative frequency of the findings of each label: after their counts in PTB-XL, the rare ones
# raised.
FINDINGS: dict[str, dict[str, float]] = {
    "NORM": {"NORM": 1},
    "Acute MI": {"A-IMI": 5, "A-ILMI": 2, "A-ASMI": 4, "A-AMI": 4, "A-ALMI": 3, "A-LMI": 1},
    "Old MI": {"IMI": 8, "ILMI": 3, "ASMI": 7, "AMI": 3, "ALMI": 2, "LMI": 2, "PMI": 0.2},
    "STTC": {
        "NDT": 6, "ISCIN": 2, "ISCIL": 2, "ISCAS": 2, "ISCAN": 1, "ISCAL": 5, "ISCLA": 3,
        "LNGQT": 1.5, "DIG": 2, "EL-K+": 0.3, "EL-K-": 0.5,
    },
    "CD": {
        "CLBBB": 4, "CRBBB": 4, "IRBBB": 4, "LAFB": 5, "LPFB": 1, "IVCD": 3, "1AVB": 4, "WPW": 0.5,
    },
    "HYP": {"LVH": 10, "RVH": 0.6, "LAO/LAE": 2, "RAO/RAE": 0.5},
    "PAC": {"PAC": 1},
    "PVC": {"PVC": 1},
    "AFIB/AFL": {"AFIB": 4, "AFLT": 1},
    "TACHY": {"STACH": 9, "PSVT": 1},
    "BRADY": {"SBRAD": 1},
}  # fmt: skip
# A second finding of the same label comes this often, if it may stand beside the first.
SECOND_PROBABILITY = {"CD": 0.25, "HYP": 0.25, "Old MI": 0.10}
EXCLUSIVE = (
    {"CLBBB", "CRBBB", "IRBBB", "IVCD", "WPW"},
    {"CLBBB", "LAFB", "LPFB", "WPW"},
    {"1AVB", "WPW"},
    {"LVH", "RVH"},
)
CONTRADICTIONS = (("TACHY", "BRADY"), ("PAC", "AFIB/AFL"), ("Acute MI", "Old MI"))


def check_labels(labels: Sequence[str]) -> None:
    """Raise a `ValueError` if a label is unknown or two of them exclude each other."""
    unknown = [label for label in labels if label not in FINDINGS]
    if unknown:
        raise ValueError(f"unknown labels {unknown}; known are {', '.join(FINDINGS)}")
    for one, other in CONTRADICTIONS:
        if one in labels and other in labels:
            raise ValueError(f"a record cannot be both {one} and {other}; leave one of them out")


def _draw(weights: Mapping[str, float], *, rng: np.random.Generator) -> str:
    """Draw a key with probability proportional to its value."""
    share = np.array(list(weights.values()), dtype=np.float64)
    return list(weights)[rng.choice(len(share), p=share / share.sum())]


def _may_stand_beside(finding: str, others: Sequence[str]) -> bool:
    return finding not in others and not any(
        finding in group and group.intersection(others) for group in EXCLUSIVE
    )


def draw_findings(labels: Sequence[str], *, rng: np.random.Generator) -> tuple[str, ...]:
    """Draw what the labels stand for in one person: at least one finding for each label."""
    check_labels(labels)
    findings: list[str] = []
    for label, weights in FINDINGS.items():
        if label not in labels:
            continue
        n_findings = 1 + (rng.random() < SECOND_PROBABILITY.get(label, 0.0))
        for _ in range(n_findings):
            # In fibrillation there is neither P nor PR to be abnormal; re-entry hides them too.
            hidden = {"1AVB", "WPW", "LAO/LAE", "RAO/RAE"} if "AFIB/AFL" in labels else set()
            possible = {
                finding: weight
                for finding, weight in weights.items()
                if finding not in hidden and _may_stand_beside(finding, findings)
            }
            if possible:
                findings.append(_draw(possible, rng=rng))
    return tuple(findings)


def simulate_labels(*, rng: np.random.Generator) -> tuple[str, ...]:
    """Draw the labels of a record, combined as in life; each is in 6 % of records or more."""
    labels: list[str] = []
    is_fibrillating = rng.random() < 0.10
    if rng.random() < 0.33 and not is_fibrillating:
        labels.append("NORM")
    else:
        labels += _draw_diagnoses(rng=rng)
    labels += [label for label in ("PAC", "PVC") if rng.random() < 0.08]
    if is_fibrillating:
        labels = [label for label in labels if label != "PAC"] + ["AFIB/AFL"]
    rate = rng.random()
    # TACHY and BRADY are rhythms of the sinus node or a re-entry: a fast fibrillation has neither.
    if not is_fibrillating and rate < 0.18:
        labels.append("TACHY" if rate < 0.10 else "BRADY")
    return tuple(label for label in FINDINGS if label in labels)


def _draw_diagnoses(*, rng: np.random.Generator) -> list[str]:
    """Draw one to three of the diagnostic labels that are not NORM.

    Fibrillating hearts have one, too: in PTB-XL 19 of 20 do.
    """
    weights = {"Acute MI": 0.15, "Old MI": 0.24, "STTC": 0.25, "CD": 0.25, "HYP": 0.15}
    n_labels = rng.choice([1, 2, 3], p=[0.70, 0.25, 0.05])
    labels: list[str] = []
    for _ in range(n_labels):
        label = _draw(weights, rng=rng)
        labels.append(label)
        del weights[label]
        if label in ("Acute MI", "Old MI"):
            weights.pop("Acute MI", None)
            weights.pop("Old MI", None)
    return labels
