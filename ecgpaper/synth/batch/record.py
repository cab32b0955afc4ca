"""Record: print the pages of one record, all or none.

Public: `Outcome`, `print_record`.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np

from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.errors import DiskError, RecordError
from ecgpaper.files.records.challenge import NAME, read_ecg, read_header, write_record
from ecgpaper.page import LAYOUTS, LeadLayout
from ecgpaper.runtime.boundary import PageFault, attempt
from ecgpaper.runtime.files import write_whole
from ecgpaper.synth.batch.folder import BatchOptions
from ecgpaper.synth.generator import SyntheticPage, synthesize
from ecgpaper.synth.sample import sample_spec
from ecgpaper.synth.spec.page import PageSpec
from ecgpaper.synth.truth.picture import Origin, picture_truth
from ecgpaper.synth.truth.truth_file import encode_truth

# A page shows so much unless a layout is asked for.
PAGE_S = 10.0
# A last page shorter than this is not worth its paper.
LEAST_PAGE_S = 1.0
# Below, the waves of a heartbeat are lost.
LEAST_FS = 50.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Outcome of a record.

    Parameters
    ----------
    name : str
    fault : str or None
        Why it was skipped.
    details : str
        The traceback, where that is a fault of the program.
    unprinted : tuple of str
        Leads that its signals have and its pictures do not.
    """

    name: str
    fault: str | None = None
    details: str = ""
    unprinted: tuple[str, ...] = ()


def print_record(source: Path, name: str, folder: Path, options: BatchOptions) -> Outcome:
    """Write the pictures of a record, then its signals and, last, its header; unless it is done.

    Parameters
    ----------
    source : Path
        Folder of the records.
    name : str
        Of the record, relative to `source` and then to `folder`.
    folder : Path
        Folder of the pages. A record that is skipped leaves nothing in it.
    options : BatchOptions

    Returns
    -------
    Outcome
        Whatever is wrong with the record, or with the program when it prints it, is its fault.

    Raises
    ------
    DiskError
        If the disk takes no file: that is no fault of the record.
    """
    if (folder / f"{name}.hea").exists():
        return Outcome(name)
    # Each worker has a core of its own; OpenCV would start a thread for every core there is.
    n_threads = cv2.getNumThreads()
    cv2.setNumThreads(1)
    try:
        found = attempt(partial(_tried, source, name, folder, options), "printing this record")
    finally:
        cv2.setNumThreads(n_threads)
    if isinstance(found, DiskError):
        raise found
    return Outcome(name, found.reason, found.details) if isinstance(found, PageFault) else found


def _tried(source: Path, name: str, folder: Path, options: BatchOptions) -> Outcome | DiskError:
    """Print a record; return a fault of the disk, so that it passes the boundary of a record."""
    try:
        return _print(_usable(source, name), folder, options)
    except DiskError as error:
        return error


@dataclass(frozen=True, eq=False)
class _Record:
    """A record that can be printed; `comments` are those of its header."""

    name: str
    ecg: Ecg
    comments: tuple[str, ...]


def _usable(source: Path, name: str) -> _Record:
    """Read a record, or say why it cannot be printed."""
    record = source / name
    if not NAME.fullmatch(record.name):
        raise RecordError("a Challenge record's name is made of A-Z a-z 0-9 _ and -: rename it")
    ecg, header = read_ecg(record), read_header(record)
    if ecg.fs < LEAST_FS:
        raise RecordError(f"at least {LEAST_FS:g} Hz are needed; it has {ecg.fs:g}")
    if ecg.duration_s < LEAST_PAGE_S:
        raise RecordError(f"at least {LEAST_PAGE_S:g} s are needed; it has {ecg.duration_s:g} s")
    if not np.isfinite(ecg.signal_mv).any():
        raise RecordError("a voltage is needed somewhere; all samples are missing")
    # Not the names of images that it had elsewhere.
    comments = (line for line in header.comments if not line.lower().startswith("image:"))
    return _Record(name, ecg, tuple(comments))


