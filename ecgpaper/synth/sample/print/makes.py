"""Makes: the looks of six kinds of recorder, as tables of their differences.

Public: `MAKES`, `Make`, `sample_make`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from ecgpaper.page import PULSE_S
from ecgpaper.synth.print.separators import SEPARATORS
from ecgpaper.synth.print.text import FONTS, STROKE_FONTS
from ecgpaper.synth.sample.draws import chance, uniform
from ecgpaper.synth.sample.print import blocks
from ecgpaper.synth.sample.print.report import Report
from ecgpaper.synth.sample.print.typesetting import Style
from ecgpaper.synth.spec.print import LayoutSpec, TextLine
from ecgpaper.synth.spec.values import Color

Header = Callable[[LayoutSpec, Report, Style, np.random.Generator], Iterator[TextLine]]
Footer = Callable[[LayoutSpec, Report, np.random.Generator], list[str]]
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Make:
    """Common traits of the pages of one make, and the range of the others.

    Parameters
    ----------
    fonts : tuple of (str, str)
        Pairs of a plain font and a bold one.
    footer_fonts : tuple of str
        Empty where the footer has the font of everything else.
    text_mm, name_mm : tuple of float
        Least and greatest height of capitals, in header and footer and of the lead names.
    name_place : tuple of Range
        Between which the start of a name stands right of the start of its strip, and its foot below
        0 mV, in mm.
    bold_names : float
        Share of pages with bold names.
    separators : tuple of str
    separator_mm : tuple of Range
        Width and height.
    pulse_s, slant_s : float, in s
    feet_mm : tuple of float
    right_pulses : float
        Share of pages whose pulses stand at the end of the rows.
    header : Header
    footer : Footer
    languages : tuple of str
    grid_colors : tuple of Color
    small_contrast, large_contrast : Range
    dotted : float
        Share of grids with dots for the 1 mm lines.
    white_header : float
        Share of grids that begin below the header.
    framed : float
        Share of pages with a frame around the grid.
    ticks_s : tuple of float
        Distances of the marks of time above the first row; 0 for none.
    dots_per_mm : tuple of float
        Of the printing head; 0 for a printer without visible dots.
    names_upper, names_boxed, one_pulse, no_names : float
        Shares of pages with ``AVR`` instead of ``aVR``, with framed names, with a pulse in one row
        alone, and without names.
    """

    fonts: tuple[tuple[str, str], ...]
    header: Header
    footer: Footer
    grid_colors: tuple[Color, ...]
    footer_fonts: tuple[str, ...] = ()
    text_mm: Range = (1.7, 2.3)
    name_mm: Range = (2.0, 3.0)
    name_place: tuple[Range, Range] = ((0.3, 1.5), (4.5, 6.5))
    bold_names: float = 0.0
    separators: tuple[str, ...] = ("none",)
    separator_mm: tuple[Range, Range] = ((0.25, 0.5), (5.0, 8.0))
    pulse_s: float = PULSE_S
    slant_s: float = 0.0
    feet_mm: tuple[float, float] = (1.0, 1.0)
    right_pulses: float = 0.0
    languages: tuple[str, ...] = ("en", "en", "en", "de", "fr", "es", "cs")
    small_contrast: Range = (0.25, 0.5)
    large_contrast: Range = (0.5, 0.9)
    dotted: float = 0.0
    white_header: float = 0.0
    framed: float = 0.0
    ticks_s: tuple[float, ...] = (0.0,)
    dots_per_mm: tuple[float, ...] = (0.0,)
    names_upper: float = 0.03
    names_boxed: float = 0.02
    one_pulse: float = 0.05
    no_names: float = 0.0


_PINK = (225.0, 130.0, 150.0)
_RED = (230.0, 70.0, 70.0)
_ORANGE = (235.0, 130.0, 80.0)
_BROWN = (165.0, 105.0, 85.0)
_GREEN = (90.0, 185.0, 140.0)
_BLUE = (120.0, 140.0, 210.0)
MAKES = {
    # Times-like letters below the trace, no separators; a white header with a table in it.
    "monitor": Make(
        fonts=(("times", "times-bold"), ("times", "times-bold"), ("helvetica", "sans-bold")),
        header=blocks.monitor_header,
        footer=blocks.monitor_footer,
        grid_colors=(_PINK, _PINK, _RED, _BLUE),
        name_mm=(1.8, 2.6),
        name_place=((0.2, 1.2), (4.5, 6.5)),
        bold_names=0.25,
        separators=("none", "none", "colon", "tick"),
        separator_mm=((0.2, 0.4), (7.0, 12.0)),
        feet_mm=(0.8, 0.0),
        white_header=0.7,
        ticks_s=(0.0, 2.5),
    ),
    # Statements with dots, names above the trace, a framed sheet.
    "statement": Make(
        fonts=(("helvetica", "sans-bold"), ("sans", "sans-bold"), ("mono", "mono-bold")),
        header=blocks.statement_header,
        footer=blocks.statement_footer,
        grid_colors=(_PINK, _ORANGE, _RED),
        name_place=((0.8, 2.0), (-9.0, -5.0)),
        separators=("tick", "above", "ends"),
        separator_mm=((0.2, 0.4), (3.0, 6.0)),
        right_pulses=0.4,
        framed=0.6,
        white_header=0.4,
    ),
    # Helvetica-like names above the trace, pairs of bars, pulses at the end, a frame.
    "corner": Make(
        fonts=(("helvetica", "sans-bold"), ("helvetica", "helvetica"), ("sans", "sans-bold")),
        header=blocks.corner_header,
        footer=blocks.corner_footer,
        grid_colors=(_ORANGE, _RED, (245.0, 120.0, 105.0)),
        name_mm=(2.5, 3.2),
        name_place=((0.8, 1.6), (-6.5, -4.5)),
        separators=("pair",),
        separator_mm=((0.5, 0.8), (8.0, 12.0)),
        right_pulses=0.7,
        white_header=0.6,
        framed=0.3,
    ),
    # Small mono letters, marks of each second, six rows rather than three.
    "second": Make(
        fonts=(("mono", "mono-bold"), ("stroke", "stroke-bold"), ("sans", "sans-bold")),
        header=blocks.list_header,
        footer=blocks.corner_footer,
        grid_colors=(_ORANGE, _RED, _BROWN),
        text_mm=(1.5, 2.0),
        name_mm=(1.9, 2.6),
        name_place=((-0.5, 1.0), (-6.0, -3.0)),
        separators=("dashes", "none", "step", "arrow"),
        separator_mm=((0.2, 0.4), (2.0, 5.0)),
        languages=("de", "de", "fr", "en"),
        ticks_s=(1.0,),
        dots_per_mm=(8.0, 0.0),
    ),
    # Coded statements in capitals of a plotter, green or blue paper.
    "coded": Make(
        fonts=(("stroke", "stroke-bold"), ("mono", "mono-bold"), ("stroke-serif", "stroke-serif")),
        header=blocks.terse_header,
        footer=blocks.terse_footer,
        grid_colors=(_GREEN, _BLUE, _ORANGE, _GREEN),
        name_place=((0.5, 2.0), (-8.0, -4.0)),
        bold_names=0.5,
        separators=("above", "tick", "step", "none"),
        separator_mm=((0.25, 0.5), (3.0, 6.0)),
        languages=("en", "en", "es"),
        dots_per_mm=(8.0, 6.0, 0.0),
        ticks_s=(0.0, 1.0),
    ),
    # Thermal paper: serifs on the trace, a dotted line through all rows, narrow pulses, dots.
    "thermal": Make(
        fonts=(("times", "times-bold"), ("serif", "serif-bold")),
        header=blocks.list_header,
        footer=blocks.list_footer,
        grid_colors=(_RED, _BROWN, (170.0, 90.0, 95.0), _PINK),
        footer_fonts=("times-italic", "serif-italic", "times-bold"),
        text_mm=(1.8, 2.5),
        name_mm=(2.2, 2.9),
        name_place=((0.4, 1.2), (-1.6, -0.6)),
        bold_names=0.55,
        separators=("line", "line", "line", "ends"),
        separator_mm=((0.15, 0.3), (10.0, 18.0)),
        pulse_s=0.1,
        slant_s=0.02,
        feet_mm=(1.0, 0.6),
        small_contrast=(0.45, 0.8),
        dotted=0.75,
        dots_per_mm=(8.0, 8.0, 0.0),
    ),
}
_GRID_COLORS: tuple[Color, ...] = (
    *((225.0, 60.0, 60.0), (240.0, 120.0, 130.0), (200.0, 120.0, 80.0), (160.0, 90.0, 60.0)),
    *((230.0, 140.0, 60.0), (120.0, 150.0, 220.0)),
)


def sample_make(*, rng: np.random.Generator) -> Make:
    """Draw a make that does not exist: any fonts, places, separators and words."""
    font = str(rng.choice([*FONTS, *STROKE_FONTS]))
    text_font = font if chance(rng, 0.7) else str(rng.choice([*FONTS, *STROKE_FONTS]))
    name_mm = uniform(rng, 2.0, 3.6)
    return Make(
        fonts=((text_font, font),),
        header=blocks.free_header,
        footer=blocks.free_footer,
        grid_colors=_GRID_COLORS,
        text_mm=(1.7, 2.9),
        name_mm=(name_mm, name_mm),
        name_place=_name_place(name_mm, rng),
        bold_names=1.0,
        separators=("none", "none", "tick", "tick", *SEPARATORS),
        separator_mm=((0.25, 0.9), (3.0, 12.0)),
        pulse_s=0.2 if chance(rng, 0.85) else uniform(rng, 0.08, 0.2),
        slant_s=uniform(rng, 0, 0.02) if chance(rng, 0.2) else 0.0,
        feet_mm=(uniform(rng, 0, 1.5), uniform(rng, 0, 1.5)),
        right_pulses=0.1,
        small_contrast=(0.15, 0.7),
        large_contrast=(0.5, 1.0),
        dotted=0.1,
        white_header=0.1,
        framed=0.08,
        ticks_s=(0.0, 0.0, 0.0, 1.0, 2.5),
        dots_per_mm=(0.0, 0.0, 0.0, 8.0, 6.0),
        names_upper=0.15,
        names_boxed=0.05,
        one_pulse=0.15,
        no_names=0.04,
    )


def _name_place(
    name_mm: float, rng: np.random.Generator
) -> tuple[tuple[float, float], tuple[float, float]]:
    """Below, above, on or left of the start of the trace."""
    place = rng.random()
    if place < 0.45:
        return (0.3, 2.0), (name_mm + 0.2, 9.0)
    if place < 0.8:
        return (0.3, 3.0), (-9.0, -1.5)
    if place < 0.9:
        return (-1.0, 2.0), (0.0, name_mm)
    return (-3.0 * name_mm, -2.5 * name_mm), (-2.0, name_mm)
