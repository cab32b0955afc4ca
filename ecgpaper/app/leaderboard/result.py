"""Result of a page: everything that figures are made of, as one JSON file.

Public: `PageResult`, `LeadResult`, `BoxResult`.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from ecgpaper.errors import BatchError
from ecgpaper.measure import Measurements
from ecgpaper.runtime.files import write_whole


@dataclass(frozen=True, slots=True)
class LeadResult:
    """What a lead that the page shows was read with.

    Parameters
    ----------
    snr_db, later_snr_db : float
        By the scorer of the published results, and by the organisers' later one: 0 dB where it
        finds nothing to compare.
    coverage : float, in [0, 1]
        Share of the displayed samples that are returned.
    predicted_snr_db : float or None
        What the digitizer expected; None where it found no trace.
    """

    snr_db: float
    later_snr_db: float
    coverage: float
    predicted_snr_db: float | None


@dataclass(frozen=True, slots=True)
class BoxResult:
    """A strip: how well its box in the picture was found.

    Parameters
    ----------
    name : str
        The lead, with " rhythm" where the strip is a rhythm strip.
    is_shown : bool
        Whether the page has it.
    overlap : float, in [0, 1]
        Intersection over union with the true box; 0 where either is missing.
    confidence : float or None
        Of the strip that was found; None where none was.
    """

    name: str
    is_shown: bool
    overlap: float
    confidence: float | None


@dataclass(frozen=True, slots=True)
class PageResult:
    """What became of a page.

    Parameters
    ----------
    record : str
    layout : str or None
        That it was taken for; None if it could not be read.
    leads : mapping of str to LeadResult
        Of the leads that the page shows.
    ratio : float
        See `ecgpaper.score.page_ratio`.
    true_labels, labels : tuple of str
    probabilities : tuple of float
        In the order of `ecgpaper.classify.labels.CLASSES`; empty without an answer.
    true_measured, measured : Measurements
        Of the record as the page shows it, and of what was read.
    boxes : tuple of BoxResult
        Empty where the true ones are not known.
    processor_s : float, in s
        For the whole answer.
    """

    record: str
    layout: str | None
    leads: Mapping[str, LeadResult]
    ratio: float
    true_labels: tuple[str, ...]
    labels: tuple[str, ...]
    probabilities: tuple[float, ...]
    true_measured: Measurements
    measured: Measurements
    boxes: tuple[BoxResult, ...]
    processor_s: float

    def write(self, file: Path) -> None:
        """Write it, whole or not at all."""
        told = {each.name: getattr(self, each.name) for each in fields(self)}
        told |= {
            "leads": {name: asdict(lead) for name, lead in self.leads.items()},
            "true_measured": self.true_measured.to_json(),
            "measured": self.measured.to_json(),
            "boxes": [asdict(box) for box in self.boxes],
        }
        write_whole(file, (json.dumps(told, allow_nan=False) + "\n").encode())

    @classmethod
    def read(cls, file: Path) -> PageResult:
        """Read what `write` wrote.

        Raises
        ------
        BatchError
            If it is something else.
        """
        try:
            return cls._from_json(json.loads(file.read_text()))
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise BatchError(
                f"expected the result of a page in {file}; {error}: remove it and run again"
            ) from error

    @classmethod
    def _from_json(cls, told: Mapping[str, Any]) -> PageResult:
        leads = {str(name): LeadResult(**lead) for name, lead in told["leads"].items()}
        numbers = [value for lead in leads.values() for value in asdict(lead).values()]
        if not all(value is None or math.isfinite(value) for value in numbers):
            raise ValueError("numbers of leads must be finite")
        listed = ("true_labels", "labels", "probabilities")
        return cls(
            **{
                **told,
                **{name: tuple(told[name]) for name in listed},
                "leads": leads,
                "true_measured": Measurements.from_json(told["true_measured"]),
                "measured": Measurements.from_json(told["measured"]),
                "boxes": tuple(BoxResult(**box) for box in told["boxes"]),
            }
        )
