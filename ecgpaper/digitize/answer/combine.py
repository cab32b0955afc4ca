"""Several images of one record -> one signal on the record's own time axis.

Public: `combine_views`, `join_frames`, `fit_to_record`.

Images are either *views*, several pictures of the same page, or *frames*, successive pages of a
record that is longer than one page.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecgpaper.digitize.answer.result import Digitization
from ecgpaper.ecg import Ecg, FloatArray


def combine_views(views: Sequence[Digitization]) -> Ecg:
    """Take each lead from the view that is surest of it; ties go to the earlier view.

    Parameters
    ----------
    views : sequence of Digitization
        At least one, all of one sampling frequency.
    """
    n_samples = max(view.ecg.n_samples for view in views)
    lead_names = _all_leads(views)
    signal_mv = np.full((n_samples, len(lead_names)), np.nan)
    for column, lead in enumerate(lead_names):
        showing = (view for view in views if lead in view.ecg.lead_names)
        best = max(showing, key=lambda view: float(view.confidence[:, column].sum()))
        signal_mv[: best.ecg.n_samples, column] = best.ecg.lead(lead)
    return Ecg(signal_mv, views[0].ecg.fs, lead_names)


def join_frames(frames: Sequence[Digitization | None], frame_s: float) -> Ecg:
    """Put successive pages one after another.

    Parameters
    ----------
    frames : sequence of Digitization or None
        In the record's order; at least one is not None. None leaves its time empty.
    frame_s : float, in s
        Time from the start of one page to the start of the next.
    """
    known = next(frame for frame in frames if frame is not None)
    lead_names = _all_leads([frame for frame in frames if frame is not None])
    step = round(frame_s * known.ecg.fs)
    signal_mv = np.full((step * len(frames), len(lead_names)), np.nan)
    for index, frame in enumerate(frames):
        if frame is not None:
            shown = frame.ecg.select(lead_names).signal_mv[:step]
            signal_mv[index * step : index * step + len(shown)] = shown
    return Ecg(signal_mv, known.ecg.fs, lead_names)


def _all_leads(pages: Sequence[Digitization]) -> tuple[str, ...]:
    """Return the twelve leads, and the unknown one if a page shows it."""
    return max((page.ecg.lead_names for page in pages), key=len)


def fit_to_record(ecg: Ecg, lead_names: Sequence[str], n_samples: int) -> FloatArray:
    """Return the signal in the record's order of leads and its length.

    Returns
    -------
    ndarray of shape (n_samples, len(lead_names)), in mV
        NaN where nothing was recovered, also for leads that are none of the twelve.
    """
    chosen = ecg.select(tuple(dict.fromkeys(lead_names)))
    columns = [chosen.lead(name) for name in lead_names]
    fitted = np.full((n_samples, len(lead_names)), np.nan)
    n_known = min(n_samples, ecg.n_samples)
    if columns:
        fitted[:n_known] = np.stack(columns, axis=1)[:n_known]
    return fitted
