"""Read one page and write what it shows, in any process.

Public: `PageTask`, `Result`, `Reads`, `answer_of`, `OVERLAY`, `THUMBNAIL`, `CURVES`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from ecgpaper.app.archive.corrections import corrections_of
from ecgpaper.app.archive.outcome import Outcome, found_in
from ecgpaper.app.archive.plan import PageJob
from ecgpaper.app.report import curves_script, thumbnail_of
from ecgpaper.digitized.overlay import jpeg_bytes
from ecgpaper.digitized.page import Settings
from ecgpaper.digitized.reader import loaded
from ecgpaper.ecg import ByteArray, Ecg
from ecgpaper.errors import DiskError
from ecgpaper.files.formats import FORMATS
from ecgpaper.files.inputs import PageSource
from ecgpaper.runtime.boundary import PageFault, attempt
from ecgpaper.runtime.files import alone_in, write_whole

NOTICE = "not a medical device; confirm on the paper"
# How the names of files end that are written of each page, whatever the formats: the overlay,
OVERLAY = "-overlay.jpg"
# and two that the report of a folder shows.
THUMBNAIL = "-thumbnail.jpg"
CURVES = "-curves.js"
_KILLED = (
    "a process must last that reads this page; it was killed twice, the second time with no other "
    "page beside it, maybe for lack of memory: scan the page again, or save it smaller"
)


class Result(Protocol):
    """What is written of a page: a `ecgpaper.digitized.page.DigitizedPage`."""

    @property
    def photo(self) -> ByteArray:
        """The picture of the page."""

    @property
    def ecg(self) -> Ecg:
        """The signals."""

    def findings(self) -> dict[str, Any]:
        """Return what the JSON file says of the page."""

    def overlay(self) -> ByteArray:
        """Draw what was read over the page."""


class Reads(Protocol):
    """What reads a page: a `ecgpaper.digitized.reader.PageReader`."""

    def read(self, photo: ByteArray, settings: Settings, source: PageSource) -> Result:
        """Read a picture of a page."""


@dataclass(frozen=True)
class PageTask:
    """How pages are read and what is written of them.

    Parameters
    ----------
    out : Path
        The folder of the outputs.
    load : callable
        Returns what reads pages, once per process; compared by value, as processes get copies.
    settings : Settings
    formats : tuple of str
        Names in `ecgpaper.files.formats.FORMATS`.
    program : dict
        Version and sha256 of the weights.
    """

    out: Path
    load: Callable[[], Reads]
    settings: Settings
    formats: tuple[str, ...]
    program: Mapping[str, Any]

    def __call__(self, job: PageJob) -> Outcome:
        """Read a page and write its files, the JSON file last; what is wrong with it is told.

        Raises
        ------
        DiskError
            If the disk takes no file: that is no fault of the page.
        """
        settings = self._settings(job)
        if isinstance(settings, PageFault):
            return self._fault(job, "failed", settings)
        photo = attempt(job.source.read, "opening this page")
        if isinstance(photo, PageFault):
            return self._fault(job, "failed", photo)
        found = attempt(partial(self._read, job, photo, settings), "reading this page")
        if isinstance(found, PageFault):
            if found.details:
                return self._fault(job, "failed", found)
            # What an earlier content of the file showed is not what it shows now.
            with alone_in(self.out):
                _remove_answer(self.path(job))
            return self._fault(job, "refused", found)
        written = attempt(partial(self._written, job, found, settings), "writing this page")
        if isinstance(written, DiskError):
            raise written
        if isinstance(written, PageFault):
            return self._fault(job, "failed", written)
        return written

    def killed(self, job: PageJob) -> Outcome:
        """Return what became of a page whose reader was killed."""
        return self._fault(job, "failed", PageFault(_KILLED))

    def done(self, job: PageJob) -> Outcome | None:
        """Return what became of a page that was read before, None where it was not."""
        report, settings = answer_of(self.path(job)), self._settings(job)
        if report is None or isinstance(settings, PageFault):
            return None
        origin = self._origin(job, settings)
        if any(report.get(key) != origin[key] for key in origin):
            return None
        files = report.get("files", [])
        if not all((self.path(job).parent / str(file)).is_file() for file in files):
            return None
        return self._outcome(job, report)

    def key(self, job: PageJob) -> str:
        """Return a number that is another one when the page would be read in another way."""
        settings = self._settings(job)
        if isinstance(settings, PageFault):
            return ""
        text = json.dumps([job.name, self._origin(job, settings)], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def _settings(self, job: PageJob) -> Settings | PageFault:
        """Return how a page is to be read: as all are, but for what was corrected of it."""
        corrected = attempt(partial(corrections_of, self.path(job), job), "reading corrections")
        if corrected is None or isinstance(corrected, PageFault):
            return self.settings if corrected is None else corrected
        return self.settings.corrected(corrected)

    def _origin(self, job: PageJob, settings: Settings) -> dict[str, Any]:
        asked = json.loads(json.dumps(asdict(settings))) | {"formats": list(self.formats)}
        return {
            "input": {
                "file": job.source.file.name.encode("utf-8", "backslashreplace").decode(),
                "sha256": job.sha256,
                "page": job.source.page,
                "n_pages": job.source.n_pages,
            },
            "program": dict(self.program),
            "settings": asked,
        }

    def path(self, job: PageJob) -> Path:
        """Return where the outputs of a page are, without ending."""
        return self.out / job.name

    def _read(self, job: PageJob, photo: ByteArray, settings: Settings) -> _Found:
        result: Result = loaded(self.load).read(photo, settings, job.source)
        beside = {
            OVERLAY: jpeg_bytes(result.overlay()),
            THUMBNAIL: jpeg_bytes(thumbnail_of(result.photo)),
            CURVES: curves_script(result.ecg),
        }
        return _Found(result.ecg, result.findings(), beside)

    def _written(self, job: PageJob, found: _Found, settings: Settings) -> Outcome | DiskError:
        """Write a page; return a fault of the disk, so that it passes the boundary of a page."""
        try:
            # Of two runs with other settings one has the last word, for all files of a page.
            with alone_in(self.out):
                return self._outcome(job, self._write(job, found, settings))
        except DiskError as error:
            return error

    def _write(self, job: PageJob, found: _Found, settings: Settings) -> dict[str, Any]:
        path = self.path(job)
        _remove_answer(path)
        files = [file.name for name in self.formats for file in FORMATS[name](found.ecg, path)]
        for ending, content in found.beside.items():
            write_whole(path.with_name(f"{path.name}{ending}"), content)
            files.append(f"{path.name}{ending}")
        report = {"notice": NOTICE, **self._origin(job, settings), **found.findings, "files": files}
        text = json.dumps(report, indent=2, allow_nan=False) + "\n"
        write_whole(_report_file(path), text.encode())
        return report

    def _outcome(self, job: PageJob, report: Mapping[str, Any]) -> Outcome:
        page = job.source.page
        return Outcome(job.file, page, job.name, "read", self.key(job), found=found_in(report))

    def _fault(self, job: PageJob, status: str, fault: PageFault) -> Outcome:
        return Outcome(
            *(job.file, job.source.page, job.name, status, self.key(job)),
            reason=fault.reason.replace(str(job.source.file), job.file),
            details=fault.details,
            n_pages=job.source.n_pages,
        )


@dataclass(frozen=True, eq=False)
class _Found:
    """What is to be written of a page; `beside`: content of files by how their names end."""

    ecg: Ecg
    findings: dict[str, Any]
    beside: Mapping[str, bytes]


def _report_file(path: Path) -> Path:
    return path.with_name(f"{path.name}.json")


def answer_of(path: Path) -> dict[str, Any] | None:
    """Read the JSON file of a page, None where there is none that this program wrote."""
    try:
        report = json.loads(_report_file(path).read_text())
    except (OSError, ValueError):
        return None
    return report if isinstance(report, dict) and "input" in report else None


def _remove_answer(path: Path) -> None:
    """Remove what was written of a page before: its JSON file first, which says it is done."""
    report = answer_of(path)
    if report is None:
        return
    _report_file(path).unlink(missing_ok=True)
    for file in report.get("files", []):
        # Whoever wrote that file, nothing else is removed.
        name = str(file)
        if name.startswith((f"{path.name}.", f"{path.name}-")) and Path(name).name == name:
            (path.parent / name).unlink(missing_ok=True)
