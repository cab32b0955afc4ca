"""A page of a file, which is read when it is needed.

Public: `PageSource`, `pages_of`.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ecgpaper.ecg import ByteArray
from ecgpaper.errors import RecordError
from ecgpaper.files.inputs.kinds import HEAD_BYTES, KINDS, kind_of
from ecgpaper.files.records.images import check_file
from ecgpaper.runtime.bounds import MAX_PAGES


@dataclass(frozen=True, slots=True)
class PageSource:
    """A page of a file.

    Parameters
    ----------
    file : Path
    page : int
        From 1.
    n_pages : int
        Of the file.
    kind : str
        A name in `ecgpaper.files.inputs.kinds.KINDS`.
    """

    file: Path
    page: int
    n_pages: int
    kind: str

    def read(self) -> ByteArray:
        """Read the page as a picture, RGB of shape (height, width, 3).

        A page of a PDF that is one scanned picture has that picture's resolution, a drawn one
        300 dpi; turns that a file asks for are done.

        Raises
        ------
        RecordError
            If the file is damaged or gone, the page is larger than
            `ecgpaper.runtime.bounds.MAX_IMAGE_PIXELS`, or the reader of its kind is not installed.
        """
        return KINDS[self.kind].read(self.file, self.page)

    def __str__(self) -> str:
        """Name the file and, where there are several, the page."""
        name = str(self.file) if str(self.file).isprintable() else ascii(str(self.file))
        return name if self.n_pages == 1 else f"{name}, page {self.page} of {self.n_pages}"


def pages_of(file: str | Path) -> tuple[PageSource, ...]:
    """Return the pages of a file, in their order.

    Raises
    ------
    RecordError
        If it is missing, damaged, of no kind that is read, or the reader of its kind is not
        installed.
    """
    file = Path(file)
    check_file(file)
    # What is of no kind is tried as a picture, whose reader says what is expected.
    kind = kind_of(file, head_of(file)) or "picture"
    n_pages = KINDS[kind].count(file)
    if n_pages > MAX_PAGES:
        raise RecordError(
            f"{file} may have {MAX_PAGES} pages; it says {n_pages}: copy it again, or split it"
        )
    return tuple(PageSource(file, page, n_pages, kind) for page in range(1, n_pages + 1))


def head_of(file: Path) -> bytes:
    """Return the first bytes of a file; none where it cannot be read, as its reader will say."""
    with suppress(OSError), file.open("rb") as opened:
        return opened.read(HEAD_BYTES)
    return b""
