"""Printing: draw grid and ink of a page, official or of any make."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecgpaper.page import MM_PER_INCH, LeadLayout
from ecgpaper.synth.capture.bilevel import BILEVEL_TONES
from ecgpaper.synth.print.rules import frame
from ecgpaper.synth.sample.draws import chance, jitter, uniform
from ecgpaper.synth.sample.print.blocks import official_header
from ecgpaper.synth.sample.print.layouts import official_layout
from ecgpaper.synth.sample.print.report import sample_report
from ecgpaper.synth.sample.print.typesetting import Style, onto_sheet
from ecgpaper.synth.spec.print import InkSpec, LayoutSpec, Rule, TextLine
from ecgpaper.synth.spec.sheet import PaperSpec
from ecgpaper.synth.spec.values import BLACK, WHITE, Color, Point

# The organizers' plots round the places of grid lines, but not those of traces, to whole pixels,
# and draw upright ones in the middle of these: half a pixel to the right on average. Most are
# plotted at this resolution,
_PLOT_DPI = 200.0
# the others at any, from half of it.
_ANY_DPI = (100.0, 300.0)
_USUAL_DPI_SHARE = 0.6
# Share of other pages that are such plots.
_PLOT_SHARE = 0.2
_GRID_COLORS: tuple[Color, ...] = (
    (225.0, 60.0, 60.0),
    (240.0, 120.0, 130.0),
    (200.0, 120.0, 80.0),
    (160.0, 90.0, 60.0),
    (230.0, 140.0, 60.0),
    (90.0, 130.0, 220.0),
    (80.0, 170.0, 110.0),
    (150.0, 150.0, 150.0),
    (90.0, 90.0, 90.0),
)
_INK_COLORS: tuple[Color, ...] = (
    (200.0, 25.0, 35.0),
    (25.0, 50.0, 190.0),
    (0.0, 125.0, 125.0),
    (20.0, 120.0, 40.0),
    (110.0, 40.0, 140.0),
)
# How much of its color pale ink has, and how thin its pen is.
_PALENESS = (0.4, 0.7)
_THIN_PEN_MM = (0.15, 0.25)
# Share of pages with such ink, on paper whose grid is lighter than this.
_COLORED_SHARE = 0.15
_DARK_LEVEL = 150.0
# Share of any papers whose grid is about as dark as traces.
_DARK_GRID_SHARE = 0.08
# Paper in warm, cold and green light.
_TINTS: tuple[Color, ...] = ((240.0, 205.0, 165.0), (190.0, 205.0, 235.0), (205.0, 225.0, 195.0))
# Shares of red, green and blue in gray, and the levels that a grid in black and white takes off it.
_LUMINANCE = (0.299, 0.587, 0.114)
_DARKEST_GRID = 90.0
# Width of the line around the organizers' plots.
_EDGE_MM = 0.13
# Share of worn printers with a fault.
_FAULT_SHARE = 0.2
# A dead dot leaves something of a level trace that is no finer than this.
_LEAST_PEN_MM = 0.25
# Dead dots are drawn for the tallest sheets.
_TALLEST_MM = 300.0


def sample_official_page(
    leads: LeadLayout, *, rng: np.random.Generator
) -> tuple[LayoutSpec, InkSpec, PaperSpec]:
    """Print a 3x4 page with one rhythm strip as the organizers do."""
    layout = official_layout(leads, rng=rng)
    gray = uniform(rng, 0, 45)
    name_mm = uniform(rng, 2.6, 3.0)
    ink = InkSpec(
        pen_mm=uniform(rng, 0.24, 0.38),
        pulse_feet_mm=(0.0, 0.0),
        color=(gray, gray, gray),
        separator="tick",
        separator_mm=(uniform(rng, 0.5, 0.8), uniform(rng, 6.3, 7.5)),
        name_offset_mm=(uniform(rng, 0.0, 0.5), uniform(rng, 6.3, 7.4)),
        name_height_mm=name_mm,
        name_font="sans",
        texts=_official_texts(layout, name_mm, rng) if chance(rng, 0.93) else (),
        rules=_edge(layout) if chance(rng, 0.6) else (),
    )
    level = uniform(rng, 0, 90) if chance(rng, 0.6) else 0.0
    strong = uniform(rng, 140, 255), level, level * uniform(rng, 0.8, 1.1)
    official = sample_paper(rng)
    plot_dpi = _plot_dpi(rng)
    paper = replace(
        official,
        color=WHITE,
        grid_color=strong if chance(rng, 0.7) else official.grid_color,
        small_contrast=uniform(rng, 0.12, 0.4),
        large_contrast=uniform(rng, 0.7, 1.0),
        large_mm=uniform(rng, 0.14, 0.24),
    )
    return layout, ink, _as_plot(paper, plot_dpi)


def _plot_dpi(rng: np.random.Generator) -> float:
    """Draw the resolution of a plot, and leave all other draws as they are without."""
    own = rng.spawn(1)[0]
    return _PLOT_DPI if chance(own, _USUAL_DPI_SHARE) else uniform(own, *_ANY_DPI)


def _as_plot(paper: PaperSpec, dpi: float) -> PaperSpec:
    px_mm = MM_PER_INCH / dpi
    return replace(paper, grid_origin_mm=(px_mm / 2, 0.0), plot_px_mm=px_mm)


def plotted_at(paper: PaperSpec, dpi: float) -> PaperSpec:
    """Return the paper with the pixels of its plot, if it is one, being those of a picture."""
    return paper if paper.plot_px_mm is None else _as_plot(paper, dpi)


def _edge(layout: LayoutSpec) -> tuple[Rule, ...]:
    """Draw the line around a plot, which here is the edge of the sheet."""
    width_mm, height_mm = layout.size_mm
    inside = width_mm - _EDGE_MM, height_mm - _EDGE_MM
    return frame((_EDGE_MM / 2, _EDGE_MM / 2), inside, _EDGE_MM)


def _official_texts(
    layout: LayoutSpec, name_mm: float, rng: np.random.Generator
) -> tuple[TextLine, ...]:
    """Print the header in three columns and the scale below, as on the official pages."""
    high_mm = name_mm * uniform(rng, 0.8, 1.0)
    style = Style("sans", "sans-bold", high_mm, high_mm * uniform(rng, 1.7, 1.9))
    foot_mm = layout.size_mm[1] - uniform(rng, 4.5, 6)
    speed, gain = f"{layout.scale.speed_mm_per_s:g}mm/s", f"{layout.scale.gain_mm_per_mv:g}mm/mV"
    footer = style.line(speed, 50.0, foot_mm), style.line(gain, 100.0, foot_mm)
    if not chance(rng, 0.8):
        return footer
    report = sample_report("en", rng=rng)
    header = official_header(layout, report, style, rng)
    return (*(onto_sheet(line, layout.size_mm) for line in header), *footer)


def sample_paper(rng: np.random.Generator) -> PaperSpec:
    """Draw white paper with a clear grid."""
    color = jitter(_GRID_COLORS[int(rng.integers(5))], 20, rng)
    large_contrast = uniform(rng, 0.5, 1.0)
    return PaperSpec(
        color=jitter((252.0, 250.0, 248.0), 4, rng) if chance(rng, 0.5) else WHITE,
        grid_color=color,
        small_contrast=large_contrast * uniform(rng, 0.3, 0.8),
        large_contrast=large_contrast,
        small_mm=uniform(rng, 0.08, 0.18),
        large_mm=uniform(rng, 0.15, 0.3),
        grid_origin_mm=(0.0, 0.0) if chance(rng, 0.5) else _grid_origin(rng),
    )


def vary_paper(paper: PaperSpec, rng: np.random.Generator) -> PaperSpec:
    """Draw paper of any color, with any grid or none, instead of a make's own."""
    strength = uniform(rng, 0.05, 1.0)
    small = strength * uniform(rng, 0.0, 0.9)
    look = rng.random()
    if look < 0.06:
        strength = small = 0.0
    elif look < 0.12:
        small = 0.0
    varied = replace(
        paper,
        color=jitter((245.0, 238.0, 232.0), 25, rng) if chance(rng, 0.5) else WHITE,
        grid_color=jitter(_GRID_COLORS[int(rng.integers(len(_GRID_COLORS)))], 40, rng),
        small_contrast=small,
        large_contrast=strength,
        heavy_contrast=min(1.0, strength * 1.3) if chance(rng, 0.15) else 0.0,
        small_mm=uniform(rng, 0.08, 0.25),
        large_mm=uniform(rng, 0.12, 0.45),
        dotted=chance(rng, 0.15),
        grid_origin_mm=_grid_origin(rng),
        plot_px_mm=MM_PER_INCH / _plot_dpi(rng) if chance(rng.spawn(1)[0], _PLOT_SHARE) else None,
    )
    return darken_grid(varied, rng=rng) if chance(rng, _DARK_GRID_SHARE) else varied


