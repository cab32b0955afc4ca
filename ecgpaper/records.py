"""Challenge records on disk <-> `Ecg`, images, labels.

Public: `find_records`, `RecordHeader`, `read_header`, `read_ecg`, `read_image`, `write_record`.

A record is a WFDB header ``NAME.hea`` with, beside it, a signal file, images, or both. Comment
lines of the header hold demographics, labels and the names of the images. A record is named by the
path of its header without the extension. What cannot be used raises `RecordError`.
"""

from __future__ import annotations

import logging
import os
import re
import stat
import struct
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecgpaper.bounds import MAX_IMAGE_PIXELS
from ecgpaper.ecg import ByteArray, Ecg, FloatArray, canonical_lead_name
from ecgpaper.errors import RecordError
from ecgpaper.files import write_whole

if TYPE_CHECKING:
    from PIL.Image import Image

logger = logging.getLogger(__name__)

# What images are opened as; others may run programs (EPS) or read other files.
IMAGE_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
_ADU_PER_MV = 1000.0
_ADU_MISSING = -32768
_MV_PER_UNIT = {"mv": 1.0, "uv": 1e-3, "µv": 1e-3, "μv": 1e-3, "nv": 1e-6, "v": 1e3}
# In a header that is not written in UTF-8, no other letter before V is beyond ASCII.
_MV_PER_UNIT["\N{REPLACEMENT CHARACTER}v"] = _MV_PER_UNIT["uv"]
# What decoders raise on files that are cut off, overwritten or no images at all.
_DAMAGED = (
    *(OSError, EOFError, SyntaxError, ValueError, LookupError, TypeError, OverflowError),
    *(MemoryError, struct.error, zlib.error),
)
# What a Challenge record may be called.
NAME = re.compile(r"[A-Za-z0-9_-]+")


def find_records(folder: str | Path) -> list[str]:
    """Return the records below a folder, relative to it and without extension, sorted.

    A folder that does not exist holds no records.
    """
    found = set()
    for parent, _, files in os.walk(folder):
        for file in files:
            if file.endswith(".hea") and file != ".hea":
                found.add((Path(parent) / file).relative_to(folder).as_posix()[:-4])
    return sorted(found)


@dataclass(frozen=True)
class RecordHeader:
    """What a header says.

    Parameters
    ----------
    name : str
    fs : float, in Hz
    n_samples : int
        Samples per lead.
    raw_lead_names : tuple of str
        As written, in the header's order.
    units : tuple of str
        Of the signals, as written; ``"mV"`` where the header says nothing.
    comments : tuple of str
        Comment lines in their order, without the ``#``.
    """

    name: str
    fs: float
    n_samples: int
    raw_lead_names: tuple[str, ...]
    units: tuple[str, ...]
    comments: tuple[str, ...] = ()

    @property
    def lead_names(self) -> tuple[str, ...]:
        """Names of the leads in canonical spelling, in the header's order."""
        return tuple(canonical_lead_name(name) for name in self.raw_lead_names)

    def comment(self, key: str) -> str | None:
        """Value of the last comment ``KEY: VALUE``, in any case; None when absent or unknown."""
        values = self._values(key)
        known = values and values[-1] and values[-1].lower() not in {"unknown", "nan"}
        return values[-1] if known else None

    @property
    def labels(self) -> tuple[str, ...]:
        """The diagnoses; empty when the header has none, or they are hidden."""
        return self._listed("labels")

    @property
    def image_names(self) -> tuple[str, ...]:
        """File names of the record's images, which lie beside the header."""
        return self._listed("image")

    @property
    def age_years(self) -> float | None:
        """Age in years, None when unknown."""
        value = self.comment("age")
        return _number(value) if value else None

    @property
    def sex(self) -> str | None:
        """``"Female"`` or ``"Male"``, None when unknown."""
        value = (self.comment("sex") or "").strip().lower()
        return {"f": "Female", "female": "Female", "m": "Male", "male": "Male"}.get(value)

    def _values(self, key: str) -> list[str]:
        pairs = (comment.partition(":") for comment in self.comments)
        return [value.strip() for name, _, value in pairs if name.strip().lower() == key.lower()]

    def _listed(self, key: str) -> tuple[str, ...]:
        items = (item.strip() for value in self._values(key) for item in value.split(","))
        return tuple(dict.fromkeys(item for item in items if item))


