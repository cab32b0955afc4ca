"""Headers of WFDB records: what they say, however they are written.

Public: `RecordHeader`, `read_header`, `read_comments`, `decode_header`, `split_signal_line`,
`header_file`, `reason_of`.

The first line of a header tells name, number of signals, sampling frequency and length; a line per
signal follows. Comment lines hold demographics, labels and the names of the images. A header may
be stripped of what a test hides. What cannot be used raises `RecordError`.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

import numpy as np

from ecgpaper.ecg import canonical_lead_name
from ecgpaper.errors import RecordError

# Of the files that are written, and of those that do not say it.
ADU_PER_MV = 1000.0
_MV_PER_UNIT = {"mv": 1.0, "uv": 1e-3, "nv": 1e-6, "v": 1e3}
# Of the letters that may stand before V, the Greek one alone is beyond ASCII, in any encoding.
_MICRO = re.compile(r"[^\x00-\x7f](?=v$)")
# Intracardiac ECGs are sampled with up to 10 kHz.
MAX_FS_HZ = 20_000.0
# Samples of all leads together: 46 minutes of twelve leads at 1000 Hz, 270 MB once they are read.
MAX_SAMPLES = 2**25
# What wfdb raises, besides, on headers that it does not understand.
MISREAD = (AttributeError, ArithmeticError, AssertionError, NameError, RecursionError)
# Items of a signal line.
_N_ITEMS = 9
# Bits of a sample in WFDB's formats that have not 16.
_BITS = {"80": 8, "508": 8, "310": 10, "311": 10, "212": 12, "24": 24, "524": 24, "32": 32}


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
    file = header_file(path)
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
    return _lines(header_file(path))[1]


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


def header_file(path: str | Path) -> Path:
    """Return the file of a record's header: the record may be named with or without ``.hea``."""
    text = str(path)
    return Path(text if text.endswith(".hea") else f"{text}.hea")


def _lines(file: Path) -> tuple[list[str], tuple[str, ...]]:
    """Read the lines of a header that say something, and its comments without the ``#``."""
    try:
        text = decode_header(file.read_bytes())
    except (OSError, ValueError) as error:  # a name may be too long, or hold a null byte
        raise RecordError(
            f"expected the header {file}; {reason_of(error)}: name the record by its header's path "
            "without the extension"
        ) from error
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    comments = tuple(line.lstrip("#").strip() for line in lines if line.startswith("#"))
    return [line for line in lines if not line.startswith("#")], comments


def reason_of(error: BaseException) -> str:
    """Say on one line what an error says, and its kind where the message alone tells little."""
    text = " ".join((getattr(error, "strerror", None) or str(error)).split())
    kind = type(error).__name__
    return f"{kind}: {text}" if isinstance(error, MISREAD) else text or kind


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
        gain_adu, zero_adu, mv_per_unit = ADU_PER_MV, 0.0, 1.0
    n_bits = _BITS.get(re.split(r"[x:+]", items[1])[0], 16)
    # The lowest level of each format stands for a missing sample.
    bounds_adu = np.array([-1.0, 1.0]) * (2 ** (n_bits - 1) - 1)
    low, high = sorted(float(x) for x in (bounds_adu - zero_adu) / gain_adu * mv_per_unit)
    return low, high


def _is_integer(text: str) -> bool:
    return re.fullmatch(r"[+-]?\d+", text) is not None
