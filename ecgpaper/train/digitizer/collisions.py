"""Pages on which QRS complexes stand where strips begin, and run through the names of the leads.

Public: `with_collisions`.

There a V looks like a complex, and a complex like a V. Chance alone makes few such pages, and
recorders, which print names at one place whatever the signal does, make many.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ecgpaper.ecg import Ecg
from ecgpaper.synth import PageSpec
from ecgpaper.synth.capture.bilevel import BILEVEL_TONES

# Where the tip of a complex stands behind the start of its strip.
_TIP_S = (-0.02, 0.3)
# Complexes are the steepest; a place at least this steep, beside the steepest, is one of them.
_STEEP_SHARE = 0.5
# Width over which steepness is averaged.
_COMPLEX_S = 0.06
# Where a name starts, from the start of its strip at 0 mV: right of it and below, in mm. Half of
# the names stand close below the separator, as on most recorders' pages.
_CLOSE_MM = ((-0.2, 1.0), (4.5, 8.0))
_ANYWHERE_MM = ((-1.0, 3.0), (-9.0, 10.0))


def with_collisions(ecg: Ecg, spec: PageSpec, *, rng: np.random.Generator) -> tuple[Ecg, PageSpec]:
    """Move each lead in time, so that its strip begins with a complex, and the names onto them.

    Leads are moved around, what leaves at one end comes in at the other: of use for networks that
    read curves, not for those that read hearts.

    Parameters
    ----------
    ecg : Ecg
        Without NaN; one without any complex is moved nowhere.
    spec : PageSpec
        A page without names stays without; names on pages of two tones stay as well, as no trace
        can be seen below them.
    rng : numpy.random.Generator
    """
    signal_mv = ecg.signal_mv.copy()
    tips = _tips(ecg)
    for segment in spec.layout.leads.segments:
        if segment.is_rhythm or segment.lead not in ecg.lead_names or not len(tips):
            continue
        lead = ecg.lead_names.index(segment.lead)
        wanted = (segment.start_s + rng.uniform(*_TIP_S)) * ecg.fs
        n_later = round(wanted) - int(rng.choice(tips))
        signal_mv[:, lead] = np.roll(ecg.signal_mv[:, lead], n_later)
    moved = Ecg(signal_mv, ecg.fs, ecg.lead_names)
    if spec.ink.name_offset_mm is None or spec.camera.tone in BILEVEL_TONES:
        return moved, spec
    right_mm, down_mm = _CLOSE_MM if rng.random() < 0.5 else _ANYWHERE_MM
    offset_mm = float(rng.uniform(*right_mm)), float(rng.uniform(*down_mm))
    return moved, replace(spec, ink=replace(spec.ink, name_offset_mm=offset_mm))


def _tips(ecg: Ecg) -> NDArray[np.intp]:
    """Return the samples around which the leads are steepest, one per complex."""
    steepness = np.abs(np.diff(ecg.signal_mv, axis=0, prepend=ecg.signal_mv[:1])).sum(axis=1)
    width = max(1, round(_COMPLEX_S * ecg.fs))
    smooth = np.convolve(steepness, np.ones(width) / width, mode="same")
    places = np.flatnonzero((smooth >= _STEEP_SHARE * smooth.max()) & (smooth > 0))
    # Of each stretch of steep places the steepest.
    stretches = np.split(places, np.flatnonzero(np.diff(places) > width) + 1)
    tips = [stretch[smooth[stretch].argmax()] for stretch in stretches if len(stretch)]
    return np.array(tips, dtype=np.intp)
