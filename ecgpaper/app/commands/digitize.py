"""Read pages of paper ECGs: signals, diagnosis and a picture of what was read.

PATH is a file or a folder, which is walked: PNG, JPEG, TIFF, BMP, WebP, PDF, HEIC, DICOM. Each page
NAME gets in OUT the signals in mV (NAME.hea and .dat, NAME.csv), NAME-overlay.jpg (look at it
first) and NAME.json (layout, scale, confidence, warnings, measurements, labels, and where they come
from).
OUT/summary.csv has a row for every page, with the reason where it could not be read, and
OUT/report.html shows them all in a browser. The same
command again goes on where it was interrupted and reads again what has changed. Stated layouts,
speeds and gains win over what is found. The status is 0 if all pages were read, 1 if some were not,
2 if the command line is wrong. This is no medical device: have a physician look at the paper.
"""

from __future__ import annotations

import argparse
import logging
from collections import Counter
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ecgpaper import __version__
from ecgpaper.app.options import (
    NamesIn,
    add_cluster,
    add_reading,
    add_workers,
    number_in,
    shown,
)
from ecgpaper.errors import BatchError, MissingPackageError
from ecgpaper.runtime.bounds import GAIN_MM_PER_MV, SPEED_MM_PER_S
from ecgpaper.runtime.files import prepare_output_folder, remove_abandoned
from ecgpaper.runtime.workers import by_workers, on_cluster

if TYPE_CHECKING:
    from ecgpaper.app.archive import Outcome, PageJob, PageTask, Plan, Summary
    from ecgpaper.app.archive.task import Reads
    from ecgpaper.digitized.page import Settings
    from ecgpaper.files.inputs import Found

    Share = Callable[[PageTask, Sequence[PageJob]], Generator[Outcome, None, None]]

logger = logging.getLogger(__name__)

# What shells answer for a program that was interrupted.
_INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "paths", nargs="+", type=Path, metavar="PATH", help="files, and folders to walk"
    )
    add_reading(parser)
    add_workers(parser)
    add_cluster(parser, "PATH, OUT and the model")
    parser.add_argument(
        "--layout",
        choices=NamesIn("ecgpaper.page", "LAYOUTS"),
        metavar="LAYOUT",
        help="of all pages, found by default: %(choices)s",
    )
    parser.add_argument("--speed", type=number_in(SPEED_MM_PER_S), help="in mm/s, found by default")
    parser.add_argument("--gain", type=number_in(GAIN_MM_PER_MV), help="in mm/mV, found by default")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="say how pages are read, with one worker"
    )


def run(arguments: argparse.Namespace) -> int:
    """Digitize and classify each page; the status is 1 when one could not be read."""
    level = logging.INFO if arguments.verbose else logging.WARNING
    for part in ("ecgpaper.digitize", "ecgpaper.digitized.reader"):
        logging.getLogger(part).setLevel(level)
    prepare_output_folder(arguments.out)
    task = _task(arguments)
    share: Share = (
        partial(on_cluster, address=arguments.cluster)
        if arguments.cluster
        else partial(by_workers, n_workers=arguments.workers, lost=task.killed)
    )
    return digitize_pages(arguments.paths, task, share)


def digitize_pages(paths: Sequence[Path], task: PageTask, share: Share) -> int:
    """Do a task for all pages below paths that are not done; keep the table and report of all.

    Parameters
    ----------
    paths : sequence of Path
        Files and folders.
    task : PageTask
    share : callable
        Shares the jobs out, as `ecgpaper.runtime.workers.by_workers` does.

    Returns
    -------
    int
        The status: 0 if all pages are read, 1 if some are not, 130 if it was interrupted.

    Raises
    ------
    BatchError
        If there are no pages, outputs would fall among them, or a worker was killed.
    OutputError
        If nothing can be written.
    """
    from ecgpaper.app.archive import Summary, plan_pages  # noqa: PLC0415  the parser must be quick
    from ecgpaper.files.inputs import find_inputs  # noqa: PLC0415

    found = find_inputs(paths, task.out)
    if not (found.files or found.closed):
        raise BatchError(
            f"expected pages in {', '.join(map(str, paths))}; found none among "
            f"{found.n_others} files: name a folder or a file that has some"
        )
    remove_abandoned(task.out)
    plan = plan_pages(shown(found.files, "look", "file"))
    _keep_apart(plan, task)
    plan = replace(plan, failed=(*plan.failed, *_closed(found)))
    progress = _Progress(Summary(task.out))
    try:
        _work_through(plan, task, share, progress)
    except KeyboardInterrupt:
        n_pages = len(plan.jobs) + len(plan.failed)
        logger.warning(
            "interrupted: %d of %d pages are done; the same command goes on from here",
            *(progress.counts.total(), n_pages),
        )
        return _INTERRUPTED
    finally:
        progress.summary.write()
    _write_report(progress.summary)
    _tell(progress, found)
    return 1 if progress.counts["refused"] or progress.counts["failed"] else 0


