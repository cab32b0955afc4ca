"""Lighting: draw lamps, shadows, reflections, and things held over the sheet."""

from __future__ import annotations

import numpy as np

from ecgpaper.ecg import FloatArray
from ecgpaper.synth.sample.capture.framing import Framing
from ecgpaper.synth.sample.draws import chance, jitter, uniform
from ecgpaper.synth.spec.scene import Glare, Shadow, Thing
from ecgpaper.synth.spec.values import Color, Point

_SKINS: tuple[Color, ...] = (
    *((226.0, 178.0, 152.0), (205.0, 152.0, 122.0), (176.0, 122.0, 92.0)),
    *((135.0, 88.0, 64.0), (92.0, 60.0, 46.0)),
)
_CLIPS: tuple[Color, ...] = ((60.0, 60.0, 64.0), (150.0, 150.0, 155.0), (40.0, 60.0, 120.0))
_PENS: tuple[Color, ...] = ((30.0, 50.0, 140.0), (25.0, 25.0, 28.0), (190.0, 190.0, 195.0))
# A finger whose root would be seen lying on the table is none.
_LONGEST_FINGER_MM = 75.0


def sample_tint(rng: np.random.Generator, low: float, high: float) -> Color:
    """Draw exposure and white balance: white paper gets gray, a little blue or yellow."""
    exposure = uniform(rng, low, high)
    warmth, green = uniform(rng, -0.09, 0.09), uniform(rng, -0.02, 0.02)
    return exposure * (1 + warmth), exposure * (1 + green), exposure * (1 - warmth)


def sample_shadows(rng: np.random.Generator) -> tuple[Shadow, ...]:
    """Draw shadows of things between the lamps and the sheet."""
    number = int(rng.choice([0, 1, 2], p=[0.45, 0.4, 0.15]))
    return tuple(_shadow(rng) for _ in range(number))


def _shadow(rng: np.random.Generator) -> Shadow:
    outline = str(rng.choice(["edge", "phone", "head", "hand"], p=[0.45, 0.2, 0.2, 0.15]))
    is_edge = outline == "edge"
    return Shadow(
        outline,
        at=(uniform(rng, 0, 1), uniform(rng, 0.05, 0.95)),
        size=uniform(rng, 0.3, 0.8),
        angle_deg=uniform(rng, 0, 360) if is_edge else uniform(rng, -50, 50),
        strength=uniform(rng, 0.06, 0.34),
        softness=uniform(rng, 0.004, 0.06) if is_edge else uniform(rng, 0.015, 0.06),
        warmth=uniform(rng, -0.12, 0.12) if chance(rng, 0.5) else 0.0,
    )


def sample_paper_glare(rng: np.random.Generator) -> tuple[Glare, ...]:
    """Draw reflections in paper: faint and blurred; stronger on thermal paper."""
    shape = str(rng.choice(["flash", "window", "lamp"], p=[0.5, 0.25, 0.25]))
    return (
        Glare(
            shape,
            at=(uniform(rng, 0.05, 0.95), uniform(rng, 0.05, 0.95)),
            size=uniform(rng, 0.2, 0.7),
            angle_deg=uniform(rng, -40, 40),
            strength=uniform(rng, 0.08, 0.35),
            softness=uniform(rng, 0.03, 0.07),
        ),
    )


def sample_screen_glare(rng: np.random.Generator) -> tuple[Glare, ...]:
    """Draw reflections in a monitor: windows, lamps, the room and its viewer."""
    glares = []
    if chance(rng, 0.45):
        at = uniform(rng, 0.3, 0.7), uniform(rng, 0.4, 0.8)
        strength, size = uniform(rng, 0.03, 0.12), uniform(rng, 0.5, 1.0)
        glares.append(Glare("room", at, size, 0.0, strength, uniform(rng, 0.01, 0.05)))
    if chance(rng, 0.45):
        glares.append(
            Glare(
                str(rng.choice(["window", "lamp", "flash"])),
                at=(uniform(rng, 0, 1), uniform(rng, 0, 1)),
                size=uniform(rng, 0.15, 0.6),
                angle_deg=uniform(rng, -25, 25) + (90.0 if chance(rng, 0.3) else 0.0),
                strength=uniform(rng, 0.06, 0.3),
                softness=uniform(rng, 0.004, 0.03),
            )
        )
    return tuple(glares)


def sample_things(framing: Framing, *, rng: np.random.Generator) -> tuple[Thing, ...]:
    """Draw a finger, a clip or a pen that reaches over an edge of the sheet, or nothing."""
    kind = str(rng.choice(["finger", "clip", "pen"], p=[0.55, 0.2, 0.25]))
    side, along = int(rng.integers(4)), uniform(rng, 0.08, 0.92)
    edge, inward = _edge_point(side, along)
    long_px = max(framing.photo_px)
    pixels = np.array(framing.photo_px[::-1])
    at_px, inner_px = (
        framing.frame_from_sheet(point) * pixels for point in (edge, edge + 0.1 * inward)
    )
    out = (at_px - inner_px) / np.hypot(*(at_px - inner_px))
    per_mm = framing.px_per_mm
    reach_mm = {"finger": (4, 13), "clip": (7, 11), "pen": (-4, 8)}[kind]
    tip = (at_px - out * uniform(rng, *reach_mm) * per_mm) / pixels
    if kind == "finger" and not _leaves(tip, out / pixels * _LONGEST_FINGER_MM * per_mm):
        return ()
    length_mm, width_mm, spread_deg, colors = {
        "finger": (300.0, uniform(rng, 14, 21), 25.0, _SKINS),
        "clip": (uniform(rng, 18, 30), uniform(rng, 18, 50), 4.0, _CLIPS),
        "pen": (uniform(rng, 130, 150), uniform(rng, 7, 11), 65.0, _PENS),
    }[kind]
    angle_deg = float(np.rad2deg(np.arctan2(out[1], out[0]))) + uniform(rng, -1, 1) * spread_deg
    color = jitter(colors[int(rng.integers(len(colors)))], 16, rng)
    shares = length_mm * per_mm / long_px, width_mm * per_mm / long_px
    return (Thing(kind, (float(tip[0]), float(tip[1])), angle_deg, *shares, color),)


def _edge_point(side: int, along: float) -> tuple[FloatArray, FloatArray]:
    """Return a point of an edge, in shares of the sheet, and the direction inwards."""
    point = {0: (0.0, along), 1: (along, 0.0), 2: (1.0, along), 3: (along, 1.0)}[side]
    inward = {0: (1, 0), 1: (0, 1), 2: (-1, 0), 3: (0, -1)}[side]
    return np.array(point), np.array(inward, dtype=np.float64)


def _leaves(tip: FloatArray, way: FloatArray) -> bool:
    end: Point = (float(tip[0] + way[0]), float(tip[1] + way[1]))
    return not (0 <= end[0] <= 1 and 0 <= end[1] <= 1)
