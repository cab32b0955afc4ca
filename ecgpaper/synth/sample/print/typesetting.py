"""Typesetting: put words on the sheet in lines, columns and rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from ecgpaper.page import PULSE_MV
from ecgpaper.synth.print.text import box_mm
from ecgpaper.synth.spec.print import LayoutSpec, TextLine
from ecgpaper.synth.spec.values import Point

# Nothing is printed closer to the edge of the sheet.
_EDGE_MM = 0.7
# Of a stroke font, as a share of the height of its capitals.
_STROKE = 0.12


@dataclass(frozen=True, slots=True)
class Style:
    """Fonts for plain and bold text, and the height of capitals and of lines."""

    font: str
    bold: str
    height_mm: float
    pitch_mm: float

    def line(self, text: str, left_mm: float, foot_mm: float) -> TextLine:
        """Return a line that starts at this corner."""
        return TextLine(
            text, (left_mm, foot_mm), self.height_mm, self.font, self.height_mm * _STROKE
        )

    def column(
        self,
        texts: Iterable[str],
        left_mm: float,
        first_mm: float,
        bottom_mm: float,
        *,
        is_right: bool = False,
    ) -> Iterator[TextLine]:
        """Yield lines one below another, those that end above `bottom_mm`.

        They start at `left_mm`; with `is_right` they end there.
        """
        for index, text in enumerate(texts):
            foot_mm = first_mm + index * self.pitch_mm
            if text and foot_mm < bottom_mm:
                line = self.line(text, left_mm, foot_mm)
                back_mm = box_mm(line)[2] - left_mm if is_right else 0.0
                yield replace(line, corner_mm=(left_mm - back_mm, foot_mm))

    def row(
        self, texts: Iterable[str], left_mm: float, foot_mm: float, gap_mm: float
    ) -> Iterator[TextLine]:
        """Yield texts side by side, a gap apart."""
        for text in texts:
            line = self.line(text, left_mm, foot_mm)
            yield line
            left_mm = box_mm(line)[2] + gap_mm

    def in_bold(self) -> Style:
        """Return the style of emphasized text."""
        return replace(self, font=self.bold)


def header_bottom_mm(layout: LayoutSpec) -> float:
    """Return how far down the header may reach: to the top of the first row's pulse."""
    return layout.baselines_mm[0] - layout.scale.mm_from_mv(PULSE_MV) - 1.0


def onto_sheet(line: TextLine, size_mm: Point) -> TextLine:
    """Move a line onto the sheet; one that is too long is printed smaller."""
    left, top, right, bottom = box_mm(line)
    room_mm = size_mm[0] - 2 * _EDGE_MM
    shrunk = min(1.0, room_mm / max(right - left, _EDGE_MM))
    right, top = left + (right - left) * shrunk, bottom - (bottom - top) * shrunk
    right_by = max(_EDGE_MM - left, 0.0) + min(size_mm[0] - _EDGE_MM - right, 0.0)
    down_by = max(_EDGE_MM - top, 0.0) + min(size_mm[1] - _EDGE_MM - bottom, 0.0)
    corner_mm = line.corner_mm[0] + right_by, line.corner_mm[1] + down_by
    return replace(line, corner_mm=corner_mm, height_mm=line.height_mm * shrunk)
