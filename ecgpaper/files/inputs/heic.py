"""Photos as iPhones save them.

Public: `read_page`.
"""

from __future__ import annotations

from pathlib import Path

from ecgpaper.ecg import ByteArray
from ecgpaper.errors import RecordError
from ecgpaper.files.inputs.extras import import_extra
from ecgpaper.files.records.challenge import read_image


def read_page(file: Path, page: int) -> ByteArray:
    """Read a HEIC photo, turned as it was taken: RGB of shape (height, width, 3).

    Raises
    ------
    RecordError
        If it is damaged or too large, or `pillow_heif` is not installed.
    """
    import_extra("pillow_heif", "heic", "HEIC").register_heif_opener(thumbnails=False)
    try:
        return read_image(file, page=page, formats=("HEIF",))
    except RuntimeError as error:
        raise RecordError(
            f"{file} must be a whole HEIC photo; {error}: copy it again or convert it to JPEG"
        ) from error
