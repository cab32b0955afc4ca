"""What kinds of files hold pages, in one table.

Public: `Kind`, `KINDS`, `kind_of`, `HEAD_BYTES`.

To read another kind, write a module with its two functions and add a row here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ecgpaper.ecg import ByteArray
from ecgpaper.files.inputs import dicom, heic, pdf
from ecgpaper.files.records.images import count_pages, read_image

# What is looked at to tell kinds apart: a PDF may begin after other bytes.
HEAD_BYTES = 1024
_PICTURE_MARKS = (
    *(b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF8"),
    *(b"II*\x00", b"MM\x00*", b"II+\x00", b"MM\x00+"),
)
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")


@dataclass(frozen=True)
class Kind:
    """A kind of file that holds pages.

    Parameters
    ----------
    name : str
    endings : tuple of str
        Of files' names, in lower case.
    begins : callable
        Whether a file of this kind begins with these `HEAD_BYTES`.
    count : callable
        Returns the number of pages of a file; raises `RecordError`.
    read : callable
        Returns a page of a file, counted from 1, as RGB of shape (height, width, 3); raises
        `RecordError`.
    """

    name: str
    endings: tuple[str, ...]
    begins: Callable[[bytes], bool]
    count: Callable[[Path], int]
    read: Callable[[Path, int], ByteArray]


def _begins_picture(head: bytes) -> bool:
    # A bitmap begins with two letters, as texts do: its ending tells.
    return head.startswith(_PICTURE_MARKS) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP")


KINDS = {
    kind.name: kind
    for kind in (
        Kind("PDF", (".pdf",), lambda head: b"%PDF-" in head, pdf.count_pages, pdf.read_page),
        Kind(
            "DICOM",
            (".dcm", ".dicom"),
            lambda head: head[128:132] == b"DICM",
            dicom.count_pages,
            dicom.read_page,
        ),
        Kind(
            "HEIC",
            (".heic", ".heif"),
            lambda head: head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS,
            lambda _: 1,
            heic.read_page,
        ),
        Kind(
            "picture",
            (".png", ".jpg", ".jpeg", ".jpe", ".tif", ".tiff", ".bmp", ".webp", ".gif"),
            _begins_picture,
            count_pages,
            lambda file, page: read_image(file, page=page),
        ),
    )
}


def kind_of(file: Path, head: bytes) -> str | None:
    """Tell the kind of a file by how it begins, else by its ending.

    Parameters
    ----------
    file : Path
    head : bytes
        Its first `HEAD_BYTES`, or less where it has less or cannot be read.

    Returns
    -------
    str or None
        A name in `KINDS`; None where nothing speaks for any.
    """
    by_head = (name for name, kind in KINDS.items() if kind.begins(head))
    by_ending = (name for name, kind in KINDS.items() if file.suffix.lower() in kind.endings)
    return next(by_head, None) or next(by_ending, None)
