"""A stand-in for a class that a collection of records cannot have: acute infarctions.

Public: `with_acute_proxy`, `ACUTE_MI`.

The Challenge takes ``Acute MI`` from statements of the GE 12SL program, which PTB-XL itself does
not have. PTB-XL's statements of subendocardial injury (INJAS, INJAL, INJIN, INJLA, INJIL) come
closest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ecgpaper.train.facts import RecordFacts

ACUTE_MI = "Acute MI"
_PROXY_PREFIX = "INJ"


def with_acute_proxy(facts: Sequence[RecordFacts]) -> tuple[list[RecordFacts], int]:
    """Add ``Acute MI`` to the labels of records with a statement of injury.

    Records that have the label for real are worth more: if there is one, nothing is added. Other
    labels stay, ``Old MI`` too, because the proxy cannot contradict them.

    Returns
    -------
    facts : list of RecordFacts
    n_proxies : int
        Records that got the label.
    """
    if any(ACUTE_MI in known.labels for known in facts):
        return list(facts), 0
    is_proxy = [
        known.has_label and any(name.startswith(_PROXY_PREFIX) for name in known.statements)
        for known in facts
    ]
    taught = [
        replace(known, labels=(*known.labels, ACUTE_MI)) if injured else known
        for known, injured in zip(facts, is_proxy, strict=True)
    ]
    return taught, sum(is_proxy)
