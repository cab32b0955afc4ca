"""PDFs of simulated records, drawn as devices draw them."""

from dataclasses import dataclass, replace
from functools import cache
from itertools import zip_longest

import numpy as np
import pytest

from ecgpaper.drawn.pdf.extract import extract
from ecgpaper.drawn.read import read_drawing
from ecgpaper.page import LAYOUTS, PaperScale
from ecgpaper.simulate.record import simulate_ecg

MM_PT = 72 / 25.4
SIZE_MM = (297.0, 210.0)
LEFT_MM, TOP_MM = 22.0, 60.0


@dataclass(frozen=True)
class Look:
    """How a page is drawn; see `Sheet`."""

    layout: str = "3x4+1R"
    duration_s: float = 10.0
    speed: float = 25.0
    gain: float = 10.0
    strokes: str = "polyline"  # segments, in turns, one path, whole rows, parts, backwards
    grid: str = "lines"  # dots, picture, none
    pulse: str = "alone"  # joined, none
    names: str = "above"  # below, none, rhythm missing
    print_scale: bool = True
    is_form: bool = False
    is_clipped: bool = False
    rotate: int = 0
    is_sideways: bool = False
    shrink: float = 1.0
    every: int = 1


@cache
def record():
    return simulate_ecg((), rng=np.random.default_rng(5))


def pairs(piece):
    return [piece[index : index + 2] for index in range(len(piece) - 1)]


# The paths of a page, each a list of curves, from all curves and their rows.
PATHS = {
    "polyline": lambda pieces, _: [[piece] for piece in pieces],
    "backwards": lambda pieces, _: [[piece[::-1]] for piece in pieces],
    "segments": lambda pieces, _: [[pair] for piece in pieces for pair in pairs(piece)],
    "in turns": lambda pieces, _: [
        [pair] for turn in zip_longest(*map(pairs, pieces)) for pair in turn if pair is not None
    ],
    "one path": lambda pieces, _: [pieces],
    "parts": lambda pieces, _: [
        [piece[start : start + 90]] for piece in pieces for start in range(0, len(piece), 90)
    ],
    "whole rows": lambda pieces, rows: [
        [np.concatenate([piece for piece, its in zip(pieces, rows, strict=True) if its == row])]
        for row in sorted(set(rows))
    ],
}


class Sheet:
    """One page of a record, upright and in mm, y down, on a reportlab canvas."""

    def __init__(self, canvas, look, ecg):
        self._canvas, self._look, self._ecg = canvas, look, ecg
        leads = LAYOUTS[look.layout].lasting(look.duration_s)
        self._segments = leads.segments
        self._pitch_mm = (SIZE_MM[1] - TOP_MM - 15) / leads.n_rows
        self._paper = PaperScale(look.speed, look.gain)
        self._column_mm = self._paper.mm_from_s(leads.column_s)

    def draw(self):
        """Draw grid, print, pulses, names and curves."""
        self._draw_grid()
        canvas, look = self._canvas, self._look
        canvas.setStrokeColorRGB(0, 0, 0)
        canvas.setLineWidth(0.25)
        if look.print_scale:
            canvas.drawString(3, -SIZE_MM[1] + 3, f"{look.speed:g} mm/s  {look.gain:g} mm/mV")
        canvas.drawString(3, -10, "Patient of II. clinic, V1.2")
        pieces = [self._piece(segment) for segment in self._segments]
        for segment in self._segments:
            self._draw_name(segment)
        if look.pulse == "alone":
            for row in sorted({segment.row for segment in self._segments}):
                self._stroke([self._pulse(row)])
        self._draw_curves(pieces)

    def _zero(self, row):
        return -(TOP_MM + (row + 0.5) * self._pitch_mm)

    def _pulse(self, row):
        zero, x = self._zero(row), LEFT_MM - 8
        high = zero + self._look.gain
        steps = [(0, zero), (1, zero), (1, high), (6, high), (6, zero), (7, zero)]
        return np.array([(x + dx, y) for dx, y in steps])

    def _piece(self, segment):
        fs = self._ecg.fs
        at = np.arange(round(segment.start_s * fs), round(segment.stop_s * fs), self._look.every)
        left_mm = LEFT_MM + segment.column * self._column_mm
        x = left_mm + self._paper.mm_from_s(at / fs - segment.start_s)
        y = self._zero(segment.row) + self._paper.mm_from_mv(self._ecg.lead(segment.lead)[at])
        points = np.column_stack([x, y])
        if self._look.pulse == "joined" and segment.column == 0:
            points = np.concatenate([self._pulse(segment.row) + np.array([[1.0, 0.0]]), points])
        return points

    def _draw_name(self, segment):
        names = self._look.names
        if names == "none" or (names == "rhythm missing" and segment.is_rhythm):
            return
        x = LEFT_MM + segment.column * self._column_mm + 1
        offset = -8.0 if names == "below" else 8.0
        self._canvas.drawString(x, self._zero(segment.row) + offset, segment.lead)

    def _draw_curves(self, pieces):
        rows = [segment.row for segment in self._segments]
        for path in PATHS[self._look.strokes](pieces, rows):
            self._stroke(path)

    def _stroke(self, pieces):
        path = self._canvas.beginPath()
        for piece in pieces:
            path.moveTo(*piece[0])
            for x, y in piece[1:]:
                path.lineTo(x, y)
        if self._look.is_clipped:
            self._canvas.saveState()
            box = self._canvas.beginPath()
            box.rect(LEFT_MM - 8, -SIZE_MM[1], SIZE_MM[0], SIZE_MM[1])
            self._canvas.clipPath(box, stroke=0)
        self._canvas.drawPath(path)
        if self._look.is_clipped:
            self._canvas.restoreState()

    def _draw_grid(self):
        self._canvas.setStrokeColorRGB(1, 0.7, 0.7)
        GRIDS[self._look.grid](self._canvas)


