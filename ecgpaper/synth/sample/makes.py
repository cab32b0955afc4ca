"""Makes: the looks of six kinds of recorder, as tables of what varies between them.

Public: `MAKES`, `Make`, `sample_make_page`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from ecgpaper.page import PULSE_S
from ecgpaper.synth.rules import Rule, frame
from ecgpaper.synth.sample import blocks
from ecgpaper.synth.sample.draws import chance, jitter, uniform
from ecgpaper.synth.sample.extras import sample_codes, sample_logo, time_ticks
from ecgpaper.synth.sample.report import Report, sample_report
from ecgpaper.synth.sample.typesetting import Style, header_bottom_mm, onto_sheet
from ecgpaper.synth.spec import (
    WHITE,
    Color,
    InkSpec,
    LayoutSpec,
    PaperSpec,
    Point,
    TextLine,
)
from ecgpaper.synth.text import box_mm

Header = Callable[[LayoutSpec, Report, Style, np.random.Generator], Iterator[TextLine]]
Footer = Callable[[LayoutSpec, Report, np.random.Generator], list[str]]
Range = tuple[float, float]

_HEADER_SHARE = 0.85
# A few pages say nothing about speed and gain.
_FOOTER_SHARE = 0.95
_FRAME_MM = 0.3
# Of pages with one column, those with the names left of the rows.
_BESIDE_SHARE = 0.5
# No name stands closer to the left edge of the sheet.
_EDGE_MM = 0.7
# Rows closer than this have their names closer, too.
_PITCH_MM = 18.0


@dataclass(frozen=True, slots=True)
class Make:
    """What the pages of one make have in common, and what differs among them.

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


_PINK, _RED, _ORANGE = (225.0, 130.0, 150.0), (230.0, 70.0, 70.0), (235.0, 130.0, 80.0)
_BROWN, _GREEN, _BLUE = (165.0, 105.0, 85.0), (90.0, 185.0, 140.0), (120.0, 140.0, 210.0)
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


def sample_make_page(
    make: Make, layout: LayoutSpec, *, rng: np.random.Generator
) -> tuple[LayoutSpec, InkSpec, PaperSpec]:
    """Draw a page of one make: fonts, places and colours stay the same all over it.

    Parameters
    ----------
    make : Make
    layout : LayoutSpec
        Where the leads stand; the pulses may move to the end of the rows.
    rng : numpy.random.Generator
    """
    layout = _place_pulses(make, layout, rng)
    text_mm = uniform(rng, *make.text_mm)
    plain, bold = make.fonts[int(rng.integers(len(make.fonts)))]
    style = Style(plain, bold, text_mm, text_mm * uniform(rng, 1.35, 1.7))
    report = sample_report(str(rng.choice(make.languages)), rng=rng)
    texts = [*_header(make, layout, report, style, rng), *_footer(make, layout, report, style, rng)]
    texts = [onto_sheet(line, layout.size_mm) for line in texts]
    codes, digits = sample_codes(layout, style, texts, rng=rng)
    logo, word = sample_logo(layout, style, [*texts, *digits], rng=rng)
    name_mm = uniform(rng, *make.name_mm)
    bold_names = chance(rng, make.bold_names)
    wide, high = make.separator_mm
    has_columns = layout.leads.n_columns > 1
    paper = _sample_paper(make, layout, rng)
    ink = InkSpec(
        pen_mm=uniform(rng, 0.2, 0.38),
        pulse_rows=(int(rng.integers(layout.leads.n_rows)),)
        if chance(rng, make.one_pulse)
        else None,
        pulse_s=make.pulse_s,
        pulse_slant_s=make.slant_s,
        pulse_feet_mm=make.feet_mm,
        color=jitter((15.0, 15.0, 15.0), 20, rng),
        separator=str(rng.choice(make.separators)) if has_columns else "none",
        separator_mm=(uniform(rng, *wide), uniform(rng, *high)),
        name_offset_mm=_name_offset(make, layout, name_mm, rng),
        name_height_mm=name_mm,
        name_stroke_mm=name_mm * (0.18 if bold_names else 0.12),
        name_font=bold if bold_names else plain,
        names_upper=chance(rng, make.names_upper),
        names_boxed=chance(rng, make.names_boxed),
        texts=(*texts, *digits, *word),
        rules=(*logo, *_ticks(make, layout, rng), *_frame(make, layout, paper, rng)),
        codes=codes,
        dots_per_mm=float(rng.choice(make.dots_per_mm)) or None,
    )
    return layout, ink, paper


def _place_pulses(make: Make, layout: LayoutSpec, rng: np.random.Generator) -> LayoutSpec:
    """Move the pulses to the end of the rows, if there is room, or off a sheet without any."""
    scale, leads = layout.scale, layout.leads
    wide_mm = scale.mm_from_s(make.pulse_s + make.slant_s) + sum(make.feet_mm)
    end_mm = layout.left_mm + scale.mm_from_s(leads.duration_s)
    end_mm += (leads.n_columns - 1) * layout.column_gap_mm
    moves = chance(rng, make.right_pulses) and end_mm + wide_mm + 1 < layout.size_mm[0]
    left_mm = layout.pulse_left_mm
    if left_mm is None:
        return layout
    if moves:
        left_mm = end_mm + make.feet_mm[0]
    fits = left_mm - make.feet_mm[0] > 0
    return replace(layout, pulse_left_mm=left_mm if fits else None)


