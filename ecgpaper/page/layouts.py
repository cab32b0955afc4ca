"""Which lead a page shows in which row and column, and when.

Public: `Segment`, `LeadLayout`, `LAYOUTS`, `SIX_LEADS`, `continued`.

`LAYOUTS` is the only table of layouts; all other places read it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecgpaper.ecg import (
    CABRERA_ORDER,
    LIMB_LEADS,
    PRECORDIAL_LEADS,
    STANDARD_ORDER,
    UNKNOWN_LEAD,
    BoolArray,
    Ecg,
)


@dataclass(frozen=True, slots=True)
class Segment:
    """One lead shown for a stretch of time in one row, and column, of a page."""

    lead: str
    row: int
    start_s: float
    stop_s: float
    column: int = 0
    is_rhythm: bool = False

    @property
    def duration_s(self) -> float:
        """Length of the stretch in seconds."""
        return self.stop_s - self.start_s

    @property
    def place(self) -> tuple[int, int]:
        """Row and column of the layout."""
        return self.row, self.column


@dataclass(frozen=True, slots=True)
class LeadLayout:
    """Which lead stands in which row and column, and which leads run along the bottom.

    Parameters
    ----------
    name : str
        Rows x columns and the number of rhythm strips: ``"3x4+1R"``.
    rows : tuple of tuple of str
        Lead names from top to bottom, left to right; all rows of equal length.
    rhythm : tuple of str
        Leads of the full-width strips below, from top to bottom.
    duration_s : float, in s
        Length of a full row; columns share it equally.
    is_simultaneous : bool
        Whether all columns show the first stretch of the record; else one follows the other.
    inverted : tuple of str
        Leads printed upside down.
    is_continued : bool
        Whether each row goes on where the one above it ends, as recorders of one lead print it.

    Examples
    --------
    >>> layout = LAYOUTS["3x4+1R"]
    >>> layout.rows[0], layout.rhythm
    (('I', 'aVR', 'V1', 'V4'), ('II',))
    """

    name: str
    rows: tuple[tuple[str, ...], ...]
    rhythm: tuple[str, ...] = ()
    duration_s: float = 10.0
    is_simultaneous: bool = False
    inverted: tuple[str, ...] = ()
    is_continued: bool = False

    def __post_init__(self) -> None:
        """Refuse tables that are not rectangular or repeat a lead."""
        leads = [lead for row in self.rows for lead in row]
        if not self.rows or len({len(row) for row in self.rows}) != 1:
            raise ValueError(f"rows of layout {self.name} must be of one length; got {self.rows}")
        if len(set(leads)) != len(leads) and not self.is_continued:
            raise ValueError(f"layout {self.name} shows a lead in two columns: {leads}")

    @property
    def n_columns(self) -> int:
        """Number of columns of short segments."""
        return len(self.rows[0])

    @property
    def n_rows(self) -> int:
        """Number of rows of the page, rhythm strips included."""
        return len(self.rows) + len(self.rhythm)

    @property
    def column_s(self) -> float:
        """Time that one column shows, in seconds."""
        return self.duration_s / self.n_columns

    @property
    def segments(self) -> tuple[Segment, ...]:
        """All segments, row by row, left to right."""
        short = (
            Segment(lead, row, *self._shown_s(row if self.is_continued else column), column)
            for row, leads in enumerate(self.rows)
            for column, lead in enumerate(leads)
        )
        long = (
            Segment(lead, len(self.rows) + index, 0.0, self.duration_s, is_rhythm=True)
            for index, lead in enumerate(self.rhythm)
        )
        return (*short, *long)

    def _shown_s(self, place: int) -> tuple[float, float]:
        """First and last moment that a column shows, or a row that goes on."""
        first = 0 if self.is_simultaneous else place
        return first * self.column_s, (first + 1) * self.column_s

    def with_rhythm(self, leads: tuple[str, ...]) -> LeadLayout:
        """Return the layout with these rhythm strips instead."""
        return replace(self, rhythm=leads)

    def in_cabrera_order(self) -> LeadLayout:
        """Return the layout of the twelve leads in Cabrera's order, with -aVR.

        Raises
        ------
        ValueError
            If the layout does not show the twelve leads.
        """
        if {lead for row in self.rows for lead in row} != set(STANDARD_ORDER):
            raise ValueError(f"Cabrera's order is one of twelve leads; {self.name} has others")
        rows = _columns(len(self.rows), CABRERA_ORDER)
        return replace(self, name=f"{self.name}-cabrera", rows=rows, inverted=("aVR",))

    def lasting(self, duration_s: float) -> LeadLayout:
        """Return the layout with rows of another length."""
        return replace(self, duration_s=duration_s)

    def at_once(self) -> LeadLayout:
        """Return the layout whose columns all show the same stretch of time."""
        return replace(self, name=f"{self.name}-simultaneous", is_simultaneous=True)

    def displayed(self, ecg: Ecg) -> BoolArray:
        """Tell which samples of a record this layout shows.

        Returns
        -------
        ndarray of bool, of shape (n_samples, n_leads)
        """
        time_s = np.arange(ecg.n_samples) / ecg.fs
        shown = np.zeros(ecg.signal_mv.shape, dtype=np.bool_)
        for segment in self.segments:
            if segment.lead in ecg.lead_names:
                inside = (time_s >= segment.start_s) & (time_s < segment.stop_s)
                shown[:, ecg.lead_names.index(segment.lead)] |= inside
        return shown

    def mask_unplotted(self, ecg: Ecg) -> Ecg:
        """Return the record with NaN where this layout shows nothing."""
        signal_mv = np.where(self.displayed(ecg), ecg.signal_mv, np.nan)
        return Ecg(signal_mv, ecg.fs, ecg.lead_names)


def _columns(n_rows: int, order: tuple[str, ...] = STANDARD_ORDER) -> tuple[tuple[str, ...], ...]:
    """Rows of an order of leads read column by column, `n_rows` leads to a column."""
    return tuple(order[row::n_rows] for row in range(n_rows))


_3X4 = LeadLayout("3x4+1R", _columns(3), ("II",))
_6X2 = LeadLayout("6x2", _columns(6))
_12X1 = LeadLayout("12x1", _columns(12))
# Half of the leads, a row for each: pages of recorders that print the other half on another page.
_SIX = {"6x1-limb": LIMB_LEADS, "6x1-precordial": PRECORDIAL_LEADS}
SIX_LEADS = tuple(_SIX)
# Of layouts with as many rows the more usual one comes first.
LAYOUTS = {
    layout.name: layout
    for layout in (
        LeadLayout("3x4", _columns(3)),
        _3X4,
        LeadLayout("3x4+2R", _columns(3), ("II", "V5")),
        _6X2,
        LeadLayout("6x2+1R", _columns(6), ("II",)),
        _12X1,
        LeadLayout("4x3", _columns(4)),
        LeadLayout("3x4+3R", _columns(3), ("V1", "II", "V5")),
        LeadLayout("1x1", (("II",),)),
        _3X4.in_cabrera_order(),
        _6X2.in_cabrera_order(),
        _12X1.in_cabrera_order(),
        _3X4.at_once(),
        _6X2.at_once(),
        *(LeadLayout(name, tuple((lead,) for lead in leads)) for name, leads in _SIX.items()),
    )
}


def continued(n_rows: int, row_s: float) -> LeadLayout:
    """Return the layout of one lead, nobody knows which, over rows of some seconds each."""
    rows = ((UNKNOWN_LEAD,),) * n_rows
    return LeadLayout(f"{n_rows}x1-continued", rows, duration_s=row_s, is_continued=True)
