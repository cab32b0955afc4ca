"""Formats that signals are written in: one table, one small module per format.

Public: `FORMATS`.

To write another format, add a module with its function and a row here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ecgpaper.ecg import Ecg
from ecgpaper.formats.csv_table import write_csv
from ecgpaper.formats.npz import write_npz
from ecgpaper.formats.wfdb_record import write_wfdb

__all__ = ["FORMATS"]

# Name -> function of the signals, in mV with NaN where nothing is printed, and of a path without
# ending; it writes each file whole or not at all and returns the files.
FORMATS: dict[str, Callable[[Ecg, Path], tuple[Path, ...]]] = {
    "wfdb": write_wfdb,
    "csv": write_csv,
    "npz": write_npz,
}
