"""Strands -> cells: the curves of a page in rows and columns.

Public: `Cell`, `arrange`, `cut_rows`, `row_pitch_pt`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

from ecgpaper.drawn.grid import Millimeter
from ecgpaper.drawn.print import Label
from ecgpaper.drawn.strands import Strand


@dataclass(frozen=True, slots=True)
class DrawnRowLimits:
    """Which curves are strips, and which parts belong together."""

    # A shorter curve is no lead's strip: typical beats are 25 mm.
    min_mm: float = 28.0
    # One that turns at fewer points is the frame of a table or a sketch.
    min_points: int = 25
    # Parts of a curve that are shorter than this
    part_mm: float = 25.0
    # and as near as this go on from each other,
    gap_mm: float = 0.6
    # if one begins no further off in height than this.
    step_mm: float = 15.0
    # Curves of a column begin within this of each other.
    column_mm: float = 6.0
    # A strip that takes this share of the page's width, beside columns, is a rhythm strip.
    long: float = 0.75
    # Two curves whose heights differ by less all along are one drawn twice.
    twice_mm: float = 0.05
    # Rows of a page with a single one are taken to be so far apart.
    row_mm: float = 30.0


LIMITS = DrawnRowLimits()


@dataclass(frozen=True, eq=False)
class Cell:
    """The curve of one strip.

    Parameters
    ----------
    strand : Strand
    row, column : int
    is_long : bool
        Whether it runs over all columns, beside others that do not.
    """

    strand: Strand
    row: int
    column: int = 0
    is_long: bool = False


def arrange(strands: Sequence[Strand], unit: Millimeter) -> tuple[Cell, ...]:
    """Put the curves of a page in rows and columns; what is too short for a lead is left out."""
    strands = [
        strand
        for strand in _merged(_single(strands, unit), unit)
        if strand.width_pt > LIMITS.min_mm * unit.x_pt
        and len(np.unique(strand.x_pt)) >= LIMITS.min_points
    ]
    if not strands:
        return ()
    columns = _columns(strands, unit)
    left_pt, right_pt = (
        min(strand.left_pt for strand in strands),
        max(strand.right_pt for strand in strands),
    )
    long_pt = LIMITS.long * (right_pt - left_pt)
    first = sorted(columns[0], key=lambda strand: strand.level_pt)
    cells = [
        Cell(strand, row, 0, len(columns) > 1 and strand.width_pt > long_pt)
        for row, strand in enumerate(first)
    ]
    short = [cell for cell in cells if not cell.is_long]
    for column, others in enumerate(columns[1:], start=1):
        in_order = sorted(others, key=lambda strand: strand.level_pt)
        if len(in_order) == len(short):
            rows = [cell.row for cell in short]
        else:
            rows = [_nearest_row(strand, cells) for strand in in_order]
        cells += [Cell(strand, row, column) for strand, row in zip(in_order, rows, strict=True)]
    return tuple(cells)


def _nearest_row(strand: Strand, cells: Sequence[Cell]) -> int:
    return min(cells, key=lambda cell: abs(cell.strand.level_pt - strand.level_pt)).row


def _columns(strands: Sequence[Strand], unit: Millimeter) -> list[list[Strand]]:
    columns: list[list[Strand]] = []
    for strand in sorted(strands, key=lambda strand: strand.left_pt):
        if columns and strand.left_pt - columns[-1][0].left_pt < LIMITS.column_mm * unit.x_pt:
            columns[-1].append(strand)
        else:
            columns.append([strand])
    return columns


def _single(strands: Sequence[Strand], unit: Millimeter) -> list[Strand]:
    """Leave out curves that lie on another one from end to end: bold ones are drawn twice."""
    kept: list[Strand] = []
    for strand in sorted(strands, key=lambda strand: -strand.width_pt):
        if not any(_lies_on(strand, other, unit) for other in kept):
            kept.append(strand)
    return kept


def _lies_on(strand: Strand, other: Strand, unit: Millimeter) -> bool:
    if strand.left_pt < other.left_pt - unit.x_pt or strand.right_pt > other.right_pt + unit.x_pt:
        return False
    there_pt = np.interp(strand.x_pt, other.x_pt, other.y_pt)
    return float(np.abs(there_pt - strand.y_pt).max()) < LIMITS.twice_mm * unit.y_pt


def _merged(strands: Sequence[Strand], unit: Millimeter) -> list[Strand]:
    """Join curves that go on from each other; of two one must be too short to be a lead."""
    merged: list[Strand] = []
    for strand in sorted(strands, key=lambda strand: strand.left_pt):
        before = [other for other in merged if _goes_on(other, strand, unit)]
        if not before:
            merged.append(strand)
            continue
        best = min(before, key=lambda other: abs(float(other.y_pt[-1] - strand.y_pt[0])))
        merged[merged.index(best)] = Strand(
            np.maximum.accumulate(np.concatenate([best.x_pt, strand.x_pt])),
            np.concatenate([best.y_pt, strand.y_pt]),
        )
    return merged


def _goes_on(strand: Strand, after: Strand, unit: Millimeter) -> bool:
    gap_mm = (after.left_pt - strand.right_pt) / unit.x_pt
    step_mm = abs(float(after.y_pt[0] - strand.y_pt[-1])) / unit.y_pt
    is_part = min(strand.width_pt, after.width_pt) < LIMITS.part_mm * unit.x_pt
    return is_part and -LIMITS.gap_mm < gap_mm < LIMITS.gap_mm and step_mm < LIMITS.step_mm


def row_pitch_pt(cells: Sequence[Cell], unit: Millimeter) -> float:
    """Distance of the rows of a page, in points."""
    levels = [
        float(np.median([cell.strand.level_pt for cell in cells if cell.row == row]))
        for row in sorted({cell.row for cell in cells})
    ]
    return float(np.median(np.diff(levels))) if len(levels) > 1 else LIMITS.row_mm * unit.y_pt


def cut_rows(cells: Sequence[Cell], labels: Sequence[Sequence[Label]]) -> tuple[Cell, ...]:
    """Cut rows that are drawn from end to end but named as several leads.

    Parameters
    ----------
    cells : sequence of Cell
        Rows without columns.
    labels : sequence of sequences of Label
        The names that stand in each of them.

    Returns
    -------
    tuple of Cell
        In as many columns as most rows have names; rows of one name or none stay whole.
    """
    n_names = [len(there) for there in labels]
    n_columns = max(n_names, default=0)
    if n_columns < 2 or n_names.count(n_columns) < 2:
        return tuple(cells)
    cut: list[Cell] = []
    for cell, there in zip(cells, labels, strict=True):
        if len(there) < 2:
            cut.append(replace(cell, is_long=True))
            continue
        strand = cell.strand
        edges = np.linspace(strand.left_pt, strand.right_pt, n_columns + 1)
        for column, (left_pt, right_pt) in enumerate(pairwise(edges)):
            # A point on an edge belongs to one column.
            part = strand.between(left_pt, right_pt - (1e-6 if column < n_columns - 1 else 0.0))
            cut.append(Cell(part, cell.row, column))
    return tuple(cut)
