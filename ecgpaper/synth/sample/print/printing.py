"""Printing: vary the grid and the ink of a page of any make."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecgpaper.page import MM_PER_INCH
from ecgpaper.synth.capture.bilevel import BILEVEL_TONES
from ecgpaper.synth.sample.draws import chance, jitter, uniform
from ecgpaper.synth.sample.print.official import (
    GRID_COLORS,
    sample_grid_origin,
    sample_plot_dpi,
)
from ecgpaper.synth.spec.print import InkSpec
from ecgpaper.synth.spec.sheet import PaperSpec
from ecgpaper.synth.spec.values import BLACK, WHITE, Color

_INK_COLORS: tuple[Color, ...] = (
    (200.0, 25.0, 35.0),
    (25.0, 50.0, 190.0),
    (0.0, 125.0, 125.0),
    (20.0, 120.0, 40.0),
    (110.0, 40.0, 140.0),
)
# Paper in warm, cold and green light.
_TINTS: tuple[Color, ...] = ((240.0, 205.0, 165.0), (190.0, 205.0, 235.0), (205.0, 225.0, 195.0))
# Shares of red, green and blue in gray.
_LUMINANCE = (0.299, 0.587, 0.114)


@dataclass(frozen=True, slots=True)
class PrintShares:
    """How often something is printed."""

    # Share of other pages that are plots, as those of the organizers are.
    plot: float = 0.2
    # Share of pages with colored ink, on paper whose grid is light.
    colored: float = 0.15
    # Share of any papers whose grid is about as dark as traces.
    dark_grid: float = 0.08
    # Share of makes whose pulses are bolder than the traces.
    bold_pulse: float = 0.2
    # Share of worn printers with a fault.
    fault: float = 0.2


_SHARES = PrintShares()


@dataclass(frozen=True, slots=True)
class PrintLimits:
    """How pale, dark, thin and bold print is."""

    # How much of its color pale ink has,
    paleness: tuple[float, float] = (0.4, 0.7)
    # and how thin its pen is.
    thin_pen_mm: tuple[float, float] = (0.15, 0.25)
    # Colored ink is printed where the level of the grid is not below this.
    dark_level: float = 150.0
    # The levels that a grid in black and white takes off the paper, at most.
    darkest_grid: float = 90.0
    # By how much the pulses of some makes are bolder than the traces.
    bold_pulse_pens: tuple[float, float] = (1.1, 1.8)
    # A dead dot leaves something of a level trace that is no finer than this.
    least_pen_mm: float = 0.25
    # Dead dots are drawn for the tallest sheets.
    tallest_mm: float = 300.0


_LIMITS = PrintLimits()


def vary_paper(paper: PaperSpec, rng: np.random.Generator) -> PaperSpec:
    """Draw paper of any color, with any grid or none, instead of a make's own."""
    strength = uniform(rng, 0.05, 1.0)
    small = strength * uniform(rng, 0.0, 0.9)
    own = rng.spawn(1)[0]
    look = rng.random()
    if look < 0.06:
        strength = small = 0.0
    elif look < 0.12:
        small = 0.0
    varied = replace(
        paper,
        color=jitter((245.0, 238.0, 232.0), 25, rng) if chance(rng, 0.5) else WHITE,
        grid_color=jitter(GRID_COLORS[int(rng.integers(len(GRID_COLORS)))], 40, rng),
        small_contrast=small,
        large_contrast=strength,
        heavy_contrast=min(1.0, strength * 1.3) if chance(rng, 0.15) else 0.0,
        small_mm=uniform(rng, 0.08, 0.25),
        large_mm=uniform(rng, 0.12, 0.45),
        dotted=chance(rng, 0.15),
        grid_origin_mm=sample_grid_origin(rng),
        plot_px_mm=MM_PER_INCH / sample_plot_dpi(own) if chance(own, _SHARES.plot) else None,
    )
    return darken_grid(varied, rng=rng) if chance(rng, _SHARES.dark_grid) else varied


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
    if chance(rng, _SHARES.fault):
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
    if ink.pen_mm < _LIMITS.least_pen_mm:
        return ink
    heights_mm = rng.uniform(0, _LIMITS.tallest_mm, size=int(rng.integers(1, 6)))
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
        pulse_pens=_pulse_pens(ink, rng),
        color=color,
        text_color=color if chance(rng, 0.7) else BLACK,
        slew_fading=uniform(rng, 0, 0.6) if chance(rng, 0.5) and not is_even else 0.0,
        slew_thinning=uniform(rng, 0.1, 0.6) if chance(rng, 0.2) else 0.0,
    )
    is_dark = grid_level < _LIMITS.dark_level
    if is_even or is_dark or not chance(rng, _SHARES.colored):
        return rough
    return color_ink(rough, pale=chance(rng, 0.3), rng=rng)


def _pulse_pens(ink: InkSpec, rng: np.random.Generator) -> float:
    return (
        uniform(rng, *_LIMITS.bold_pulse_pens)
        if chance(rng, _SHARES.bold_pulse)
        else ink.pulse_pens
    )


def color_ink(ink: InkSpec, *, pale: bool, rng: np.random.Generator) -> InkSpec:
    """Draw traces in a color, as monitors and plotters draw them: strong, or pale and thin."""
    color = jitter(_INK_COLORS[int(rng.integers(len(_INK_COLORS)))], 25, rng)
    if not pale:
        return replace(ink, color=color)
    share = uniform(rng, *_LIMITS.paleness)
    red, green, blue = (255 - share * (255 - part) for part in color)
    return replace(ink, color=(red, green, blue), pen_mm=uniform(rng, *_LIMITS.thin_pen_mm))


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
    most = min(1.0, _LIMITS.darkest_grid / max(darkness, 1.0))
    pale = replace(
        paper,
        small_contrast=most * paper.small_contrast,
        large_contrast=most * paper.large_contrast,
        heavy_contrast=most * paper.heavy_contrast,
    )
    return bold, pale
