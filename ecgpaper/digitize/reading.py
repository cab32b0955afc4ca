"""A page one way round, and read so: the end of the first phase, and the start of the second.

Public: `Way`, `ways_of`, `Reading`, `mean_confidence`, `MIN_AGREEMENT`, `MIN_CREDIBLE`,
`HEARTBEAT_FS`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from ecgpaper.digitize.calibration.pulse import Pulse
from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.heartbeat import runs_backwards
from ecgpaper.digitize.page.orientation import ways_round
from ecgpaper.digitize.page_image import PageImage
from ecgpaper.digitize.rows.columns import Place
from ecgpaper.digitize.rows.fit import Fit, agreement, leaning_fits
from ecgpaper.digitize.scale import find_scale
from ecgpaper.digitize.signal.leads import signal_from_traces
from ecgpaper.ecg import Ecg
from ecgpaper.errors import EcgPaperError
from ecgpaper.nets.tracer import StripNet
from ecgpaper.page import PageLayout
from ecgpaper.page.raster import GridScale, Trace

# Leads that fit each other less are read the other ways round as well.
MIN_AGREEMENT = 0.85
# Leads in Cabrera's order without a pulse that stands upright need more: upside down, some hearts'
# usual order fits it by 0.88.
MIN_CABRERA = 0.95
# Another way round, or another length of rows, is taken if its agreement is better by this.
MIN_IMPROVEMENT = 0.15
# Least agreement where some way round shows no page at all, or the rows would run upright; below
# it, rows may have another length.
MIN_CREDIBLE = 0.5
# A slant is told by at least this number of comparisons.
FEWEST_COMPARED = 5
# Sampling frequency at which heartbeats are looked at.
HEARTBEAT_FS = 250.0


@dataclass(frozen=True, eq=False)
class Reading:
    """A page whose rows lie level, read in the first phase.

    Parameters
    ----------
    page : PageImage
    scale : GridScale
    layout : PageLayout
        With the names of the leads, at the usual speed and gain, or 50 mm/s where rows are too
        long for the usual speed.
    rows : tuple of RowReading
        One per row of the layout.
    traces : tuple of Trace
        One per strip of the layout, as the tracer sees them.
    fits : tuple of Fit
        How well the leads fit each other.
    pulse : Pulse or None
    places : tuple of Place
        Where else the columns may stand.
    """

    page: PageImage
    scale: GridScale
    layout: PageLayout
    rows: tuple[RowReading, ...]
    traces: tuple[Trace, ...]
    fits: tuple[Fit, ...]
    pulse: Pulse | None
    places: tuple[Place, ...]

    @property
    def quality(self) -> float:
        """Mean confidence, in [0, 1], over all that the layout says is printed."""
        return mean_confidence(self.traces)

    @property
    def agreement(self) -> float | None:
        """How well all leads fit each other, see `rows.fit.agreement`."""
        return agreement(self.fits)

    def leaning(self) -> Reading:
        """Return the reading as it fits at the slant at which its paper may have run.

        Three comparisons fit by chance at some slant: there must be more. What fits stays.
        """
        if self.rank >= MIN_AGREEMENT or len(self.fits) < FEWEST_COMPARED:
            return self
        return replace(self, fits=leaning_fits(self.traces, self.layout, self.scale))

    @property
    def rank(self) -> float:
        """The agreement; where nothing can be compared, less than any.

        A lead of its own in each row agrees with itself: a pulse tells whether it stands upright.
        """
        if self.agreement is None and not self.has_columns:
            return MIN_CREDIBLE if self.pulse is None else MIN_AGREEMENT
        return -np.inf if self.agreement is None else self.agreement

    def fits_better_than(self, other: Reading) -> bool:
        """Whether columns speak for this one of a page and its mirror image.

        Mirrored, V4, V5 and V6 add up as aVL, I and -aVR do: the usual order counts more.
        """
        orders = [self.is_cabrera, other.is_cabrera]
        return other.is_cabrera if orders[0] != orders[1] else self.rank > other.rank

    @property
    def is_cabrera(self) -> bool:
        """Whether a lead is printed upside down, as -aVR in Cabrera's order."""
        return any(strip.polarity < 0 for strip in self.layout.strips)

    def enough(self, *, is_likely: bool) -> float:
        """Rank with which the page is not turned to another way that is likely, or is not.

        The edge of a page, seen across, may look like a single lead, which nothing contradicts.
        Some rows of a page that lies on its side may fit Cabrera's order.
        """
        if self._may_be_upside_down:
            return MIN_CABRERA
        return MIN_AGREEMENT if is_likely or self.agreement is None else MIN_CREDIBLE

    def is_surer_than(self, other: Reading) -> bool:
        """Whether this way round is taken instead of one that was tried before."""
        if other._may_be_upside_down and not self.is_cabrera:
            return self.rank > other.rank
        return self.rank > other.rank + MIN_IMPROVEMENT

    @property
    def _may_be_upside_down(self) -> bool:
        return self.is_cabrera and self.pulse is None

    @property
    def has_columns(self) -> bool:
        """Whether rows show several leads, one after another."""
        return any(strip.segment.column for strip in self.layout.strips)

    @property
    def is_backwards(self) -> bool:
        """Whether the page is surely read from right to left.

        Upside down, time runs backwards as well, but pulses point down, and where each lead has a
        row of its own, the leads do not fit.
        """
        is_upright = self.pulse is not None if self.has_columns else self.rank >= MIN_AGREEMENT
        return is_upright and runs_backwards(self.rough_ecg)

    @property
    def rough_ecg(self) -> Ecg:
        """The signal of the traces as they are, at `HEARTBEAT_FS`: enough to see heartbeats."""
        return signal_from_traces(self.traces, self.layout, self.scale, HEARTBEAT_FS)[0]


