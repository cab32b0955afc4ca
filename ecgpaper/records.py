"""Challenge records on disk <-> `Ecg`, images, labels.

Public: `find_records`, `RecordHeader`, `read_header`, `read_comments`, `decode_header`,
`split_signal_line`, `read_ecg`, `read_image`, `count_pages`, `check_file`, `check_size`,
`write_record`.

A record is a WFDB header ``NAME.hea`` with, beside it, a signal file, images, or both. Comment
lines of the header hold demographics, labels and the names of the images. A record is named by the
path of its header without the extension. What cannot be used raises `RecordError`.
"""

from __future__ import annotations

import codecs
import logging
import os
import re
import stat
import struct
import warnings
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ecgpaper.bounds import MAX_IMAGE_PIXELS
from ecgpaper.ecg import ByteArray, Ecg, canonical_lead_name
from ecgpaper.errors import RecordError
from ecgpaper.files import write_whole

if TYPE_CHECKING:
    from PIL.Image import Image

logger = logging.getLogger(__name__)

# What images are opened as; others may run programs (EPS) or read other files.
IMAGE_FORMATS = ("PNG", "JPEG", "TIFF", "BMP", "WEBP", "GIF")
_ADU_PER_MV = 1000.0
_ADU_MISSING = -32768
_MV_PER_UNIT = {"mv": 1.0, "uv": 1e-3, "nv": 1e-6, "v": 1e3}
# Of the letters that may stand before V, the Greek one alone is beyond ASCII, in any encoding.
_MICRO = re.compile(r"[^\x00-\x7f](?=v$)")
# Intracardiac ECGs are sampled with up to 10 kHz.
MAX_FS_HZ = 20_000.0
# Samples of all leads together: 46 minutes of twelve leads at 1000 Hz, 270 MB once they are read.
MAX_SAMPLES = 2**25
# What decoders raise on files that are cut off, overwritten or no images at all.
_DAMAGED = (
    *(OSError, EOFError, SyntaxError, ValueError, LookupError, TypeError, OverflowError),
    *(MemoryError, struct.error, zlib.error),
)
# What wfdb raises, besides, on headers that it does not understand.
_MISREAD = (AttributeError, ArithmeticError, AssertionError, NameError, RecursionError)
# What a Challenge record may be called.
NAME = re.compile(r"[A-Za-z0-9_-]+")
_N_ITEMS = 9  # of a signal line
# Bits of a sample in WFDB's formats that have not 16.
_BITS = {"80": 8, "508": 8, "310": 10, "311": 10, "212": 12, "24": 24, "524": 24, "32": 32}


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
        Samples per lead, 0 where the header leaves it open.
    raw_lead_names : tuple of str
        As written, in the header's order.
    units : tuple of str
        Of the signals, as written; ``"mV"`` where the header says nothing.
    comments : tuple of str
        Comment lines in their order, without the ``#``.
    limits_mv : tuple of (float, float)
        The least and the largest voltage that fits the file of each signal, in mV.
    """

    name: str
    fs: float
    n_samples: int
    raw_lead_names: tuple[str, ...]
    units: tuple[str, ...]
    comments: tuple[str, ...] = ()
    limits_mv: tuple[tuple[float, float], ...] = ()

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

    @property
    def mv_per_unit(self) -> tuple[float | None, ...]:
        """What one unit of each signal is in mV, None where it is no voltage."""
        return tuple(_mv_per_unit(unit) for unit in self.units)

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
        If the file is missing, its first lines are not those of a WFDB header, or the numbers in
        them are beyond `MAX_FS_HZ` and `MAX_SAMPLES`.
    """
    file = _header_file(path)
    lines, comments = _lines(file)
    record_line, *signal_lines = lines or [""]
    items = record_line.split()
    n_signals, fs, n_samples = _record_numbers(file, items)
    if len(signal_lines) < n_signals:
        raise RecordError(
            f"{file} must describe {n_signals} signals, one per line; it has "
            f"{len(signal_lines)} such lines: write the header again"
        )
    signals = [split_signal_line(line) for line in signal_lines[:n_signals]]
    raw_lead_names = tuple(signal[-1] for signal in signals)
    units = tuple(_unit(signal) for signal in signals)
    limits_mv = tuple(_limits_mv(signal) for signal in signals)
    name = items[0].split("/")[0]
    return RecordHeader(name, fs, n_samples, raw_lead_names, units, comments, limits_mv)


