"""A page of a PDF whose curves are lines -> its leads, without a pixel.

Public: `DrawnPage`, `read_drawn`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ecgpaper.drawn.calibrate import Calibration, calibrate
from ecgpaper.drawn.grid import TRUE_SIZE, Millimeter
from ecgpaper.drawn.naming import NamedCell, labels_of, name_cells
from ecgpaper.drawn.pdf.drawing import Drawing
from ecgpaper.drawn.pdf.isolated import load_drawing
from ecgpaper.drawn.print import Printed, find_labels
from ecgpaper.drawn.pulse import DrawnPulse, take_pulses
from ecgpaper.drawn.rows import Cell, arrange, cut_rows, row_pitch_pt
from ecgpaper.drawn.signal import signal_of
from ecgpaper.drawn.strands import strands_of, turns_upright
from ecgpaper.drawn.times import column_starts_s
from ecgpaper.ecg import Ecg
from ecgpaper.errors import DrawingError
from ecgpaper.page import LAYOUTS, PageLayout, Segment, Strip
from ecgpaper.page.raster import GridScale, Trace
from ecgpaper.runtime.bounds import FS_HZ

# As Challenge records are sampled.
_USUAL_FS_HZ = 500.0
# A pulse whose foot is this share of the rows' distance off a row's height stands on that row.
_ON_ROW = 0.35
# Confidence in a scale that neither a grid nor a pulse tells.
_ASSUMED = 0.5


@dataclass(frozen=True, eq=False)
class DrawnPage:
    """What was read from the lines of a PDF page.

    Parameters
    ----------
    ecg : Ecg
        The leads that the page shows, NaN where it shows nothing. 0 mV is the foot of the pulse
        where each row has its own, and else each strip's median.
    layout : PageLayout
    scale : GridScale
        Points, which take the part of pixels, per millimeter of paper.
    traces : tuple of Trace
        The curve of each strip in points of the page turned upright.
    scale_source : str
        What told the size of a millimeter.
    printed : Printed
        Speed and gain as they are printed.
    size_pt : tuple of float, in points
        (width, height) of the page turned upright.
    turns : int, 0 to 3
        By how many quarter turns clockwise it was turned.
    warnings : tuple of str
        What was not on the page and was taken to be the usual.
    """

    ecg: Ecg
    layout: PageLayout
    scale: GridScale
    traces: tuple[Trace, ...]
    scale_source: str
    printed: Printed
    size_pt: tuple[float, float]
    turns: int = 0
    warnings: tuple[str, ...] = ()

    @property
    def lead_names(self) -> tuple[str, ...]:
        """The leads that the page shows."""
        return self.ecg.lead_names

    @property
    def speed_mm_per_s(self) -> float:
        """Paper speed, in mm/s."""
        return self.layout.scale.speed_mm_per_s

    @property
    def gain_mm_per_mv(self) -> float:
        """Gain, in mm/mV."""
        return self.layout.scale.gain_mm_per_mv


def read_drawn(file: Path, page_number: int, *, fs: float = _USUAL_FS_HZ) -> DrawnPage | None:
    """Read the leads of a PDF page from the lines that it draws.

    Parameters
    ----------
    file : Path
    page_number : int
        From 1.
    fs : float, in Hz
        Sampling frequency of the answer.

    Returns
    -------
    DrawnPage or None
        None where no curves are drawn as lines: a picture, a page of text.

    Raises
    ------
    DrawingError
        If `pypdfium2` is not installed, the page cannot be taken apart, or curves are drawn but
        nothing tells which leads they are. It may still be read as a picture.
    """
    return read_drawing(load_drawing(file, page_number), fs=FS_HZ.checked(fs))


def read_drawing(drawing: Drawing, *, fs: float = _USUAL_FS_HZ) -> DrawnPage | None:
    """Read the leads of a page from its drawing; see `read_drawn`."""
    turns = turns_upright(drawing)
    drawing = drawing.turned(turns)
    strands = strands_of(drawing)
    if not strands:
        return None
    calibration = calibrate(drawing, strands)
    strands, pulses = take_pulses(strands, calibration.unit)
    cells = arrange(strands, calibration.unit)
    if not cells:
        return None
    named, warnings = _named(cells, drawing, calibration.unit)
    if not named:
        raise DrawingError(
            f"expected names of leads beside the curves; found {len(cells)} curves without: read "
            "the page as a picture, with a layout stated"
        )
    placed = _Placed(named, pulses, calibration)
    layout = placed.layout(drawing.size_pt)
    traces = placed.traces(layout)
    ecg = signal_of(traces, layout, placed.scale, fs)
    return DrawnPage(
        *(ecg, layout, placed.scale, traces, calibration.unit.source),
        printed=calibration.printed,
        size_pt=drawing.size_pt,
        turns=turns,
        warnings=calibration.warnings + warnings,
    )


def _named(
    cells: tuple[Cell, ...], drawing: Drawing, unit: Millimeter
) -> tuple[tuple[NamedCell, ...], tuple[str, ...]]:
    labels = find_labels(drawing)
    there = labels_of(cells, labels, unit)
    if not any(cell.column for cell in cells):
        cut = cut_rows(cells, there)
        if len(cut) != len(cells):
            cells, there = cut, labels_of(cut, labels, unit)
    return name_cells(cells, there)


class _Placed:
    """Named cells at their place on paper."""

    def __init__(
        self,
        named: Sequence[NamedCell],
        pulses: Sequence[DrawnPulse],
        calibration: Calibration,
    ) -> None:
        unit = calibration.unit
        self._named, self._pulses, self._paper = named, pulses, calibration.paper
        confidence = _ASSUMED if unit is TRUE_SIZE else 1.0
        self.scale = GridScale((unit.x_pt, unit.y_pt), confidence=confidence)
        self._unit = unit
        self._lefts_pt = {
            column: float(
                np.median(
                    [each.cell.strand.left_pt for each in named if each.cell.column == column]
                )
            )
            for column in sorted({each.cell.column for each in named})
        }
        s_per_pt = self._paper.s_from_mm(1.0) / unit.x_pt
        self._starts_s = column_starts_s(named, self._lefts_pt, s_per_pt)
        self._zeros_pt = self._zeros()

    def layout(self, size_pt: tuple[float, float]) -> PageLayout:
        """Where all stands, in mm."""
        strips = tuple(self._strip(each) for each in self._named)
        size_mm = (size_pt[0] / self._unit.x_pt, size_pt[1] / self._unit.y_pt)
        pulse_left_mm = (
            min(pulse.left_pt for pulse in self._pulses) / self._unit.x_pt if self._pulses else None
        )
        return PageLayout(_name_of(strips), size_mm, self._paper, strips, pulse_left_mm)

    def traces(self, layout: PageLayout) -> tuple[Trace, ...]:
        """Return the curves of the layout's strips."""
        return tuple(
            Trace(
                strip,
                each.cell.strand.x_pt,
                each.cell.strand.y_pt,
                np.ones(len(each.cell.strand.x_pt)),
            )
            for strip, each in zip(layout.strips, self._named, strict=True)
        )

    def _strip(self, each: NamedCell) -> Strip:
        cell = each.cell
        left_pt, start_s = self._lefts_pt[cell.column], self._starts_s[cell.column]
        width_mm = (cell.strand.right_pt - left_pt) / self._unit.x_pt
        stop_s = start_s + self._paper.s_from_mm(width_mm)
        segment = Segment(each.lead, cell.row, start_s, stop_s, cell.column, cell.is_long)
        zero_pt = self._zeros_pt.get(cell.row, cell.strand.level_pt)
        return Strip(segment, left_pt / self._unit.x_pt, zero_pt / self._unit.y_pt, each.polarity)

    def _zeros(self) -> Mapping[int, float]:
        """Height of 0 mV of each row, if each has its own pulse."""
        pitch_pt = row_pitch_pt([each.cell for each in self._named], self._unit)
        zeros_pt: dict[int, float] = {}
        for row in {each.cell.row for each in self._named}:
            levels_pt = [each.cell.strand.level_pt for each in self._named if each.cell.row == row]
            level_pt = float(np.median(levels_pt))
            bases_pt = [pulse.base_pt for pulse in self._pulses]
            nearest = min(bases_pt, key=lambda base_pt: abs(base_pt - level_pt), default=np.inf)
            if abs(nearest - level_pt) > _ON_ROW * pitch_pt:
                return {}
            zeros_pt[row] = nearest
        return zeros_pt if len(set(zeros_pt.values())) == len(zeros_pt) else {}


def _name_of(strips: Sequence[Strip]) -> str:
    """Name of the usual layout of these strips, or one that says how many there are."""
    segments = [strip.segment for strip in strips]
    there = {(each.row, each.column, each.lead, each.is_rhythm) for each in segments}
    is_at_once = max(each.start_s for each in segments) == 0.0
    for name, layout in LAYOUTS.items():
        usual = {(each.row, each.column, each.lead, each.is_rhythm) for each in layout.segments}
        if there == usual and (layout.n_columns == 1 or layout.is_simultaneous == is_at_once):
            return name
    short = [each for each in segments if not each.is_rhythm]
    n_long = len(segments) - len(short)
    n_rows, n_columns = (len({getattr(each, side) for each in short}) for side in ("row", "column"))
    return f"{n_rows}x{n_columns}" + (f"+{n_long}R" if n_long else "")
