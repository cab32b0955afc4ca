"""Separators: the marks between two columns of leads.

Public: `SEPARATORS`, `separator_rules`.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from ecgpaper.page import PageLayout, Strip
from ecgpaper.synth.spec.print import InkSpec, Rule

# Upper and lower ends of the upright parts of a mark, as shares of its height.
_UPRIGHT = {
    "tick": ((-0.5, 0.5),),
    "above": ((-0.5, 0.0),),
    "pair": ((-0.5, -0.2), (0.2, 0.5)),
    "dashes": tuple((0.25 * step - 0.5, 0.25 * step - 0.35) for step in range(5)),
}
# "line" runs dashed through all rows; "ends" close each strip, "colon" stands above the first row
# alone, "step" is a small stair, "arrow" points down at the change.
SEPARATORS = ("none", *_UPRIGHT, "line", "ends", "colon", "step", "arrow")
# Of a dashed line.
_DASH_MM = 0.5


def separator_rules(layout: PageLayout, spec: InkSpec) -> Iterator[Rule]:
    """Yield the lines of all separators."""
    if spec.separator == "none":
        return
    if spec.separator not in SEPARATORS:
        raise ValueError(
            f"separator must be one of {', '.join(SEPARATORS)}; got {spec.separator!r}"
        )
    rows = [row for row in layout.rows() if len(row) > 1]
    if spec.separator in {"line", "colon"}:
        yield from _over_rows(layout, rows, spec)
        return
    for row in rows:
        for before, after in pairwise(row):
            yield from _mark(before.right_mm(layout.scale), after, spec)


def _mark(left_mm: float, strip: Strip, spec: InkSpec) -> Iterator[Rule]:
    """Draw the mark between the end of one strip and the start of the next."""
    (width, height), at_mm = spec.separator_mm, strip.baseline_mm
    middle_mm = (left_mm + strip.left_mm) / 2
    if spec.separator in _UPRIGHT:
        for upper, lower in _UPRIGHT[spec.separator]:
            yield _upright(middle_mm, at_mm + upper * height, at_mm + lower * height, width)
    elif spec.separator == "ends":
        # Closer than a pen's width they would be one.
        apart_mm = max(strip.left_mm - left_mm, 1.5 * width)
        for x_mm in (middle_mm - apart_mm / 2, middle_mm + apart_mm / 2):
            yield _upright(x_mm, at_mm - height / 2, at_mm + height / 2, width)
    elif spec.separator == "step":
        tread_mm = height / 3
        yield _upright(middle_mm, at_mm - height, at_mm - height / 2, width)
        for end_mm, rise in ((-tread_mm, 1.0), (tread_mm, 0.5)):
            y_mm = at_mm - rise * height
            yield Rule((middle_mm, y_mm), (middle_mm + end_mm, y_mm), width)
    else:
        foot_mm, head_mm = at_mm - height, height / 4
        yield _upright(middle_mm, foot_mm - height, foot_mm, width)
        for side_mm in (-head_mm, head_mm):
            yield Rule((middle_mm + side_mm, foot_mm - head_mm), (middle_mm, foot_mm), width)


def _over_rows(layout: PageLayout, rows: list[tuple[Strip, ...]], spec: InkSpec) -> Iterator[Rule]:
    """Draw marks that belong to all rows at once."""
    if not rows:
        return
    width, height = spec.separator_mm
    top_mm = max(rows[0][0].baseline_mm - height, 0.5)
    bottom_mm = min(rows[-1][0].baseline_mm + height, layout.size_mm[1] - 0.5)
    for before, after in pairwise(rows[0]):
        x_mm = (before.right_mm(layout.scale) + after.left_mm) / 2
        if spec.separator == "line":
            yield Rule((x_mm, top_mm), (x_mm, bottom_mm), width, _DASH_MM)
        else:
            for y_mm in (top_mm, top_mm + 3 * width):
                yield _upright(x_mm, y_mm, y_mm + width, width)


def _upright(x_mm: float, top_mm: float, bottom_mm: float, width_mm: float) -> Rule:
    return Rule((x_mm, top_mm), (x_mm, bottom_mm), width_mm)
