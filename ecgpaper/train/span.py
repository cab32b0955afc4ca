"""How long something is learned, by steps or by the clock, and what it has cost.

Public: `Span`, `Meter`, `MANY_STEPS`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

# More steps than anybody takes, for spans that end with their time.
MANY_STEPS = 10**9


@dataclass
class Meter:
    """What learning, or drawing pages, has cost; filled in by what does it.

    Parameters
    ----------
    n_steps : int
        Steps, or pages.
    seconds : float
        They took, those of an interrupted run included.
    waited_s : float
        Time of these in which the network waited for batches.
    made_s : float
        Time that the preparation of a batch took, on average.
    beat : callable
        Called again and again meanwhile.
    """

    n_steps: int = 0
    seconds: float = 0.0
    waited_s: float = 0.0
    made_s: float = 0.0
    beat: Callable[[], None] = field(default=lambda: None, repr=False)

    def add(self, parts: Sequence[Meter]) -> None:
        """Add what parts have cost; a batch of all costs what it does on average."""
        self.n_steps += sum(part.n_steps for part in parts)
        self.seconds += sum(part.seconds for part in parts)
        self.waited_s += sum(part.waited_s for part in parts)
        self.made_s = sum(part.made_s for part in parts) / max(1, len(parts))

    @property
    def waiting_share(self) -> float:
        """Share of the time in which the network waited."""
        return self.waited_s / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Span:
    """How long something is learned, or pages are drawn: what ends first ends it.

    Parameters
    ----------
    n_steps : int
        Steps, or pages, at most.
    seconds : float
        At most; a step that has begun is finished.
    meter : Meter
        Told what it has cost.
    """

    n_steps: int = MANY_STEPS
    seconds: float = math.inf
    meter: Meter = field(default_factory=Meter, compare=False)

    def phase(self, step: int, spent_s: float) -> float:
        """Tell how much of it is over, 0 to 1, when a number of steps is done."""
        return min(1.0, max(step / max(1, self.n_steps), spent_s / self.seconds))

    def pages(self, is_enough: Callable[[], bool] = lambda: True) -> Iterator[int]:
        """Count pages until the span is over, and fill in the meter.

        The time is over only when those that there are, are enough. What the meter says already,
        of an interrupted run, is a part of the span.
        """
        begun_s = time.monotonic() - self.meter.seconds
        for page in range(self.n_steps):
            if time.monotonic() - begun_s > self.seconds and is_enough():
                break
            yield page
            self.meter.n_steps = page + 1
            self.meter.seconds = time.monotonic() - begun_s
            self.meter.beat()
