"""Window: a page in the window of a program that shows it, with bars beside it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecgpaper.synth.sample.draws import uniform
from ecgpaper.synth.spec.page import PageSpec
from ecgpaper.synth.spec.print import LayoutSpec, Rule
from ecgpaper.synth.spec.values import Point

# Width of the bars, in mm of the page.
_BAR_MM = (6.0, 30.0)


def in_window(page: PageSpec, *, rng: np.random.Generator) -> PageSpec:
    """Draw a bar above a page, and another at its left; what is printed moves by their widths."""
    beside_mm, above_mm = uniform(rng, *_BAR_MM), uniform(rng, *_BAR_MM)
    place, ink, paper = _moved_layout(page.layout, (beside_mm, above_mm)), page.ink, page.paper
    wide_mm, high_mm = place.size_mm
    bars = (
        Rule((0.0, above_mm / 2), (wide_mm, above_mm / 2), above_mm),
        Rule((beside_mm / 2, 0.0), (beside_mm / 2, high_mm), beside_mm),
    )
    texts = tuple(
        replace(line, corner_mm=(line.corner_mm[0] + beside_mm, line.corner_mm[1] + above_mm))
        for line in ink.texts
    )
    left, top, right, bottom = paper.grid_margins_mm
    return replace(
        page,
        layout=place,
        # Logos and codes stay out: they are made of rules at places of their own.
        ink=replace(ink, texts=texts, rules=bars, codes=()),
        paper=replace(
            paper, grid_margins_mm=(left + beside_mm, top + above_mm, right, bottom), objects=()
        ),
    )


def _moved_layout(place: LayoutSpec, by_mm: Point) -> LayoutSpec:
    right_mm, down_mm = by_mm
    (wide_mm, high_mm), pulse_mm = place.size_mm, place.pulse_left_mm
    return replace(
        place,
        size_mm=(wide_mm + right_mm, high_mm + down_mm),
        left_mm=place.left_mm + right_mm,
        baselines_mm=tuple(at + down_mm for at in place.baselines_mm),
        pulse_left_mm=None if pulse_mm is None else pulse_mm + right_mm,
    )
