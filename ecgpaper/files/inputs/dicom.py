"""Pages in DICOM files: secondary captures, and the PDFs that some recorders send.

Public: `count_pages`, `read_page`.
"""

from __future__ import annotations

import struct
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ecgpaper.ecg import ByteArray
from ecgpaper.errors import RecordError
from ecgpaper.files.inputs import pdf
from ecgpaper.files.inputs.extras import import_extra
from ecgpaper.files.records.images import check_file, check_size

# What pydicom and its decoders raise on files that are cut off, overwritten or odd.
_DAMAGED = (
    *(OSError, EOFError, ValueError, LookupError, TypeError, AttributeError, RuntimeError),
    *(NotImplementedError, OverflowError, MemoryError, struct.error),
)
# The one transfer syntax that packs a whole file, which may unpack to a thousand times its size.
_DEFLATED = "1.2.840.10008.1.2.1.99"


def count_pages(file: Path) -> int:
    """Count the frames of a picture, or the pages of the PDF that a DICOM file holds.

    Raises
    ------
    RecordError
        If it is damaged or holds neither, or `pydicom` is not installed.
    """
    with _opened(file) as dataset:
        if "EncapsulatedDocument" in dataset:
            return pdf.count_pages(_document(dataset, file), file)
        _check_picture(dataset, file)
        return max(1, int(dataset.get("NumberOfFrames") or 1))


def read_page(file: Path, page: int) -> ByteArray:
    """Read a frame or a page of a DICOM file: RGB of shape (height, width, 3).

    Raises
    ------
    RecordError
        If it is damaged or too large, holds neither, or its reader is not installed.
    """
    with _opened(file) as dataset:
        if "EncapsulatedDocument" in dataset:
            return pdf.read_page(_document(dataset, file), page, file)
        _check_picture(dataset, file)
        return _rgb(dataset, page)


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    """Lend a dataset; whatever pydicom does not like about it is one error."""
    pydicom = import_extra("pydicom", "dicom", "DICOM")
    check_file(file)
    try:
        with warnings.catch_warnings():
            # Odd values do no harm; what is needed is checked.
            warnings.simplefilter("ignore")
            syntax = pydicom.filereader.read_file_meta_info(file).get("TransferSyntaxUID")
            if syntax == _DEFLATED:
                raise RecordError(f"{file} is deflated: save it in another transfer syntax")
            yield pydicom.dcmread(file, force=True)
    except (*_DAMAGED, pydicom.errors.InvalidDicomError) as error:
        found = " ".join(str(error).split()) or type(error).__name__
        raise RecordError(
            f"{file} must be a whole DICOM picture or document; {found}: copy it again, or export "
            "the page as PNG or PDF"
        ) from error


def _document(dataset: Any, file: Path) -> bytes:
    content = bytes(dataset.EncapsulatedDocument)
    if b"%PDF-" not in content[:1024]:
        kind = str(dataset.get("MIMETypeOfEncapsulatedDocument", "nothing that is known"))
        raise RecordError(f"expected a PDF in {file}; it holds {kind}: export the page as PNG")
    return content


def _check_picture(dataset: Any, file: Path) -> None:
    """Refuse a file without a picture, and one too large to be unpacked."""
    if "WaveformSequence" in dataset:
        raise RecordError(f"expected a picture in {file}; it holds signals, not paper: use these")
    if "PixelData" not in dataset:
        raise RecordError(f"expected a picture or a PDF in {file}; it holds neither: export it")
    check_size(file, (int(dataset.Columns), int(dataset.Rows)))


def _rgb(dataset: Any, page: int) -> ByteArray:
    """Return a frame as it is meant to be seen."""
    pixels = import_extra("pydicom.pixels", "dicom", "DICOM")
    # Colors that are stored as brightness and two differences become RGB here.
    frame = pixels.pixel_array(dataset, index=page - 1)
    meaning = str(dataset.get("PhotometricInterpretation", "MONOCHROME2"))
    if meaning == "PALETTE COLOR":
        frame = pixels.apply_color_lut(frame, dataset)
    elif meaning.startswith("MONOCHROME"):
        frame = pixels.apply_windowing(pixels.apply_modality_lut(frame, dataset), dataset)
    levels = _eight_bits(np.asarray(frame), int(dataset.get("BitsStored", 8)))
    if meaning == "MONOCHROME1":
        levels = np.asarray(255 - levels, dtype=np.uint8)
    return levels if levels.ndim == 3 else np.repeat(levels[..., None], 3, axis=2)


def _eight_bits(frame: np.ndarray[Any, Any], n_bits: int) -> ByteArray:
    """Scale levels of more than 8 bits to 8."""
    if frame.dtype == np.uint8 and n_bits == 8:
        return frame
    # A table of colors has 16 bits, whatever its indices have.
    top = 2.0 ** (16 if frame.ndim == 3 and frame.dtype == np.uint16 else n_bits) - 1
    low = min(0.0, float(frame.min(initial=0)))
    return np.asarray(np.clip((frame - low) * (255.0 / top), 0, 255).round(), dtype=np.uint8)
