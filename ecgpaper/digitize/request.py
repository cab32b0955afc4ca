"""A request to the digitizer.

Public: `Request`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ecgpaper.bounds import Clock
from ecgpaper.digitize.stated import Stated


@dataclass(frozen=True, slots=True)
class Request:
    """A request to the digitizer for one photo.

    Parameters
    ----------
    fs : float, in Hz
        Of the answer.
    stated : Stated
    clock : Clock
        The time that the photo may take.
    """

    fs: float
    stated: Stated
    clock: Clock
