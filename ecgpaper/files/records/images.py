"""Images of pages on disk -> arrays: what is opened, and how many pages a file has.

Public: `read_image`, `count_pages`, `check_file`, `check_size`, `IMAGE_FORMATS`,
`DAMAGED`.
"""

from __future__ import annotations

import logging
import stat
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ecgpaper.ecg import ByteArray
from ecgpaper.errors import RecordError
from ecgpaper.files.records.headers import reason_of
from ecgpaper.runtime.bounds import MAX_IMAGE_PIXELS

if TYPE_CHECKING:
    from PIL.Image import Image

logger = logging.getLogger(__name__)

# What images are opened as; others may run programs (EPS) or read other files.
IMAGE_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
# What decoders raise on files that are cut off, overwritten or no images at all.
DAMAGED = (
    *(OSError, EOFError, SyntaxError, ValueError, LookupError, TypeError, OverflowError),
    *(MemoryError, struct.error, zlib.error),
)


def read_image(
    path: str | Path, *, page: int | None = None, formats: tuple[str, ...] = IMAGE_FORMATS
) -> ByteArray:
    """Read an image as it is meant to be seen, whatever its format.

    EXIF rotation is applied, transparency becomes white paper, 16 bits become 8.

    Parameters
    ----------
    path : str or Path
    page : int, optional
        Page of a TIFF, from 1. By default the first is read, and a warning says how many are left
        out.
    formats : tuple of str
        Names of Pillow's formats that it may have.

    Returns
    -------
    ndarray of uint8, of shape (height, width, 3), RGB

    Raises
    ------
    RecordError
        If the file is missing, is no image of these formats, is cut off, has no such page, or is
        larger than `ecgpaper.runtime.bounds.MAX_IMAGE_PIXELS`.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from PIL import Image
    >>> with TemporaryDirectory() as folder:
    ...     Image.new("L", (30, 20)).save(f"{folder}/page.png")
    ...     read_image(f"{folder}/page.png").shape
    (20, 30, 3)
    """
    from PIL import ImageOps  # noqa: PLC0415  needed here only

    with _opened(path, formats) as image:
        if page is not None and page > 1:
            image.seek(page - 1)
        check_size(path, image.size)
        image.load()
        pixels = _rgb(ImageOps.exif_transpose(image))
        if page is None:
            _tell_of_other_pages(path, image)
        return pixels


def count_pages(path: str | Path, formats: tuple[str, ...] = IMAGE_FORMATS) -> int:
    """Count the pages of an image: those of a TIFF, else 1, as moving pictures show one page.

    Raises
    ------
    RecordError
        If the file is missing or is no image of these formats.
    """
    with _opened(path, formats) as image:
        return _n_pages(image)


@contextmanager
def _opened(path: str | Path, formats: tuple[str, ...]) -> Iterator[Image]:
    """Lend an image whose pixels are not read yet; whatever is wrong with it is one error."""
    from PIL import Image  # noqa: PLC0415  needed here only

    check_file(Path(path))
    with warnings.catch_warnings():
        # Odd tags and palettes do no harm, and the size is checked before the pixels are read.
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(path, formats=formats) as image:
                yield image
        except Image.DecompressionBombError as error:
            raise RecordError(f"{path} is larger than an image may be; {error}") from error
        except DAMAGED as error:
            raise RecordError(
                f"{path} must be a whole image (PNG, JPEG, TIFF, BMP, WebP or GIF); "
                f"{reason_of(error)}: copy it again or convert it to PNG"
            ) from error


def check_file(path: Path) -> None:
    """Refuse what is no file: a pipe would be waited for, a device be read for ever.

    Raises
    ------
    RecordError
        If it is not there, or is no file.
    """
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        raise RecordError(
            f"expected the image {path}; it is not there or may not be read "
            f"({reason_of(error)}): copy it"
        ) from error
    if stat.S_ISDIR(mode):
        raise RecordError(f"expected an image; {path} is a folder: name the images in it")
    if not stat.S_ISREG(mode):
        raise RecordError(f"expected an image; {path} is no file but a pipe or a device: copy it")


def _n_pages(image: Image) -> int:
    """Count the pages of an open image; a damaged list of pages is none."""
    try:
        return int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1
    except DAMAGED:
        return 1


def _tell_of_other_pages(path: str | Path, image: Image) -> None:
    """Warn of the pages that are not read."""
    if (n_pages := _n_pages(image)) > 1:
        logger.warning(
            "%s has %d pages: the first is read, %d are left out; save each as an image of its own",
            *(path, n_pages, n_pages - 1),
        )


def check_size(path: str | Path, size: tuple[int, int]) -> None:
    """Refuse a picture, (width, height) in px, of more than `MAX_IMAGE_PIXELS` of `runtime.bounds`.

    Raises
    ------
    RecordError
        If it is larger.
    """
    width, height = size
    if width * height > MAX_IMAGE_PIXELS:
        raise RecordError(
            f"{path} may have {MAX_IMAGE_PIXELS / 1e6:.0f} million pixels; it has {width} x "
            f"{height}: save it smaller, 300 dpi are plenty"
        )


def _rgb(image: Image) -> ByteArray:
    """Pixels of shape (height, width, 3) of an image in any mode."""
    if image.mode[0] in "IF":
        return np.repeat(_eight_bits(np.asarray(image))[..., None], 3, axis=2)
    if image.has_transparency_data:
        from PIL import Image as Images  # noqa: PLC0415  needed here only

        visible = image.convert("RGBA")
        paper = Images.new("RGB", visible.size, "white")
        paper.paste(visible, mask=visible.getchannel("A"))
        return np.asarray(paper, dtype=np.uint8)
    return np.asarray(image.convert("RGB"), dtype=np.uint8)


def _eight_bits(gray: NDArray[Any]) -> ByteArray:
    """Scale gray levels of 16 bits, or of 0 to 1, to 8 bits; levels up to 255 stay.

    Row by row: an image as large as one may be has 800 MB in floating point. What is no number is
    black.
    """
    top = gray.max(initial=0, where=np.isfinite(gray))
    factor = 255.0 if top <= 1 else 1.0 if top <= 255 else 1 / 257
    levels = np.empty(gray.shape, np.uint8)
    for row, scaled in zip(gray, levels, strict=True):
        known = np.nan_to_num(row.astype(np.float64), posinf=0.0, neginf=0.0)
        scaled[:] = np.clip(np.rint(known * factor), 0, 255)
    return levels
