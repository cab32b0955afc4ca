"""Signals as arrays of NumPy.

Public: `write_npz`.
"""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from ecgpaper.ecg import Ecg
from ecgpaper.runtime.files import write_whole


def write_npz(ecg: Ecg, path: Path) -> tuple[Path, ...]:
    """Write ``PATH.npz``, which `numpy.load` opens without pickle.

    Its arrays are ``signal_mv`` of shape (n_samples, n_leads), NaN where nothing is printed,
    ``time_s`` of shape (n_samples,), ``lead_names`` and ``fs_hz``.

    Parameters
    ----------
    ecg : Ecg
    path : Path
        Without ending.
    """
    content = io.BytesIO()
    np.savez_compressed(
        content,
        signal_mv=ecg.signal_mv,
        time_s=np.arange(ecg.n_samples) / ecg.fs,
        lead_names=np.array(ecg.lead_names, dtype=np.str_),
        fs_hz=np.float64(ecg.fs),
    )
    file = path.with_name(f"{path.name}.npz")
    write_whole(file, content.getvalue())
    return (file,)
