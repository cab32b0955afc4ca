"""Signals as a table of text.

Public: `write_csv`.
"""

from __future__ import annotations

import math
from pathlib import Path

from ecgpaper.ecg import Ecg
from ecgpaper.runtime.files import write_whole


def write_csv(ecg: Ecg, path: Path) -> tuple[Path, ...]:
    """Write ``PATH.csv``: ``time_s``, then a column per lead, ``I_mv`` and so on.

    Parameters
    ----------
    ecg : Ecg
        One line per sample; cells are empty where it has NaN.
    path : Path
        Without ending.
    """
    lines = [",".join(["time_s", *(f"{lead}_mv" for lead in ecg.lead_names)])]
    for index, row in enumerate(ecg.signal_mv.tolist()):
        values = ("" if math.isnan(value) else f"{value:.4f}" for value in row)
        lines.append(",".join([f"{index / ecg.fs:.6f}", *values]))
    file = path.with_name(f"{path.name}.csv")
    write_whole(file, ("\n".join(lines) + "\n").encode())
    return (file,)
