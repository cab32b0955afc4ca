"""A page whose curves are read exactly, before anybody says what they mean.

Public: `Traced`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ecgpaper.digitize.calibration.printed_scale import Said
from ecgpaper.digitize.reading import Reading
from ecgpaper.page import PageLayout, PaperScale
from ecgpaper.page.raster import Trace


@dataclass(frozen=True, eq=False)
class Traced:
    """What takes long to read from a page: another gain or lead's name needs none of it again.

    Parameters
    ----------
    reading : Reading
        Of the first phase.
    layout : PageLayout
        Its columns where most curves end.
    traces : tuple of Trace
        One per strip of the layout.
    said : Said
    paper : PaperScale
        Speed and gain as print, pulse or heartbeats tell them.
    """

    reading: Reading
    layout: PageLayout
    traces: tuple[Trace, ...]
    said: Said
    paper: PaperScale
