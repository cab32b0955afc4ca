"""The boundary of a page or a record: whatever goes wrong inside costs this one only.

Public: `PageFault`, `attempt`. Standard library only.

Inside, errors stay typed and narrow: a stage raises its own `EcgPaperError` and catches what it can
answer. Here, and nowhere else, any exception is caught, since a batch of a thousand pages must not
end with the one page that nobody thought of. The `digitize` command, `digitize_all`, the server,
`team_code.run_models` and the generator's batches use it.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from ecgpaper.errors import EcgPaperError

T = TypeVar("T")


@dataclass(frozen=True)
class PageFault:
    """Why a page or a record was not answered.

    Parameters
    ----------
    reason : str
        One line for whoever handed the page in.
    details : str
        The traceback, for whoever mends the program; empty where the reason says all.
    """

    reason: str
    details: str = ""

    def __str__(self) -> str:
        """Give the reason."""
        return self.reason


def attempt(task: Callable[[], T], what: str) -> T | PageFault:
    """Do what concerns one page; an exception becomes its fault.

    A keyboard interrupt and an exit of the program pass.

    Parameters
    ----------
    task : callable without arguments
    what : str
        What is attempted, as in "a fault of the program while WHAT".

    Returns
    -------
    object or PageFault
        What the task returned, or why it did not.

    Examples
    --------
    >>> attempt(lambda: 1 / 2, "halving")
    0.5
    >>> print(attempt(lambda: 1 / 0, "dividing by zero"))
    a fault of the program while dividing by zero: ZeroDivisionError: division by zero; please \
report it with the file
    """
    try:
        return task()
    except EcgPaperError as error:
        return PageFault(str(error))
    except Exception as error:  # noqa: BLE001  the one place: see the head of this module
        found = " ".join(f"{type(error).__name__}: {error}".split())
        return PageFault(
            f"a fault of the program while {what}: {found}; please report it with the file",
            traceback.format_exc(),
        )