def mean_confidence(traces: Sequence[Trace]) -> float:
    """Return the mean confidence of all strips, each counted once; 0 for a strip without points."""
    return float(np.mean([trace.confidence.sum() / max(1, len(trace.x_px)) for trace in traces]))


class Way:
    """A page one way round, with what was found that a further try of this way needs again.

    Parameters
    ----------
    whole : PageImage
    n_quarters : int
        It is turned by, counterclockwise.
    is_likely : bool
        Whether its rows run along it.

    Attributes
    ----------
    alike : Reading, or the error that there is none, or None
        By its rows that are alike, where it was not read so yet.
    """

    def __init__(self, whole: PageImage, n_quarters: int = 0, *, is_likely: bool = True) -> None:
        self._whole = whole
        self._n_quarters = n_quarters
        self.is_likely = is_likely
        self.alike: Reading | EcgPaperError | None = None
        self._scale: GridScale | EcgPaperError | None = None

    @cached_property
    def page(self) -> PageImage:
        """The page as it lies this way."""
        return self._whole.turned(self._n_quarters)

    @property
    def may_wait(self) -> bool:
        """Whether the page had better be seen otherwise, before it is read this way."""
        return not self.is_likely and self._whole.may_be_pale

    def scale(self, tracer: StripNet) -> GridScale:
        """Measure the scale of the page, once.

        Raises
        ------
        GridError, LayoutError
            As `find_scale`.
        """
        if self._scale is None:
            try:
                self._scale = find_scale(self.page, tracer)
            except EcgPaperError as error:
                # Its traceback knows this frame, and with it the way.
                self._scale = error.with_traceback(None)
        if isinstance(self._scale, EcgPaperError):
            raise self._scale.with_traceback(None)
        return self._scale


def ways_of(page: PageImage) -> tuple[Way, ...]:
    """Return the ways round that a page may lie, the likely ones first."""
    return tuple(
        Way(page, n_quarters, is_likely=is_likely)
        for n_quarters, is_likely in ways_round(page.maps)
    )
