"""Challenge records on disk <-> `Ecg`, images, labels.

Public: `find_records`, `read_ecg`, `write_record`; and, for whoever reads records, `read_image` of
`ecgpaper.files.records.images`, and `RecordHeader`, `read_header`, `read_comments`, `decode_header`
and `split_signal_line` of `ecgpaper.files.records.headers`.

A record is a WFDB header ``NAME.hea`` with, beside it, a signal file, images, or both. A record is
named by the path of its header without the extension. What cannot be used raises `RecordError`.
The headers themselves are read by `ecgpaper.files.records.headers`.
"""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ecgpaper.ecg import Ecg
from ecgpaper.errors import RecordError
from ecgpaper.files.records.headers import (
    ADU_PER_MV,
    MISREAD,
    RecordHeader,
    decode_header,
    header_file,
    read_comments,
    read_header,
    reason_of,
    split_signal_line,
)
from ecgpaper.files.records.images import DAMAGED, read_image
from ecgpaper.runtime.files import write_whole

__all__ = [
    "NAME",
    "RecordHeader",
    "decode_header",
    "find_records",
    "read_comments",
    "read_ecg",
    "read_header",
    "read_image",
    "split_signal_line",
    "write_record",
]

logger = logging.getLogger(__name__)

_ADU_MISSING = -32768
# What a Challenge record may be called.
NAME = re.compile(r"[A-Za-z0-9_-]+")


def find_records(folder: str | Path) -> list[str]:
    """Return the records below a folder, relative to it and without extension, sorted.

    A folder that does not exist holds no records.
    """
    found = set()
    for parent, _, files in os.walk(folder):
        for file in files:
            if file.endswith(".hea") and file != ".hea":
                found.add((Path(parent) / file).relative_to(folder).as_posix()[:-4])
    return sorted(found)


def read_ecg(path: str | Path) -> Ecg:
    """Read the signals of a record, in mV with canonical lead names, NaN where missing.

    Raises
    ------
    RecordError
        If a file is missing, is cut off, or its unit is no voltage.
    """
    import wfdb  # noqa: PLC0415  slow to import

    header = read_header(path)
    file = header_file(path)
    record = file.with_suffix("")
    if not header.raw_lead_names:
        raise RecordError(f"{file} must describe a signal; it has none: use the images")
    if None in header.mv_per_unit:
        found = ", ".join(dict.fromkeys(header.units))
        raise RecordError(f"{file} must give signals in mV, uV or V; got {found}")
    try:
        # Gains of 0 and the like are found below, by what they make of the samples.
        with np.errstate(all="ignore"):
            signal, _ = wfdb.rdsamp(str(record))
    except FileNotFoundError as error:
        raise RecordError(
            f"{file} names the signal file {error.filename}; it is not there: copy it "
            "beside the header, or use the record's images"
        ) from error
    except (*DAMAGED, *MISREAD) as error:
        raise RecordError(
            f"the signals of {record} must be what its header says; {reason_of(error)}: copy the "
            "record again"
        ) from error
    # Not the units that wfdb found: it drops the Greek letter of the microvolt.
    factors = np.array(header.mv_per_unit, dtype=np.float64)
    try:
        signal_mv = np.asarray(signal, dtype=np.float64) * factors
        return Ecg(signal_mv, header.fs, header.lead_names)
    except ValueError as error:
        raise RecordError(f"{record} is no usable ECG: {error}") from error


def write_record(
    folder: str | Path,
    name: str,
    ecg: Ecg,
    *,
    comments: Sequence[str] = (),
    labels: Sequence[str] | None = None,
    image_names: Sequence[str] = (),
) -> None:
    """Write a record in the Challenge's format: 1000 units per mV in 16 bits, the header last.

    Parameters
    ----------
    folder : str or Path
        Made when it is not there.
    name : str
        Letters, digits, underscores and hyphens.
    ecg : Ecg
        Beyond +-32.767 mV it is clipped.
    comments : sequence of str
        Such as ``"Age: 56"``.
    labels : sequence of str, optional
        None writes no line of labels.
    image_names : sequence of str
        File names of images beside the header.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> ecg = Ecg(np.array([[0.5, -0.5], [0.25, 0.0]]), 500.0, ("I", "II"))
    >>> with TemporaryDirectory() as folder:
    ...     write_record(folder, "r1", ecg, labels=["NORM"])
    ...     header = read_header(f"{folder}/r1")
    ...     back = read_ecg(f"{folder}/r1")
    ...     find_records(folder)
    ['r1']
    >>> header.labels, header.lead_names
    (('NORM',), ('I', 'II'))
    >>> back.lead("I")
    array([0.5 , 0.25])
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"a record's name is made of A-Z a-z 0-9 _ and -; got {name!r}")
    digital = np.clip(np.rint(ecg.signal_mv * ADU_PER_MV), -32767, 32767)
    digital = np.where(np.isnan(digital), _ADU_MISSING, digital).astype("<i2")
    lines = [f"{name} {len(ecg.lead_names)} {ecg.fs:.10g} {ecg.n_samples}"]
    for lead, samples in zip(ecg.lead_names, digital.T, strict=True):
        first = int(samples[0]) if len(samples) else 0
        checksum = int(samples.sum(dtype=np.int64)) % 65536
        lines.append(f"{name}.dat 16 {ADU_PER_MV}(0)/mV 16 0 {first} {checksum} 0 {lead}")
    lines += [f"# {comment}" for comment in comments]
    lines += [f"# Labels: {', '.join(labels)}"] if labels is not None else []
    lines += [f"# Image: {', '.join(image_names)}"] if image_names else []
    write_whole(Path(folder) / f"{name}.dat", digital.tobytes())
    write_whole(Path(folder) / f"{name}.hea", ("\n".join(lines) + "\n").encode())
