"""The printed page: its scale, its table of layouts, and where each lead stands."""

from ecgpaper.page.layouts import LAYOUTS, SIX_LEADS, LeadLayout, Segment, continued
from ecgpaper.page.placed import PageLayout, Strip, strips_of
from ecgpaper.page.scale import (
    LARGE_BOX_MM,
    MM_PER_INCH,
    PULSE_MV,
    PULSE_S,
    SMALL_BOX_MM,
    PaperScale,
)

__all__ = [
    "LARGE_BOX_MM",
    "LAYOUTS",
    "MM_PER_INCH",
    "PULSE_MV",
    "PULSE_S",
    "SIX_LEADS",
    "SMALL_BOX_MM",
    "LeadLayout",
    "PageLayout",
    "PaperScale",
    "Segment",
    "Strip",
    "continued",
    "strips_of",
]
