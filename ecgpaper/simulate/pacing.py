"""Records with the spikes of a pacemaker.

Public: `with_pacing`.
"""

from __future__ import annotations

import numpy as np

from ecgpaper.ecg import STANDARD_ORDER, Ecg, FloatArray

# Time from spike to spike,
_INTERVAL_S = (0.6, 1.2)
# their height, as the largest of all leads,
_HEIGHT_MV = (0.5, 2.0)
# and their course in samples: the second is the highest, the third as much of it, then a dip.
_RISE = 0.15
_DIP = -0.12
_THIRD = (0.1, 0.9)


def with_pacing(ecg: Ecg, *, rng: np.random.Generator) -> Ecg:
    """Add the spikes of a pacemaker at a fixed rate, whatever the heart does.

    Recorders show some two samples of them; limb leads add up as they do in hearts.

    Parameters
    ----------
    ecg : Ecg
        Of twelve leads in standard order.
    rng : numpy.random.Generator

    Raises
    ------
    ValueError
        If it has other leads.
    """
    if ecg.lead_names != STANDARD_ORDER:
        raise ValueError(f"expected the leads {STANDARD_ORDER}; got {ecg.lead_names}")
    course = np.array([_RISE, 1.0, rng.uniform(*_THIRD), _DIP])
    heights_mv = _heights_mv(rng)
    signal_mv = ecg.signal_mv.copy()
    step = round(rng.uniform(*_INTERVAL_S) * ecg.fs)
    for first in range(int(rng.integers(step)), len(signal_mv) - len(course), step):
        signal_mv[first : first + len(course)] += np.outer(course, heights_mv)
    return Ecg(signal_mv, ecg.fs, ecg.lead_names)


def _heights_mv(rng: np.random.Generator) -> FloatArray:
    """Draw the height of a spike in each lead, either way."""
    one, two = rng.normal(size=2)
    limb = [one, two, two - one, -(one + two) / 2, one - two / 2, two - one / 2]
    heights = np.array([*limb, *rng.normal(size=6)])
    scaled: FloatArray = heights / np.abs(heights).max() * rng.uniform(*_HEIGHT_MV)
    return scaled
