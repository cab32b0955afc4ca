"""What a page's words say: speed and gain, and which leads it shows.

Public: `Printed`, `read_print`, `Label`, `find_labels`.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from ecgpaper.drawn.pdf.drawing import Drawing
from ecgpaper.ecg import STANDARD_ORDER, canonical_lead_name
from ecgpaper.runtime.bounds import GAIN_MM_PER_MV, SPEED_MM_PER_S, Range

_NUMBER = r"(\d{1,3}(?:[.,]\d{1,2})?)\s*"
# Seconds and millivolts as Latin and Cyrillic scripts write them.
_SPEED = re.compile(
    _NUMBER + r"(?:mm|мм)\s*/\s*(?:s|с)(?:ec|ek)?(?!\w)",  # noqa: RUF001
    re.IGNORECASE,
)
_GAIN = re.compile(_NUMBER + r"(?:mm|мм)\s*/\s*(?:mv|мв)", re.IGNORECASE)
# What is written around a lead's name.
_AROUND = " :.,;()[]*"


@dataclass(frozen=True, slots=True)
class Printed:
    """Speed and gain as they are printed; None where nothing is.

    Parameters
    ----------
    speed_mm_per_s, gain_mm_per_mv : float or None
    is_sure : bool
        Whether all that is printed says the same.
    """

    speed_mm_per_s: float | None = None
    gain_mm_per_mv: float | None = None
    is_sure: bool = True


@dataclass(frozen=True, slots=True)
class Label:
    """The name of a lead where it is printed, in points of the page.

    Parameters
    ----------
    lead : str
    x_pt, y_pt : float
        Left end and middle height.
    polarity : int
        -1 for a lead that is said to be upside down, as -aVR.
    """

    lead: str
    x_pt: float
    y_pt: float
    polarity: int = 1


def read_print(drawing: Drawing) -> Printed:
    """Read speed and gain from the words of a page: of several the one that is printed most."""
    text = " ".join(word.text for word in drawing.words)
    speeds, gains = _values(_SPEED, text, SPEED_MM_PER_S), _values(_GAIN, text, GAIN_MM_PER_MV)
    is_sure = len(speeds) <= 1 and len(gains) <= 1
    return Printed(_most(speeds), _most(gains), is_sure)


def _values(pattern: re.Pattern[str], text: str, allowed: Range) -> Counter[float]:
    values = (float(number.replace(",", ".")) for number in pattern.findall(text))
    return Counter(value for value in values if allowed.low <= value <= allowed.high)


def _most(values: Counter[float]) -> float | None:
    return values.most_common(1)[0][0] if values else None


def find_labels(drawing: Drawing) -> tuple[Label, ...]:
    """Find words that are names of leads and can be read upright."""
    labels = []
    for word in drawing.words:
        text = word.text.strip(_AROUND)
        # A hyphen or a minus sign.
        is_inverted = text[:1] in ("-", "−")  # noqa: RUF001
        lead = canonical_lead_name(text.lstrip("-−"))  # noqa: RUF001
        if lead in STANDARD_ORDER and word.turns == 0:
            left_pt, y_pt = word.box_pt[0], word.center_pt[1]
            labels.append(Label(lead, left_pt, y_pt, -1 if is_inverted else 1))
    return tuple(labels)
