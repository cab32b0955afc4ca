"""The pages that the server knows, and what became of each.

Public: `Desk`, `UPLOADS`, `MAX_UPLOAD_BYTES`.

Outputs, corrections and summary are those of `ecgpaper digitize`: a later batch on the same folder
finds them done. Nothing is reached by a path that somebody asked for, only by the number of a page.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePath
from typing import Any

from ecgpaper.app.archive import Outcome, PageJob, PageTask, Summary, answer_of, plan_pages
from ecgpaper.app.archive.corrections import (
    CORRECTIONS,
    corrections_of,
    remove_corrections,
    write_corrections,
)
from ecgpaper.app.archive.names import clean_name, page_names
from ecgpaper.app.serve.page import Page
from ecgpaper.app.serve.picture import picture_of
from ecgpaper.app.serve.reporter import Reporter
from ecgpaper.app.serve.worker import Worker
from ecgpaper.digitize import Stated
from ecgpaper.digitized.provenance import sha256_of
from ecgpaper.errors import BatchError, EcgPaperError, RecordError
from ecgpaper.files.inputs import InputFile, PageSource, find_inputs, pages_of
from ecgpaper.files.inputs.kinds import KINDS
from ecgpaper.runtime.boundary import PageFault, attempt
from ecgpaper.runtime.files import write_whole

# Where uploads are kept, below the outputs.
UPLOADS = "uploads"
# A page of 100 million pixels without compression takes 300 MB; scans of one take some ten.
MAX_UPLOAD_BYTES = 100_000_000
# More pages of one file are for `ecgpaper digitize`.
MOST_PAGES = 60
_ENDINGS = frozenset(ending for kind in KINDS.values() for ending in kind.endings)


@dataclass(eq=False)
class Desk:
    """The pages of a folder of outputs, which are read one at a time.

    Parameters
    ----------
    task : PageTask
        How pages are read, and where outputs are.
    reading, looking : Worker
        The processes that read pages, and that open files and show pages meanwhile.
    """

    task: PageTask
    reading: Worker
    looking: Worker
    pages: dict[str, Page] = field(default_factory=dict)
    _running: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _telling: set[asyncio.Task[None]] = field(default_factory=set)
    _reporter: Reporter = field(init=False)

    def __post_init__(self) -> None:
        """Have the report written of what is read."""
        self._reporter = Reporter(self.task.out)

    def lay_out(self, paths: Iterable[Path] = ()) -> None:
        """Take in what is there: pages below paths, earlier uploads, and outputs of batches."""
        uploads = self.task.out / UPLOADS
        for folders in ([*paths], [uploads] if uploads.is_dir() else []):
            for job in plan_pages(find_inputs(folders, self.task.out).files).jobs:
                page = Page(job.name, job.file, job.source.page, job)
                self.pages[page.key] = page
        for row in Summary(self.task.out).rows():
            page = Page(row["name"], row["file"], int(row["page"]))
            page = self.pages.setdefault(page.key, page)
            page.status, page.reason = row["status"], row["reason"]

    def upload(self, said_name: str, content: bytes) -> Path:
        """Keep a file that was uploaded, once; return where.

        Raises
        ------
        OutputError
            If it cannot be written.
        """
        name = PurePath(said_name.replace("\\", "/"))
        ending = name.suffix.lower() if name.suffix.lower() in _ENDINGS else ""
        sha256 = hashlib.sha256(content).hexdigest()
        for stem in _spellings(clean_name(name.stem if ending else name.name)):
            same = next((each for each in self._uploads() if each.stem == stem), None)
            if same is not None and sha256_of(same) == sha256:
                return same
            if same is None and not self._is_taken(stem):
                break
        file = self.task.out / UPLOADS / f"{stem}{ending}"
        write_whole(file, content)
        return file

    async def open(self, file: Path) -> list[Page]:
        """Return the pages of a file that was uploaded.

        Raises
        ------
        RecordError
            If it cannot be read, or has too many; it is not kept then.
        """
        try:
            sources = await asyncio.wrap_future(self.looking.submit(pages_of, file))
            if len(sources) > MOST_PAGES:
                raise RecordError(
                    f"{file.name} may have {MOST_PAGES} pages; it has {len(sources)}: use "
                    "ecgpaper digitize"
                )
        except EcgPaperError as error:
            if not any(page.job and page.job.source.file == file for page in self.pages.values()):
                file.unlink(missing_ok=True)
            if isinstance(error, RecordError):
                raise RecordError(str(error).replace(str(file), file.name)) from error
            raise
        (names,) = page_names([InputFile(file, PurePath(file.name))], [len(sources)])
        sha256 = await asyncio.to_thread(sha256_of, file)
        jobs = [
            PageJob(source, str(file), sha256, name)
            for source, name in zip(sources, names, strict=True)
        ]
        return [self._lay(job) for job in jobs]

    def begin(self, page: Page) -> None:
        """Queue a page to be read, which must be called from the loop of the app.

        Raises
        ------
        BusyError
            If too many wait.
        BatchError
            If its file is not here, or it waits already.
        """
        if page.job is None:
            raise BatchError(
                "the file of this page must be here to read it again; it is not: upload it, or run "
                "ecgpaper digitize, which honors the corrections"
            )
        self.check_idle(page)
        future = self.reading.submit(self.task, page.job)
        page.status, page.reason = "waiting", ""
        following = self._follow(page, page.job, future)
        self._running[page.key] = asyncio.get_running_loop().create_task(following)

    async def settle(self, pages: Iterable[Page], wait_s: float) -> None:
        """Wait until pages are read, or for so many seconds."""
        running = {self._running[page.key] for page in pages if page.status == "waiting"}
        if running and wait_s > 0:
            await asyncio.wait(running, timeout=wait_s)

    def path(self, page: Page) -> Path:
        """Return where the outputs of a page are, without ending."""
        return self.task.out / page.name

    def check_idle(self, page: Page) -> None:
        """Refuse to change a page that is about to be read.

        Raises
        ------
        BatchError
        """
        if page.status == "waiting":
            raise BatchError("this page is being read: wait until it is")

    def correct(self, page: Page, stated: Stated | None) -> None:
        """Keep what is stated about a page, or forget all.

        Raises
        ------
        BatchError
            If it is about to be read, or nothing is known about its file.
        OutputError
            If it cannot be written.
        """
        self.check_idle(page)
        path, job = self.path(page), page.job or self._job_of_outputs(page)
        if stated is None or stated == Stated():
            remove_corrections(path)
        else:
            write_corrections(path, job, stated)

    def corrections(self, page: Page) -> Stated | PageFault | None:
        """Return what was corrected of a page."""
        try:
            job = page.job or self._job_of_outputs(page)
        except BatchError:
            return None
        return attempt(partial(corrections_of, self.path(page), job), "reading them")

    def answer(self, page: Page) -> dict[str, Any] | None:
        """Return the content of the JSON file of a page."""
        return answer_of(self.path(page))

    def files(self, page: Page) -> dict[str, Path]:
        """Return the files that were written of a page, by their names: no others are served."""
        path = self.path(page)
        listed = (self.answer(page) or {}).get("files", [])
        names = [*map(str, listed), f"{path.name}.json", f"{path.name}{CORRECTIONS}"]
        out = self.task.out.resolve()
        return {
            name: path.parent / name
            for name in names
            if name.startswith((f"{path.name}.", f"{path.name}-"))
            and PurePath(name).name == name
            and (path.parent / name).is_file()
            and (path.parent / name).resolve().parent == (out / page.name).parent
        }

    async def picture(self, page: Page) -> bytes:
        """Return a page as JPEG.

        Raises
        ------
        EcgPaperError
            If its file is not here, or cannot be read.
        """
        if page.job is None:
            raise BatchError("the file of this page must be here to show it; it is not: upload it")
        return await asyncio.wrap_future(self.looking.submit(picture_of, page.job.source))

    def close(self) -> None:
        """End what is done."""
        self.reading.close()
        self.looking.close()
        self._reporter.close()

    def _lay(self, job: PageJob) -> Page:
        page = Page(job.name, job.file, job.source.page, job)
        known = self.pages.setdefault(page.key, page)
        known.job = job
        return known

    def _uploads(self) -> Iterator[Path]:
        folder = self.task.out / UPLOADS
        yield from sorted(folder.iterdir()) if folder.is_dir() else ()

    def _is_taken(self, stem: str) -> bool:
        """Whether outputs under a name, or of its pages, are another file's."""
        begins = (stem.casefold(), f"{stem.casefold()}-p")
        stems = {each.stem.casefold() for each in self._uploads()}
        names = {page.name.casefold() for page in self.pages.values()}
        return begins[0] in stems | names or any(name.startswith(begins[1]) for name in names)

    def _job_of_outputs(self, page: Page) -> PageJob:
        """Return the job of a page whose file is not here, as its JSON file tells it."""
        told = (self.answer(page) or {}).get("input")
        told = told if isinstance(told, dict) else {}
        if not {"sha256", "n_pages"} <= set(told):
            raise BatchError("the file of this page must be here to correct it: upload it")
        source = PageSource(Path(page.file), page.number, told["n_pages"], "picture")
        return PageJob(source, page.file, str(told["sha256"]), page.name)

    async def _follow(self, page: Page, job: PageJob, future: Any) -> None:
        """Note what became of a page."""
        try:
            outcome: Outcome = await asyncio.wrap_future(future)
        except EcgPaperError as error:
            source = job.source
            outcome = Outcome(job.file, source.page, job.name, "failed", reason=str(error))
        page.status, page.reason = outcome.status, _without_path(outcome.reason, job)
        try:
            await asyncio.to_thread(Summary(self.task.out).add, outcome)
        except EcgPaperError as error:
            page.reason = f"{page.reason} {error}".strip()
        self._reporter.note()
        if not any(other.status == "waiting" for other in self.pages.values()):
            # Nobody who waits for this page waits for the report of all.
            telling = asyncio.create_task(self._reporter.catch_up())
            self._telling.add(telling)
            telling.add_done_callback(self._telling.discard)


def _spellings(stem: str) -> Iterator[str]:
    """Yield names for an upload, the plain one first."""
    yield stem
    number = 2
    while True:
        yield f"{stem}-{number}"
        number += 1


def _without_path(reason: str, job: PageJob) -> str:
    """Return a reason that names the file, not its folder."""
    return reason.replace(job.file, os.path.basename(job.file))  # noqa: PTH119
