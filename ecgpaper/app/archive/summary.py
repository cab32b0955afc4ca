"""The table of all pages of a folder of outputs.

Public: `Summary`, `SUMMARY_FILE`, `Row`.
"""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ecgpaper.app.archive.outcome import MEASURED, STATUSES, Outcome
from ecgpaper.runtime.files import alone_in, write_whole

SUMMARY_FILE = "summary.csv"
COLUMNS = (
    *("file", "page", "status", "reason", "name"),
    *("layout", "speed_mm_per_s", "gain_mm_per_mv", "lowest_snr_db", "median_snr_db"),
    *(*MEASURED, "rhythm", "labels", "warnings", "key"),
)
# Writing takes at most so much of the time.
_SHARE = 0.05
_LEAST_S = 1.0

Row = Mapping[str, str]


@dataclass(eq=False)
class Summary:
    """The table of a folder of outputs: one row per page, with the reason where it was not read.

    Parameters
    ----------
    out : Path
    """

    out: Path
    _rows: dict[str, Row] = field(default_factory=dict)
    _next_s: float = 0.0

    @property
    def file(self) -> Path:
        """Where it is."""
        return self.out / SUMMARY_FILE

    def refused(self) -> dict[str, Outcome]:
        """Return the pages that were refused before, by their keys."""
        rows = (row for row in self._on_disk().values() if row["status"] == "refused")
        return {row["key"]: _outcome(row) for row in rows if row["key"]}

    def rows(self) -> list[Row]:
        """Return the rows that the file has, of this run and of others."""
        return sorted(self._on_disk().values(), key=_place)

    def add(self, outcome: Outcome) -> None:
        """Note what became of a page; now and then the file is written."""
        self._rows[outcome.name] = _row(outcome)
        if time.monotonic() >= self._next_s:
            self.write()

    def write(self) -> None:
        """Write the file: this run's rows, and those of others whose pages are still there.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        start_s = time.monotonic()
        with alone_in(self.out):
            others = {name: row for name, row in self._on_disk().items() if self._is_there(row)}
            rows = sorted((others | self._rows).values(), key=_place)
            table = io.StringIO()
            writer = csv.DictWriter(table, COLUMNS, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            write_whole(self.file, table.getvalue().encode("utf-8", "backslashreplace"))
        took_s = time.monotonic() - start_s
        self._next_s = time.monotonic() + max(_LEAST_S, took_s / _SHARE)

    def _on_disk(self) -> dict[str, Row]:
        """Read the rows of the file by their names; one that somebody has changed has none."""
        try:
            rows = list(csv.DictReader(io.StringIO(self.file.read_text("utf-8"), newline="")))
        except (OSError, ValueError, csv.Error):
            return {}
        return {row["name"]: row for row in rows if _is_ours(row)}

    def _is_there(self, row: Row) -> bool:
        if row["status"] == "read":
            return (self.out / f"{row['name']}.json").is_file()
        return Path(row["file"]).exists()


def _is_ours(row: Row) -> bool:
    known = all(isinstance(row.get(column), str) for column in COLUMNS)
    return known and set(row) == set(COLUMNS) and row["status"] in STATUSES and _page(row) > 0


def _page(row: Row) -> int:
    return int(row["page"]) if row["page"].isascii() and row["page"].isdigit() else 0


def _place(row: Row) -> tuple[str, int]:
    return row["file"], _page(row)


def _row(outcome: Outcome) -> Row:
    told = {column: getattr(outcome, column, "") for column in COLUMNS}
    return told | dict(outcome.found) | {"page": str(outcome.page)}


def _outcome(row: Row) -> Outcome:
    who = (row["file"], _page(row), row["name"])
    return Outcome(*who, row["status"], key=row["key"], reason=row["reason"])
