"""The report of the folder of outputs, written again when nothing waits to be read.

Public: `Reporter`.

Of a thousand pages it takes more than a second: after each page of many that would be most of what
the server does.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, field
from pathlib import Path

from ecgpaper.app.archive import Summary, report_rows
from ecgpaper.app.report import write_report
from ecgpaper.errors import EcgPaperError

logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Reporter:
    """Keeps the report of a folder of outputs as true as its table.

    Parameters
    ----------
    out : Path
    """

    out: Path
    _is_old: bool = False
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def note(self) -> None:
        """Note that a page was read."""
        self._is_old = True

    async def catch_up(self) -> None:
        """Write the report if it is old; other requests are answered meanwhile."""
        async with self._turn:
            if self._is_old:
                await asyncio.to_thread(self.write)

    def write(self) -> None:
        """Write the report; where that fails it stays old, and the log says why."""
        self._is_old = False
        try:
            write_report(report_rows(self.out, Summary(self.out).rows()), self.out)
        except EcgPaperError as error:
            self._is_old = True
            logger.warning("report.html is not written: %s", error)

    def close(self) -> None:
        """Write the report if it is still old."""
        if self._is_old:
            self.write()
