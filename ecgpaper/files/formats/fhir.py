"""FHIR R4 Observations with the leads as SampledData.

Public: `write_fhir`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ecgpaper import __version__
from ecgpaper.ecg import Ecg
from ecgpaper.errors import MissingPackageError
from ecgpaper.files.formats.codes import mdc_lead
from ecgpaper.files.formats.content import NOT_PRINTED_UV, Microvolts, content_uuid, microvolts
from ecgpaper.runtime.files import write_whole

_MDC = "urn:iso:std:iso:11073:10101"
# Electric potential of no lead; a lead's code is this and its number.
_MDC_POTENTIAL = 131328
_CATEGORIES = "http://terminology.hl7.org/CodeSystem/observation-category"
_UNITS = "http://unitsofmeasure.org"
# What SampledData writes in place of a number that there is not.
_ERROR = "E"


def write_fhir(ecg: Ecg, path: Path) -> tuple[Path, ...]:
    """Write ``NAME.fhir.json``: whole microvolts, ``E`` where nothing is printed.

    Parameters
    ----------
    ecg : Ecg
        Of leads of the twelve.
    path : Path
        Of the file, without its suffix.

    Raises
    ------
    FormatError
        If the record has no sample.
    MissingPackageError
        If fhir.resources is not installed.
    OutputError
        If the file cannot be written.
    """
    try:
        from fhir.resources.R4B.observation import Observation  # noqa: PLC0415  optional
    except ImportError as error:
        raise MissingPackageError("fhir.resources", "fhir") from error

    observation = Observation(**_observation(ecg))
    file = path.with_name(f"{path.name}.fhir.json")
    write_whole(file, f"{observation.model_dump_json()}\n".encode())
    return (file,)


def _observation(ecg: Ecg) -> dict[str, Any]:
    name = content_uuid(ecg, "observation").urn
    study = _coding("http://loinc.org", "11524-6", "EKG study")
    potential = _coding(_MDC, str(_MDC_POTENTIAL), "MDC_ECG_ELEC_POTL")
    leads = zip(ecg.lead_names, microvolts(ecg).T, strict=True)
    return {
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": name}],
        "status": "final",
        "category": [{"coding": [_coding(_CATEGORIES, "procedure", "Procedure")]}],
        "code": {"coding": [study, potential]},
        "method": {"text": "Digitized from a printed page"},
        "device": {"display": f"ecgpaper {__version__}"},
        "component": [_component(lead, lead_uv, 1000 / ecg.fs) for lead, lead_uv in leads],
    }


def _component(lead: str, lead_uv: Microvolts, period_ms: float) -> dict[str, Any]:
    number, name = mdc_lead(lead)
    words = (_ERROR if sample == NOT_PRINTED_UV else str(sample) for sample in lead_uv.tolist())
    return {
        "code": {
            "coding": [_coding(_MDC, str(_MDC_POTENTIAL + number), f"MDC_ECG_ELEC_POTL_{name}")]
        },
        "valueSampledData": {
            "origin": {"value": 0, "unit": "uV", "system": _UNITS, "code": "uV"},
            "period": period_ms,
            "dimensions": 1,
            "data": " ".join(words),
        },
    }


def _coding(system: str, code: str, display: str) -> dict[str, str]:
    return {"system": system, "code": code, "display": display}
