"""EDF+ files, with annotations where nothing is printed.

Public: `write_edf`.
"""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecgpaper.ecg import Ecg
from ecgpaper.errors import FormatError, MissingPackageError
from ecgpaper.files.formats.content import NOT_PRINTED_UV, Microvolts, microvolts, runs
from ecgpaper.runtime.files import write_whole

if TYPE_CHECKING:
    from edfio import EdfAnnotation

# All numbers of 16 bits, one per microvolt. In mV edfio 0.4.18 would round the upper limit up.
_RANGE_UV = (-32768, 32767)
# A longer data record would be most of a page, and padding of up to that long.
_MAX_DATA_RECORD_S = 100


def write_edf(ecg: Ecg, path: Path) -> tuple[Path, ...]:
    """Write ``NAME.edf``: one microvolt per unit, the lowest number where nothing is printed.

    Annotations ``Not printed@@ECG V1`` tell the same by lead. The last data record is filled up;
    ``Recording ends`` marks the end of the signals.

    Parameters
    ----------
    ecg : Ecg
    path : Path
        Of the file, without its suffix.

    Raises
    ------
    FormatError
        If no data record of up to 100 whole seconds holds whole samples.
    MissingPackageError
        If edfio is not installed.
    OutputError
        If the file cannot be written.
    """
    try:
        from edfio import Edf, EdfSignal  # noqa: PLC0415  optional
    except ImportError as error:
        raise MissingPackageError("edfio", "edf") from error

    record_s, n_per_record = _data_record(ecg.fs)
    signal_uv = microvolts(ecg)
    padding = ((0, -ecg.n_samples % n_per_record), (0, 0))
    padded_uv = np.pad(signal_uv, padding, constant_values=NOT_PRINTED_UV)
    signals = [
        EdfSignal.from_digital(
            np.ascontiguousarray(lead_uv),
            n_per_record / record_s,
            label=_label(lead),
            physical_dimension="uV",
            physical_range=_RANGE_UV,
            digital_range=_RANGE_UV,
        )
        for lead, lead_uv in zip(ecg.lead_names, padded_uv.T, strict=True)
    ]
    edf = Edf(signals, data_record_duration=record_s, annotations=_annotations(ecg, signal_uv))
    file = path.with_name(f"{path.name}.edf")
    write_whole(file, edf.to_bytes())
    return (file,)


def _label(lead: str) -> str:
    """Return EDF+'s standard label of a lead."""
    return f"ECG {lead}"


def _data_record(fs: float) -> tuple[int, int]:
    """Return the shortest whole number of seconds that holds whole samples, and how many."""
    per_second = Fraction(fs).limit_denominator(_MAX_DATA_RECORD_S)
    if abs(per_second - Fraction(fs)) > 1e-9 * per_second:
        raise FormatError(
            f"EDF+ must have a whole number of samples in {_MAX_DATA_RECORD_S} s or less; the "
            f"record has {fs:.10g} Hz: digitize the page at 500 Hz, or choose another format"
        )
    return per_second.denominator, per_second.numerator


def _annotations(ecg: Ecg, signal_uv: Microvolts) -> list[EdfAnnotation]:
    from edfio import EdfAnnotation  # noqa: PLC0415  optional

    gaps = [
        EdfAnnotation(start / ecg.fs, (stop - start) / ecg.fs, f"Not printed@@{_label(lead)}")
        for lead, lead_uv in zip(ecg.lead_names, signal_uv.T, strict=True)
        for start, stop in runs(lead_uv == NOT_PRINTED_UV)
    ]
    return [*gaps, EdfAnnotation(ecg.duration_s, None, "Recording ends")]