def read_comments(path: str | Path) -> tuple[str, ...]:
    """Read the comment lines of a header, without the ``#``, whatever its other lines are.

    Raises
    ------
    RecordError
        If the file cannot be read.
    """
    return _lines(_header_file(path))[1]


def decode_header(content: bytes) -> str:
    """Return a header's text, its lines ended by a line feed: UTF-8, marked UTF-16, or Latin-1."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        text = content.decode("utf-16", errors="replace")
    else:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def split_signal_line(line: str) -> list[str]:
    """Split a signal line at its blanks, as many as there are.

    Returns
    -------
    list of str, of length 9
        File, format, gain, resolution, ADC zero, initial value, checksum, block size, and the name
        of the lead, which may hold blanks. Empty where the line ends early; a hidden header leaves
        out items six to eight.
    """
    items = line.replace("\t", " ").strip().split(" ")
    is_hidden = not any(items[5:8])
    if len(items) < _N_ITEMS or not all(items[:5]) or not (is_hidden or all(items[5:8])):
        items = _split_at_gaps(line)
    return [*items[: _N_ITEMS - 1], " ".join(items[_N_ITEMS - 1 :]).strip()]


def _split_at_gaps(line: str) -> list[str]:
    """Split at any blanks; what is no number where numbers are left out begins the name."""
    items = line.split()
    n_before = 5
    if 3 < len(items) <= n_before and not _is_integer(items[-1]):
        n_before = len(items) - 1
    rest = items[n_before:]
    numbers = list(takewhile(_is_integer, rest[:3]))
    known = [*items[:n_before], *([""] * (5 - n_before)), *numbers]
    known += [""] * (_N_ITEMS - 1 - len(known))
    return [*known, *rest[len(numbers) :]]


def read_ecg(path: str | Path) -> Ecg:
    """Read the signals of a record, in mV with canonical lead names, NaN where missing.

    Raises
    ------
    RecordError
        If a file is missing, is cut off, or its unit is no voltage.
    """
    import wfdb  # noqa: PLC0415  slow to import

    header = read_header(path)
    file = _header_file(path)
    record = file.with_suffix("")
    if not header.raw_lead_names:
        raise RecordError(f"{file} must describe a signal; it has none: use the images")
    if None in header.mv_per_unit:
        found = ", ".join(dict.fromkeys(header.units))
        raise RecordError(f"{file} must give signals in mV, uV or V; got {found}")
    try:
        # Gains of 0 and the like are found below, by what they make of the samples.
        with np.errstate(all="ignore"):
            signal, _ = wfdb.rdsamp(str(record))
    except FileNotFoundError as error:
        raise RecordError(
            f"{file} names the signal file {error.filename}; it is not there: copy it "
            "beside the header, or use the record's images"
        ) from error
    except (*_DAMAGED, *_MISREAD) as error:
        raise RecordError(
            f"the signals of {record} must be what its header says; {_said(error)}: copy the "
            "record again"
        ) from error
    # Not the units that wfdb found: it drops the Greek letter of the microvolt.
    factors = np.array(header.mv_per_unit, dtype=np.float64)
    try:
        signal_mv = np.asarray(signal, dtype=np.float64) * factors
        return Ecg(signal_mv, header.fs, header.lead_names)
    except ValueError as error:
        raise RecordError(f"{record} is no usable ECG: {error}") from error


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
        larger than `ecgpaper.bounds.MAX_IMAGE_PIXELS`.
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
        except _DAMAGED as error:
            raise RecordError(
                f"{path} must be a whole image (PNG, JPEG, TIFF, BMP, WebP or GIF); "
                f"{_one_line(error)}: copy it again or convert it to PNG"
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
            f"({_said(error)}): copy it"
        ) from error
    if stat.S_ISDIR(mode):
        raise RecordError(f"expected an image; {path} is a folder: name the images in it")
    if not stat.S_ISREG(mode):
        raise RecordError(f"expected an image; {path} is no file but a pipe or a device: copy it")


def _n_pages(image: Image) -> int:
    """Count the pages of an open image; a damaged list of pages is none."""
    try:
        return int(getattr(image, "n_frames", 1)) if image.format == "TIFF" else 1
    except _DAMAGED:
        return 1


def _tell_of_other_pages(path: str | Path, image: Image) -> None:
    """Warn of the pages that are not read."""
    if (n_pages := _n_pages(image)) > 1:
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


def _lines(file: Path) -> tuple[list[str], tuple[str, ...]]:
    """Read the lines of a header that say something, and its comments without the ``#``."""
    try:
        text = decode_header(file.read_bytes())
    except (OSError, ValueError) as error:  # a name may be too long, or hold a null byte
        raise RecordError(
            f"expected the header {file}; {_said(error)}: name the record by its header's path "
            "without the extension"
        ) from error
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    comments = tuple(line.lstrip("#").strip() for line in lines if line.startswith("#"))
    return [line for line in lines if not line.startswith("#")], comments