def _grid_origin(rng: np.random.Generator) -> Point:
    return uniform(rng, 0, 25), uniform(rng, 0, 25)


def sample_printer(
    ink: InkSpec, paper: PaperSpec, *, rng: np.random.Generator
) -> tuple[InkSpec, PaperSpec]:
    """Draw the faults of a worn printer: uneven ink, a grid broken up into dots."""
    if chance(rng, 0.5):
        ink = replace(ink, unevenness=uniform(rng, 0.05, 0.5))
    if chance(rng, 0.4):
        paper = replace(
            paper,
            halftone_mm=uniform(rng, 0.18, 0.45),
            halftone_depth=uniform(rng, 0.2, 0.9),
        )
    if chance(rng, _FAULT_SHARE):
        ink = _with_fault(ink, rng)
    return ink, paper


def _with_fault(ink: InkSpec, rng: np.random.Generator) -> InkSpec:
    """Draw ink that spreads, a second image, or dots that the head leaves out."""
    kind = rng.random()
    if kind < 0.5:
        return replace(ink, halo=uniform(rng, 0.2, 0.6), halo_mm=uniform(rng, 0.1, 0.3))
    if kind < 0.75:
        shift_mm = uniform(rng, -0.5, 0.5), uniform(rng, -0.4, 0.4)
        return replace(ink, ghost=uniform(rng, 0.1, 0.35), ghost_mm=shift_mm)
    if ink.pen_mm < _LEAST_PEN_MM:
        return ink
    heights_mm = rng.uniform(0, _TALLEST_MM, size=int(rng.integers(1, 6)))
    return replace(ink, dead_dots_mm=tuple(float(at) for at in heights_mm))


