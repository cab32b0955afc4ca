"""The table of all pages of a folder of outputs -> its report for the eye.

Public: `report_rows`.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ecgpaper.app.archive.summary import Row
from ecgpaper.app.archive.task import CURVES, OVERLAY, THUMBNAIL, answer_of
from ecgpaper.app.report import ReportRow
from ecgpaper.measure import Measurements

# Files of one picture that browsers show.
_SHOWN = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".gif"})


def report_rows(out: Path, rows: Iterable[Row]) -> list[ReportRow]:
    """Gather what the report shows of each row of the summary of a folder of outputs.

    Parameters
    ----------
    out : Path
    rows : iterable of Row
        Of `Summary.rows`. What stands in the JSON file of a page is read from there.

    Returns
    -------
    list of ReportRow
        Files are called by their paths below the folder that all of them share.
    """
    rows = list(rows)
    n_pages = Counter(row["file"] for row in rows)
    shared = _shared_folder([row["file"] for row in rows])
    found = (_report_row(out, row, has_pages=n_pages[row["file"]] > 1) for row in rows)
    return [replace(each, file=each.file.removeprefix(shared)) for each in found]


def _shared_folder(files: Sequence[str]) -> str:
    """Return the path of the folder that all files share, as it stands before their names."""
    with suppress(ValueError):  # absolute and relative ones share none
        common = os.path.commonpath([os.path.dirname(file) for file in files])  # noqa: PTH120
        return f"{common.rstrip('/')}/"
    return ""


def _report_row(out: Path, row: Row, *, has_pages: bool) -> ReportRow:
    page = int(row["page"]) if has_pages or int(row["page"]) > 1 else None
    if row["status"] != "read":
        picture = None if page else _picture(row["file"])
        return ReportRow(row["file"], page, row["reason"], picture=picture)
    told = answer_of(out / row["name"]) or {}
    if page is None and _of(told, "input", dict).get("n_pages", 1) > 1:
        page = int(row["page"])
    return ReportRow(
        row["file"],
        page,
        layout=row["layout"],
        predicted_snr_db=_of(told, "predicted_snr_db", dict),
        left_out=tuple(_of(told, "left_out", list)),
        warnings=tuple(_of(told, "warnings", list)),
        labels=tuple(_of(told, "labels", list)),
        measurements=_measurements(told),
        picture=None if page else _picture(row["file"]),
        thumbnail=_beside(out, row, THUMBNAIL),
        overlay=_beside(out, row, OVERLAY),
        curves=_beside(out, row, CURVES),
    )


def _beside(out: Path, row: Row, ending: str) -> Path | None:
    file = Path(f"{row['name']}{ending}")
    return file if (out / file).is_file() else None


def _of(told: Mapping[str, Any], key: str, kind: type) -> Any:
    """Return what stands under a key; nothing where somebody has changed it to another kind."""
    value = told.get(key)
    return value if isinstance(value, kind) else kind()


def _measurements(told: Mapping[str, Any]) -> Measurements | None:
    with suppress(ValueError):
        return Measurements.from_json(_of(told, "measurements", dict))
    return None


def _picture(file: str) -> Path | None:
    """Return where the page itself is, if that is a picture that browsers show."""
    path = Path(os.path.abspath(file))  # noqa: PTH100  links stay as they are
    return path if path.suffix.lower() in _SHOWN and path.is_file() else None
