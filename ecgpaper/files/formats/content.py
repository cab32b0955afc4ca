"""What the coded formats share of a record: whole microvolts, what is printed, an identity.

Public: `microvolts`, `NOT_PRINTED_UV`, `runs`, `content_uuid`.
"""

from __future__ import annotations

import hashlib
import uuid
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from ecgpaper.ecg import BoolArray, Ecg
from ecgpaper.errors import FormatError

Microvolts: TypeAlias = NDArray[np.int16]

# The lowest number of 16 bits, which WFDB also takes for a missing sample.
NOT_PRINTED_UV = -32768
# The largest voltage of 16 bits; what is beyond is clipped, as in the WFDB files.
_LIMIT_UV = 32767
_UV_PER_MV = 1000.0


def microvolts(ecg: Ecg) -> Microvolts:
    """Return a record in microvolts, rounded to whole ones and clipped to +-32767.

    Returns
    -------
    ndarray of int16, of shape (n_samples, n_leads)
        `NOT_PRINTED_UV` where a sample is NaN.

    Raises
    ------
    FormatError
        If the record has no sample.
    """
    if not ecg.n_samples:
        raise FormatError(
            "a file of signals must have a sample; the record has none: digitize the page again"
        )
    rounded = np.clip(np.rint(ecg.signal_mv * _UV_PER_MV), -_LIMIT_UV, _LIMIT_UV)
    return np.where(np.isnan(rounded), NOT_PRINTED_UV, rounded).astype(np.int16)


def runs(mask: BoolArray) -> list[tuple[int, int]]:
    """Return start and stop of each stretch of true values, in samples.

    Parameters
    ----------
    mask : ndarray of bool, of shape (n_samples,)
    """
    edges = np.flatnonzero(np.diff(mask, prepend=False, append=False)).tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def content_uuid(ecg: Ecg, purpose: str) -> uuid.UUID:
    """Name a record by what it holds: the same samples have the same UUID.

    Parameters
    ----------
    ecg : Ecg
    purpose : str
        What is to be named, so that parts of one file differ, such as ``"series"``.
    """
    head = f"{ecg.fs!r} {' '.join(ecg.lead_names)} ".encode()
    digest = hashlib.sha256(head + microvolts(ecg).tobytes()).hexdigest()
    return uuid.uuid5(uuid.NAMESPACE_URL, f"ecgpaper:{purpose}:{digest}")
