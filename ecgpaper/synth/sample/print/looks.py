"""Looks: draw whose recorder prints a page, and the page as it prints it.

Public: `sample_look`, `sample_make_page`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ecgpaper.synth.print.rules import frame
from ecgpaper.synth.print.text import box_mm
from ecgpaper.synth.sample.draws import chance, jitter, uniform
from ecgpaper.synth.sample.print.extras import sample_codes, sample_logo, time_ticks
from ecgpaper.synth.sample.print.makes import MAKES, Make, sample_make
from ecgpaper.synth.sample.print.report import Report, sample_report
from ecgpaper.synth.sample.print.typesetting import Style, header_bottom_mm, onto_sheet
from ecgpaper.synth.spec.print import InkSpec, LayoutSpec, Rule, TextLine
from ecgpaper.synth.spec.sheet import PaperSpec
from ecgpaper.synth.spec.values import WHITE, Point


@dataclass(frozen=True, slots=True)
class LookShares:
    """How often a page looks like something."""

    # Share of pages by one of the makes; the rest look like nothing that is known.
    make: float = 0.65
    # Share of pages with a header.
    header: float = 0.85
    # A few pages say nothing about speed and gain.
    footer: float = 0.95
    # Of pages with one column, those with the names left of the rows.
    beside: float = 0.5


_SHARES = LookShares()


@dataclass(frozen=True, slots=True)
class LookSizes:
    """How broad frames are, and where names have room."""

    # Breadth of the frame around the grid.
    frame_mm: float = 0.3
    # No name stands closer to the left edge of the sheet.
    edge_mm: float = 0.7
    # Rows closer than this have their names closer, too.
    pitch_mm: float = 18.0


_SIZES = LookSizes()


def sample_look(
    layout: LayoutSpec, *, rng: np.random.Generator
) -> tuple[LayoutSpec, InkSpec, PaperSpec]:
    """Print a page as one of the makes of recorders does, or as none does."""
    make = (
        MAKES[str(rng.choice(list(MAKES)))] if chance(rng, _SHARES.make) else sample_make(rng=rng)
    )
    return sample_make_page(make, layout, rng=rng)


def sample_make_page(
    make: Make, layout: LayoutSpec, *, rng: np.random.Generator
) -> tuple[LayoutSpec, InkSpec, PaperSpec]:
    """Draw a page of one make: fonts, places and colors stay the same all over it.

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
    is_pulsed = _has_pulses_in_rows(make, layout)
    has_separators = layout.leads.n_columns > 1 and not is_pulsed
    separator = str(rng.choice(make.separators)) if has_separators else "none"
    paper = _sample_paper(make, layout, rng)
    ink = InkSpec(
        pen_mm=uniform(rng, 0.2, 0.38),
        pulse_rows=(int(rng.integers(layout.leads.n_rows)),)
        if chance(rng, make.one_pulse)
        else None,
        pulse_columns=is_pulsed,
        pulse_s=make.pulse_s,
        pulse_slant_s=make.slant_s,
        pulse_feet_mm=make.feet_mm,
        color=jitter((15.0, 15.0, 15.0), 20, rng),
        separator=separator,
        separator_mm=_separator_size(make, separator, rng),
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


def _has_pulses_in_rows(make: Make, layout: LayoutSpec) -> bool:
    """Tell whether pulses stand left of the rows, and have room between the columns, too."""
    wide_mm = layout.scale.mm_from_s(make.pulse_s + make.slant_s) + sum(make.feet_mm)
    left_mm = layout.pulse_left_mm
    is_left = left_mm is not None and left_mm < layout.left_mm
    return is_left and layout.leads.n_columns > 1 and layout.column_gap_mm > wide_mm


def _separator_size(make: Make, separator: str, rng: np.random.Generator) -> Point:
    """Draw width and height; stairs and arrows are small."""
    wide, high = make.separator_mm
    width_mm, height_mm = uniform(rng, *wide), uniform(rng, *high)
    return width_mm, height_mm / 2.5 if separator in {"step", "arrow"} else height_mm


def _name_offset(
    make: Make, layout: LayoutSpec, name_mm: float, rng: np.random.Generator
) -> Point | None:
    """Draw where names stand; beside the rows if there is one column, and room left of it."""
    if chance(rng, make.no_names):
        return None
    (left, right), (above, below) = make.name_place
    edge_mm = min(layout.left_mm, layout.pulse_left_mm or layout.left_mm) - make.feet_mm[0]
    if layout.leads.n_columns == 1 and edge_mm > 4 * name_mm and chance(rng, _SHARES.beside):
        return edge_mm - layout.left_mm - 3.5 * name_mm, name_mm / 2
    pitch_mm = min(np.diff(layout.baselines_mm), default=_SIZES.pitch_mm)
    reach = min(1.0, float(pitch_mm) / _SIZES.pitch_mm)
    right_mm = max(uniform(rng, left, right), _SIZES.edge_mm - layout.left_mm)
    return right_mm, reach * uniform(rng, above, below)


def _header(
    make: Make, layout: LayoutSpec, report: Report, style: Style, rng: np.random.Generator
) -> Iterator[TextLine]:
    if chance(rng, _SHARES.header):
        yield from make.header(layout, report, style, rng)


def _footer(
    make: Make, layout: LayoutSpec, report: Report, style: Style, rng: np.random.Generator
) -> Iterator[TextLine]:
    """Yield one line along the bottom; narrow sheets squeeze it together."""
    if not chance(rng, _SHARES.footer):
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
    left, top, right, bottom = (max(part, _SIZES.frame_mm) for part in paper.grid_margins_mm)
    size: Point = layout.size_mm[0] - left - right, layout.size_mm[1] - top - bottom
    return frame((left, top), size, _SIZES.frame_mm)


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
