"""Looks: draw whose recorder prints a page, and the page as it prints it.

Public: `sample_look`.
"""

from __future__ import annotations

import numpy as np

from ecgpaper.synth.sample import blocks
from ecgpaper.synth.sample.draws import chance, uniform
from ecgpaper.synth.sample.makes import MAKES, Make, sample_make_page
from ecgpaper.synth.separators import SEPARATORS
from ecgpaper.synth.spec import Color, InkSpec, LayoutSpec, PaperSpec
from ecgpaper.synth.text import FONTS, STROKE_FONTS

# Share of pages by one of the makes; the rest look like nothing that is known.
_MAKE_SHARE = 0.65
_GRID_COLORS: tuple[Color, ...] = (
    *((225.0, 60.0, 60.0), (240.0, 120.0, 130.0), (200.0, 120.0, 80.0), (160.0, 90.0, 60.0)),
    *((230.0, 140.0, 60.0), (120.0, 150.0, 220.0)),
)


def sample_look(
    layout: LayoutSpec, *, rng: np.random.Generator
) -> tuple[LayoutSpec, InkSpec, PaperSpec]:
    """Print a page as one of the makes of recorders does, or as none does."""
    make = MAKES[str(rng.choice(list(MAKES)))] if chance(rng, _MAKE_SHARE) else sample_make(rng=rng)
    return sample_make_page(make, layout, rng=rng)


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
