"""Wording: the header, footer and findings that recorders print, with made-up people."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from ecgpaper.synth.spec import LayoutSpec, TextLine

_FAMILY_NAMES = (
    *("Abel", "Brandt", "Costa", "Dvorak", "Ekman", "Fabre", "Garcia", "Holm", "Ito", "Jansen"),
    *("Keller", "Lund", "Moreau", "Novak", "Okafor", "Petrov", "Quist", "Rossi", "Sato", "Tanaka"),
)
_GIVEN_NAMES = ("Ada", "Ben", "Clara", "David", "Elsa", "Frank", "Greta", "Hugo", "Ines", "Jonas")
_FINDINGS = (
    *("Sinus rhythm", "Normal ECG", "Abnormal ECG", "Sinus bradycardia", "Sinus tachycardia"),
    *("Atrial fibrillation", "Left axis deviation", "Right bundle branch block", "Unconfirmed"),
    *("Nonspecific T wave abnormality", "Left ventricular hypertrophy", "Possible old infarct"),
    *("Borderline ECG", "Poor data quality", "First degree AV block", "Low voltage"),
)


def sample_texts(
    layout: LayoutSpec, font: str, *, rng: np.random.Generator
) -> tuple[TextLine, ...]:
    """Draw what is printed above and below the traces.

    Parameters
    ----------
    layout : LayoutSpec
        The header goes above its first row, the footer below its last.
    font : str
        Font of the lead names; most recorders have one font for all.
    rng : numpy.random.Generator
    """
    height_mm = float(rng.uniform(1.7, 2.9))
    stroke_mm = height_mm * float(rng.uniform(0.08, 0.14))
    style = (height_mm, font, stroke_mm)
    header = _header(layout, style, rng) if rng.random() < 0.75 else ()
    footer = _footer(layout, style, rng) if rng.random() < 0.85 else ()
    return (*header, *footer)


def official_texts(layout: LayoutSpec, *, rng: np.random.Generator) -> tuple[TextLine, ...]:
    """Print the header in three columns and the scale below, as on the official pages."""
    height_mm, pitch_mm = float(rng.uniform(1.8, 2.3)), float(rng.uniform(3.8, 4.6))
    style = (height_mm, "sans", height_mm * 0.12)
    lines = _official_columns(rng)
    header = [
        TextLine(text, (left_mm, 4.0 + row * pitch_mm), *style)
        for left_mm, column in zip((1.5, 77.0, 152.0), lines, strict=True)
        for row, text in enumerate(column)
    ]
    foot_mm = layout.size_mm[1] - float(rng.uniform(4.5, 6))
    speed, gain = f"{layout.scale.speed_mm_per_s:g}mm/s", f"{layout.scale.gain_mm_per_mv:g}mm/mV"
    footer = [
        TextLine(text, (left_mm, foot_mm), *style)
        for left_mm, text in ((50.0, speed), (100.0, gain))
    ]
    return (*(header if rng.random() < 0.8 else ()), *footer)


def _official_columns(rng: np.random.Generator) -> tuple[list[str], list[str], list[str]]:
    day, month, year = rng.integers(1, 29), rng.integers(1, 13), rng.integers(1984, 2002)
    clock = f"{rng.integers(24):02d}:{rng.integers(60):02d}:{rng.integers(60):02d}"
    return (
        [
            f"ID: {rng.integers(1, 22000):05d}_hr",
            f"Age: {rng.integers(18, 95)} yrs",
            f"Sex: {rng.choice(['Male', 'Female'])}",
        ],
        ["Name:", f"Height: {rng.integers(145, 200)}"],
        [f"Date: {year}-{month:02d}-{day:02d}, {clock}", f"Weight: {rng.integers(42, 130)} Kgs"],
    )


def _header(
    layout: LayoutSpec, style: tuple[float, str, float], rng: np.random.Generator
) -> Iterator[TextLine]:
    """Columns of lines from the top of the sheet, as far down as the first row allows."""
    pitch_mm = style[0] * float(rng.uniform(1.4, 2.0))
    room_mm = layout.baselines_mm[0] - 12.0
    columns = [_person(rng), _measurements(rng), _findings(rng)]
    order = rng.permutation(len(columns))[: int(rng.integers(1, 4))]
    left_mm = float(rng.uniform(2, 20))
    for index in sorted(order):
        top_mm = style[0] + float(rng.uniform(1.5, 6))
        for line, text in enumerate(columns[index]):
            if top_mm + line * pitch_mm < room_mm:
                yield TextLine(text, (left_mm, top_mm + line * pitch_mm), *style)
        left_mm += float(rng.uniform(50, 95))


def _footer(
    layout: LayoutSpec, style: tuple[float, str, float], rng: np.random.Generator
) -> Iterator[TextLine]:
    speed, gain = f"{layout.scale.speed_mm_per_s:g}", f"{layout.scale.gain_mm_per_mv:g}"
    blank = " " if rng.random() < 0.4 else ""
    texts = [f"{speed}{blank}mm/s{'ec' if blank else ''}", f"{gain}{blank}mm/mV"]
    if rng.random() < 0.5:
        texts.append(f"{rng.choice(['0.05', '0.15', '0.5'])}-{rng.choice([35, 40, 100, 150])} Hz")
    if rng.random() < 0.3:
        texts.append(f"{rng.choice(['F', '~'])} {rng.choice([50, 60])}~")
    bottom_mm = layout.size_mm[1] - float(rng.uniform(1.5, 7))
    left_mm = float(rng.uniform(4, 70))
    for text in texts:
        yield TextLine(text, (left_mm, bottom_mm), *style)
        left_mm += style[0] * len(text) + float(rng.uniform(2, 40))


def _person(rng: np.random.Generator) -> list[str]:
    name = f"{rng.choice(_FAMILY_NAMES)}, {rng.choice(_GIVEN_NAMES)}"
    day, month, year = rng.integers(1, 29), rng.integers(1, 13), rng.integers(1985, 2025)
    clock = f"{rng.integers(24):02d}:{rng.integers(60):02d}:{rng.integers(60):02d}"
    lines = [
        f"ID: {rng.integers(10**4, 10**8)}",
        f"Name: {name if rng.random() < 0.6 else ''}",
        f"Date: {year}-{month:02d}-{day:02d}, {clock}",
        f"Age: {rng.integers(18, 95)} yrs",
        f"Sex: {rng.choice(['Male', 'Female'])}",
        f"Height: {rng.integers(145, 200)}",
        f"Weight: {rng.integers(42, 130)} kg",
    ]
    first = int(rng.integers(2))
    return lines[first : first + int(rng.integers(2, 8))]


def _measurements(rng: np.random.Generator) -> list[str]:
    lines = [
        f"Vent. rate  {rng.integers(42, 150)} bpm",
        f"PR interval  {rng.integers(110, 230)} ms",
        f"QRS duration  {rng.integers(70, 160)} ms",
        f"QT/QTc  {rng.integers(320, 460)}/{rng.integers(380, 500)} ms",
        f"P-R-T axes  {rng.integers(-20, 80)} {rng.integers(-60, 110)} {rng.integers(-20, 90)}",
    ]
    return lines[: int(rng.integers(2, 6))]


def _findings(rng: np.random.Generator) -> list[str]:
    return [str(text) for text in rng.choice(_FINDINGS, size=int(rng.integers(1, 5)))]
