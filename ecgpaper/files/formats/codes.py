"""What standards call the leads, after ISO/IEEE 11073-10101 (MDC).

Public: `MdcLead`, `mdc_lead`.
"""

from __future__ import annotations

from typing import NamedTuple

from ecgpaper.ecg import LIMB_LEADS, PRECORDIAL_LEADS, STANDARD_ORDER, UNKNOWN_LEAD


class MdcLead(NamedTuple):
    """The number and the name of a lead.

    DICOM, SCP-ECG and 11073 share the number: lead III is MDC 2:61 and SCPECG 5.6.3-9-61, and its
    electric potential is MDC 131328 + 61. The name ends those of 11073, such as MDC_ECG_LEAD_AVR.
    """

    number: int
    name: str


_NUMBERS = dict(zip(LIMB_LEADS, (1, 2, 61, 62, 63, 64), strict=True)) | dict(
    zip(PRECORDIAL_LEADS, range(3, 9), strict=True)
)
# A lead nobody knows is lead 0, unspecified: MDC 2:0, MDC_ECG_LEAD_CONFIG.
_UNSPECIFIED = MdcLead(0, "CONFIG")


def mdc_lead(lead: str) -> MdcLead:
    """Return number and name of a lead.

    Raises
    ------
    ValueError
        If it is none of the twelve and not the unknown one.
    """
    if lead == UNKNOWN_LEAD:
        return _UNSPECIFIED
    if lead not in _NUMBERS:
        raise ValueError(f"a lead with a code is one of {', '.join(STANDARD_ORDER)}; got {lead!r}")
    return MdcLead(_NUMBERS[lead], lead.upper())
