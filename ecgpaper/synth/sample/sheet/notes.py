"""Draw notes on a page: writing, rings, arrows, highlights, stamps, blacked out names."""

from __future__ import annotations

import numpy as np

from ecgpaper.synth.sample.draws import chance, jitter, uniform
from ecgpaper.synth.spec.print import LayoutSpec
from ecgpaper.synth.spec.sheet import Note
from ecgpaper.synth.spec.values import Color

_PENS: tuple[Color, ...] = (
    (35.0, 45.0, 130.0),
    (30.0, 60.0, 160.0),
    (30.0, 30.0, 35.0),
    (180.0, 40.0, 45.0),
    (30.0, 110.0, 60.0),
)
_PENCIL: Color = (85.0, 85.0, 90.0)
_HIGHLIGHTERS: tuple[Color, ...] = (
    (255.0, 245.0, 70.0),
    (150.0, 250.0, 110.0),
    (255.0, 150.0, 200.0),
    (255.0, 190.0, 90.0),
    (130.0, 225.0, 250.0),
)
_STAMP_INKS: tuple[Color, ...] = (
    (60.0, 50.0, 150.0),
    (170.0, 45.0, 60.0),
    (40.0, 40.0, 45.0),
    (30.0, 100.0, 80.0),
)
_PHRASES = (
    *("ECG 1", "ECG 2", "EKG", "ok", "o.k.", "AF", "AF new", "AFib?", "RBBB", "RBBB?", "LBBB"),
    *("LBBB old", "LVH", "LVH?", "SR", "sinus", "SR, no change", "NSR", "VES", "PVC's", "old MI"),
    *("inf. MI?", "ant. STEMI", "ST \N{UPWARDS ARROW} V2-V4", "ST \N{DOWNWARDS ARROW}", "T neg."),
    *(
        "QTc!",
        "AV block I",
        "AV II",
        "1st degree block",
        "pacemaker",
        "PM",
        "chest pain",
        "dyspnea",
    ),
    *("syncope", "palpitations", "pre-op", "pre op", "post PCI", "follow up", "control", "repeat"),
    *("repeat in 1 h", "no change", "as before", "cf. old ECG", "K+ 5,9", "Trop neg.", "tired"),
    *("poss. arrhythmia", "seen", "copy", "file", "cardio", "\N{RIGHTWARDS ARROW} cardio"),
    *(
        "echo?",
        "Holter",
        "ward 4",
        "ER",
        "CCU",
        "bed 12",
        "normal",
        "n. a. d.",
        "artefact",
        "?",
        "!",
    ),
    *("not urgent", "urgent!", "thanks", "pls review", "bpm irreg.", "during pain", "pain free"),
    *("after rest", "exercise", "supine", "lead V3 off?", "electrodes?", "wandering baseline"),
)
_NAMES = ("Weber", "Novak", "Klein", "Rossi", "Miller", "Sato", "Costa", "Berg", "Lind", "Moreau")
_STAMPS = (
    *("RECEIVED", "COPY", "SEEN", "FILED", "CHECKED", "ORIGINAL", "CARDIOLOGY", "ECG DEPARTMENT"),
    *("EMERGENCY", "SCANNED", "INTERNAL MEDICINE", "REPORTED", "CONFIRMED", "FINAL"),
)
_HEAD_KINDS = ("writing", "signature", "stamp", "tick")
_KINDS = (
    *("writing", "signature", "ring", "line", "arrow", "underline", "bracket", "tick", "cross"),
    *("scribble", "stamp", "highlight"),
)
_SHARES = (0.42, 0.08, 0.09, 0.03, 0.06, 0.06, 0.06, 0.04, 0.02, 0.03, 0.05, 0.06)
# Box of each kind, in mm: least and most width, and height over width.
_SIZES: dict[str, tuple[float, float, float, float]] = {
    "signature": (22, 45, 0.3, 0.5),
    "ring": (8, 28, 0.6, 1.2),
    "line": (10, 50, 0.04, 0.06),
    "arrow": (8, 30, 0.12, 0.25),
    "underline": (10, 40, 0.08, 0.12),
    "bracket": (4, 18, 0.3, 0.7),
    "tick": (4, 9, 0.9, 1.3),
    "cross": (4, 10, 0.8, 1.2),
    "scribble": (15, 40, 0.12, 0.25),
    "stamp": (24, 50, 0.25, 0.5),
    "highlight": (15, 60, 0.1, 0.25),
}
# A line of writing is this many times as wide as it is high, per letter.
_LETTER_ASPECT = 0.62
_MM_BESIDE_TRACE = 15.0


def sample_notes(layout: LayoutSpec, *, rng: np.random.Generator) -> tuple[Note, ...]:
    """Draw a few marks of one hand, most of the writing above the first row."""
    tool = str(rng.choice(["ball", "felt", "pencil", "chisel"], p=[0.55, 0.2, 0.15, 0.1]))
    color = jitter(_PENCIL if tool == "pencil" else _PENS[int(rng.integers(len(_PENS)))], 20, rng)
    stroke_mm = uniform(rng, 0.2, 0.45) if tool in ("ball", "pencil") else uniform(rng, 0.4, 1.0)
    pen = Note("writing", (0.0, 0.0), (1.0, 1.0), color=color, stroke_mm=stroke_mm, tool=tool)
    notes = [_note(layout, pen, rng) for _ in range(int(rng.integers(1, 5)))]
    if chance(rng, 0.3):
        notes.append(_redaction(layout, rng))
    return tuple(notes)


