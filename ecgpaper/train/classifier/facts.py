"""Facts of a record beside its signal: labels, statements, age and sex.

Public: `RecordFacts`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ecgpaper.classify.labels import CLASSES
from ecgpaper.files.records.challenge import RecordHeader

_STATEMENTS_KEY = "Statements"


@dataclass(frozen=True)
class RecordFacts:
    """Labels, statements and demographics of one record.

    Parameters
    ----------
    labels : tuple of str
        Challenge labels; other names are ignored.
    statements : tuple of str
        Finer ones, such as SCP codes; empty where nobody made any.
    age_years : float, optional
    sex : str, optional
        ``"Female"`` or ``"Male"``.
    """

    labels: tuple[str, ...]
    statements: tuple[str, ...] = ()
    age_years: float | None = None
    sex: str | None = None

    @property
    def has_label(self) -> bool:
        """Whether any label is one of the Challenge's."""
        return not set(CLASSES).isdisjoint(self.labels)

    @classmethod
    def from_header(cls, header: RecordHeader) -> RecordFacts:
        """Read the facts from a header; statements stand in a comment ``Statements: A, B``."""
        statements = (header.comment(_STATEMENTS_KEY) or "").split(",")
        known = tuple(dict.fromkeys(name.strip() for name in statements if name.strip()))
        return cls(header.labels, known, header.age_years, header.sex)
