"""Write the report of a batch.

Public: `write_report`, `REPORT_NAME`.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from ecgpaper.app.report.rows import (
    ReportRow,
    mean_snr_db,
    measurements_in_words,
    snr_in_words,
    word_for,
)
from ecgpaper.errors import MissingPackageError
from ecgpaper.runtime.files import write_whole

REPORT_NAME = "report.html"


def write_report(rows: Sequence[ReportRow], folder: Path) -> Path:
    """Write the report of a batch into a folder, whole or not at all.

    Parameters
    ----------
    rows : sequence of ReportRow
        The pages, in the order in which the table begins.
    folder : Path
        Where the report is written; links to pictures are relative to it.

    Returns
    -------
    Path
        The report, which opens in a browser.

    Raises
    ------
    MissingPackageError
        If jinja2 is not installed.
    OutputError
        If the report cannot be written.
    """
    try:
        import jinja2  # noqa: PLC0415  an extra
    except ImportError as error:
        raise MissingPackageError("jinja2", "report") from error
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("ecgpaper.app.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    pages = [_page(row, folder) for row in rows]
    n_failed = sum(row.fault is not None for row in rows)
    html = templates.get_template("report.html").render(pages=pages, n_failed=n_failed)
    report = folder / REPORT_NAME
    write_whole(report, html.encode("utf-8", "replace"))
    return report


def _page(row: ReportRow, folder: Path) -> dict[str, Any]:
    """Return what the template shows of a row: texts that can be printed and links that open."""
    snr_db, measured = mean_snr_db(row), row.measurements
    return {
        "file": _printable(row.file) + ("" if row.page is None else f", page {row.page}"),
        "fault": _printable(row.fault or ""),
        "layout": _printable(row.layout),
        "snr_db": snr_db,
        "word": "" if snr_db is None else word_for(snr_db),
        "rate": None if measured is None else measured.heart_rate_bpm,
        "pr": None if measured is None else measured.pr_ms,
        "qrs": None if measured is None else measured.qrs_ms,
        "qtc": None if measured is None else measured.qtc_bazett_ms,
        "rhythm": "" if measured is None else measured.rhythm,
        "labels": [_printable(label) for label in row.labels],
        "warnings": [_printable(warning) for warning in row.warnings],
        "leads": snr_in_words(row),
        "measured": measurements_in_words(measured),
        "amplitudes": _amplitudes(row),
        **{
            name: _link(getattr(row, name), folder)
            for name in ("thumbnail", "picture", "overlay", "curves")
        },
    }


def _amplitudes(row: ReportRow) -> list[list[str]]:
    """Return lead, Q, R, S, ST and T of each lead in mV; empty where no wave is."""
    if row.measurements is None:
        return []
    return [
        [lead, *(f"{wave_mv:.2f}" if wave_mv else "" for wave_mv in (w.q_mv, w.r_mv, w.s_mv)),
         *("?" if level_mv is None else f"{level_mv:z.2f}" for level_mv in (w.st60_mv, w.t_mv))]
        for lead, w in row.measurements.leads.items()
    ]  # fmt: skip


def _printable(text: str) -> str:
    """Return a text as it can be shown on one line: names of files may hold anything."""
    seen = text.encode("utf-8", "replace").decode()
    return "".join(
        letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in seen
    )


def _link(file: Path | None, folder: Path) -> str:
    """Return a file's relative link from a folder, empty for none."""
    if file is None:
        return ""
    relative = os.path.relpath(file, folder) if file.is_absolute() else file.as_posix()
    # "./" keeps a name like "javascript:x" a name.
    return "./" + quote(os.fsencode(Path(relative).as_posix()))
