"""Draw objects on a sheet: staples, clips, labels, slips and tape, away from the traces."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ecgpaper.synth.sample.draws import chance, jitter, uniform
from ecgpaper.synth.spec.print import LayoutSpec
from ecgpaper.synth.spec.sheet import PaperObject
from ecgpaper.synth.spec.values import Color, Point

_KINDS = ("staple", "staple-holes", "clip", "label", "barcode", "sticky-note", "tape")
_SHARES = (0.24, 0.18, 0.12, 0.14, 0.12, 0.06, 0.14)
# Through these the page is seen.
_CLEAR = ("staple-holes", "tape")
# Traces reach this far from their baseline, and objects may hide this share of them.
_TRACE_MM = 9.0
_MOST_HIDDEN = 0.05
_TRIES = 12
_SLIPS: tuple[Color, ...] = (
    (252.0, 238.0, 120.0),
    (250.0, 170.0, 190.0),
    (170.0, 230.0, 170.0),
    (160.0, 210.0, 245.0),
)
_SURNAMES = ("TESTER", "SAMPLE", "EXEMPLAR", "MUSTER", "DEMO", "PROBST", "NEMO", "DOE", "ROE")
_GIVEN = ("Anna", "John", "Maria", "Peter", "Eva", "Paul", "Lena", "Jan", "Rosa", "Max")
_REMARKS = (
    *("call back", "discuss!", "for Dr. Berg", "copy to GP", "repeat ECG\ntomorrow", "see p. 2"),
    *("ask about\nmedication", "old ECG?", "urgent", "file"),
)


def sample_objects(
    layout: LayoutSpec, probability: float, *, rng: np.random.Generator
) -> tuple[PaperObject, ...]:
    """Draw, in that share of all pages, one to three objects that hide little of the traces."""
    if not chance(rng, probability):
        return ()
    objects: list[PaperObject] = []
    hidden = 0.0
    for _ in range(int(rng.choice([1, 2, 3], p=[0.65, 0.25, 0.1]))):
        item = _object(str(rng.choice(_KINDS, p=_SHARES)), layout.size_mm, rng)
        for _ in range(_TRIES):
            share = hidden_share(item, layout)
            if hidden + share <= _MOST_HIDDEN:
                objects.append(item)
                hidden += share
                break
            item = replace(item, at_mm=_anywhere(item.size_mm, layout.size_mm, rng))
    return tuple(objects)


def hidden_share(item: PaperObject, layout: LayoutSpec) -> float:
    """Return about how much of all rows an object hides, as a share."""
    if item.kind in _CLEAR:
        return 0.0
    angle = np.deg2rad(item.angle_deg)
    turned = np.abs([[np.cos(angle), np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    half = turned @ np.array(item.size_mm) / 2
    left = max(item.at_mm[0] - half[0], layout.left_mm)
    right = min(item.at_mm[0] + half[0], layout.size_mm[0])
    near = np.abs(np.array(layout.baselines_mm) - item.at_mm[1]) < half[1] + _TRACE_MM
    long_mm = layout.size_mm[0] - layout.left_mm
    return float(near.sum() / len(near) * max(right - left, 0.0) / long_mm)


def _object(kind: str, size_mm: Point, rng: np.random.Generator) -> PaperObject:
    if kind == "tape":
        return _tape(size_mm, rng)
    item = _BASIC[kind]
    gray = uniform(rng, 175, 230)
    if kind in ("staple", "staple-holes"):
        at_mm = uniform(rng, 6, 16), uniform(rng, 6, 16)
        if chance(rng, 0.2):
            at_mm = size_mm[0] - at_mm[0], at_mm[1]
        angle_deg = float(rng.choice([-45.0, 0.0, 90.0])) + uniform(rng, -12, 12)
        return replace(item, at_mm=at_mm, angle_deg=angle_deg, color=(gray, gray, gray + 4))
    if kind == "clip":
        # Half of it is behind the sheet.
        at_mm = size_mm[0] * uniform(rng, 0.08, 0.92), uniform(rng, 3, 10)
        color = jitter((gray, gray, gray), 8, rng)
        if chance(rng, 0.25):
            color = jitter((190.0, 60.0, 60.0), 60, rng)
        return replace(item, at_mm=at_mm, angle_deg=uniform(rng, -8, 8), color=color)
    wide = item.size_mm[0] * uniform(rng, 0.75, 1.25)
    high = item.size_mm[1] * uniform(rng, 0.75, 1.25)
    if kind == "sticky-note":
        wide = high = uniform(rng, 38, 62)
        item = replace(item, color=jitter(_SLIPS[int(rng.integers(len(_SLIPS)))], 8, rng))
    at_mm = uniform(rng, wide / 2, size_mm[0] - wide / 2), uniform(rng, high / 2, 20 + high / 2)
    text = {"label": _identity, "barcode": _number, "sticky-note": _remark}[kind](rng)
    return replace(
        item, at_mm=at_mm, size_mm=(wide, high), angle_deg=uniform(rng, -5, 5), text=text
    )


_BASIC = {
    "staple": PaperObject("staple", (0.0, 0.0), (12.0, 0.7)),
    "staple-holes": PaperObject("staple-holes", (0.0, 0.0), (12.0, 1.0)),
    "clip": PaperObject("clip", (0.0, 0.0), (8.0, 30.0)),
    "label": PaperObject("label", (0.0, 0.0), (52.0, 21.0), color=(249.0, 249.0, 245.0)),
    "barcode": PaperObject("barcode", (0.0, 0.0), (40.0, 15.0), color=(250.0, 250.0, 250.0)),
    "sticky-note": PaperObject("sticky-note", (0.0, 0.0), (50.0, 50.0)),
}


def _tape(size_mm: Point, rng: np.random.Generator) -> PaperObject:
    """Stick tape across the upper or lower edge, or somewhere to mend the sheet."""
    clear = chance(rng, 0.8)
    at_mm = uniform(rng, 15, size_mm[0] - 15), float(rng.choice([3.0, size_mm[1] - 3.0]))
    if clear and chance(rng, 0.4):
        at_mm = _anywhere((40.0, 20.0), size_mm, rng)
    aged = uniform(rng, 0, 1)
    color = (245.0 - 20 * aged, 238.0 - 40 * aged, 215.0 - 90 * aged)
    return PaperObject(
        "tape" if clear else "masking-tape",
        at_mm,
        (uniform(rng, 22, 60), float(rng.choice([12.0, 15.0, 19.0]))),
        angle_deg=float(rng.choice([0.0, 90.0])) + uniform(rng, -12, 12),
        color=color if clear else jitter((222.0, 200.0, 150.0), 12, rng),
    )


def _anywhere(size_mm: Point, page_mm: Point, rng: np.random.Generator) -> Point:
    low = size_mm[0] / 2, size_mm[1] / 2
    return (
        uniform(rng, low[0], max(page_mm[0] - low[0], low[0] + 1)),
        uniform(rng, low[1], max(page_mm[1] - low[1], low[1] + 1)),
    )


def _identity(rng: np.random.Generator) -> str:
    name = f"{rng.choice(_SURNAMES)}, {rng.choice(_GIVEN)}"
    born = f"*{rng.integers(1, 29):02d}.{rng.integers(1, 13):02d}.{rng.integers(1926, 2004)}"
    return f"{name}\n{born}  {rng.choice(['m', 'f'])}\nWard {rng.integers(1, 9)}   {_number(rng)}"


def _number(rng: np.random.Generator) -> str:
    return str(rng.integers(10**7, 10**9))


def _remark(rng: np.random.Generator) -> str:
    return str(rng.choice(_REMARKS))