@dataclass(frozen=True, eq=False)
class _Sheet:
    """A picture to be made: a stretch of a record from sample `first` on, and how it is printed."""

    record: str
    index: int
    first: int
    ecg: Ecg
    spec: PageSpec

    @property
    def stem(self) -> str:
        """Name of the picture without its ending."""
        return f"{Path(self.record).name}-{self.index}"

    @property
    def image_name(self) -> str:
        """Name of the picture's file, after its own format."""
        return self.stem + (".png" if self.spec.camera.jpeg_quality is None else ".jpg")


def _sheets(record: _Record, options: BatchOptions) -> Iterator[_Sheet]:
    """Yield the pictures of a record; pages follow one another in time."""
    ecg = record.ecg
    layout = _own_layout(ecg) or (LAYOUTS[options.layout] if options.layout else None)
    n_samples = round((layout.duration_s if layout else PAGE_S) * ecg.fs)
    index = 0
    for first in range(0, ecg.n_samples, n_samples):
        signal_mv = ecg.signal_mv[first : first + n_samples]
        if len(signal_mv) < LEAST_PAGE_S * ecg.fs:
            continue
        for _ in range(options.per_record):
            rng = np.random.default_rng([options.seed, crc32(record.name.encode()), index])
            spec = sample_spec(options.preset, rng=rng, layout=layout, scale=options.scale)
            yield _Sheet(record.name, index, first, replace(ecg, signal_mv=signal_mv), spec)
            index += 1


def _own_layout(ecg: Ecg) -> LeadLayout | None:
    """One row per lead for a record that is no twelve-lead record."""
    if set(STANDARD_ORDER) <= set(ecg.lead_names):
        return None
    return LeadLayout(f"{len(ecg.lead_names)}x1", tuple((lead,) for lead in ecg.lead_names))


def _print(record: _Record, folder: Path, options: BatchOptions) -> Outcome:
    ecg, place = record.ecg, folder / record.name
    shown = np.zeros(ecg.signal_mv.shape, dtype=np.bool_)
    image_names = []
    with ExitStack() as on_failure:
        for sheet in _sheets(record, options):
            page = synthesize(sheet.ecg, sheet.spec)
            files = {sheet.image_name: _encoded(page)} | _truth_files(sheet, options.truth)
            for name, content in files.items():
                write_whole(place.with_name(name), content)
                on_failure.callback(_remove, place.with_name(name), place)
            image_names.append(sheet.image_name)
            visible = np.isfinite(page.truth.ecg.signal_mv)
            shown[sheet.first : sheet.first + len(visible)] |= visible
        if options.mask_unplotted:
            ecg = replace(ecg, signal_mv=np.where(shown, ecg.signal_mv, np.nan))
        on_failure.callback(_remove, place.with_name(f"{place.name}.dat"), place)
        write_record(
            place.parent, place.name, ecg, comments=record.comments, image_names=image_names
        )
        on_failure.pop_all()
    unprinted = np.flatnonzero(~np.any(shown, axis=0))
    return Outcome(record.name, unprinted=tuple(ecg.lead_names[column] for column in unprinted))


def _remove(file: Path, record: Path) -> None:
    """Remove a file of a record that failed, unless another run has finished it meanwhile."""
    if not record.with_name(f"{record.name}.hea").exists():
        file.unlink(missing_ok=True)


def _encoded(page: SyntheticPage) -> bytes:
    """Return the content of the picture's file, in its own format."""
    if isinstance(page.content, bytes):
        return page.content
    # OpenCV writes blue first; it turns the planes round much faster than NumPy.
    planes = cv2.cvtColor(page.content, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".png", planes, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return bytes(data)


def _truth_files(sheet: _Sheet, level: str) -> dict[str, bytes]:
    """Return the content of the truth files of a picture by their names."""
    if level == "none":
        return {}
    ecg = sheet.ecg
    origin = Origin(sheet.record, sheet.image_name, sheet.first / ecg.fs, ecg.fs)
    truth = picture_truth(ecg, sheet.spec, origin, has_masks=level == "full")
    return {sheet.stem + ending: content for ending, content in encode_truth(truth).items()}
