"""The organizers' own look: a plot of one layout, with ticks between columns and bold pulses.

Public: `sample_official_page`, `sample_paper`, `sample_plot_dpi`, `sample_grid_origin`,
 `plotted_at`, `GRID_COLORS`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecgpaper.page import MM_PER_INCH, LeadLayout
from ecgpaper.synth.print.rules import frame
from ecgpaper.synth.sample.draws import chance, jitter, uniform
from ecgpaper.synth.sample.print.blocks import official_header
from ecgpaper.synth.sample.print.layouts import official_layout
from ecgpaper.synth.sample.print.report import sample_report
from ecgpaper.synth.sample.print.typesetting import Style, onto_sheet
from ecgpaper.synth.spec.print import InkSpec, LayoutSpec, Rule, TextLine
from ecgpaper.synth.spec.sheet import PaperSpec
from ecgpaper.synth.spec.values import WHITE, Color, Point

# The organizers' plots round the places of grid lines, but not those of traces, to whole pixels,
# and draw upright ones in the middle of these: half a pixel to the right on average. Most are
# plotted at this resolution,
_PLOT_DPI = 200.0
# the others at any, from half of it.
_ANY_DPI = (100.0, 300.0)
_USUAL_DPI_SHARE = 0.6
# Their pulses are drawn half as wide again as the traces, and hide where these begin: the last
# stroke stands there or a few samples later.
_OFFICIAL_PULSE_PENS = (1.4, 1.6)
_PULSE_LATE_MM = (0.0, 0.15)
# Width of the line around the organizers' plots.
_EDGE_MM = 0.13
GRID_COLORS: tuple[Color, ...] = (
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
    # Their own draws leave those that follow as they were without.
    own = rng.spawn(1)[0]
    plot_dpi = sample_plot_dpi(own)
    ink = replace(ink, pulse_pens=uniform(own, *_OFFICIAL_PULSE_PENS))
    if layout.pulse_left_mm is not None:
        late_mm = uniform(own, *_PULSE_LATE_MM)
        layout = replace(layout, pulse_left_mm=layout.pulse_left_mm + late_mm)
    paper = replace(
        official,
        color=WHITE,
        grid_color=strong if chance(rng, 0.7) else official.grid_color,
        small_contrast=uniform(rng, 0.12, 0.4),
        large_contrast=uniform(rng, 0.7, 1.0),
        large_mm=uniform(rng, 0.14, 0.24),
    )
    return layout, ink, _as_plot(paper, plot_dpi)


def sample_plot_dpi(rng: np.random.Generator) -> float:
    """Draw the resolution of a plot."""
    return _PLOT_DPI if chance(rng, _USUAL_DPI_SHARE) else uniform(rng, *_ANY_DPI)


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
    color = jitter(GRID_COLORS[int(rng.integers(5))], 20, rng)
    large_contrast = uniform(rng, 0.5, 1.0)
    return PaperSpec(
        color=jitter((252.0, 250.0, 248.0), 4, rng) if chance(rng, 0.5) else WHITE,
        grid_color=color,
        small_contrast=large_contrast * uniform(rng, 0.3, 0.8),
        large_contrast=large_contrast,
        small_mm=uniform(rng, 0.08, 0.18),
        large_mm=uniform(rng, 0.15, 0.3),
        grid_origin_mm=(0.0, 0.0) if chance(rng, 0.5) else sample_grid_origin(rng),
    )


def sample_grid_origin(rng: np.random.Generator) -> Point:
    """Draw where a line of the grid stands, from the corner of the sheet."""
    return uniform(rng, 0, 25), uniform(rng, 0, 25)
