"""Kinds: pages as people hand them over, each with one thing that the presets do not draw.

Public: `KINDS`, `HANDLED`, `sample_kind`.

A kind is printed and handled as the presets do, ``clean``, ``scan-color`` or ``photo``, and changed
in that one thing. ``wild`` draws the same leads, inks, papers and poses among all others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from ecgpaper.page import LAYOUTS, SIX_LEADS, LeadLayout, PaperScale
from ecgpaper.synth.sample.capture.cameras import sample_turned_photo
from ecgpaper.synth.sample.draws import chance, uniform
from ecgpaper.synth.sample.page import FEW_SAMPLES_HZ, sample_spec
from ecgpaper.synth.sample.print.layouts import sample_continued, sample_one_lead
from ecgpaper.synth.sample.print.printing import color_ink, darken_grid
from ecgpaper.synth.sample.sheet.relief import sample_deteriorated_relief
from ecgpaper.synth.sample.window import in_window
from ecgpaper.synth.spec.capture import ScannerSpec
from ecgpaper.synth.spec.page import PageSpec

HANDLED = ("clean", "scan-color", "photo")
_RHYTHM_LEADS = ("II", "V1", "V2", "V5")
_FAST = PaperScale(speed_mm_per_s=50.0)
# Resolutions at which a stroke of the pen is less than a pixel wide.
_FEW_DPI = (45.0, 65.0)
# How far a cut goes beyond where the rows begin or end, in mm; negative for paper that is left.
_CUT_MM = (-3.0, 5.0)


def sample_kind(kind: str, *, rng: np.random.Generator) -> PageSpec:
    """Draw the spec of one page of a kind.

    Parameters
    ----------
    kind : str
        One of `KINDS`.
    rng : numpy.random.Generator

    Raises
    ------
    KeyError
        If there is no such kind.
    """
    return KINDS[kind](rng)


def _page(
    rng: np.random.Generator, leads: LeadLayout | str | None = None, scale: PaperScale | None = None
) -> PageSpec:
    return sample_spec(str(rng.choice(HANDLED)), rng=rng, layout=leads, scale=scale)


def _six_leads(rng: np.random.Generator) -> PageSpec:
    scale = _FAST if chance(rng, 0.5) else None
    return _page(rng, LAYOUTS[str(rng.choice(SIX_LEADS))], scale)


def _one_lead(rng: np.random.Generator) -> PageSpec:
    leads = sample_one_lead(rng=rng)
    return _page(rng, leads, _FAST if chance(rng, 0.3) else None)


def _continued(rng: np.random.Generator) -> PageSpec:
    return _page(rng, sample_continued(rng=rng))


def _rhythm_strips(rng: np.random.Generator) -> PageSpec:
    chosen = [str(lead) for lead in rng.permutation(_RHYTHM_LEADS)[: int(rng.integers(1, 4))]]
    return _page(rng, LAYOUTS["3x4"].with_rhythm(tuple(chosen)))


def _colored_ink(rng: np.random.Generator) -> PageSpec:
    page = _page(rng)
    return replace(page, ink=color_ink(page.ink, pale=False, rng=rng))


def _pale_ink(rng: np.random.Generator) -> PageSpec:
    page = _page(rng)
    return replace(page, ink=color_ink(page.ink, pale=True, rng=rng))


def _dark_grid(rng: np.random.Generator) -> PageSpec:
    page = sample_spec(str(rng.choice(["scan-color", "photo"])), rng=rng)
    relief = sample_deteriorated_relief(page.layout.size_mm, rng=rng)
    paper = replace(darken_grid(page.paper, rng=rng), relief=relief)
    return replace(page, paper=paper)


def _turned(rng: np.random.Generator) -> PageSpec:
    page = sample_spec("photo", rng=rng)
    return replace(page, camera=sample_turned_photo(page.layout.size_mm, rng=rng))


def _pulses_in_rows(rng: np.random.Generator) -> PageSpec:
    layout = str(rng.choice(["3x4", "6x2", "12x1"]))
    page = _page(rng, layout)
    room_mm = page.layout.scale.mm_from_s(page.ink.pulse_s + page.ink.pulse_slant_s)
    room_mm += sum(page.ink.pulse_feet_mm) + uniform(rng, 1, 3)
    n_gaps = page.layout.leads.n_columns - 1
    wide_mm = page.layout.size_mm[0] + room_mm * (n_gaps + 1)
    left_mm = page.layout.left_mm + room_mm
    place = replace(
        page.layout,
        left_mm=left_mm,
        column_gap_mm=room_mm,
        pulse_left_mm=left_mm - room_mm + page.ink.pulse_feet_mm[0] + 0.5,
        size_mm=(wide_mm, page.layout.size_mm[1]),
    )
    ink = replace(page.ink, pulse_columns=True, pulse_rows=None, separator="none")
    return replace(page, layout=place, ink=ink)


def _few_pixels(rng: np.random.Generator) -> PageSpec:
    page = sample_spec("clean", rng=rng)
    quality = int(rng.integers(60, 96))
    camera = replace(page.camera, dpi=uniform(rng, *_FEW_DPI), jpeg_quality=quality)
    return replace(page, camera=camera)


def _cut_sides(rng: np.random.Generator) -> PageSpec:
    page = sample_spec("scan-color", rng=rng)
    place = page.layout
    row_mm = place.scale.mm_from_s(place.leads.duration_s)
    right_mm = place.size_mm[0] - place.left_mm - row_mm
    beyond_mm = uniform(rng, *_CUT_MM)
    left, right = (place.left_mm + beyond_mm, 0.0) if chance(rng, 0.5) else (0.0, right_mm)
    scanner = ScannerSpec(bed_mm=(-left, 0.0, -right - (beyond_mm if right else 0.0), 0.0))
    return replace(page, camera=replace(page.camera, scanner=scanner))


def _few_samples(rng: np.random.Generator) -> PageSpec:
    page = _page(rng)
    return replace(page, layout=replace(page.layout, drawn_from_hz=FEW_SAMPLES_HZ))


def _no_grid(rng: np.random.Generator) -> PageSpec:
    page = sample_spec(str(rng.choice(["scan-bw", "scan-color"])), rng=rng)
    paper = replace(page.paper, small_contrast=0.0, large_contrast=0.0, heavy_contrast=0.0)
    return replace(page, paper=paper)


def _furniture(rng: np.random.Generator) -> PageSpec:
    page = in_window(sample_spec("clean", rng=rng), rng=rng)
    return replace(page, camera=replace(page.camera, dpi=uniform(rng, 75, 130)))


KINDS: dict[str, Callable[[np.random.Generator], PageSpec]] = {
    "six-leads": _six_leads,
    "one-lead": _one_lead,
    "one-lead-rows": _continued,
    "rhythm-strips": _rhythm_strips,
    "colored-ink": _colored_ink,
    "pale-ink": _pale_ink,
    "dark-grid": _dark_grid,
    "turned": _turned,
    "pulses-in-rows": _pulses_in_rows,
    "few-pixels": _few_pixels,
    "cut-sides": _cut_sides,
    "furniture": _furniture,
    "few-samples": _few_samples,
    "no-grid": _no_grid,
}
