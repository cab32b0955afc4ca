"""The signals of a page as a script, which a page on a disk may load where it may not read data.

Public: `curves_script`.
"""

from __future__ import annotations

import json

import numpy as np

from ecgpaper.ecg import Ecg, FloatArray

# Points per second that are drawn: a pixel each at three times the size of paper.
_DRAWN_HZ = 250.0


def curves_script(ecg: Ecg) -> bytes:
    """Write the leads of an ECG for the report to draw.

    Returns
    -------
    bytes
        A script that hands the report each run of known samples of each lead: its start in s and
        its values in microvolts, `step` s apart.
    """
    every = max(1, round(ecg.fs / _DRAWN_HZ))
    leads = {
        name: runs
        for name, lead_mv in zip(ecg.lead_names, ecg.signal_mv.T, strict=True)
        if (runs := _runs(lead_mv[::every], every / ecg.fs))
    }
    drawn = {"step": every / ecg.fs, "duration": ecg.duration_s, "leads": leads}
    return f"ecgpaperCurves({json.dumps(drawn, separators=(',', ':'))});\n".encode()


def _runs(lead_mv: FloatArray, step_s: float) -> list[list[float | list[int]]]:
    known = np.isfinite(lead_mv)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], known, [False]])))
    return [
        [round(int(first) * step_s, 4), np.rint(1000 * lead_mv[first:stop]).astype(int).tolist()]
        for first, stop in edges.reshape(-1, 2)
    ]
