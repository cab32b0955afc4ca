"""HL7 annotated ECG (aECG): XML with one sequence set per stretch of time that leads share.

Public: `write_aecg`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

from ecgpaper import __version__
from ecgpaper.ecg import Ecg
from ecgpaper.errors import FormatError
from ecgpaper.files.formats.codes import mdc_lead
from ecgpaper.files.formats.content import (
    NOT_PRINTED_UV,
    Microvolts,
    content_uuid,
    microvolts,
    runs,
)
from ecgpaper.runtime.files import write_whole

_NAMESPACES = {
    "xmlns": "urn:hl7-org:v3",
    "xmlns:xsi": "http://www.w3.org/2001/XMLSchema-instance",
    "type": "Observation",
}
_ACT = {"codeSystem": "2.16.840.1.113883.5.4", "codeSystemName": "ActCode"}
_MDC = {"codeSystem": "2.16.840.1.113883.6.24", "codeSystemName": "MDC"}
# What the aECG standard has for every ECG.
_ECG = {"code": "93000", "codeSystem": "2.16.840.1.113883.6.12", "codeSystemName": "CPT-4"}
# HL7's null flavors: not known; masked, as names on the page are not copied.
_UNKNOWN = {"nullFlavor": "UNK"}
_MASKED = {"nullFlavor": "MSK"}


def write_aecg(ecg: Ecg, path: Path) -> tuple[Path, ...]:
    """Write ``NAME.aecg.xml``: whole microvolts of what is printed, and when it begins.

    Each stretch of printed samples of a lead is a sequence; leads that are printed over the same
    stretch share a sequence set. Where nothing is printed is no sequence.

    Parameters
    ----------
    ecg : Ecg
        Of leads of the twelve.
    path : Path
        Of the file, without its suffix.

    Raises
    ------
    FormatError
        If nothing is printed: an aECG without a sequence is none.
    OutputError
        If the file cannot be written.
    """
    file = path.with_name(f"{path.name}.aecg.xml")
    root = _document(ecg)
    ET.indent(root)
    write_whole(file, ET.tostring(root, encoding="utf-8", xml_declaration=True) + b"\n")
    return (file,)


def _document(ecg: Ecg) -> ET.Element:
    root = ET.Element("AnnotatedECG", _NAMESPACES)
    _add(root, "id", root=str(content_uuid(ecg, "aecg")))
    _add(root, "code", **_ECG)
    _add(root, "effectiveTime/center", **_UNKNOWN)
    # The standard wants to know of subject and trial.
    assignment = _add(root, "componentOf/timepointEvent/componentOf/subjectAssignment")
    _add(assignment, "subject/trialSubject/id", **_MASKED)
    _add(assignment, "componentOf/clinicalTrial/id", **_MASKED)
    series = _add(root, "component/series")
    _add(series, "id", root=str(content_uuid(ecg, "series")))
    _add(series, "code", code="RHYTHM", **_ACT)
    time = _add(series, "effectiveTime")
    _add(time, "low", **_UNKNOWN)
    _add(time, "width", value=_decimal(ecg.duration_s), unit="s")
    device = _add(series, "author/seriesAuthor/manufacturedSeriesDevice")
    _add(device, "id", **_UNKNOWN)
    _add(device, "manufacturerModelName").text = "ecgpaper"
    _add(device, "softwareName").text = __version__
    for stretch, leads_uv in _stretches(ecg).items():
        _add_sequence_set(series, stretch[0] / ecg.fs, 1 / ecg.fs, leads_uv)
    return root


def _stretches(ecg: Ecg) -> dict[tuple[int, int], dict[str, Microvolts]]:
    """Return what is printed by start and stop, the earliest first, of these the longest."""
    found: dict[tuple[int, int], dict[str, Microvolts]] = defaultdict(dict)
    for lead, lead_uv in zip(ecg.lead_names, microvolts(ecg).T, strict=True):
        for start, stop in runs(lead_uv != NOT_PRINTED_UV):
            found[start, stop][lead] = lead_uv[start:stop]
    if not found:
        raise FormatError(
            "an aECG must have a sample that is printed; the record has none: choose another format"
        )
    return dict(sorted(found.items(), key=lambda item: (item[0][0], -item[0][1])))


def _add_sequence_set(
    series: ET.Element, start_s: float, step_s: float, leads_uv: Mapping[str, Microvolts]
) -> None:
    sequences = _add(series, "component/sequenceSet")
    time = _add(sequences, "component/sequence")
    _add(time, "code", code="TIME_RELATIVE", **_ACT)
    value = _add(time, "value", **{"xsi:type": "GLIST_PQ"})
    _add(value, "head", value=_decimal(start_s), unit="s")
    _add(value, "increment", value=_decimal(step_s), unit="s")
    for lead, lead_uv in leads_uv.items():
        sequence = _add(sequences, "component/sequence")
        _add(sequence, "code", code=f"MDC_ECG_LEAD_{mdc_lead(lead).name}", **_MDC)
        value = _add(sequence, "value", **{"xsi:type": "SLIST_PQ"})
        _add(value, "origin", value="0", unit="uV")
        _add(value, "scale", value="1", unit="uV")
        _add(value, "digits").text = " ".join(map(str, lead_uv.tolist()))


def _add(parent: ET.Element, tags: str, **attributes: str) -> ET.Element:
    """Add elements within each other, such as ``"component/series"``; the last one is returned."""
    for tag in tags.split("/"):
        parent = ET.SubElement(parent, tag)
    parent.attrib.update(attributes)
    return parent


def _decimal(number: float) -> str:
    """Write a number in full and without an exponent."""
    return np.format_float_positional(number, trim="-")
