"""Printing: draw grid and ink of a page, official or of any make."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecgpaper.page import LeadLayout
from ecgpaper.synth.bilevel import BILEVEL_TONES
from ecgpaper.synth.sample.draws import chance, jitter, uniform
from ecgpaper.synth.sample.layouts import official_layout
from ecgpaper.synth.spec import BLACK, WHITE, Color, InkSpec, LayoutSpec, PaperSpec, Point
from ecgpaper.synth.text import FONTS, STROKE_FONTS
from ecgpaper.synth.wording import official_texts, sample_texts

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


def sample_official_page(
    leads: LeadLayout, *, rng: np.random.Generator
) -> tuple[LayoutSpec, InkSpec, PaperSpec]:
    """Print a 3x4 page with one rhythm strip as the organisers do."""
    layout = official_layout(leads, rng=rng)
    gray = uniform(rng, 0, 55)
    ink = InkSpec(
        pen_mm=uniform(rng, 0.22, 0.36),
        color=(gray, gray, gray),
        separator="tick",
        separator_mm=(uniform(rng, 0.5, 0.8), uniform(rng, 6, 8)),
        name_offset_mm=(uniform(rng, 0.3, 1.0), uniform(rng, 6, 8)),
        name_height_mm=uniform(rng, 2.5, 3.0),
        name_stroke_mm=uniform(rng, 0.25, 0.36),
        name_font="sans",
        texts=official_texts(layout, rng=rng) if chance(rng, 0.85) else (),
    )
    level = uniform(rng, 30, 90)
    dark = uniform(rng, 140, 235), level, level * uniform(rng, 0.8, 1.1)
    official = sample_paper(rng)
    paper = replace(
        official,
        color=WHITE,
        grid_color=dark if chance(rng, 0.7) else official.grid_color,
        small_contrast=uniform(rng, 0.15, 0.4),
        large_contrast=uniform(rng, 0.7, 1.0),
        large_mm=uniform(rng, 0.14, 0.24),
        grid_origin_mm=(0.0, 0.0),
    )
    return layout, ink, paper


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


def sample_wild_paper(rng: np.random.Generator) -> PaperSpec:
    """Draw paper of any colour, with any grid or none."""
    spec = sample_paper(rng)
    strength = uniform(rng, 0.05, 1.0)
    small = strength * uniform(rng, 0.0, 0.9)
    look = rng.random()
    if look < 0.06:
        strength = small = 0.0
    elif look < 0.12:
        small = 0.0
    tint = jitter((245.0, 238.0, 232.0), 25, rng) if chance(rng, 0.5) else WHITE
    return replace(
        spec,
        color=tint,
        grid_color=jitter(_GRID_COLORS[int(rng.integers(len(_GRID_COLORS)))], 40, rng),
        small_contrast=small,
        large_contrast=strength,
        heavy_contrast=min(1.0, strength * 1.3) if chance(rng, 0.15) else 0.0,
        small_mm=uniform(rng, 0.08, 0.25),
        large_mm=uniform(rng, 0.12, 0.45),
        dotted=chance(rng, 0.15),
        grid_origin_mm=_grid_origin(rng),
        grid_margins_mm=_grid_margins(rng) if chance(rng, 0.25) else (0.0, 0.0, 0.0, 0.0),
    )


def _grid_origin(rng: np.random.Generator) -> Point:
    return uniform(rng, 0, 25), uniform(rng, 0, 25)


def _grid_margins(rng: np.random.Generator) -> tuple[float, float, float, float]:
    side_mm = uniform(rng, 0, 6)
    return side_mm, uniform(rng, 0, 25), side_mm, uniform(rng, 0, 10)


def sample_ink(layout: LayoutSpec, rng: np.random.Generator) -> InkSpec:
    """Draw a printer: pen, names, separators, header and footer."""
    name_mm = uniform(rng, 2.0, 3.6)
    column_mm = layout.scale.mm_from_s(layout.leads.column_s)
    pitch_mm = np.diff(layout.baselines_mm).min() if len(layout.baselines_mm) > 1 else 30.0
    separators = (
        ["none", "tick", "tick", "pair", "dashes"] if layout.leads.n_columns > 1 else ["none"]
    )
    font = str(rng.choice([*FONTS, *STROKE_FONTS]))
    name_stroke_mm = name_mm * uniform(rng, 0.08, 0.15)
    n_rows = len(layout.baselines_mm)
    return InkSpec(
        pen_mm=uniform(rng, 0.2, 0.45),
        pulse_rows=(int(rng.integers(n_rows)),) if chance(rng, 0.15) else None,
        color=jitter((15.0, 15.0, 15.0), 20, rng),
        separator=str(rng.choice(separators)),
        separator_mm=(uniform(rng, 0.3, 0.9), uniform(rng, 4, 12)),
        name_offset_mm=_name_offset(name_mm, min(column_mm, 60.0), float(pitch_mm), rng),
        name_height_mm=name_mm,
        name_stroke_mm=name_stroke_mm,
        name_font=font,
        names_upper=chance(rng, 0.15),
        texts=sample_texts(layout, font, rng=rng),
    )


def _name_offset(
    name_mm: float, column_mm: float, pitch_mm: float, rng: np.random.Generator
) -> Point:
    """Below, above or on the start of the trace."""
    reach_mm = min(pitch_mm / 2, 10.0)
    place = rng.random()
    if place < 0.5:
        return uniform(rng, 0.3, 2), name_mm + uniform(rng, 0.2, max(reach_mm - name_mm, 0.5))
    if place < 0.9:
        return uniform(rng, 0.3, 0.05 * column_mm), -uniform(rng, 1.5, max(reach_mm, 2))
    return uniform(rng, -1, 2), uniform(rng, 0, name_mm)


def sample_printer(
    ink: InkSpec, paper: PaperSpec, *, rng: np.random.Generator
) -> tuple[InkSpec, PaperSpec]:
    """Draw what a worn printer makes of a page: uneven ink, a grid broken up into dots."""
    if chance(rng, 0.5):
        ink = replace(ink, unevenness=uniform(rng, 0.05, 0.5))
    if chance(rng, 0.4):
        paper = replace(
            paper,
            halftone_mm=uniform(rng, 0.18, 0.45),
            halftone_depth=uniform(rng, 0.2, 0.9),
        )
    return ink, paper


def roughen_ink(ink: InkSpec, paper: PaperSpec, rng: np.random.Generator) -> InkSpec:
    """Any pen and any ink, as long as it is darker than the grid."""
    away = np.array(paper.color) - np.array(paper.grid_color)
    grid_level = float(np.mean(np.array(paper.color) - paper.large_contrast * away))
    lightness = uniform(rng, 0, 0.55 * grid_level) if chance(rng, 0.4) else uniform(rng, 0, 30)
    color = jitter((lightness, lightness, lightness), 15, rng)
    if chance(rng, 0.1):
        color = jitter((30.0, 30.0, 130.0), 40, rng)
    return replace(
        ink,
        pen_mm=float(np.exp(rng.uniform(np.log(0.15), np.log(0.8)))),
        color=color,
        text_color=color if chance(rng, 0.7) else BLACK,
        slew_fading=uniform(rng, 0, 0.6) if chance(rng, 0.5) else 0.0,
        name_offset_mm=None if chance(rng, 0.05) else ink.name_offset_mm,
    )


def ink_for(ink: InkSpec, tone: str) -> InkSpec:
    """Print so that even a picture in black and white shows every trace, and none below a name."""
    if tone not in BILEVEL_TONES:
        return ink
    offset_mm = ink.name_offset_mm
    if offset_mm is not None and -1 < offset_mm[1] < ink.name_height_mm + 1:
        offset_mm = offset_mm[0], ink.name_height_mm + 2.0
    return replace(
        ink,
        color=BLACK,
        pen_mm=max(ink.pen_mm, 0.3),
        slew_fading=0.0,
        slew_thinning=0.0,
        name_offset_mm=offset_mm,
    )
