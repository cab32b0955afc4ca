"""Curves -> which lead each rhythm strip repeats.

Public: `rhythm_names`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from ecgpaper.digitize.rows.fit import Curve, same_share

# A rhythm strip shows the lead that it is most like of those that recorders print, if it is this
# much like one: on bent pages even the same lead looks different twice.
_LIKE_RHYTHM = 0.8
# Bonus of the usual rhythm leads, as V5 may look like II: of 150 records (PTB-XL)
# strips of II and V1 are then all named right, of V5 97 %.
_USUAL_RHYTHM = {"II": 0.07, "V1": 0.05, "V5": 0.04}
# It shows another lead only if it is this much like that one,
_SURE_RHYTHM = 0.95
# and by so much less like the usual ones.
_LESS_LIKE = 0.1


def rhythm_names(rhythms: Sequence[Curve], short: Sequence[Curve]) -> Iterator[str]:
    """Yield the leads whose short strips rhythm strips repeat, each once; in doubt the usual."""
    likes = [
        {curve.lead: share for curve in short if (share := same_share(rhythm, curve)) is not None}
        for rhythm in rhythms
    ]
    best = sorted(
        (
            (share + _USUAL_RHYTHM.get(lead, 0.0), row, lead)
            for row, shares in enumerate(likes)
            for lead, share in shares.items()
            if _may_be(lead, shares)
        ),
        reverse=True,
    )
    names: dict[int, str] = {}
    for _, row, lead in best:
        if row not in names and lead not in names.values():
            names[row] = lead
    for row, rhythm in enumerate(rhythms):
        if row not in names:
            free = {lead: share for lead, share in likes[row].items() if lead not in names.values()}
            is_free = rhythm.lead not in names.values() or not free
            names[row] = rhythm.lead if is_free else max(free, key=lambda lead: free[lead])
        yield names[row]


def _may_be(lead: str, shares: dict[str, float]) -> bool:
    """Whether a rhythm strip that has so much in common with short strips may be one of a lead."""
    if lead in _USUAL_RHYTHM:
        return shares[lead] > _LIKE_RHYTHM
    usual = max((share for name, share in shares.items() if name in _USUAL_RHYTHM), default=-np.inf)
    return shares[lead] > max(_SURE_RHYTHM, usual + _LESS_LIKE)
