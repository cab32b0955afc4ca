"""Draw what people write on a page: notes, rings, arrows, stamps, and blacked out names."""

from __future__ import annotations

import numpy as np

from ecgpaper.synth.notes import Note
from ecgpaper.synth.sample.draws import chance, jitter, uniform
from ecgpaper.synth.spec import Color, LayoutSpec

_PENS: tuple[Color, ...] = (
    (35.0, 45.0, 130.0),
    (30.0, 30.0, 35.0),
    (180.0, 40.0, 45.0),
    (90.0, 90.0, 95.0),
)


def sample_notes(layout: LayoutSpec, *, rng: np.random.Generator) -> tuple[Note, ...]:
    """Draw a few marks, most of them above the first row."""
    pen = jitter(_PENS[int(rng.integers(len(_PENS)))], 20, rng)
    notes = [_note(layout, pen, rng) for _ in range(int(rng.integers(1, 5)))]
    if chance(rng, 0.3):
        notes.append(_redaction(layout, rng))
    return tuple(notes)


def _note(layout: LayoutSpec, pen: Color, rng: np.random.Generator) -> Note:
    kind = str(rng.choice(["writing", "ring", "line", "stamp"], p=[0.6, 0.15, 0.15, 0.1]))
    width_mm, height_mm = layout.size_mm
    low, high = {"writing": (15, 70), "ring": (10, 25), "line": (8, 40), "stamp": (25, 45)}[kind]
    length_mm = uniform(rng, low, high)
    tall_mm = {"writing": uniform(rng, 3, 7), "line": 3.0, "stamp": length_mm * 0.35}
    head_mm = max(layout.baselines_mm[0] - 15, 8.0)
    anywhere = kind in {"ring", "line"} or chance(rng, 0.2)
    return Note(
        kind,
        at_mm=(uniform(rng, 5, width_mm - 30), uniform(rng, 6, height_mm if anywhere else head_mm)),
        size_mm=(length_mm, tall_mm.get(kind, length_mm * uniform(rng, 0.6, 1.2))),
        angle_deg=uniform(rng, -12, 12) if kind != "line" else uniform(rng, 0, 360),
        color=pen,
        stroke_mm=uniform(rng, 0.25, 0.7),
        seed=int(rng.integers(1 << 31)),
    )


def _redaction(layout: LayoutSpec, rng: np.random.Generator) -> Note:
    """Black out part of the header."""
    at_mm = uniform(rng, 0, layout.size_mm[0] / 2), uniform(rng, 0, 6)
    return Note("box", at_mm, (uniform(rng, 20, 60), uniform(rng, 3, 9)), color=(0.0, 0.0, 0.0))