def draw_lines(canvas):
    for at in sorted(range(5, 285), key=lambda at: at % 5 == 0):
        canvas.setLineWidth(0.1 if at % 5 else 0.2)
        canvas.line(at, -200, at, -50)
        if 50 <= at <= 200:
            canvas.line(5, -at, 284, -at)


def draw_dots(canvas):
    canvas.setLineWidth(0.1)
    for x in range(5, 285, 5):
        for y in range(50, 200, 5):
            canvas.line(x, -y, x + 0.1, -y)


def draw_picture(canvas):
    from PIL import Image  # noqa: PLC0415  for this grid only
    from reportlab.lib.utils import ImageReader  # noqa: PLC0415

    canvas.drawImage(ImageReader(Image.new("RGB", (40, 20), "pink")), 5, -200, 280, 150)


GRIDS = {
    "lines": draw_lines,
    "dots": draw_dots,
    "picture": draw_picture,
    "none": lambda canvas: None,  # noqa: ARG005
}


@pytest.fixture(scope="session")
def draw_pdf(tmp_path_factory):
    """Draw pages of the looks given; return the file."""

    def draw(*looks, ecg=None):
        from reportlab.pdfgen.canvas import Canvas  # noqa: PLC0415  tests of PDFs only

        file = tmp_path_factory.mktemp("drawn") / "page.pdf"
        width, height = (side * MM_PT for side in SIZE_MM)
        # reportlab swaps the sides of a page that is turned.
        is_swapped = looks[0].is_sideways != (looks[0].rotate % 180 == 90)
        canvas = Canvas(str(file), pagesize=(height, width) if is_swapped else (width, height))
        for number, look in enumerate(looks):
            canvas.setFont("Helvetica", 3)
            canvas.setPageRotation(look.rotate)
            canvas.saveState()
            if look.is_sideways:
                canvas.translate(height, 0)
                canvas.rotate(90)
            canvas.translate(0, height)
            canvas.scale(MM_PT * look.shrink, MM_PT * look.shrink)
            if look.is_form:
                canvas.beginForm(f"page{number}", -1000, -1000, 1000, 1000)
                canvas.setFont("Helvetica", 3)
            Sheet(canvas, look, ecg or record()).draw()
            if look.is_form:
                canvas.endForm()
                canvas.translate(2, -3)
                canvas.doForm(f"page{number}")
            canvas.restoreState()
            canvas.showPage()
        canvas.save()
        return file

    return draw


@pytest.fixture(scope="session")
def read_look(draw_pdf):
    """Draw a page and read it, in this process, which is quicker."""

    def read(**changes):
        return read_drawing(extract(draw_pdf(replace(Look(), **changes)), 1))

    return read


@pytest.fixture(scope="session")
def look():
    """Make a look from what differs from the usual one."""
    return lambda **changes: replace(Look(), **changes)


@pytest.fixture(scope="session")
def true_ecg():
    """The record that is drawn."""
    return record()
