"""Fidelity: what a cardiologist measures, on what was read against the record itself.

Public: `FIGURES`, `Figure`, `Difference`, `differences`, `agreement`.

Both are measured by the same delineator, `ecgpaper.measure`, on the samples that the page shows:
what differs is the digitizer's doing, not the delineator's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from ecgpaper.app.leaderboard.result import PageResult
from ecgpaper.measure import Measurements


@dataclass(frozen=True, slots=True)
class Figure:
    """Something that is measured.

    Parameters
    ----------
    name : str
    unit : str
    title : str
    of : callable
        From measurements to values by lead, or under "" for all leads; None where not measurable.
    tolerance : tuple of float, or None
        What IEC 60601-2-25 allows a recorder that measures global intervals: (mean difference,
        standard deviation), in ms, on recordings of patients.
    """

    name: str
    unit: str
    title: str
    of: Callable[[Measurements], dict[str, float | None]]
    tolerance: tuple[float, float] | None = None


def _whole(field: str) -> Callable[[Measurements], dict[str, float | None]]:
    return lambda measured: {"": getattr(measured, field)}


def _by_lead(field: str) -> Callable[[Measurements], dict[str, float | None]]:
    """Read an amplitude of each lead, in microvolts."""

    def read(measured: Measurements) -> dict[str, float | None]:
        values = {name: getattr(lead, field) for name, lead in measured.leads.items()}
        return {name: None if mv is None else 1000 * mv for name, mv in values.items()}

    return read


FIGURES = (
    Figure("rr", "ms", "RR, median", _whole("rr_median_ms")),
    Figure("pr", "ms", "PR", _whole("pr_ms"), (10.0, 10.0)),
    Figure("qrs", "ms", "QRS", _whole("qrs_ms"), (10.0, 10.0)),
    Figure("qt", "ms", "QT", _whole("qt_ms"), (25.0, 30.0)),
    Figure("p_axis", "degrees", "P axis", _whole("p_axis_deg")),
    Figure("qrs_axis", "degrees", "QRS axis", _whole("qrs_axis_deg")),
    Figure("t_axis", "degrees", "T axis", _whole("t_axis_deg")),
    Figure("r", "uV", "R amplitude", _by_lead("r_mv")),
    Figure("s", "uV", "S amplitude", _by_lead("s_mv")),
    Figure("st60", "uV", "ST at J + 60 ms", _by_lead("st60_mv")),
)
# Errors of amplitudes that IEC 60601-2-25 allows: this one
_SMALL_UV = 25.0
# up to this amplitude,
_SMALL_UP_TO_UV = 500.0
# above it the larger of this share
_LARGE_SHARE = 0.05
# and this one.
_LARGE_UV = 40.0


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure of one page, or of one of its leads, in the figure's unit.

    `found` is None where it could not be measured in what was read.
    """

    true: float
    found: float | None

    @property
    def off(self) -> float | None:
        """Found less true."""
        return None if self.found is None else self.found - self.true


def differences(figure: Figure, pages: Iterable[PageResult]) -> list[Difference]:
    """Return what was found of everything that can be measured in the records themselves."""
    found = []
    for page in pages:
        read = figure.of(page.measured)
        for place, true in figure.of(page.true_measured).items():
            if true is not None:
                found.append(Difference(true, _near(figure, read.get(place), true)))
    return found


def _near(figure: Figure, found: float | None, true: float) -> float | None:
    """Turn an axis by whole turns to where it is nearest to the true one."""
    if found is None or figure.unit != "degrees":
        return found
    return true + (found - true + 180) % 360 - 180


def agreement(figure: Figure, found: Sequence[Difference]) -> dict[str, float | int | None]:
    """Sum up the differences of a figure.

    Returns
    -------
    dict
        ``n`` compared and ``n_lost`` that could not be measured any more; ``median`` and ``p95``
        of the absolute difference; ``mean`` and ``sd`` of the difference; ``within``, the share
        within what IEC 60601-2-25 allows amplitudes.
    """
    off = np.array([each.off for each in found if each.off is not None], dtype=float)
    told: dict[str, float | int | None] = {"n": len(off), "n_lost": len(found) - len(off)}
    names = ("median", "p95", "mean", "sd", "within")
    if len(off) == 0:
        return told | dict.fromkeys(names)
    true = np.array([each.true for each in found if each.off is not None], dtype=float)
    values = [np.median(np.abs(off)), np.percentile(np.abs(off), 95), off.mean(), off.std()]
    told |= {name: round(float(value), 2) for name, value in zip(names, values, strict=False)}
    is_amplitude = figure.unit == "uV"
    return told | {"within": round(_share_within(true, off), 4) if is_amplitude else None}


def _share_within(true_uv: np.ndarray, off_uv: np.ndarray) -> float:
    height = np.abs(true_uv)
    large = np.maximum(_LARGE_SHARE * height, _LARGE_UV)
    return float((np.abs(off_uv) <= np.where(height <= _SMALL_UP_TO_UV, _SMALL_UV, large)).mean())
