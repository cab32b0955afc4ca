"""A PDF page -> its drawing, by PDFium's objects. Runs as a process of its own.

Public: `extract`, `main`, `REFUSED`.

PDFium takes a page apart as a whole and cannot be interrupted, and a kilobyte of PDF can draw a
billion lines: so `ecgpaper.drawn.pdf.isolated` runs this module in a process that may use only so
much time and memory.
"""

from __future__ import annotations

import ctypes
import math
import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from ecgpaper.drawn.pdf.affine import FARTHEST_PT, Matrix, mapped, matrix_of, page_matrix
from ecgpaper.drawn.pdf.drawing import Drawing, pack
from ecgpaper.drawn.pdf.words import words_of
from ecgpaper.ecg import FloatArray

# Exit status of a page that is refused with a message on the error output.
REFUSED = 3


@dataclass(frozen=True, slots=True)
class ExtractLimits:
    """What a page may hold, and what its process may use."""

    # Processor time of the process,
    max_cpu_s: int = 6
    # and its memory.
    max_bytes: int = 3 * 2**30
    # Twelve leads of 10 s at 1,000 Hz are 120,000 points, and a grid drawn in dots as many.
    max_points: int = 600_000
    max_objects: int = 400_000
    # Forms within forms deeper than this are no device's.
    max_depth: int = 12
    # A bend is drawn as so many straight lines.
    bend_parts: int = 8


LIMITS = ExtractLimits()

_Key: TypeAlias = tuple[float, ...]


class _RefusedError(Exception):
    """A page that is not read, with its reason."""


def main(arguments: list[str]) -> int:
    """Write the drawing of a page to the standard output; see `ecgpaper.drawn.pdf.isolated`."""
    resource.setrlimit(resource.RLIMIT_CPU, (LIMITS.max_cpu_s, LIMITS.max_cpu_s))
    resource.setrlimit(resource.RLIMIT_AS, (LIMITS.max_bytes, LIMITS.max_bytes))
    file, page_number = arguments
    try:
        content = pack(extract(Path(file), int(page_number)))
    except _RefusedError as error:
        sys.stderr.write(str(error))
        return REFUSED
    sys.stdout.buffer.write(content)
    return 0


def extract(file: Path, page_number: int) -> Drawing:
    """Take apart a page of a PDF, counted from 1."""
    import pypdfium2  # noqa: PLC0415  an optional extra

    try:
        document = pypdfium2.PdfDocument(file)
        if not 1 <= page_number <= len(document):
            raise _RefusedError(f"it has {len(document)} pages and none numbered {page_number}")
        page = document[page_number - 1]
        return _PageReader(pypdfium2.raw, page).read()
    except (pypdfium2.PdfiumError, OSError, ValueError) as error:
        raise _RefusedError(" ".join(str(error).split())) from error


