"""A page whose curves are read exactly, before anybody says what they mean.

Public: `Traced`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ecgpaper.digitize.calibration.printed_scale import Said
from ecgpaper.digitize.reading import Reading
from ecgpaper.digitize.rows.align import Settled
from ecgpaper.page import PageLayout, PaperScale
from ecgpaper.page.raster import Trace


@dataclass(frozen=True, eq=False)
class Traced:
    """What takes long to read from a page: another gain or lead's name needs none of it again.

    Parameters
    ----------
    reading : Reading
        Of the first phase.
    settled : Settled
        Its layout, the columns where most curves end, and whether that is sure.
    traces : tuple of Trace
        One per strip of the layout.
    said : Said
    paper : PaperScale
        Speed and gain as print, pulse or heartbeats tell them.
    boxed : tuple of Trace
        Instead of the traces at their places: of strips whose boxes are stated.
    """

    reading: Reading
    settled: Settled
    traces: tuple[Trace, ...]
    said: Said
    paper: PaperScale
    boxed: tuple[Trace, ...] = ()

    @property
    def layout(self) -> PageLayout:
        """The page's, without a margin."""
        return self.settled.layout

    @property
    def answered(self) -> tuple[Trace, ...]:
        """One trace per strip of the layout: that in its box, where one is stated."""
        boxed = {trace.strip.segment.place: trace for trace in self.boxed}
        return tuple(boxed.get(trace.strip.segment.place, trace) for trace in self.traces)

    def keeping_boxes(self, placed: PageLayout) -> PageLayout:
        """Return a layout, at its scale, whose strips stand in their boxes where these are stated.

        Parameters
        ----------
        placed : PageLayout
            This page's, moved or at another scale: what is stated does not move with it.
        """
        stated = replace(self.layout, strips=tuple(trace.strip for trace in self.boxed))
        boxed = {strip.segment.place: strip for strip in stated.at_scale(placed.scale).strips}
        strips = (boxed.get(strip.segment.place, strip) for strip in placed.strips)
        return replace(placed, strips=tuple(strips))