def read_header(path: str | Path) -> RecordHeader:
    """Read the header of a record, complete or stripped of what a test hides.

    Parameters
    ----------
    path : str or Path
        Of the record, with or without ``.hea``.

    Raises
    ------
    RecordError
        If the file is missing or its first lines are not those of a WFDB header.
    """
    file = _header_file(path)
    lines = [line.strip() for line in _text(file).splitlines() if line.strip()]
    comments = tuple(line.lstrip("#").strip() for line in lines if line.startswith("#"))
    record_line, *signal_lines = [line for line in lines if not line.startswith("#")] or [""]
    items = record_line.split()
    numbers = [_number(re.split(r"[/(]", item)[0]) for item in items[1:4]]
    n_signals, fs, n_samples = (*numbers, None, None, None)[:3]
    if n_signals is None or fs is None or n_samples is None or not (fs > 0 and n_samples >= 0):
        raise RecordError(
            f"{file} must begin with 'NAME N_SIGNALS FS N_SAMPLES'; it begins with "
            f"{record_line[:60]!r}: write the header again"
        )
    if len(signal_lines) < n_signals:
        raise RecordError(
            f"{file} must describe {n_signals:.0f} signals, one per line; it has "
            f"{len(signal_lines)} such lines: write the header again"
        )
    signal_lines = signal_lines[: int(n_signals)]
    raw_lead_names = tuple(_signal_name(line) for line in signal_lines)
    units = tuple(_unit(line) for line in signal_lines)
    return RecordHeader(items[0].split("/")[0], fs, int(n_samples), raw_lead_names, units, comments)


def read_ecg(path: str | Path) -> Ecg:
    """Read the signals of a record, in mV with canonical lead names, NaN where missing.

    Raises
    ------
    RecordError
        If a file is missing, is cut off, or its unit is no voltage.
    """
    import wfdb  # noqa: PLC0415  slow to import

    header = read_header(path)
    record = _header_file(path).with_suffix("")
    if not header.raw_lead_names:
        raise RecordError(f"{record}.hea must describe a signal; it has none: use the images")
    try:
        signal, _ = wfdb.rdsamp(str(record))
    except FileNotFoundError as error:
        raise RecordError(
            f"{record}.hea names the signal file {error.filename}; it is not there: copy it "
            "beside the header, or use the record's images"
        ) from error
    except _DAMAGED as error:
        raise RecordError(
            f"the signals of {record} must be what its header says; {error}: copy the record again"
        ) from error
    # Not the units that wfdb found: it drops the Greek letter of the microvolt.
    factors = [_MV_PER_UNIT.get(unit.lower()) for unit in header.units]
    if None in factors:
        found = ", ".join(dict.fromkeys(header.units))
        raise RecordError(f"{record}.hea must give signals in mV, uV or V; got {found}")
    try:
        signal_mv = np.asarray(signal, dtype=np.float64) * np.array(factors, dtype=np.float64)
        return Ecg(signal_mv, header.fs, header.lead_names)
    except ValueError as error:
        raise RecordError(f"{record} is no usable ECG: {error}") from error


def read_image(path: str | Path) -> ByteArray:
    """Read an image as it is meant to be seen, whatever its format.

    EXIF rotation is applied, transparency becomes white paper, 16 bits become 8; of several pages
    the first is read, and a warning says how many are left out.

    Returns
    -------
    ndarray of uint8, of shape (height, width, 3), RGB

    Raises
    ------
    RecordError
        If the file is missing, is no image of `IMAGE_FORMATS`, is cut off, or is larger than
        `ecgpaper.bounds.MAX_IMAGE_PIXELS`.
    """
    from PIL import Image, ImageOps  # noqa: PLC0415  needed here only

    _check_file(Path(path))
    with warnings.catch_warnings():
        # Odd tags and palettes do no harm, and the size is checked below.
        warnings.simplefilter("ignore", UserWarning)
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        try:
            with Image.open(path, formats=IMAGE_FORMATS) as image:
                _check_size(path, image.size)
                image.load()
                pixels = _rgb(ImageOps.exif_transpose(image))
                _tell_of_other_pages(path, image)
                return pixels
        except Image.DecompressionBombError as error:
            raise RecordError(f"{path} is larger than an image may be; {error}") from error
        except _DAMAGED as error:
            raise RecordError(
                f"{path} must be a whole image (PNG, JPEG, TIFF, BMP, WebP or GIF); "
                f"{_one_line(error)}: copy it again or convert it to PNG"
            ) from error


def _check_file(path: Path) -> None:
    """Refuse what is no file: a pipe would be waited for, a device be read for ever."""
    try:
        mode = path.stat().st_mode
    except (OSError, ValueError) as error:
        found = error.strerror if isinstance(error, OSError) else error
        raise RecordError(
            f"expected the image {path}; it is not there or may not be read ({found}): copy it"
        ) from error
    if stat.S_ISDIR(mode):
        raise RecordError(f"expected an image; {path} is a folder: name the images in it")
    if not stat.S_ISREG(mode):
        raise RecordError(f"expected an image; {path} is no file but a pipe or a device: copy it")