class _PageReader:
    """The objects of one page, walked once."""

    def __init__(self, raw: Any, page: Any) -> None:
        self._raw, self._page = raw, page
        self._to_seen, self._size_pt = page_matrix(page.get_bbox(), page.get_rotation())
        self._points: list[FloatArray] = []
        self._pens: list[int] = []
        self._is_filled: list[bool] = []
        self._clips: list[tuple[float, float, float, float]] = []
        self._known_pens: dict[_Key, int] = {}
        self._n_points = self._n_objects = 0

    def read(self) -> Drawing:
        """Return what is drawn."""
        raw, page = self._raw, self._page
        n_objects = raw.FPDFPage_CountObjects(page)
        things = (raw.FPDFPage_GetObject(page, index) for index in range(n_objects))
        self._walk(things, self._to_seen, 0)
        lengths = [len(points) for points in self._points]
        return Drawing(
            self._size_pt,
            np.concatenate(self._points) if self._points else np.zeros((0, 2)),
            np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64),
            np.array(self._pens, dtype=np.int64),
            np.array(self._is_filled, dtype=np.bool_),
            np.array(self._clips, dtype=np.float64).reshape(-1, 4),
            tuple(words_of(raw, page, self._to_seen)),
        )

    def _walk(self, things: Iterator[Any], matrix: Matrix, depth: int) -> None:
        raw = self._raw
        for thing in things:
            self._n_objects += 1
            _check_count(self._n_objects, LIMITS.max_objects, "objects")
            kind = raw.FPDFPageObj_GetType(thing)
            if kind == raw.FPDF_PAGEOBJ_PATH:
                self._add_path(thing, matrix)
            elif kind == raw.FPDF_PAGEOBJ_FORM:
                _check_count(depth, LIMITS.max_depth, "forms within each other")
                inside = (
                    raw.FPDFFormObj_GetObject(thing, index)
                    for index in range(raw.FPDFFormObj_CountObjects(thing))
                )
                self._walk(inside, matrix_of(raw, thing) @ matrix, depth + 1)

    def _add_path(self, path: Any, outer: Matrix) -> None:
        raw = self._raw
        fill, stroke = ctypes.c_int(), ctypes.c_int()
        raw.FPDFPath_GetDrawMode(path, fill, stroke)
        if not (fill.value or stroke.value):
            return
        n_segments = raw.FPDFPath_CountSegments(path)
        self._n_points += n_segments
        _check_count(self._n_points, LIMITS.max_points, "points")
        strokes = list(_strokes(raw, path, n_segments))
        matrix = matrix_of(raw, path) @ outer
        pen = self._pen(path, bool(stroke.value), matrix)
        clip = self._clip(path, outer)
        for points in strokes:
            seen = mapped(points, matrix)
            if len(seen) > 1 and np.abs(seen).max() < FARTHEST_PT:
                self._points.append(seen)
                self._pens.append(pen)
                self._is_filled.append(not stroke.value)
                self._clips.append(clip)

    def _pen(self, path: Any, is_stroked: bool, matrix: Matrix) -> int:
        """Return the number of a path's color and width."""
        raw = self._raw
        color, width = [ctypes.c_uint() for _ in range(4)], ctypes.c_float()
        ask = raw.FPDFPageObj_GetStrokeColor if is_stroked else raw.FPDFPageObj_GetFillColor
        ask(path, *color)
        raw.FPDFPageObj_GetStrokeWidth(path, width)
        scale = math.sqrt(abs(float(np.linalg.det(matrix[:2, :2]))))
        key = (*(part.value for part in color), round(width.value * scale, 2), is_stroked)
        return self._known_pens.setdefault(key, len(self._known_pens))

    def _clip(self, path: Any, outer: Matrix) -> tuple[float, float, float, float]:
        """Where a path may be seen: the page, and the box of each clipping path."""
        raw = self._raw
        box = (0.0, 0.0, *self._size_pt)
        clip = raw.FPDFPageObj_GetClipPath(path)
        for index in range(max(0, raw.FPDFClipPath_CountPaths(clip)) if clip else 0):
            n_segments = raw.FPDFClipPath_CountPathSegments(clip, index)
            self._n_objects += max(0, n_segments)
            _check_count(self._n_objects, LIMITS.max_objects, "objects")
            corners = [
                _point(raw, raw.FPDFClipPath_GetPathSegment(clip, index, segment))
                for segment in range(n_segments)
            ]
            if corners:
                seen = mapped(np.array(corners), outer)
                (left, top), (right, bottom) = seen.min(axis=0), seen.max(axis=0)
                box = (
                    max(box[0], float(left)),
                    max(box[1], float(top)),
                    min(box[2], float(right)),
                    min(box[3], float(bottom)),
                )
        return box


def _check_count(found: int, most: int, what: str) -> None:
    if found > most:
        raise _RefusedError(f"a page may have {most} {what}; it has more")


def _point(raw: Any, segment: Any) -> tuple[float, float]:
    x, y = ctypes.c_float(), ctypes.c_float()
    raw.FPDFPathSegment_GetPoint(segment, x, y)
    return x.value, y.value


def _strokes(raw: Any, path: Any, n_segments: int) -> Iterator[FloatArray]:
    """Yield the lines of a path from one move of the pen to the next, of shape (n_points, 2)."""
    points: list[tuple[float, float]] = []
    bend: list[tuple[float, float]] = []
    for index in range(n_segments):
        segment = raw.FPDFPath_GetPathSegment(path, index)
        kind = raw.FPDFPathSegment_GetType(segment)
        if kind == raw.FPDF_SEGMENT_MOVETO:
            if len(points) > 1:
                yield np.array(points)
            points = [_point(raw, segment)]
        elif kind == raw.FPDF_SEGMENT_BEZIERTO and points:
            bend.append(_point(raw, segment))
            if len(bend) == 3:
                points += _bent([points[-1], *bend])
                bend = []
        else:
            points.append(_point(raw, segment))
    if len(points) > 1:
        yield np.array(points)


def _bent(corners: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Points along a cubic Bezier curve, without its first."""
    t = np.arange(1, LIMITS.bend_parts + 1)[:, None] / LIMITS.bend_parts
    start, one, two, end = np.array(corners)
    curve = (
        (1 - t) ** 3 * start + 3 * (1 - t) ** 2 * t * one + 3 * (1 - t) * t**2 * two + t**3 * end
    )
    return [(float(x), float(y)) for x, y in curve]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
