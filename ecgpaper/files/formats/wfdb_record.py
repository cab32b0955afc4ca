"""Signals as a WFDB record.

Public: `write_wfdb`.
"""

from __future__ import annotations

from pathlib import Path

from ecgpaper.ecg import Ecg
from ecgpaper.files.records.challenge import write_record


def write_wfdb(ecg: Ecg, path: Path) -> tuple[Path, ...]:
    """Write ``PATH.dat`` and ``PATH.hea``, 1000 units per mV in 16 bits.

    Parameters
    ----------
    ecg : Ecg
        NaN becomes WFDB's mark of a missing sample; beyond +-32.767 mV it is clipped.
    path : Path
        Without ending; its name is made of letters, digits, underscores and hyphens.
    """
    write_record(path.parent, path.name, ecg)
    return path.with_name(f"{path.name}.dat"), path.with_name(f"{path.name}.hea")
