"""Draws: the small throws of dice that all sampling is made of."""

from __future__ import annotations

import numpy as np

from ecgpaper.synth.spec.values import Color


def uniform(rng: np.random.Generator, low: float, high: float) -> float:
    """Draw a float between two bounds."""
    return float(rng.uniform(low, high))


def chance(rng: np.random.Generator, probability: float) -> bool:
    """Throw a coin."""
    return bool(rng.random() < probability)


def jitter(color: Color, spread: float, rng: np.random.Generator) -> Color:
    """Draw a color near another."""
    red, green, blue = (float(part) for part in np.clip(rng.normal(color, spread / 2), 0, 255))
    return red, green, blue