@dataclass(eq=False)
class _Progress:
    """What became of the pages so far, `n_before` of them in an earlier run."""

    summary: Summary
    counts: Counter[str] = field(default_factory=Counter)
    n_before: int = 0

    def note(self, outcome: Outcome) -> None:
        """Count what became of a page, give it its row, and say why it was not read."""
        self.counts[outcome.status] += 1
        self.summary.add(outcome)
        if outcome.status != "read":
            logger.warning("%s: %s: %s", outcome, outcome.status, outcome.reason)
            logger.debug("%s", outcome.details)


def _task(arguments: argparse.Namespace) -> PageTask:
    """Say how pages are to be read."""
    from ecgpaper.digitized.page import Settings  # noqa: PLC0415
    from ecgpaper.digitized.reader import ReaderLoader  # noqa: PLC0415

    is_shared = bool(arguments.cluster) or arguments.workers > 1
    model = arguments.model.resolve() if arguments.model else None
    settings = Settings(arguments.fs, arguments.layout, arguments.speed, arguments.gain)
    return page_task(arguments, ReaderLoader(model, has_one_thread=is_shared), settings, model)


def page_task(
    arguments: argparse.Namespace,
    load: Callable[[], Reads],
    settings: Settings,
    model: Path | None,
) -> PageTask:
    """Say how pages are to be read, and what is written of them.

    Parameters
    ----------
    arguments : Namespace
        With the folder `out` of the outputs and the names in `format`.
    load : callable
        Returns what reads pages.
    settings : Settings
    model : Path or None
        The folder of the weights; None for the shipped ones.
    """
    from ecgpaper.app.archive import PageTask  # noqa: PLC0415
    from ecgpaper.digitized.provenance import model_checksums  # noqa: PLC0415
    from ecgpaper.nets.stored.weights import shipped_model  # noqa: PLC0415

    return PageTask(
        out=arguments.out.resolve(),
        load=load,
        settings=settings,
        formats=tuple(dict.fromkeys(arguments.format)),
        program={
            "version": __version__,
            "model": model_checksums(model or shipped_model()),
        },
    )


def _closed(found: Found) -> Iterator[Outcome]:
    """Return a row for each folder that may not be read: pages may be lost there."""
    from ecgpaper.app.archive import Outcome  # noqa: PLC0415

    for folder in found.closed:
        reason = "expected a folder that may be read; this one may not: change its rights"
        yield Outcome(str(folder), 1, str(folder), "failed", reason=reason)


def _keep_apart(plan: Plan, task: PageTask) -> None:
    """Refuse to write into a folder of files to read, where an output might replace one."""
    inputs = {job.source.file.parent.resolve() for job in plan.jobs}
    for job in plan.jobs:
        folder = (task.out / job.name).parent.resolve()
        if folder in inputs:
            raise BatchError(
                f"outputs need a folder of their own; {folder} has pages to read: choose another "
                "OUT"
            )


def _work_through(plan: Plan, task: PageTask, share: Share, progress: _Progress) -> None:
    """Note what became of pages before, then do the others."""
    from ecgpaper.digitized.reader import loaded  # noqa: PLC0415

    refused, jobs = progress.summary.refused(), []
    for outcome in plan.failed:
        progress.note(outcome)
    for job in plan.jobs:
        if earlier := task.done(job) or refused.get(task.key(job)):
            progress.note(replace(earlier, file=job.file, n_pages=job.source.n_pages))
            progress.n_before += 1
        else:
            jobs.append(job)
    if not jobs:
        return
    # Weights that are damaged are told before the first page is, and not as its fault.
    loaded(task.load)
    with closing(share(task, jobs)) as outcomes:
        for outcome in shown(outcomes, "digitize", "page", len(jobs)):
            progress.note(outcome)


def _write_report(summary: Summary) -> None:
    """Show all pages of a folder of outputs; that takes a package that may be missing."""
    from ecgpaper.app.archive import report_rows  # noqa: PLC0415
    from ecgpaper.app.report import write_report  # noqa: PLC0415

    try:
        report = write_report(report_rows(summary.out, summary.rows()), summary.out)
    except MissingPackageError as error:
        logger.warning("no report.html is written: %s", error)
    else:
        logger.info("look at the pages in a browser: %s", report)


def _tell(progress: _Progress, found: Found) -> None:
    """Say in a line or two what became of all."""
    counts = progress.counts
    others = [f", {counts[status]} {status}" for status in ("refused", "failed") if counts[status]]
    logger.info(
        "%d of %d pages are read%s: see %s",
        *(counts["read"], counts.total(), "".join(others), progress.summary.file),
    )
    passed_over = (
        (progress.n_before, "of the pages were done before"),
        (found.n_others, "other files in the folders are no pages"),
        (found.n_links, "links that leave their folder were not followed"),
    )
    if told := [f"{n} {what}" for n, what in passed_over if n]:
        logger.info("%s", "; ".join(told))
