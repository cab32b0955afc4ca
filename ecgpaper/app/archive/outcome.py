"""What became of a page.

Public: `Outcome`, `STATUSES`, `MEASURED`, `found_in`.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Read; refused: seen, but no ECG that can be read; failed: not seen, or a fault of the program.
STATUSES = ("read", "refused", "failed")
# Of the measurements in the JSON file of a page; empty where one is not measurable.
MEASURED = ("heart_rate_bpm", "pr_ms", "qrs_ms", "qtc_bazett_ms")


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a page.

    Parameters
    ----------
    file : str
        As the user knows it.
    page : int
    name : str
        Of its outputs, below their folder.
    status : str
        One of `STATUSES`.
    key : str
        The same for the same page, settings and weights; empty where the file cannot be opened.
    reason : str
        Why it was not read.
    details : str
        The traceback, where that is a fault of the program.
    found : dict of str to str
        Of what was read: layout, scale, SNR to be expected, measurements, labels, warnings.
    n_pages : int
        Of the file.
    """

    file: str
    page: int
    name: str
    status: str
    key: str = ""
    reason: str = ""
    details: str = ""
    found: Mapping[str, str] = field(default_factory=dict)
    n_pages: int = 1

    def __str__(self) -> str:
        """Name the file and, where there are several, the page, on one line."""
        file = self.file if self.file.isprintable() else ascii(self.file)
        return file if self.n_pages == 1 else f"{file}, page {self.page}"


def _told(value: float | None) -> str:
    return "" if value is None else f"{value:.0f}"


def found_in(report: Mapping[str, Any]) -> dict[str, str]:
    """Return what a row of the summary shows of a page's JSON file."""
    snr_db = sorted((report.get("predicted_snr_db") or {}).values())
    measured = report.get("measurements") or {}
    return {
        "layout": str(report.get("layout", "")),
        "speed_mm_per_s": f"{report.get('speed_mm_per_s', '')}",
        "gain_mm_per_mv": f"{report.get('gain_mm_per_mv', '')}",
        "lowest_snr_db": f"{snr_db[0]:.1f}" if snr_db else "",
        "median_snr_db": f"{statistics.median(snr_db):.1f}" if snr_db else "",
        **{column: _told(measured.get(column)) for column in MEASURED},
        "rhythm": str(measured.get("rhythm", "")),
        "labels": "; ".join(report.get("labels", ())),
        "warnings": "; ".join(report.get("warnings", ())),
    }