def _said(error: BaseException) -> str:
    text = getattr(error, "strerror", None) or str(error)
    return f"{type(error).__name__}: {text}" if isinstance(error, _MISREAD) else text


def _record_numbers(file: Path, items: Sequence[str]) -> tuple[int, float, int]:
    """Check the number of signals, the sampling frequency and the number of samples."""
    found = [_number(re.split(r"[/(]", item)[0]) for item in items[1:4]]
    n_signals, fs, n_samples = (*found, 0.0)[:3] if len(found) > 1 else (None, None, None)
    is_whole = all(n is not None and n >= 0 and n.is_integer() for n in (n_signals, n_samples))
    if n_signals is None or fs is None or n_samples is None or not (fs > 0 and is_whole):
        raise RecordError(
            f"{file} must begin with 'NAME N_SIGNALS FS N_SAMPLES'; it begins with "
            f"{' '.join(items)[:60]!r}: write the header again"
        )
    if fs > MAX_FS_HZ or n_signals * n_samples > MAX_SAMPLES:
        raise RecordError(
            f"{file} may have {MAX_FS_HZ:.0f} Hz and {MAX_SAMPLES} samples, of all signals "
            f"together; it says {n_signals:.0f} signals of {n_samples:.0f} samples at {fs:g} Hz: "
            "correct it, or cut the record"
        )
    return int(n_signals), fs, int(n_samples)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return value if np.isfinite(value) else None


def _unit(items: Sequence[str]) -> str:
    """Take what follows the gain in a split signal line: ``1000(0)/mV``."""
    return items[2].partition("/")[2] or "mV"


def _mv_per_unit(unit: str) -> float | None:
    return _MV_PER_UNIT.get(_MICRO.sub("u", unit.lower()))


def _limits_mv(items: Sequence[str]) -> tuple[float, float]:
    """Voltages that a signal's format, gain and baseline can hold; the usual ones if unreadable."""
    gain, _, baseline = items[2].partition("/")[0].rstrip(")").partition("(")
    gain_adu, zero_adu = _number(gain), _number(baseline or items[4] or "0")
    mv_per_unit = _mv_per_unit(_unit(items))
    if not gain_adu or zero_adu is None or mv_per_unit is None:
        gain_adu, zero_adu, mv_per_unit = _ADU_PER_MV, 0.0, 1.0
    n_bits = _BITS.get(re.split(r"[x:+]", items[1])[0], 16)
    # The lowest level of each format stands for a missing sample.
    bounds_adu = np.array([-1.0, 1.0]) * (2 ** (n_bits - 1) - 1)
    low, high = sorted(float(x) for x in (bounds_adu - zero_adu) / gain_adu * mv_per_unit)
    return low, high


def _is_integer(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+", text) is not None


def check_size(path: str | Path, size: tuple[int, int]) -> None:
    """Refuse a picture of more than `ecgpaper.bounds.MAX_IMAGE_PIXELS`: (width, height) in px.

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
