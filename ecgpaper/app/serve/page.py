"""A page that the server knows, and the number under which it is asked for.

Public: `Page`.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from ecgpaper.app.archive import PageJob

_N_DIGITS = 16


@dataclass(eq=False)
class Page:
    """A page on the desk.

    Parameters
    ----------
    name : str
        Of its outputs, below their folder.
    file : str
        As its user knows it.
    number : int
        In its file, from 1.
    job : PageJob or None
        None where only outputs are here: then it is read again by the next batch.
    status : str
        Of `ecgpaper.app.archive.Outcome`, or "unread", or "waiting".
    reason : str
        Why it was not read.
    """

    name: str
    file: str
    number: int
    job: PageJob | None = None
    status: str = "unread"
    reason: str = ""

    @property
    def key(self) -> str:
        """The number under which it is asked for."""
        return hashlib.sha256(self.name.encode()).hexdigest()[:_N_DIGITS]