def roughen_ink(ink: InkSpec, paper: PaperSpec, rng: np.random.Generator) -> InkSpec:
    """Any pen and any ink, as long as it is darker than the grid."""
    away = np.array(paper.color) - np.array(paper.grid_color)
    grid_level = float(np.mean(np.array(paper.color) - paper.large_contrast * away))
    lightness = uniform(rng, 0, 0.55 * grid_level) if chance(rng, 0.4) else uniform(rng, 0, 30)
    color = jitter((lightness, lightness, lightness), 15, rng)
    # Dots are printed or not: lines lighter than half would be gone.
    is_even = ink.dots_per_mm is not None
    rough = replace(
        ink,
        pen_mm=float(np.exp(rng.uniform(np.log(0.15), np.log(0.8)))),
        color=color,
        text_color=color if chance(rng, 0.7) else BLACK,
        slew_fading=uniform(rng, 0, 0.6) if chance(rng, 0.5) and not is_even else 0.0,
        slew_thinning=uniform(rng, 0.1, 0.6) if chance(rng, 0.2) else 0.0,
    )
    is_dark = grid_level < _DARK_LEVEL
    if is_even or is_dark or not chance(rng, _COLORED_SHARE):
        return rough
    return color_ink(rough, pale=chance(rng, 0.3), rng=rng)


def color_ink(ink: InkSpec, *, pale: bool, rng: np.random.Generator) -> InkSpec:
    """Draw traces in a color, as monitors and plotters draw them: strong, or pale and thin."""
    color = jitter(_INK_COLORS[int(rng.integers(len(_INK_COLORS)))], 25, rng)
    if not pale:
        return replace(ink, color=color)
    share = uniform(rng, *_PALENESS)
    red, green, blue = (255 - share * (255 - part) for part in color)
    return replace(ink, color=(red, green, blue), pen_mm=uniform(rng, *_THIN_PEN_MM))


def darken_grid(paper: PaperSpec, *, rng: np.random.Generator) -> PaperSpec:
    """Draw tinted paper whose grid is about as dark as the traces."""
    red = uniform(rng, 90, 190)
    return replace(
        paper,
        color=jitter(_TINTS[int(rng.integers(len(_TINTS)))], 20, rng),
        grid_color=(red, red * uniform(rng, 0.2, 0.5), red * uniform(rng, 0.2, 0.6)),
        small_contrast=uniform(rng, 0.4, 0.75),
        large_contrast=uniform(rng, 0.8, 1.0),
    )


def print_for(ink: InkSpec, paper: PaperSpec, tone: str) -> tuple[InkSpec, PaperSpec]:
    """Print so that even a picture in black and white shows every trace.

    There, traces are black, none stands below its name, and the grid is far from black.
    """
    if tone not in BILEVEL_TONES:
        return ink, paper
    offset_mm = ink.name_offset_mm
    if offset_mm is not None and -1 < offset_mm[1] < ink.name_height_mm + 1:
        offset_mm = offset_mm[0], ink.name_height_mm + 2.0
    bold = replace(
        ink,
        color=BLACK,
        pen_mm=max(ink.pen_mm, 0.35),
        slew_fading=0.0,
        slew_thinning=0.0,
        name_offset_mm=offset_mm,
    )
    darkness = 255 - float(np.dot(_LUMINANCE, paper.grid_color))
    most = min(1.0, _DARKEST_GRID / max(darkness, 1.0))
    pale = replace(
        paper,
        small_contrast=most * paper.small_contrast,
        large_contrast=most * paper.large_contrast,
        heavy_contrast=most * paper.heavy_contrast,
    )
    return bold, pale