def _name_offset(
    make: Make, layout: LayoutSpec, name_mm: float, rng: np.random.Generator
) -> Point | None:
    """Draw where names stand; beside the rows if there is one column, and room left of it."""
    if chance(rng, make.no_names):
        return None
    (left, right), (above, below) = make.name_place
    edge_mm = min(layout.left_mm, layout.pulse_left_mm or layout.left_mm) - make.feet_mm[0]
    if layout.leads.n_columns == 1 and edge_mm > 4 * name_mm and chance(rng, _BESIDE_SHARE):
        return edge_mm - layout.left_mm - 3.5 * name_mm, name_mm / 2
    pitch_mm = min(np.diff(layout.baselines_mm), default=_PITCH_MM)
    reach = min(1.0, float(pitch_mm) / _PITCH_MM)
    right_mm = max(uniform(rng, left, right), _EDGE_MM - layout.left_mm)
    return right_mm, reach * uniform(rng, above, below)


def _header(
    make: Make, layout: LayoutSpec, report: Report, style: Style, rng: np.random.Generator
) -> Iterator[TextLine]:
    if chance(rng, _HEADER_SHARE):
        yield from make.header(layout, report, style, rng)


def _footer(
    make: Make, layout: LayoutSpec, report: Report, style: Style, rng: np.random.Generator
) -> Iterator[TextLine]:
    """Yield one line along the bottom; narrow sheets squeeze it together."""
    if not chance(rng, _FOOTER_SHARE):
        return
    if make.footer_fonts:
        style = replace(style, font=str(rng.choice(make.footer_fonts)))
    texts, width_mm = make.footer(layout, report, rng), layout.size_mm[0]
    foot_mm = layout.size_mm[1] - uniform(rng, 1.5, 5)
    tight = list(style.row(texts, 0.0, foot_mm, style.height_mm))
    spare_mm = width_mm - 4 - box_mm(tight[-1])[2]
    gap_mm = style.height_mm + max(spare_mm, 0) / len(texts) * uniform(rng, 0.1, 0.9)
    left_mm = uniform(rng, 1, 4)
    lines = list(style.row(texts, left_mm, foot_mm, gap_mm))
    shrunk = min(1.0, (width_mm - 2) / box_mm(lines[-1])[2])
    for line in lines:
        corner_mm = line.corner_mm[0] * shrunk, foot_mm
        yield replace(line, corner_mm=corner_mm, height_mm=line.height_mm * shrunk)


def _ticks(make: Make, layout: LayoutSpec, rng: np.random.Generator) -> tuple[Rule, ...]:
    """Mark the time above the first row."""
    every_s = float(rng.choice(make.ticks_s))
    at_mm = header_bottom_mm(layout)
    return tuple(time_ticks(layout, every_s, at_mm)) if every_s and at_mm > 0 else ()


def _frame(
    make: Make, layout: LayoutSpec, paper: PaperSpec, rng: np.random.Generator
) -> tuple[Rule, ...]:
    """Draw a frame around the grid."""
    if not chance(rng, make.framed):
        return ()
    left, top, right, bottom = (max(part, _FRAME_MM) for part in paper.grid_margins_mm)
    size: Point = layout.size_mm[0] - left - right, layout.size_mm[1] - top - bottom
    return frame((left, top), size, _FRAME_MM)


def _sample_paper(make: Make, layout: LayoutSpec, rng: np.random.Generator) -> PaperSpec:
    """Draw the grid, which may leave the header white."""
    side_mm = uniform(rng, 0, 4) if chance(rng, 0.3) else 0.0
    header_mm = header_bottom_mm(layout) - 2 if chance(rng, make.white_header) else side_mm
    foot_mm = uniform(rng, 5, 8) if header_mm > side_mm else side_mm
    margins_mm = side_mm, max(header_mm, 0.0), side_mm, foot_mm
    dotted = chance(rng, make.dotted)
    tinted = chance(rng, 0.5)
    return PaperSpec(
        color=jitter((251.0, 248.0, 245.0), 6, rng) if tinted else WHITE,
        grid_color=jitter(make.grid_colors[int(rng.integers(len(make.grid_colors)))], 20, rng),
        small_contrast=uniform(rng, *make.small_contrast),
        large_contrast=uniform(rng, *make.large_contrast),
        small_mm=uniform(rng, 0.18, 0.28) if dotted else uniform(rng, 0.08, 0.16),
        large_mm=uniform(rng, 0.14, 0.26),
        dotted=dotted,
        grid_origin_mm=(margins_mm[0], margins_mm[1]) if chance(rng, 0.6) else (0.0, 0.0),
        grid_margins_mm=margins_mm,
    )
