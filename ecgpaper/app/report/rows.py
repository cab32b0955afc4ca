"""What the report shows of a page, in plain types and plain words.

Public: `ReportRow`, `snr_in_words`, `mean_snr_db`, `measurements_in_words`.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ecgpaper.ecg import STANDARD_ORDER, UNKNOWN_LEAD
from ecgpaper.measure import Measurements

# From so many dB on a lead is called so. At 20 dB the curve is off by a tenth of its size, at 14 dB
# by a fifth, at 8 dB by two fifths.
_WORDS = ((20.0, "good"), (14.0, "fair"), (8.0, "doubtful"))
_WORST = "poor"


@dataclass(frozen=True)
class ReportRow:
    """A page of a batch.

    Parameters
    ----------
    file : str
        What the page is called: the path of its file.
    page : int or None
        Number of the page in its file, from 1; None where the file is one picture.
    fault : str or None
        Why nothing could be read; None if something was.
    layout : str
    predicted_snr_db : mapping of str to float
        What each lead that the page shows is expected to score, by its name.
    left_out : tuple of str
        Leads that the page shows but that were read too badly to be returned.
    warnings : tuple of str
    labels : tuple of str
    measurements : Measurements or None
    thumbnail, picture, overlay, curves : Path or None
        Files beside the report: a small picture, the page, the page with what was read drawn over
        it, and the signals as `curves_script` writes them. Relative to the report's folder, or
        absolute.
    """

    file: str
    page: int | None = None
    fault: str | None = None
    layout: str = ""
    predicted_snr_db: Mapping[str, float] = field(default_factory=dict)
    left_out: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    measurements: Measurements | None = None
    thumbnail: Path | None = None
    picture: Path | None = None
    overlay: Path | None = None
    curves: Path | None = None


def mean_snr_db(row: ReportRow) -> float | None:
    """Return the mean of what the leads of a page are expected to score, in dB."""
    known = [snr_db for snr_db in row.predicted_snr_db.values() if math.isfinite(snr_db)]
    return sum(known) / len(known) if known else None


def word_for(snr_db: float) -> str:
    """Return what a lead of this expected SNR, in dB, is called."""
    return next((word for least_db, word in _WORDS if snr_db >= least_db), _WORST)


def snr_in_words(row: ReportRow) -> list[dict[str, str]]:
    """Say of each lead that a page shows how far its curve can be trusted, in standard order."""
    said = []
    for lead in (*STANDARD_ORDER, UNKNOWN_LEAD):
        snr_db = row.predicted_snr_db.get(lead, math.nan)
        if not math.isfinite(snr_db):
            continue
        word = word_for(snr_db)
        name = "the unknown lead" if lead == UNKNOWN_LEAD else f"lead {lead}"
        text = f"{name}: about {snr_db:.0f} dB expected, {word}"
        if lead in row.left_out:
            text += ", left out"
        said.append({"lead": lead, "word": word, "text": text})
    return said


def measurements_in_words(measured: Measurements | None) -> list[dict[str, str]]:
    """Name each measurement with its unit; what cannot be measured is said so."""
    if measured is None:
        return []
    axes = (measured.p_axis_deg, measured.qrs_axis_deg, measured.t_axis_deg)
    lines = [
        ("Rhythm", measured.rhythm),
        ("Heart rate", _with_unit(measured.heart_rate_bpm, "per minute")),
        ("RR, median", _with_unit(measured.rr_median_ms, "ms")),
        ("P", _with_unit(measured.p_ms, "ms")),
        ("PR", _with_unit(measured.pr_ms, "ms")),
        ("QRS", _with_unit(measured.qrs_ms, "ms")),
        ("QT", _with_unit(measured.qt_ms, "ms")),
        ("QTc, Bazett", _with_unit(measured.qtc_bazett_ms, "ms")),
        ("QTc, Fridericia", _with_unit(measured.qtc_fridericia_ms, "ms")),
        *zip(("P axis", "QRS axis", "T axis"), (_with_unit(a, "°") for a in axes), strict=True),
    ]
    return [{"name": name, "value": value} for name, value in lines]


def _with_unit(value: float | None, unit: str) -> str:
    if value is None:
        return "not measurable"
    return f"{value:.0f}{unit}" if unit == "°" else f"{value:.0f} {unit}"
