"""DICOM waveforms: 12-lead ECG, or general ECG where a record is too long for that.

Public: `write_dicom`.
"""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ecgpaper import __version__
from ecgpaper.ecg import Ecg
from ecgpaper.errors import FormatError, MissingPackageError
from ecgpaper.files.formats.codes import mdc_lead
from ecgpaper.files.formats.content import NOT_PRINTED_UV, Microvolts, content_uuid, microvolts
from ecgpaper.runtime.files import write_whole

if TYPE_CHECKING:
    from pydicom import Dataset

# PS3.3, A.34.3.4 and A.34.4.4: what the two kinds of ECG may hold.
_FS_RANGE_HZ = (200.0, 1000.0)
_MAX_SAMPLES_12_LEAD = 16384
_12_LEAD_ECG = "1.2.840.10008.5.1.4.1.1.9.1.1"
_GENERAL_ECG = "1.2.840.10008.5.1.4.1.1.9.1.2"
# The standard wants a date and a time; what stands on the page is not copied.
_UNKNOWN_DATE = "19000101"
_UNKNOWN_TIME = "000000"
# What the standard wants to be there, even if nothing is known about it.
_UNKNOWN = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "StudyID", "AccessionNumber", "ReferringPhysicianName"),
)


def write_dicom(ecg: Ecg, path: Path) -> tuple[Path, ...]:
    """Write ``NAME.dcm``: one microvolt per unit, the padding value where nothing is printed.

    Parameters
    ----------
    ecg : Ecg
        Of up to 13 leads of the twelve, with 200 to 1000 Hz.
    path : Path
        Of the file, without its suffix.

    Raises
    ------
    FormatError
        If the sampling frequency is one that DICOM does not allow for ECGs.
    MissingPackageError
        If pydicom is not installed.
    OutputError
        If the file cannot be written.
    """
    try:
        from pydicom import dcmwrite  # noqa: PLC0415  optional
    except ImportError as error:
        raise MissingPackageError("pydicom", "dicom") from error

    low_hz, high_hz = _FS_RANGE_HZ
    if not low_hz <= ecg.fs <= high_hz:
        raise FormatError(
            f"an ECG in DICOM must have {low_hz:g} to {high_hz:g} Hz; the record has {ecg.fs:g} "
            "Hz: digitize the page at 500 Hz, or choose another format"
        )
    file = path.with_name(f"{path.name}.dcm")
    stream = io.BytesIO()
    dcmwrite(stream, _document(ecg), enforce_file_format=True)
    write_whole(file, stream.getvalue())
    return (file,)


def _document(ecg: Ecg) -> Dataset:
    from pydicom.dataset import Dataset, FileMetaDataset  # noqa: PLC0415  optional
    from pydicom.uid import ExplicitVRLittleEndian  # noqa: PLC0415  optional

    document = Dataset()
    document.file_meta = FileMetaDataset()
    document.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    for keyword in _UNKNOWN:
        setattr(document, keyword, "")
    is_short = ecg.n_samples <= _MAX_SAMPLES_12_LEAD
    document.SOPClassUID = _12_LEAD_ECG if is_short else _GENERAL_ECG
    document.SOPInstanceUID = _uid(ecg, "instance")
    document.StudyInstanceUID = _uid(ecg, "study")
    document.SeriesInstanceUID = _uid(ecg, "series")
    document.SeriesNumber = document.InstanceNumber = 1
    document.Modality = "ECG"
    document.SeriesDescription = "Digitized from a printed page"
    document.Manufacturer = document.ManufacturerModelName = "ecgpaper"
    document.SoftwareVersions = __version__
    document.ContentDate, document.ContentTime = _UNKNOWN_DATE, _UNKNOWN_TIME
    document.AcquisitionDateTime = _UNKNOWN_DATE + _UNKNOWN_TIME
    document.AcquisitionContextSequence = []
    document.WaveformSequence = [_waveform(ecg, microvolts(ecg))]
    return document


def _uid(ecg: Ecg, purpose: str) -> str:
    """Return a UID from a UUID (PS3.5, B.2)."""
    return f"2.25.{content_uuid(ecg, purpose).int}"


def _waveform(ecg: Ecg, signal_uv: Microvolts) -> Dataset:
    from pydicom import Dataset  # noqa: PLC0415  optional

    waveform = Dataset()
    # Not what an electrode measured; so no clock need be told either.
    waveform.WaveformOriginality = "DERIVED"
    waveform.MultiplexGroupTimeOffset = 0
    waveform.MultiplexGroupLabel = "RHYTHM"
    waveform.NumberOfWaveformChannels = len(ecg.lead_names)
    waveform.NumberOfWaveformSamples = ecg.n_samples
    waveform.SamplingFrequency = f"{ecg.fs:.10g}"
    waveform.ChannelDefinitionSequence = [_channel(lead) for lead in ecg.lead_names]
    waveform.WaveformBitsAllocated = 16
    waveform.WaveformSampleInterpretation = "SS"
    waveform.WaveformPaddingValue = np.array(NOT_PRINTED_UV, "<i2").tobytes()
    waveform.WaveformData = signal_uv.astype("<i2").tobytes()
    return waveform


def _channel(lead: str) -> Dataset:
    from pydicom import Dataset  # noqa: PLC0415  optional

    channel = Dataset()
    channel.ChannelLabel = lead
    number, meaning = mdc_lead(lead).number, f"Lead {lead}"
    # Context group 3001 has MDC's codes; older readers know those of SCP-ECG.
    source = _code(f"2:{number}", "MDC", meaning)
    older = _code(f"5.6.3-9-{number}", "SCPECG", meaning)
    older.CodingSchemeVersion = "1.3"
    source.EquivalentCodeSequence = [older]
    channel.ChannelSourceSequence = [source]
    channel.ChannelSensitivity = channel.ChannelSensitivityCorrectionFactor = 1
    channel.ChannelSensitivityUnitsSequence = [_code("uV", "UCUM", "microvolt")]
    channel.ChannelBaseline = channel.ChannelSampleSkew = 0
    channel.WaveformBitsStored = 16
    return channel


def _code(value: str, scheme: str, meaning: str) -> Dataset:
    from pydicom import Dataset  # noqa: PLC0415  optional

    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code
