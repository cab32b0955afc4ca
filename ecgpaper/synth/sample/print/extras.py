"""Extras: draw codes, logos and marks of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np

from ecgpaper.synth.print.rules import frame
from ecgpaper.synth.print.text import box_mm
from ecgpaper.synth.sample.draws import chance, uniform
from ecgpaper.synth.sample.print.typesetting import Style, header_bottom_mm
from ecgpaper.synth.spec.print import Code, LayoutSpec, Rule, TextLine
from ecgpaper.synth.spec.values import Point

_CODE_SHARE = 0.12
_LOGO_SHARE = 0.2
_TICK_MM = (0.25, 1.5)
# A header this high has room for a code.
_LEAST_ROOM_MM = 12.0
_LOGO_WORDS = ("CARDIA", "Vitalog", "ECGraph", "MEDIVOX", "Pulsar 12", "HeartLine", "KORDIS")


def sample_codes(
    layout: LayoutSpec, style: Style, texts: Sequence[TextLine], *, rng: np.random.Generator
) -> tuple[tuple[Code, ...], tuple[TextLine, ...]]:
    """Draw a barcode with its digits below, or a QR code, at the right of the header.

    There is none where it would cover texts.
    """
    room_mm = header_bottom_mm(layout)
    if not chance(rng, _CODE_SHARE) or room_mm < _LEAST_ROOM_MM:
        return (), ()
    digits, top_mm = f"{rng.integers(10**6, 10**9)}", uniform(rng, 1.5, 3)
    is_square = chance(rng, 0.5)
    side_mm = uniform(rng, 8, min(room_mm - 3, 18))
    size_mm = (side_mm, side_mm) if is_square else (uniform(rng, 32, 50), uniform(rng, 4, 8))
    corner_mm = layout.size_mm[0] - size_mm[0] - uniform(rng, 3, 12), top_mm
    foot_mm = top_mm + size_mm[1] + 1.4 * style.height_mm
    if not _is_free(corner_mm, (size_mm[0], foot_mm - top_mm), texts):
        return (), ()
    if is_square:
        return (Code("qr", f"{digits}-{rng.integers(1000)}", corner_mm, size_mm),), ()
    below = style.line(digits, corner_mm[0] + 4, foot_mm)
    return (Code("bars", digits, corner_mm, size_mm),), (below,)


def sample_logo(
    layout: LayoutSpec, style: Style, texts: Sequence[TextLine], *, rng: np.random.Generator
) -> tuple[tuple[Rule, ...], tuple[TextLine, ...]]:
    """Draw a maker's sign and name, at the lower right or the upper right, where no texts are."""
    if not chance(rng, _LOGO_SHARE):
        return (), ()
    side_mm = uniform(rng, 1.5, 2.2) * style.height_mm
    width_mm, height_mm = layout.size_mm
    at_top = header_bottom_mm(layout) > _LEAST_ROOM_MM and chance(rng, 0.7)
    foot_mm = 2 + side_mm if at_top else height_mm - uniform(rng, 2, 4)
    word = style.in_bold().line(str(rng.choice(_LOGO_WORDS)), width_mm, foot_mm - side_mm / 5)
    wide_mm = 1.5 * side_mm + box_mm(word)[2] - width_mm
    left_mm = width_mm - wide_mm - uniform(rng, 2, 12)
    if not _is_free((left_mm, foot_mm - side_mm), (wide_mm, side_mm), texts):
        return (), ()
    word = replace(word, corner_mm=(left_mm + 1.5 * side_mm, word.corner_mm[1]))
    return _sign(left_mm, foot_mm - side_mm, side_mm, rng), (word,)


def _is_free(corner_mm: Point, size_mm: Point, texts: Sequence[TextLine]) -> bool:
    """Tell whether a box stands apart from all texts."""
    low, high = np.array(corner_mm), np.array(corner_mm) + size_mm
    boxes = np.array([box_mm(line) for line in texts]).reshape(-1, 4)
    apart = (boxes[:, :2] > high) | (boxes[:, 2:] < low)
    return bool(apart.any(axis=1).all())


def _sign(
    left_mm: float, top_mm: float, side_mm: float, rng: np.random.Generator
) -> tuple[Rule, ...]:
    """Draw a square with a beat or a bar in it."""
    middle_mm, line_mm = top_mm + side_mm / 2, side_mm / 8
    xs = left_mm + side_mm * np.array([0.1, 0.35, 0.45, 0.6, 0.7, 0.9])
    ys = middle_mm + side_mm * np.array([0.0, 0.0, -0.35, 0.3, 0.0, 0.0])
    points = [(float(x), float(y)) for x, y in zip(xs, ys, strict=True)]
    beat = tuple(Rule(a, b, line_mm) for a, b in pairwise(points))
    bar = (Rule((left_mm, middle_mm), (left_mm + side_mm, middle_mm), side_mm / 3),)
    box = frame((left_mm, top_mm), (side_mm, side_mm), line_mm)
    return (*box, *(beat if chance(rng, 0.6) else bar))


def time_ticks(layout: LayoutSpec, every_s: float, foot_mm: float) -> Iterator[Rule]:
    """Yield short upright marks over the first row, that far apart, from its start to its end."""
    width_mm, high_mm = _TICK_MM
    for time_s in np.arange(0, layout.leads.duration_s + every_s / 2, every_s):
        x_mm = layout.left_mm + layout.scale.mm_from_s(float(time_s))
        if x_mm < layout.size_mm[0]:
            yield Rule((x_mm, max(foot_mm - high_mm, 0)), (x_mm, foot_mm), width_mm)
