"""Which leads the cells of a page show.

Public: `NamedCell`, `labels_of`, `name_cells`.

Names are printed at one height beside their rows, above or below. Where they are missing, only
what is on the page counts: a rhythm strip repeats a strip that is named, a page whose names fit
a usual layout shows that layout, and limb leads add up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ecgpaper.drawn.grid import Millimeter
from ecgpaper.drawn.print import Label
from ecgpaper.drawn.rows import Cell, row_pitch_pt
from ecgpaper.ecg import LEAD_SUMS, FloatArray
from ecgpaper.page import LAYOUTS, LeadLayout


@dataclass(frozen=True, slots=True)
class NamingLimits:
    """Where names stand, and how well curves must agree with them."""

    # Names stand in their strip or so far left of it;
    before_mm: float = 3.0
    # left of the first column there is room.
    first_before_mm: float = 25.0
    # All names stand at one height off their rows, within this share of the rows' distance,
    same_height: float = 0.3
    # and no further off than this share.
    farthest: float = 0.85
    # A rhythm strip is a lead if at the same time they differ by less than this share of its power.
    same: float = 0.05
    # Limb leads in the right places leave this share of their power in no sum, wrong ones half.
    sums_left: float = 0.05
    # Curves are compared at so many points.
    n_compared: int = 500


LIMITS = NamingLimits()

_Key: TypeAlias = tuple[int, int]


@dataclass(frozen=True, eq=False)
class NamedCell:
    """A cell and its lead, which is printed upside down where `polarity` is -1."""

    cell: Cell
    lead: str
    polarity: int = 1


def labels_of(
    cells: Sequence[Cell], labels: Sequence[Label], unit: Millimeter
) -> tuple[tuple[Label, ...], ...]:
    """Return the names that stand at each cell, left to right."""
    pitch_pt = row_pitch_pt(cells, unit)
    offsets = [
        label.y_pt - cell.strand.level_pt
        for cell in cells
        for label in labels
        if _is_beside(label, cell, unit)
        and abs(label.y_pt - cell.strand.level_pt) < LIMITS.farthest * pitch_pt
    ]

    def at(offset_pt: float) -> list[tuple[Label, ...]]:
        return [
            tuple(
                sorted(
                    (
                        label
                        for label in labels
                        if _is_beside(label, cell, unit)
                        and abs(label.y_pt - cell.strand.level_pt - offset_pt)
                        < LIMITS.same_height * pitch_pt
                    ),
                    key=lambda label: label.x_pt,
                )
            )
            for cell in cells
        ]

    if not offsets:
        return tuple(() for _ in cells)

    def rank(offset_pt: float) -> tuple[int, float]:
        n_named = sum(bool(there) for there in at(offset_pt))
        # In the middle of the names' heights, and near the rows.
        spread = sum(abs(offset_pt - other) < LIMITS.same_height * pitch_pt for other in offsets)
        return n_named, spread - abs(offset_pt) / pitch_pt

    return tuple(at(max(offsets, key=rank)))


def _is_beside(label: Label, cell: Cell, unit: Millimeter) -> bool:
    before_mm = LIMITS.before_mm if cell.column else LIMITS.first_before_mm
    return cell.strand.left_pt - before_mm * unit.x_pt <= label.x_pt < cell.strand.right_pt


def name_cells(
    cells: Sequence[Cell], labels: Sequence[Sequence[Label]]
) -> tuple[tuple[NamedCell, ...], tuple[str, ...]]:
    """Name the cells of a page.

    Returns
    -------
    named : tuple of NamedCell
        Those whose lead is known.
    warnings : tuple of str
        What was not printed.
    """
    named = _by_labels(cells, labels)
    warnings = []
    missing = [cell for cell in cells if _key(cell) not in named and not cell.is_long]
    layout = _layout_of(cells, named) if named else _layout_by_sums(cells)
    if missing and layout is not None:
        there = _places(layout)
        for cell in missing:
            lead = there[_key(cell)]
            named[_key(cell)] = NamedCell(cell, lead, -1 if lead in layout.inverted else 1)
        leads = ", ".join(there[_key(cell)] for cell in missing)
        warnings.append(f"no name is printed at {leads}: named by their places")
    for cell in cells:
        if cell.is_long and _key(cell) not in named:
            repeated = _repeated(cell, named)
            if repeated is not None:
                named[_key(cell)] = NamedCell(cell, repeated)
    n_unnamed = len(cells) - len(named)
    if n_unnamed:
        warnings.append(f"{n_unnamed} curves have no name and are left out")
    return tuple(named[_key(cell)] for cell in cells if _key(cell) in named), tuple(warnings)


def _key(cell: Cell) -> _Key:
    return cell.row, cell.column


def _by_labels(cells: Sequence[Cell], labels: Sequence[Sequence[Label]]) -> dict[_Key, NamedCell]:
    named: dict[_Key, NamedCell] = {}
    taken: set[str] = set()
    for cell, there in zip(cells, labels, strict=True):
        if not there:
            continue
        label = there[0]
        if not cell.is_long and label.lead in taken:
            # Two strips of one column cannot be one lead.
            continue
        if not cell.is_long:
            taken.add(label.lead)
        named[_key(cell)] = NamedCell(cell, label.lead, label.polarity)
    return named


def _places(layout: LeadLayout) -> dict[_Key, str]:
    return {
        (segment.row, segment.column): segment.lead
        for segment in layout.segments
        if not segment.is_rhythm
    }


def _layouts_of(cells: Sequence[Cell]) -> Iterator[LeadLayout]:
    """Yield usual layouts that have strips wherever the page has some."""
    short = {_key(cell) for cell in cells if not cell.is_long}
    for layout in LAYOUTS.values():
        if set(_places(layout)) == short and not layout.is_simultaneous:
            yield layout


def _layout_of(cells: Sequence[Cell], named: Mapping[_Key, NamedCell]) -> LeadLayout | None:
    """Return the usual layout that has all leads that are named where these are, if most are."""
    short = {key: each.lead for key, each in named.items() if not each.cell.is_long}
    for layout in _layouts_of(cells):
        there = _places(layout)
        if 2 * len(short) >= len(there) and all(there[key] == short[key] for key in short):
            return layout
    return None


def _layout_by_sums(cells: Sequence[Cell]) -> LeadLayout | None:
    """Return the one usual layout in which limb leads add up as they must."""
    strands = {_key(cell): cell.strand for cell in cells if not cell.is_long}
    fitting: dict[tuple[str, ...], LeadLayout] = {}
    for layout in _layouts_of(cells):
        there = {
            lead: (strands[key].x_pt, (-1 if lead in layout.inverted else 1) * strands[key].y_pt)
            for key, lead in _places(layout).items()
        }
        columns = {lead: column for (_, column), lead in _places(layout).items()}
        left = list(_left_in_sums(there, columns))
        if left and max(left) < LIMITS.sums_left:
            fitting.setdefault(tuple(_places(layout).values()), layout)
    return next(iter(fitting.values())) if len(fitting) == 1 else None


def _left_in_sums(
    curves: Mapping[str, tuple[FloatArray, FloatArray]], columns: Mapping[str, int]
) -> Iterator[float]:
    """Yield the share of power that is left in each sum of leads of one column."""
    for weights in LEAD_SUMS:
        if not all(lead in curves for lead in weights):
            continue
        if len({columns[lead] for lead in weights}) == 1:
            yield left_over([curves[lead] for lead in weights], [*weights.values()])


def left_over(curves: Sequence[tuple[FloatArray, FloatArray]], weights: Sequence[float]) -> float:
    """Share of the power of some curves (x, y) that is left in their weighted sum."""
    first, last = max(float(x[0]) for x, _ in curves), min(float(x[-1]) for x, _ in curves)
    at = np.linspace(first, last, LIMITS.n_compared)
    parts = [
        weight * _centered(np.interp(at, x, y))
        for (x, y), weight in zip(curves, weights, strict=True)
    ]
    power = float(sum((part**2).sum() for part in parts))
    return float((np.sum(parts, axis=0) ** 2).sum()) / power if power > 0 else 1.0


def _centered(values: FloatArray) -> FloatArray:
    centered: FloatArray = values - values.mean()
    return centered


def _repeated(long: Cell, named: Mapping[_Key, NamedCell]) -> str | None:
    """Return the lead whose strip a rhythm strip repeats where it stands above or below it."""
    shares = {}
    for each in named.values():
        if not each.cell.is_long:
            short = each.cell.strand
            curves = [(strand.x_pt, strand.y_pt) for strand in (long.strand, short)]
            shares[each.lead] = left_over(curves, [1.0, -1.0])
    best = min(shares, key=lambda lead: shares[lead], default=None)
    return best if best is not None and shares[best] < LIMITS.same else None