def _note(layout: LayoutSpec, pen: Note, rng: np.random.Generator) -> Note:
    kind = str(rng.choice(_KINDS, p=_SHARES))
    text = _text(kind, rng)
    size_mm = _size_mm(kind, text, rng)
    color, stroke_mm = pen.color, pen.stroke_mm
    if kind == "highlight":
        color = jitter(_HIGHLIGHTERS[int(rng.integers(len(_HIGHLIGHTERS)))], 12, rng)
        stroke_mm = uniform(rng, 3, 5)
    elif kind == "stamp":
        color = jitter(_STAMP_INKS[int(rng.integers(len(_STAMP_INKS)))], 20, rng)
    return Note(
        kind,
        at_mm=_place_mm(kind, layout, size_mm, rng),
        size_mm=size_mm,
        angle_deg=uniform(rng, 0, 360) if kind == "arrow" else uniform(rng, -9, 9),
        color=color,
        stroke_mm=stroke_mm,
        seed=int(rng.integers(1 << 31)),
        text=text,
        tool="ball" if kind in ("stamp", "highlight") else pen.tool,
    )


def _size_mm(kind: str, text: str, rng: np.random.Generator) -> tuple[float, float]:
    if kind == "writing":
        lines = text.split("\n")
        letter_mm = uniform(rng, 3.5, 8)
        longest = max(len(line) for line in lines) + 1
        return letter_mm * _LETTER_ASPECT * longest, letter_mm * (1 + 1.2 * (len(lines) - 1))
    least, most, low, high = _SIZES[kind]
    width_mm = uniform(rng, least, most)
    return width_mm, width_mm * uniform(rng, low, high)


def _place_mm(
    kind: str, layout: LayoutSpec, size_mm: tuple[float, float], rng: np.random.Generator
) -> tuple[float, float]:
    """Choose a place in the header, or anywhere for marks that point at beats."""
    width_mm, height_mm = layout.size_mm
    head_mm = max(layout.baselines_mm[0] - _MM_BESIDE_TRACE, 9.0)
    in_head = kind in _HEAD_KINDS and chance(rng, 0.75)
    low_mm = size_mm[1] if kind in ("writing", "signature") else 3.0
    high_mm = head_mm if in_head else height_mm - 5
    x_mm = uniform(rng, 4, max(width_mm - size_mm[0] - 4, 5))
    return x_mm, uniform(rng, min(low_mm, high_mm - 1), high_mm)


def _text(kind: str, rng: np.random.Generator) -> str:
    if kind == "stamp":
        first = str(rng.choice(_STAMPS))
        return first if chance(rng, 0.4) else f"{first}\n{_date(rng)}"
    if kind != "writing":
        return ""
    lines = [_phrase(rng) for _ in range(1 if chance(rng, 0.75) else 2)]
    return "\n".join(lines)


def _phrase(rng: np.random.Generator) -> str:
    kind = rng.random()
    if kind < 0.62:
        return str(rng.choice(_PHRASES))
    age, systolic = int(rng.integers(18, 96)), int(rng.integers(95, 190))
    clock = f"{rng.integers(0, 24)}:{rng.integers(0, 60):02d}"
    others = (
        f"Dr. {rng.choice(_NAMES)}",
        f"{age} y",
        f"{age} y {rng.choice(['m', 'f'])}",
        f"{systolic}/{int(rng.integers(50, 105))}",
        f"RR {systolic}/{int(rng.integers(50, 105))}",
        f"HR {int(rng.integers(40, 150))}",
        _date(rng),
        clock,
        f"{_date(rng)} {clock}",
        f"{rng.choice(_NAMES)} \N{CHECK MARK}",
        f"QTc {int(rng.integers(380, 530))}",
    )
    return str(others[int(rng.integers(len(others)))])


def _date(rng: np.random.Generator) -> str:
    day, month, year = rng.integers(1, 29), rng.integers(1, 13), rng.integers(2, 26)
    separator = str(rng.choice([".", "/", "-"]))
    return f"{day}{separator}{month}{separator}{year:02d}"


def _redaction(layout: LayoutSpec, rng: np.random.Generator) -> Note:
    """Hide part of the header, on paper or on a computer."""
    kind = str(rng.choice(["box", "marker", "white-out"], p=[0.5, 0.35, 0.15]))
    room_mm = max(layout.baselines_mm[0] - _MM_BESIDE_TRACE, 6.0)
    height_mm = min(uniform(rng, 3, 9), room_mm)
    at_mm = uniform(rng, 0, layout.size_mm[0] / 2), uniform(rng, 0, max(room_mm - height_mm, 0.1))
    shade = uniform(rng, 240, 254) if kind == "white-out" else uniform(rng, 0, 25)
    if kind == "box":
        shade = 255.0 if chance(rng, 0.25) else 0.0
    return Note(
        kind,
        at_mm,
        (uniform(rng, 20, 60), height_mm),
        angle_deg=0.0 if kind == "box" else uniform(rng, -2, 2),
        color=(shade, shade, shade),
        stroke_mm=uniform(rng, 2, 6),
        seed=int(rng.integers(1 << 31)),
    )
