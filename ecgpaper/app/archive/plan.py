"""What is to be done: the pages of all files, each with a name for its outputs.

Public: `PageJob`, `Plan`, `plan_pages`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from ecgpaper.app.archive.names import page_names
from ecgpaper.app.archive.outcome import Outcome
from ecgpaper.digitized.provenance import sha256_of
from ecgpaper.files.inputs import InputFile, PageSource, pages_of
from ecgpaper.runtime.boundary import PageFault, attempt


@dataclass(frozen=True, slots=True)
class PageJob:
    """A page to be read.

    Parameters
    ----------
    source : PageSource
        Its file's path is absolute.
    file : str
        The file as the user knows it.
    sha256 : str
        Of the file.
    name : str
        Of the outputs, a path below their folder without ending.
    """

    source: PageSource
    file: str
    sha256: str
    name: str


@dataclass(frozen=True)
class Plan:
    """All pages, and why files have none.

    Parameters
    ----------
    jobs : tuple of PageJob
    failed : tuple of Outcome
        Of files that cannot be opened.
    """

    jobs: tuple[PageJob, ...]
    failed: tuple[Outcome, ...]


@dataclass(frozen=True)
class _Opened:
    sources: tuple[PageSource, ...]
    sha256: str


def plan_pages(files: Iterable[InputFile]) -> Plan:
    """Open each file, count its pages and name them; no page is looked at yet."""
    pairs = [(each, attempt(partial(_open, each.file), "opening this file")) for each in files]
    n_pages = [1 if isinstance(opened, PageFault) else len(opened.sources) for _, opened in pairs]
    names = page_names([each for each, _ in pairs], n_pages)
    jobs, failed = [], []
    for (each, opened), own in zip(pairs, names, strict=True):
        file = str(each.file)
        if isinstance(opened, PageFault):
            failed.append(
                Outcome(*(file, 1, own[0], "failed"), reason=opened.reason, details=opened.details)
            )
            continue
        jobs += [
            PageJob(source, file, opened.sha256, name)
            for source, name in zip(opened.sources, own, strict=True)
        ]
    return Plan(tuple(jobs), tuple(failed))


def _open(file: Path) -> _Opened:
    # Faults are told with the path as the user gave it; workers may be in other folders.
    sources = pages_of(file)
    absolute = Path(os.path.abspath(file))  # noqa: PTH100  links stay as they are
    return _Opened(tuple(replace(source, file=absolute) for source in sources), sha256_of(file))
