"""File formats of a digitized page: one table, one function per format over the same `Ecg`.

Public: `FORMATS`, `Writer`.

Each takes the record and the path of its files without a suffix, writes each file whole, and
returns the files. The same record gives the same bytes; no name and no date of the page, nor the
time of writing, gets into a file. docs/formats.md says how each format says "not printed". To
write another format, add a module with its function and a row here.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from ecgpaper.ecg import Ecg
from ecgpaper.files.formats.aecg import write_aecg
from ecgpaper.files.formats.csv_table import write_csv
from ecgpaper.files.formats.dicom import write_dicom
from ecgpaper.files.formats.edf import write_edf
from ecgpaper.files.formats.fhir import write_fhir
from ecgpaper.files.formats.npz import write_npz
from ecgpaper.files.formats.wfdb_record import write_wfdb

Writer: TypeAlias = Callable[[Ecg, Path], tuple[Path, ...]]

FORMATS: dict[str, Writer] = {
    "wfdb": write_wfdb,
    "csv": write_csv,
    "npz": write_npz,
    "aecg": write_aecg,
    "dicom": write_dicom,
    "edf": write_edf,
    "fhir": write_fhir,
}
