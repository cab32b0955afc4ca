"""Layouts: draw which leads a page shows, where they stand, and the size of the sheet."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecgpaper.ecg import STANDARD_ORDER
from ecgpaper.page import LAYOUTS, PULSE_S, LeadLayout, PaperScale
from ecgpaper.synth.sample.draws import chance, uniform
from ecgpaper.synth.spec.print import LayoutSpec
from ecgpaper.synth.spec.values import Point

# How often each layout is drawn for training.
_SHARES = {
    "3x4+1R": 0.24,
    "3x4": 0.1,
    "3x4+2R": 0.05,
    "3x4+3R": 0.09,
    "6x2": 0.11,
    "6x2+1R": 0.08,
    "12x1": 0.1,
    "4x3": 0.02,
    "1x1": 0.03,
    "3x4+1R-cabrera": 0.03,
    "6x2-cabrera": 0.02,
    "12x1-cabrera": 0.02,
    "3x4+1R-simultaneous": 0.03,
    "6x2-simultaneous": 0.02,
    "6x1-limb": 0.02,
    "6x1-precordial": 0.02,
    "1x1-continued": 0.02,
}
_OTHER_RHYTHM = 0.3
# Time that rows of one lead show together: that of a record.
_RECORD_S = 10.0
# Share of pages of several columns that have a pulse before each of these.
_PULSES_IN_ROWS_SHARE = 0.04


@dataclass(frozen=True, slots=True)
class LayoutSizes:
    """Sizes of sheets, and where rows stand on them."""

    # Letter paper, landscape,
    letter_mm: Point = (279.4, 215.9)
    # and A4.
    a4_mm: Point = (297.0, 210.0)
    # Widths of the rolls of thermal recorders; a page of one is as long as it has to be.
    rolls_mm: tuple[float, ...] = (110.0, 130.0, 210.0, 215.0)
    # Where the organizers' own generator puts the four rows of a 3x4 page with one rhythm strip,
    official_baselines_mm: tuple[float, ...] = (89.7, 125.8, 161.8, 195.4)
    # and where these rows begin.
    official_left_mm: float = 10.0
    # A row needs this much height,
    least_pitch_mm: float = 9.0
    # and this much paper beside it.
    least_margin_mm: float = 4.0


_SIZES = LayoutSizes()


def official_layout(leads: LeadLayout, *, rng: np.random.Generator) -> LayoutSpec:
    """Place a 3x4 page with one rhythm strip as the organizers do.

    There the traces start on a line of the grid, 10 mm from the edge, or 15 mm with a pulse. The
    heights of the rows vary by a millimeter.
    """
    down_mm, scale = uniform(rng, -1.5, 1.5), PaperScale()
    pulse_mm = scale.mm_from_s(PULSE_S) if chance(rng, 0.85) else 0.0
    left_mm = _SIZES.official_left_mm + pulse_mm
    return LayoutSpec(
        leads,
        size_mm=_SIZES.letter_mm,
        left_mm=left_mm,
        baselines_mm=tuple(at + down_mm for at in _SIZES.official_baselines_mm),
        scale=scale,
        pulse_left_mm=_SIZES.official_left_mm if pulse_mm else None,
    )


def sample_leads(*, rng: np.random.Generator) -> LeadLayout:
    """Draw one of all layouts, now and then with other rhythm leads."""
    name = str(rng.choice(list(_SHARES), p=list(_SHARES.values())))
    if name == "1x1-continued":
        return sample_continued(rng=rng)
    leads = LAYOUTS[name]
    if leads.name == "1x1":
        return sample_one_lead(rng=rng)
    if leads.rhythm and chance(rng, _OTHER_RHYTHM):
        others = rng.choice(STANDARD_ORDER, size=len(leads.rhythm), replace=False)
        leads = leads.with_rhythm(tuple(str(lead) for lead in others))
    return leads


def sample_one_lead(*, rng: np.random.Generator) -> LeadLayout:
    """Draw a strip of any of the twelve leads."""
    return replace(LAYOUTS["1x1"], rows=((str(rng.choice(STANDARD_ORDER)),),))


def sample_continued(*, rng: np.random.Generator) -> LeadLayout:
    """Draw rows of one lead, each of which goes on where the one above it ends."""
    n_rows = int(rng.integers(2, 5))
    rows = ((str(rng.choice(STANDARD_ORDER)),),) * n_rows
    name, row_s = f"{n_rows}x1-continued", _RECORD_S / n_rows
    return LeadLayout(name, rows, duration_s=row_s, is_continued=True)


def sample_scale(*, rng: np.random.Generator) -> PaperScale:
    """Draw speed and gain; most paper runs at 25 mm/s and 10 mm/mV."""
    speed_mm_per_s = 50.0 if chance(rng, 0.1) else 25.0
    return PaperScale(speed_mm_per_s, float(rng.choice([10.0, 5.0, 20.0], p=[0.84, 0.1, 0.06])))


def sample_layout(leads: LeadLayout, scale: PaperScale, *, rng: np.random.Generator) -> LayoutSpec:
    """Place the rows of a layout on letter paper, or on A4."""
    size_mm = _SIZES.a4_mm if chance(rng, 0.2) else _SIZES.letter_mm
    return _place(_fitted(leads, scale, size_mm[0]), scale, size_mm, rng)


def sample_any_layout(
    leads: LeadLayout, scale: PaperScale, *, rng: np.random.Generator
) -> LayoutSpec:
    """Place the rows anywhere, on any sheet, roll or crop of one."""
    kind = rng.random()
    if kind < 0.2 and leads.n_rows <= 7:
        spec = _on_roll(leads, scale, rng)
    elif kind < 0.32:
        width_mm, height_mm = _SIZES.a4_mm if chance(rng, 0.5) else _SIZES.letter_mm
        leads = _fitted(leads, scale, height_mm)
        spec = _place(leads, scale, (height_mm, width_mm), rng)
    else:
        spec = sample_layout(leads, scale, rng=rng)
    if chance(rng, 0.3):
        spec = _crowd(spec, rng)
    if chance(rng, 0.45):
        spec = _crop(spec, rng)
    if chance(rng, 0.15):
        spec = replace(spec, reach_mm=uniform(rng, 15, 30))
    return _vary_ends(spec, rng)


def _fitted(leads: LeadLayout, scale: PaperScale, width_mm: float) -> LeadLayout:
    """Let the rows last as long as the sheet is wide: 10, 7.5 or 5 seconds, or 2.5 at the least."""
    room_s = scale.s_from_mm(width_mm - 2 * _SIZES.least_margin_mm)
    lasting_s = min(max(2.5, 2.5 * np.floor(room_s / 2.5)), leads.duration_s)
    return replace(leads, duration_s=float(lasting_s))


def _place(
    leads: LeadLayout, scale: PaperScale, size_mm: Point, rng: np.random.Generator
) -> LayoutSpec:
    """Put a header above, the rows below at one pitch, and the columns anywhere they fit."""
    width_mm, height_mm = size_mm
    # The official pages keep the upper part of the sheet for the header.
    header_mm = uniform(rng, 12, 75 if leads.n_rows < 6 else 25)
    room_mm = height_mm - header_mm - uniform(rng, 8, 20)
    pitch_mm = min(room_mm / leads.n_rows, uniform(rng, 32, 58))
    # The space that a few rows leave free is mostly below them.
    header_mm += (room_mm - pitch_mm * leads.n_rows) * uniform(rng, 0, 0.6)
    row_mm = scale.mm_from_s(leads.duration_s)
    pulse_mm = scale.mm_from_s(PULSE_S) if chance(rng, 0.8) else 0.0
    spare_mm = width_mm - row_mm
    least_mm = min(pulse_mm + _SIZES.least_margin_mm, spare_mm / 2) if pulse_mm else 2.0
    left_mm = uniform(rng, least_mm, max(spare_mm - 3, 3, least_mm))
    first_mm = header_mm + pitch_mm / 2
    return LayoutSpec(
        leads,
        size_mm=size_mm,
        left_mm=left_mm,
        baselines_mm=tuple(first_mm + pitch_mm * row for row in range(leads.n_rows)),
        scale=scale,
        pulse_left_mm=left_mm - pulse_mm - uniform(rng, 0, 2) if pulse_mm else None,
    )


def _on_roll(leads: LeadLayout, scale: PaperScale, rng: np.random.Generator) -> LayoutSpec:
    """Print on a strip of thermal paper: narrow, long, and nothing but a line of text above."""
    fitting = [
        high for high in _SIZES.rolls_mm if high / (leads.n_rows + 0.5) >= _SIZES.least_pitch_mm
    ]
    height_mm = float(rng.choice(fitting))
    header_mm = uniform(rng, 4, 10)
    pitch_mm = (height_mm - header_mm - uniform(rng, 3, 8)) / leads.n_rows
    left_mm = uniform(rng, 8, 30)
    width_mm = left_mm + scale.mm_from_s(leads.duration_s) + uniform(rng, 5, 30)
    first_mm = header_mm + pitch_mm / 2
    pulse_mm = scale.mm_from_s(PULSE_S)
    return LayoutSpec(
        leads,
        size_mm=(width_mm, height_mm),
        left_mm=left_mm,
        baselines_mm=tuple(first_mm + pitch_mm * row for row in range(leads.n_rows)),
        scale=scale,
        pulse_left_mm=left_mm - pulse_mm - uniform(rng, 0, 1) if chance(rng, 0.8) else None,
    )


def _crowd(spec: LayoutSpec, rng: np.random.Generator) -> LayoutSpec:
    """Move the rows so close together that tall waves reach into their neighbors."""
    closer = uniform(rng, 0.55, 0.9)
    first_mm = spec.baselines_mm[0]
    pitch_mm = [closer * (at - first_mm) for at in spec.baselines_mm]
    return replace(spec, baselines_mm=tuple(first_mm + down_mm for down_mm in pitch_mm))


def _crop(spec: LayoutSpec, rng: np.random.Generator) -> LayoutSpec:
    """Cut the sheet close to the rows, as people crop pictures."""
    top_mm = max(spec.baselines_mm[0] - uniform(rng, 8, 30), 0.0)
    bottom_mm = min(spec.baselines_mm[-1] + uniform(rng, 5, 25), spec.size_mm[1])
    baselines_mm = tuple(at - top_mm for at in spec.baselines_mm)
    return replace(spec, baselines_mm=baselines_mm, size_mm=(spec.size_mm[0], bottom_mm - top_mm))


def _vary_ends(spec: LayoutSpec, rng: np.random.Generator) -> LayoutSpec:
    """Leave gaps between columns, move the pulses to the right, and the edge of the sheet."""
    gap_mm = uniform(rng, 0.5, 4) if chance(rng, 0.15) else 0.0
    if spec.leads.n_columns > 1 and chance(rng, _PULSES_IN_ROWS_SHARE):
        # The gaps have room for a pulse before each column.
        gap_mm = 1.5 * spec.scale.mm_from_s(PULSE_S) + uniform(rng, 2, 4)
    row_mm = spec.scale.mm_from_s(spec.leads.duration_s)
    stop_mm = spec.left_mm + row_mm + gap_mm * (spec.leads.n_columns - 1)
    end_mm = stop_mm + uniform(rng, 0.5, 8)
    if spec.pulse_left_mm is not None and chance(rng, 0.2):
        foot_mm = spec.scale.mm_from_s(PULSE_S) / 5
        spec = replace(spec, pulse_left_mm=stop_mm + foot_mm + uniform(rng, 0, 1))
        end_mm = stop_mm + spec.scale.mm_from_s(PULSE_S) + 3 * foot_mm + uniform(rng, 0, 5)
    size_mm = (max(spec.size_mm[0], end_mm), spec.size_mm[1])
    return replace(spec, column_gap_mm=gap_mm, size_mm=size_mm)
