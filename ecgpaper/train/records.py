"""The records of a folder to learn from: which can be used, and what tells folders apart.

Public: `RecordFolder`, `readable_records`, `read_headers`, `with_signals`, `check_labels`,
`checksum_of`.
"""

from __future__ import annotations

import hashlib
import logging
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ecgpaper.classify.labels import CLASSES
from ecgpaper.ecg import Ecg
from ecgpaper.errors import RecordError
from ecgpaper.files.records.challenge import RecordHeader, read_ecg, read_header
from ecgpaper.files.records.headers import header_file

logger = logging.getLogger(__name__)

# A message names no more of many.
_MOST_NAMED = 8


class RecordFolder(Sequence[Ecg]):
    """The signals of a folder, read from disk when they are asked for."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self.folder, self.names = folder, tuple(names)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, index: int) -> Ecg:  # type: ignore[override]
        return read_ecg(self.folder / self.names[index])


def readable_records(folder: Path, names: Sequence[str]) -> dict[str, RecordHeader]:
    """Return the headers of the records that can be read; name the others in the log."""
    return with_signals(folder, read_headers(folder, names))


def read_headers(folder: Path, names: Sequence[str]) -> dict[str, RecordHeader]:
    """Return the headers that can be read; name the others in the log."""
    headers = {}
    for name in names:
        try:
            headers[name] = read_header(folder / name)
        except RecordError as error:
            logger.warning("%s is left out: %s", name, error)
    return headers


def with_signals(folder: Path, headers: Mapping[str, RecordHeader]) -> dict[str, RecordHeader]:
    """Return the headers of the records whose signals can be read; name the others in the log."""
    usable = {}
    for name, header in tqdm(headers.items(), desc="records", disable=not sys.stderr.isatty()):
        try:
            if np.isfinite(read_ecg(folder / name).signal_mv).any():
                usable[name] = header
            else:
                logger.warning("%s is left out: it has no signal", name)
        except RecordError as error:
            logger.warning("%s is left out: %s", name, error)
    return usable


def check_labels(headers: Mapping[str, RecordHeader], folder: Path) -> None:
    """Name labels that are not the Challenge's in the log; refuse a folder that has none of it.

    Raises
    ------
    RecordError
        If no header has a label that can be learned.
    """
    found = Counter(label for header in headers.values() for label in header.labels)
    unknown = {label: n for label, n in found.items() if label not in CLASSES}
    if unknown:
        logger.warning(
            "labels that are none of the Challenge's are not learned: %s", _counted(unknown)
        )
    if len(unknown) == len(found):
        there = f"only the labels {_counted(unknown)}" if unknown else "no '# Labels:' line"
        raise RecordError(
            f"training needs a record with a label of {', '.join(CLASSES)}; the "
            f"{len(headers)} readable headers below {folder} have {there}: prepare the folder with "
            "prepare_ptbxl_data.py"
        )


def _counted(labels: Mapping[str, int]) -> str:
    shown = [f"{name!r} ({n} times)" for name, n in sorted(labels.items())]
    more = [f"and {len(shown) - _MOST_NAMED} more"] if len(shown) > _MOST_NAMED else []
    return ", ".join(shown[:_MOST_NAMED] + more)


def checksum_of(folder: Path, names: Sequence[str]) -> str:
    """SHA-256 of what a training learns from: names, headers and signal files of all records.

    A record whose files cannot be read counts with its name.
    """
    total = hashlib.sha256()
    for name in names:
        total.update(f"{name}\n".encode(errors="surrogateescape"))
        for path in _files_of(header_file(folder / name)):
            try:
                total.update(hashlib.sha256(path.read_bytes()).digest())
            except OSError:
                total.update(b"not there")
    return total.hexdigest()


def _files_of(header: Path) -> Iterator[Path]:
    """Yield a header and the signal files that it names, each once."""
    yield header
    try:
        lines = header.read_text(encoding="latin-1").splitlines()
    except OSError:
        return
    described = [line.split() for line in lines if not line.startswith("#")][1:]
    for file in dict.fromkeys(items[0] for items in described if items):
        if "/" not in file and "\0" not in file:
            yield header.parent / file
