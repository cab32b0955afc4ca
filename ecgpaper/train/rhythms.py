"""Simulated records of rhythms that collections have too few of: what the classifier adds to them.

Public: `TAUGHT_RHYTHMS`, `simulate_rhythms`.

They teach the rhythms alone, which follow from the times of the beats; the other classes are
learnt from people. Rates are, too: where TACHY and BRADY begin is a custom of those who labeled.
"""

from __future__ import annotations

import numpy as np

from ecgpaper.classify.inputs import INPUT_FS
from ecgpaper.ecg import Ecg
from ecgpaper.simulate import simulate_ecg
from ecgpaper.simulate.findings import simulate_labels

TAUGHT_RHYTHMS = ("PAC", "PVC", "AFIB/AFL")
# How often each rhythm is drawn; others are regular, at any rate.
_SHARES = {"PAC": 0.25, "PVC": 0.15, "AFIB/AFL": 0.2, "TACHY": 0.05, "BRADY": 0.05, "": 0.3}
_RHYTHMS = frozenset({*_SHARES, "NORM"})


def simulate_rhythms(
    n_records: int, *, rng: np.random.Generator
) -> tuple[list[Ecg], list[tuple[str, ...]]]:
    """Simulate hearts of all kinds, many of them with a rhythm to learn.

    Returns
    -------
    ecgs : list of Ecg
        At the classifier's 100 Hz.
    labels : list of tuple of str
    """
    ecgs, labels = [], []
    for _ in range(n_records):
        rhythm = str(rng.choice(list(_SHARES), p=list(_SHARES.values())))
        disease = [name for name in simulate_labels(rng=rng) if name not in _RHYTHMS]
        found = (*disease, rhythm) if rhythm else tuple(disease)
        ecgs.append(simulate_ecg(found, rng=rng, fs=INPUT_FS))
        labels.append(found)
    return ecgs, labels
