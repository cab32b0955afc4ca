"""File formats of a digitized page: one function per format over the same `Ecg`.

Public: `FORMATS`, `Writer`.

Each takes the record and the path of its files without a suffix, writes each file whole, and
returns the files. The same record gives the same bytes; no name and no date of the page, nor the
time of writing, gets into a file. docs/formats.md says how each format says "not printed".
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from ecgpaper.ecg import Ecg
from ecgpaper.formats.aecg import write_aecg
from ecgpaper.formats.dicom import write_dicom
from ecgpaper.formats.edf import write_edf
from ecgpaper.formats.fhir import write_fhir

Writer: TypeAlias = Callable[[Ecg, Path], tuple[Path, ...]]

FORMATS: dict[str, Writer] = {
    "aecg": write_aecg,
    "dicom": write_dicom,
    "edf": write_edf,
    "fhir": write_fhir,
}
