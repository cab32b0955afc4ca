"""Printing: draw layout, grid and ink of a page, official or of any make."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecgpaper.ecg import CABRERA_ORDER, STANDARD_ORDER
from ecgpaper.page import PULSE_S, LeadLayout
from ecgpaper.synth.sample.draws import chance, jitter, uniform
from ecgpaper.synth.spec import BLACK, WHITE, Color, InkSpec, LayoutSpec, PaperSpec, Point
from ecgpaper.synth.wording import official_texts, sample_texts

LETTER_MM = (279.4, 215.9)
A4_MM = (297.0, 210.0)
# Where the organisers' own generator puts the four rows of a 3x4 page with one rhythm strip.
_OFFICIAL_BASELINES_MM = (89.7, 125.8, 161.8, 195.4)
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


def sample_layout(
    base: LeadLayout, rng: np.random.Generator, scale: Point = (25.0, 10.0), seconds: float = 10.0
) -> LayoutSpec:
    """Place the rows of a layout on letter paper."""
    size_mm = LETTER_MM
    # The official pages keep the upper part of the sheet for the header.
    header_mm = uniform(rng, 12, 75 if base.n_rows < 6 else 25)
    room_mm = size_mm[1] - header_mm - uniform(rng, 8, 20)
    pitch_mm = min(room_mm / base.n_rows, uniform(rng, 28, 42))
    first_mm = header_mm + pitch_mm / 2
    has_pulse = chance(rng, 0.8)
    width_mm = scale[0] * seconds
    spare_mm = size_mm[0] - width_mm
    left_mm = uniform(rng, min(9.0, spare_mm / 2) if has_pulse else 2.0, max(spare_mm - 3, 3))
    return LayoutSpec(
        name=base.name,
        rows=base.rows,
        rhythm=base.rhythm,
        size_mm=size_mm,
        left_mm=left_mm,
        baselines_mm=tuple(first_mm + pitch_mm * row for row in range(base.n_rows)),
        duration_s=seconds,
        speed_mm_per_s=scale[0],
        gain_mm_per_mv=scale[1],
        pulse_left_mm=left_mm - PULSE_S * scale[0] - uniform(rng, 0, 2) if has_pulse else None,
    )


def sample_wild_layout(base: LeadLayout, rng: np.random.Generator) -> LayoutSpec:
    """Place the rows anywhere, on any sheet or crop of one, at any scale."""
    speed_mm_per_s = 50.0 if chance(rng, 0.08) else 25.0
    gain_mm_per_mv = float(rng.choice([10.0, 5.0, 20.0], p=[0.86, 0.09, 0.05]))
    seconds = 10.0 if speed_mm_per_s < 50 else 5.0
    spec = sample_layout(base, rng, (speed_mm_per_s, gain_mm_per_mv), seconds)
    spec = _vary_leads(spec, rng)
    gap_mm = uniform(rng, 0.5, 4) if chance(rng, 0.15) else 0.0
    if chance(rng, 0.5):
        spec = _crop(spec, rng)
    elif chance(rng, 0.4):
        spec = replace(spec, size_mm=A4_MM)
    width_mm = spec.speed_mm_per_s * spec.duration_s + gap_mm * (len(spec.rows[0]) - 1)
    end_mm = spec.left_mm + width_mm + uniform(rng, 0.5, 8)
    if spec.pulse_left_mm is not None and chance(rng, 0.2):
        spec = replace(spec, pulse_left_mm=spec.left_mm + width_mm + 1.5)
        end_mm += 6.0
    size_mm = (max(spec.size_mm[0], end_mm), spec.size_mm[1])
    return replace(spec, column_gap_mm=gap_mm, size_mm=size_mm)


def _vary_leads(spec: LayoutSpec, rng: np.random.Generator) -> LayoutSpec:
    """Now and then another rhythm lead, or Cabrera's order with -aVR."""
    if spec.rhythm and chance(rng, 0.3):
        leads = rng.choice(STANDARD_ORDER, size=len(spec.rhythm), replace=False)
        spec = replace(spec, rhythm=tuple(str(lead) for lead in leads))
    if set(STANDARD_ORDER) == {lead for row in spec.rows for lead in row} and chance(rng, 0.08):
        n_rows = len(spec.rows)
        rows = tuple(CABRERA_ORDER[row::n_rows] for row in range(n_rows))
        spec = replace(spec, rows=rows, inverted=("aVR",))
    return spec


def _crop(spec: LayoutSpec, rng: np.random.Generator) -> LayoutSpec:
    """Cut the sheet close to the rows, as people crop pictures."""
    top_mm = max(spec.baselines_mm[0] - uniform(rng, 8, 30), 0.0)
    bottom_mm = spec.baselines_mm[-1] + uniform(rng, 5, 25)
    baselines_mm = tuple(at - top_mm for at in spec.baselines_mm)
    return replace(spec, baselines_mm=baselines_mm, size_mm=(spec.size_mm[0], bottom_mm - top_mm))


def sample_official_page(
    base: LeadLayout, *, rng: np.random.Generator
) -> tuple[LayoutSpec, InkSpec, PaperSpec]:
    """Print a 3x4 page with one rhythm strip as the organisers do, give or take a millimetre."""
    down_mm, left_mm = uniform(rng, -1.5, 1.5), 15 + uniform(rng, -1, 1)
    has_pulse = chance(rng, 0.85)
    layout = LayoutSpec(
        name=base.name,
        rows=base.rows,
        rhythm=base.rhythm,
        size_mm=LETTER_MM,
        left_mm=left_mm,
        baselines_mm=tuple(at + down_mm for at in _OFFICIAL_BASELINES_MM),
        pulse_left_mm=left_mm - PULSE_S * 25 if has_pulse else None,
    )
    gray = uniform(rng, 0, 55)
    ink = InkSpec(
        pen_mm=uniform(rng, 0.22, 0.36),
        color=(gray, gray, gray),
        separator="tick",
        separator_mm=(uniform(rng, 0.5, 0.8), uniform(rng, 6, 8)),
        name_offset_mm=(uniform(rng, 0.3, 1.0), uniform(rng, 6, 8)),
        name_height_mm=uniform(rng, 2.5, 3.0),
        name_stroke_mm=uniform(rng, 0.25, 0.36),
        name_font=int(rng.choice([0, 2])),
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
    column_mm = layout.duration_s * layout.speed_mm_per_s / len(layout.rows[0])
    pitch_mm = np.diff(layout.baselines_mm).min() if len(layout.baselines_mm) > 1 else 30.0
    separators = ["none", "tick", "tick", "pair", "dashes"] if len(layout.rows[0]) > 1 else ["none"]
    font = int(rng.choice([0, 0, 0, 2, 2, 3, 4, 5]))
    name_stroke_mm = name_mm * uniform(rng, 0.08, 0.15)
    return InkSpec(
        pen_mm=uniform(rng, 0.2, 0.45),
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
