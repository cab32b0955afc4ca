"""Split records into folds so that no patient stands on both sides, as far as that is known.

Public: `Grouping`, `read_patients`, `group_records`, `assign_folds`, `split_records`,
`N_PARTS`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ecgpaper.errors import RecordError
from ecgpaper.files.records.challenge import RecordHeader

# Keys that tell patients apart, best first: comments of headers, columns of PTB-XL's table.
# PTB-XL's own folds keep each patient's records together (Wagner et al. 2020).
_PATIENT_KEYS = ("patient_id", "strat_fold")
_ID_COLUMN = "ecg_id"
# Parts of the patients; each network leaves one of them out.
N_PARTS = 8
# With fewer records nothing is left out for the thresholds: they come from theory.
_FEWEST_TO_SPLIT = 60


@dataclass(frozen=True)
class Grouping:
    """Which records belong together.

    Parameters
    ----------
    kind : str
        ``"patient_id"``, ``"strat_fold"``, or ``"record"`` when patients are not known.
    groups : tuple of str
        Of each record.
    """

    kind: str
    groups: tuple[str, ...]

    @property
    def explanation(self) -> str:
        """Say in a sentence how far patients are kept apart."""
        if self.kind == "record":
            return (
                "patients are not known: records are split by a hash of their names, and a "
                "patient may stand on both sides"
            )
        return f"records are split by {self.kind}: no patient stands on both sides"


def read_patients(path: Path) -> dict[int, dict[str, str]]:
    """Read ``patient_id`` and ``strat_fold`` by ``ecg_id`` from a table like ptbxl_database.csv.

    Raises
    ------
    RecordError
        If the file is missing, is no table or lacks a column ``ecg_id`` of numbers.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise RecordError(
            f"expected a table like ptbxl_database.csv at {path}; {error.strerror}: name another"
        ) from error
    except (UnicodeDecodeError, csv.Error) as error:
        raise RecordError(
            f"{path} must be a table of comma-separated values in UTF-8; {error}: use PTB-XL's "
            "ptbxl_database.csv"
        ) from error
    if not rows or _ID_COLUMN not in rows[0]:
        raise RecordError(
            f"{path} must have rows and a column {_ID_COLUMN}; it has "
            f"{', '.join(rows[0]) if rows else 'no row'}: use PTB-XL's ptbxl_database.csv"
        )
    return {
        _record_number(path, row): {key: row.get(key) or "" for key in _PATIENT_KEYS}
        for row in rows
    }


def _record_number(path: Path, row: Mapping[str, str]) -> int:
    try:
        return int(float(row[_ID_COLUMN]))
    except (TypeError, ValueError, OverflowError) as error:
        raise RecordError(
            f"{path} must have a number in each row of {_ID_COLUMN}; it has "
            f"{row[_ID_COLUMN]!r}: mend the row"
        ) from error


def group_records(
    headers: Mapping[str, RecordHeader],
    n_folds: int,
    patients: Mapping[int, Mapping[str, str]] | None = None,
) -> Grouping:
    """Group records by the best that is known of all of them.

    Parameters
    ----------
    headers : mapping of str to RecordHeader
        By name of the record, as `find_records` gives it.
    n_folds : int
        Groups must be at least as many.
    patients : mapping, optional
        As `read_patients` gives it; records are found in it by the number that begins their name,
        as in ``00001_hr``. Without it, comments of the headers are looked at.
    """
    for key in _PATIENT_KEYS:
        groups = tuple(
            _known(name, header, key, patients or {}) for name, header in headers.items()
        )
        if all(groups) and len(set(groups)) >= n_folds:
            return Grouping(key, groups)
    return Grouping("record", tuple(headers))


def _known(
    name: str, header: RecordHeader, key: str, patients: Mapping[int, Mapping[str, str]]
) -> str:
    number = re.match(r"\d+", Path(name).name)
    row = patients.get(int(number[0]), {}) if number else {}
    return row.get(key) or header.comment(key) or ""


def assign_folds(groups: Sequence[str], n_folds: int) -> NDArray[np.int64]:
    """Give each record a fold, the same for all records of a group.

    Groups are dealt out in the order of a hash of their names, so that folds are of nearly equal
    numbers of groups, and the same on every machine.

    Raises
    ------
    ValueError
        If there are fewer than two folds, or fewer groups than folds.
    """
    names = sorted(set(groups), key=lambda name: (crc32(name.encode()), name))
    if not 2 <= n_folds <= len(names):
        raise ValueError(
            f"folds must be at least 2 and at most as many as there are groups of records, "
            f"{len(names)}; got {n_folds}"
        )
    fold_of = {name: index % n_folds for index, name in enumerate(names)}
    return np.array([fold_of[name] for name in groups], dtype=np.int64)


def split_records(patients: Sequence[str], n_members: int) -> NDArray[np.int64]:
    """Give each record the member that leaves it out, the same for all records of a patient.

    Returns
    -------
    ndarray of int, of shape (n_records,)
        -1 for those that all members learn from: most, or all of few records.
    """
    if len(patients) < _FEWEST_TO_SPLIT or len(set(patients)) < N_PARTS:
        return np.full(len(patients), -1)
    parts = assign_folds(patients, N_PARTS)
    return np.where(parts < n_members, parts, -1)
