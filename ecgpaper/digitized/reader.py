"""From a file to what its pages show: what most users of the library need.

Public: `digitize`, `digitize_all`, `PageReader`, `ReaderLoader`, `loaded`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import TypeVar

import cv2
import torch

from ecgpaper.classify.branches import PageClassifier
from ecgpaper.classify.picture import look_at
from ecgpaper.digitize import Digitizer
from ecgpaper.digitize.answer.traced import Traced
from ecgpaper.digitize.request import Request
from ecgpaper.digitized.from_drawing import Drawn, digitize_drawing
from ecgpaper.digitized.page import DigitizedPage, Settings
from ecgpaper.ecg import ByteArray
from ecgpaper.errors import DrawingError, RecordError
from ecgpaper.files.inputs import PageSource, pages_of
from ecgpaper.runtime.boundary import PageFault, attempt
from ecgpaper.runtime.bounds import Clock

T = TypeVar("T")
AS_USUAL = Settings()
logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class PageReader:
    """Digitizer and classifier, which read one page after another."""

    digitizer: Digitizer
    classifier: PageClassifier

    @classmethod
    def load(cls, model: Path | None = None) -> PageReader:
        """Read the weights: of a model folder, or those that come with the program.

        Raises
        ------
        CheckpointError
            If a file is missing or does not fit.
        """
        return cls(Digitizer.load(model), PageClassifier.load(model))

    def read(
        self, photo: ByteArray, settings: Settings = AS_USUAL, source: PageSource | None = None
    ) -> DigitizedPage:
        """Read a page: from the lines that its PDF draws, where it does, else from its picture.

        Parameters
        ----------
        photo : ndarray of uint8, of shape (height, width, 3), RGB
        settings : Settings
        source : PageSource, optional
            Where the picture comes from; without it the picture alone counts.

        Raises
        ------
        EcgPaperError
            If it shows no page that can be read.
        """
        drawn, remarks = _from_lines(photo, settings, source)
        if drawn is None:
            request = Request(settings.fs_hz, settings.stated, Clock())
            traced = self.trace(photo, request, source)
            found = self.digitizer.interpret(traced, request)
        else:
            found = drawn.digitization
        diagnosis = self.classifier.diagnose(found.ecg, [look_at(photo, found)])
        read_from = "pixels" if drawn is None else "lines"
        return DigitizedPage(photo, found, diagnosis, settings, source, read_from, remarks)

    def trace(self, photo: ByteArray, request: Request, source: PageSource | None) -> Traced:  # noqa: ARG002
        """Read the curves of a picture; a reader that remembers has some already."""
        return self.digitizer.trace_photo(photo, request)


def _from_lines(
    photo: ByteArray, settings: Settings, source: PageSource | None
) -> tuple[Drawn | None, tuple[str, ...]]:
    """Read the lines of a page, if it is drawn, and say what a user should know about that."""
    # Corners and boxes are those of a picture.
    if source is None or settings.corners is not None or settings.boxes:
        return None, ()
    try:
        drawn = digitize_drawing(source, photo, settings.fs_hz, settings.stated)
    except DrawingError as error:
        logger.info("%s is read as a picture: %s", source, error)
        said = str(error).replace(str(source.file.absolute()), source.file.name)
        said = said.replace(str(source.file), source.file.name)
        return None, (f"the lines of this PDF page could not be read, its picture was: {said}",)
    if drawn is None:
        return None, ()
    logger.info("%s is read from its lines", source)
    return drawn, drawn.warnings


@dataclass(frozen=True, slots=True)
class ReaderLoader:
    """How a process gets its `PageReader`.

    Parameters
    ----------
    model : Path or None
        The model folder; None for the shipped weights.
    has_one_thread : bool
        Whether other processes read beside it.
    """

    model: Path | None = None
    has_one_thread: bool = False

    def __call__(self) -> PageReader:
        """Load the weights."""
        if self.has_one_thread:
            torch.set_num_threads(1)
            cv2.setNumThreads(1)
        return PageReader.load(self.model)


@lru_cache(maxsize=1)
def loaded(load: Callable[[], T]) -> T:
    """Load something that takes long, once per process."""
    return load()


def digitize(
    path: str | Path,
    *,
    page: int | None = None,
    settings: Settings = AS_USUAL,
    model: Path | None = None,
) -> DigitizedPage:
    """Digitize and classify a page of a file: a photo, a scan, a PDF.

    Parameters
    ----------
    path : str or Path
    page : int, optional
        From 1; needed where the file has several.
    settings : Settings
        What is asked for and stated: sampling frequency, layout, speed, gain.
    model : Path, optional
        A folder of other weights.

    Raises
    ------
    RecordError
        If the file cannot be read, or has several pages and none is named.
    EcgPaperError
        If the page shows no ECG that can be read; the error says why.
    """
    sources = pages_of(path)
    if page is None and len(sources) > 1:
        raise RecordError(
            f"expected one page; {path} has {len(sources)}: name one, as in "
            "digitize(path, page=2), or use digitize_all"
        )
    if page is not None and not 1 <= page <= len(sources):
        raise RecordError(f"expected a page from 1 to {len(sources)} of {path}; got {page}")
    source = sources[(page or 1) - 1]
    return _read(source, settings, model)


def digitize_all(
    path: str | Path, *, settings: Settings = AS_USUAL, model: Path | None = None
) -> Iterator[tuple[PageSource, DigitizedPage | PageFault]]:
    """Digitize all pages of a file, one when it is asked for.

    Yields
    ------
    PageSource
        Which page it is.
    DigitizedPage or PageFault
        What the page shows, or why it was not read: of a report's pages, some show no ECG.

    Raises
    ------
    RecordError
        If the file cannot be read.
    """
    for source in pages_of(path):
        yield source, attempt(partial(_read, source, settings, model), "reading this page")


def _read(source: PageSource, settings: Settings, model: Path | None) -> DigitizedPage:
    reader: PageReader = loaded(ReaderLoader(model))
    return reader.read(source.read(), settings, source)
