"""Speed and gain of a page: from its print, from calibration pulses, from heartbeats.

Public: `find_paper_scale`.

Print that can be read was never wrong (0 of 92 gains on 160 generated pages of all kinds); of 112
pulses that were seen 4 were something else, and their widths differ from maker to maker. Where
neither is there: nearly all paper runs at 25 mm/s and shows 1 mV as 10 mm; another scale must be
seen clearly. Rows at 50 mm/s are as long as others, they only show less time, and hearts then seem
to beat slowly and their waves to be dull.
"""

from __future__ import annotations

from dataclasses import replace

from ecgpaper.digitize.calibration.printed_scale import Said
from ecgpaper.digitize.calibration.pulse import Pulse
from ecgpaper.digitize.heartbeat import fast_odds
from ecgpaper.digitize.rows.find import FAST_MM_PER_S
from ecgpaper.ecg import UNKNOWN_LEAD, Ecg
from ecgpaper.page import PULSE_MV, PULSE_S, PaperScale

USUAL = PaperScale()
# Pulses last 0.1 to 0.2 s: wider ones than this, half as wide again as 0.2 s, are on fast paper.
_WIDE_MM = 1.5 * PULSE_S * USUAL.speed_mm_per_s
# Log-odds from which heartbeats alone are believed: no record of 719 (PTB-XL) has more than 3.7 at
# its true speed; 63 % have more than 5 when they are taken for twice as long as they are.
_SURE = 5.0
# Log-odds from which they are believed against a pulse that is not wide.
_DOUBLY_SURE = 7.0


def find_paper_scale(pulse: Pulse | None, said: Said, ecg: Ecg, read_at: PaperScale) -> PaperScale:
    """Tell speed and gain of a print.

    Parameters
    ----------
    pulse : Pulse or None
        The calibration pulse that was found beside the rows.
    said : Said
        Speed and gain as printed on the page.
    ecg : Ecg
        The page, read with the scale below.
    read_at : PaperScale
        The assumption so far: the usual scale, or fast paper if the rows are too long for it.
    """
    if said.gain_mm_per_mv is not None:
        read_at = replace(read_at, gain_mm_per_mv=said.gain_mm_per_mv)
    elif pulse is not None:
        read_at = replace(read_at, gain_mm_per_mv=pulse.height_mm / PULSE_MV)
    if read_at.speed_mm_per_s == USUAL.speed_mm_per_s and _is_fast(pulse, said, ecg):
        return replace(read_at, speed_mm_per_s=FAST_MM_PER_S)
    return read_at


def _is_fast(pulse: Pulse | None, said: Said, ecg: Ecg) -> bool:
    """Whether paper that is not too long for the usual speed ran faster."""
    if said.speed_mm_per_s is not None:
        return said.speed_mm_per_s == FAST_MM_PER_S
    is_wide = pulse is not None and pulse.width_mm > _WIDE_MM
    if UNKNOWN_LEAD in ecg.lead_names:
        # The width of one lead's complexes says too little.
        return is_wide
    if pulse is None:
        return fast_odds(ecg) > _SURE
    return is_wide or fast_odds(ecg) > _DOUBLY_SURE
