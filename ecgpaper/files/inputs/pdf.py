"""Pages of PDFs as pictures.

Public: `count_pages`, `read_page`, `choose_dpi`.

One page at a time is opened, so that a file of ten thousand pages takes no more memory than one of
one. PDFium is not made for threads: pages are shared out among processes.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ecgpaper.ecg import ByteArray
from ecgpaper.errors import RecordError
from ecgpaper.files.inputs.extras import import_extra
from ecgpaper.files.records.images import check_file, check_size
from ecgpaper.runtime.bounds import MAX_IMAGE_PIXELS

_POINTS_PER_INCH = 72.0
# Lines and letters are read at up to 300 dpi: more is shrunk again.
DRAWN_DPI = 300.0
# Pictures that cover more of a page than this are the page, and not a logo on it.
_MOST_OF_PAGE = 0.5
# Sides of a pixel that differ by less are equal.
_SQUARE = 1.01
# Sides are rounded up to whole pixels: this keeps 1509.0001 from becoming 1510.
_A_LITTLE_LESS = 1 - 1e-6


def count_pages(file: Path | bytes, name: Path | None = None) -> int:
    """Count the pages of a PDF.

    Parameters
    ----------
    file : Path or bytes
        The file, or its content.
    name : Path, optional
        What an error calls the content.

    Raises
    ------
    RecordError
        If it is damaged, locked or without pages, or `pypdfium2` is not installed.
    """
    with _opened(file, name) as document:
        if not len(document):
            raise RecordError(
                f"expected pages in {name or str(file)}; it has none: export it again"
            )
        return len(document)


def read_page(file: Path | bytes, page: int, name: Path | None = None) -> ByteArray:
    """Draw a page of a PDF at the dpi of `choose_dpi`: RGB of shape (height, width, 3).

    Raises
    ------
    RecordError
        If file or page is damaged, a picture on it is larger than
        `ecgpaper.runtime.bounds.MAX_IMAGE_PIXELS`, or `pypdfium2` is not installed.
    """
    with _opened(file, name) as document:
        opened = document[page - 1]
        pictures, has_lines = _content(opened, name or file)
        dpi = choose_dpi(opened.get_size(), pictures, has_lines=has_lines)
        bitmap = opened.render(scale=_A_LITTLE_LESS * dpi / _POINTS_PER_INCH, rev_byteorder=True)
        pixels = np.array(bitmap.to_numpy()[..., :3], dtype=np.uint8)
        bitmap.close()
        return pixels


def choose_dpi(
    size_pt: tuple[float, float], pictures: list[tuple[float, float]], *, has_lines: bool
) -> float:
    """Choose at how many dots per inch a page is drawn.

    Parameters
    ----------
    size_pt : tuple of float
        Width and height of the page in points.
    pictures : list of tuple of float
        Of each picture on the page: its area in square points, and its own dpi.
    has_lines : bool
        Whether something is drawn besides pictures and letters.

    Returns
    -------
    float
        The pictures' own where they are the page, so that no pixel is blurred; `DRAWN_DPI` where
        it is drawn, and the greater of both where it is both; less for a page that would have more
        than `ecgpaper.runtime.bounds.MAX_IMAGE_PIXELS`.
    """
    page_pt2 = size_pt[0] * size_pt[1]
    is_scanned = sum(area for area, _ in pictures) > _MOST_OF_PAGE * page_pt2
    own = max((dpi for area, dpi in pictures if area > 0), default=DRAWN_DPI)
    dpi = DRAWN_DPI if not is_scanned else max(own, DRAWN_DPI) if has_lines else own
    # Sides are rounded up to whole pixels.
    most = _POINTS_PER_INCH * (math.sqrt(MAX_IMAGE_PIXELS) - 1) / math.sqrt(page_pt2)
    return min(dpi, most)


@contextmanager
def _opened(file: Path | bytes, name: Path | None) -> Iterator[Any]:
    """Lend a document; whatever PDFium does not like about it is one error."""
    pdfium = import_extra("pypdfium2", "pdf", "PDF")
    if isinstance(file, Path):
        check_file(file)
    try:
        document = pdfium.PdfDocument(file)
        try:
            yield document
        finally:
            document.close()
    except (pdfium.PdfiumError, ValueError, OSError) as error:
        found = " ".join(str(error).split())
        remedy = (
            "save it without its password"
            if "password" in found.lower()
            else "copy or export it again, or save the page as PNG"
        )
        raise RecordError(f"{name or str(file)} must be a whole PDF; {found}: {remedy}") from error


def _content(page: Any, name: object) -> tuple[list[tuple[float, float]], bool]:
    """Return area and dpi of each picture on a page, and whether anything is drawn besides."""
    raw = import_extra("pypdfium2.raw", "pdf", "PDF")
    pictures, has_lines, n_pixels = [], False, 0
    for thing in page.get_objects():
        has_lines |= thing.type in (raw.FPDF_PAGEOBJ_PATH, raw.FPDF_PAGEOBJ_SHADING)
        if thing.type != raw.FPDF_PAGEOBJ_IMAGE:
            continue
        width, height = thing.get_px_size()
        # A picture has to be unpacked to be drawn, however small it is drawn.
        check_size(f"a picture in {name}", (width, height))
        n_pixels += width * height
        if n_pixels > MAX_IMAGE_PIXELS:
            raise RecordError(
                f"the pictures on a page of {name} may have {MAX_IMAGE_PIXELS / 1e6:.0f} million "
                "pixels together; they have more: save it smaller, 300 dpi are plenty"
            )
        pictures.append(_place(thing, width, height))
    return pictures, has_lines


def _place(picture: Any, width: int, height: int) -> tuple[float, float]:
    """Return the area of a picture on its page, in square points, and its dpi there."""
    matrix, within = picture.get_matrix(), picture.container
    while within is not None:
        matrix, within = matrix.multiply(within.get_matrix()), within.container
    width_pt, height_pt = math.hypot(matrix.a, matrix.b), math.hypot(matrix.c, matrix.d)
    if not (width_pt > 0 and height_pt > 0):
        return 0.0, 0.0
    area_pt2 = abs(matrix.a * matrix.d - matrix.b * matrix.c)
    low, high = sorted((width / width_pt, height / height_pt))
    # Sides are rounded in files; only a fax has pixels that are no squares.
    return area_pt2, _POINTS_PER_INCH * (low if high < _SQUARE * low else high)