def _tell_of_other_pages(path: str | Path, image: Image) -> None:
    """Warn of the pages that are not read; a damaged list of pages is none."""
    try:
        n_pages = int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1
    except _DAMAGED:
        n_pages = 1
    if n_pages > 1:
        logger.warning(
            "%s has %d pages: the first is read, %d are left out; save each as an image of its own",
            *(path, n_pages, n_pages - 1),
        )


def _one_line(error: BaseException) -> str:
    """Return what an error says, or its kind where it says nothing."""
    return " ".join(str(error).split()) or type(error).__name__


def write_record(
    folder: str | Path,
    name: str,
    ecg: Ecg,
    *,
    comments: Sequence[str] = (),
    labels: Sequence[str] | None = None,
    image_names: Sequence[str] = (),
) -> None:
    """Write a record in the Challenge's format: 1000 units per mV in 16 bits, the header last.

    Parameters
    ----------
    folder : str or Path
        Made when it is not there.
    name : str
        Letters, digits, underscores and hyphens.
    ecg : Ecg
        Beyond +-32.767 mV it is clipped.
    comments : sequence of str
        Such as ``"Age: 56"``.
    labels : sequence of str, optional
        None writes no line of labels.
    image_names : sequence of str
        File names of images beside the header.
    """
    if not NAME.fullmatch(name):
        raise ValueError(f"a record's name is made of A-Z a-z 0-9 _ and -; got {name!r}")
    digital = np.clip(np.rint(ecg.signal_mv * _ADU_PER_MV), -32767, 32767)
    digital = np.where(np.isnan(digital), _ADU_MISSING, digital).astype("<i2")
    lines = [f"{name} {len(ecg.lead_names)} {ecg.fs:.10g} {ecg.n_samples}"]
    for lead, samples in zip(ecg.lead_names, digital.T, strict=True):
        first = int(samples[0]) if len(samples) else 0
        checksum = int(samples.sum(dtype=np.int64)) % 65536
        lines.append(f"{name}.dat 16 {_ADU_PER_MV}(0)/mV 16 0 {first} {checksum} 0 {lead}")
    lines += [f"# {comment}" for comment in comments]
    lines += [f"# Labels: {', '.join(labels)}"] if labels is not None else []
    lines += [f"# Image: {', '.join(image_names)}"] if image_names else []
    write_whole(Path(folder) / f"{name}.dat", digital.tobytes())
    write_whole(Path(folder) / f"{name}.hea", ("\n".join(lines) + "\n").encode())


def _header_file(path: str | Path) -> Path:
    text = str(path)
    return Path(text if text.endswith(".hea") else f"{text}.hea")


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise RecordError(
            f"expected the header {file}; {error.strerror}: name the record by its header's path "
            "without the extension"
        ) from error


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _signal_name(line: str) -> str:
    """Take the ninth item of a signal line; a hidden header has blanks for items six to eight."""
    return " ".join(line.split(" ")[8:]).strip() or line.rsplit(maxsplit=1)[-1]


def _unit(line: str) -> str:
    """Take what follows the gain, the third item of a signal line: ``1000(0)/mV``."""
    items = line.split()
    return (items[2].partition("/")[2] if len(items) > 2 else "") or "mV"


def _check_size(path: str | Path, size: tuple[int, int]) -> None:
    width, height = size
    if width * height > MAX_IMAGE_PIXELS:
        raise RecordError(
            f"{path} may have {MAX_IMAGE_PIXELS / 1e6:.0f} million pixels; it has {width} x "
            f"{height}: save it smaller, 300 dpi are plenty"
        )


def _rgb(image: Image) -> ByteArray:
    """Pixels of shape (height, width, 3) of an image in any mode."""
    if image.mode[0] in "IF":
        return np.repeat(_eight_bits(np.asarray(image, dtype=np.float64))[..., None], 3, axis=2)
    if image.has_transparency_data:
        from PIL import Image as Images  # noqa: PLC0415  needed here only

        visible = image.convert("RGBA")
        white = Images.new("RGBA", visible.size, "white")
        return np.asarray(Images.alpha_composite(white, visible).convert("RGB"), dtype=np.uint8)
    return np.asarray(image.convert("RGB"), dtype=np.uint8)


def _eight_bits(gray: FloatArray) -> ByteArray:
    """Scale gray levels of 16 bits, or of 0 to 1, to 8 bits; levels up to 255 stay."""
    top = gray.max(initial=0)
    factor = 255.0 if top <= 1 else 1.0 if top <= 255 else 1 / 257
    return np.clip(np.rint(gray * factor), 0, 255).astype(np.uint8)
