"""The report of a batch: one HTML page to look at what was read, from disk, without a network.

Public: `write_report`, `ReportRow`, `curves_script`, `thumbnail_of`, `snr_in_words`,
`measurements_in_words`.
"""

from ecgpaper.app.report.curves import curves_script
from ecgpaper.app.report.rows import ReportRow, measurements_in_words, snr_in_words
from ecgpaper.app.report.thumbnail import thumbnail_of
from ecgpaper.app.report.writing import write_report

__all__ = [
    "ReportRow",
    "curves_script",
    "measurements_in_words",
    "snr_in_words",
    "thumbnail_of",
    "write_report",
]
