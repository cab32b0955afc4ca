"""What pictures, pages and arguments may be: every bound in one place. Standard library only.

Public: `Range`, the ranges `FS_HZ`, `SPEED_MM_PER_S`, `GAIN_MM_PER_MV` and `TRAIN_MINUTES`,
`Clock`, and the bounds of a picture and of a page.

A page beyond a bound is refused with the number that was found, so that no input can ask for more
time or memory than this machine has.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

# The largest phone photos have 50 million pixels, an A3 sheet scanned at 600 dpi has 70.
MAX_IMAGE_PIXELS = 100_000_000
# Pages of one file: ten times the thickest archive that was thought of.
MAX_PAGES = 100_000
# Less than this cannot hold three rows of a legible trace.
MIN_SIDE_PX = 120
# A strip of ten seconds at 25 mm/s is 250 mm long and 15 mm high at the least.
MAX_ASPECT = 17.0
# A sheet in a frame that is larger than A2 (594 mm) shows no single page: what makes a picture so
# large is a scale that cannot be.
MAX_PAGE_MM = 1000.0
# Processor time after which a page is not tried in yet another way: about three times that of a
# usual page. A way that has begun is ended.
MAX_PAGE_CPU_S = 20.0


@dataclass(frozen=True, slots=True)
class Range:
    """What a quantity may be, both ends included.

    Parameters
    ----------
    quantity : str
        With its article, as in "a gain".
    low, high : float
    unit : str

    Examples
    --------
    >>> GAIN_MM_PER_MV.checked(10)
    10.0
    >>> GAIN_MM_PER_MV.checked(0)
    Traceback (most recent call last):
    ValueError: expected a gain of 1 to 40 mm/mV; got 0
    """

    quantity: str
    low: float
    high: float
    unit: str

    def checked(self, value: float) -> float:
        """Return a value of the range.

        Raises
        ------
        ValueError
            If it lies outside, or is no number.
        """
        if not self.low <= value <= self.high:
            raise ValueError(
                f"expected {self.quantity} of {self.low:g} to {self.high:g} {self.unit}; "
                f"got {value:g}"
            )
        return float(value)


# Below, the waves of a heartbeat are lost; above, paper holds nothing that a recorder drew.
FS_HZ = Range("a sampling frequency", 50, 2000, "Hz")
# Recorders print at 5 to 100 mm/s and at 2.5 to 20 mm/mV.
SPEED_MM_PER_S = Range("a paper speed", 5, 200, "mm/s")
GAIN_MM_PER_MV = Range("a gain", 1, 40, "mm/mV")
# A second, and a year.
TRAIN_MINUTES = Range("a training", 1 / 60, 525_600, "minutes")


@dataclass(frozen=True, slots=True)
class Clock:
    """Processor time of one page, counted from now on.

    Parameters
    ----------
    limit_s : float, in s
    start_s : float, in s
        Of `time.process_time`.
    """

    limit_s: float = MAX_PAGE_CPU_S
    start_s: float = field(default_factory=time.process_time)

    @property
    def is_over(self) -> bool:
        """Whether the page has had its time: what has not begun is not begun."""
        return self._spent_s > self.limit_s

    @property
    def is_half_over(self) -> bool:
        """Whether the page has had half of its time: what is unlikely may wait."""
        return self._spent_s > self.limit_s / 2

    @property
    def _spent_s(self) -> float:
        return time.process_time() - self.start_s
