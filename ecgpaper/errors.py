"""What can go wrong with a record or an image, by the stage that noticed it.

A caller's mistake is a plain ``ValueError`` or ``TypeError``; the classes here mean that the data
defeated the program. Each message says what was expected, what was found and what to do.
"""


class EcgPaperError(Exception):
    """Base of every error that a record, an image, a model file or a disk can cause."""


class RecordError(EcgPaperError):
    """A record's header, signal file or image cannot be used."""


class BatchError(EcgPaperError):
    """A batch of records or pages cannot be worked through, or not where it was asked for."""


class CrossvalError(EcgPaperError):
    """A folder holds the results of another cross-validation."""


class BudgetError(EcgPaperError):
    """The time that a training may take is not stated as a number of minutes."""


class CheckpointError(EcgPaperError):
    """A model folder lacks a file, or a file does not fit the others."""


class OutputError(EcgPaperError):
    """A file cannot be written, or a folder cannot be made, where it was asked for."""


class DiskError(OutputError):
    """The disk of an output takes no file: it is full, read-only or broken."""


class RectifyError(EcgPaperError):
    """No ECG page was found on the photo."""


class MirrorError(EcgPaperError):
    """The photo shows a page as in a mirror."""


class GridError(EcgPaperError):
    """The scale of the page, in pixels per millimeter, could not be measured."""


class LayoutError(EcgPaperError):
    """The rows and columns of leads on the page fit no known layout."""


class FormatError(EcgPaperError):
    """A record does not fit the file format that was asked for."""


class MissingPackageError(EcgPaperError):
    """An optional package is needed and not installed."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(
            f"expected the package {package}; it is not installed: pip install 'ecgpaper[{extra}]'"
        )


class DrawingError(EcgPaperError):
    """The lines that a PDF page draws cannot be read as an ECG."""


class BusyError(EcgPaperError):
    """The server has as much to do as it may take."""


class OverdueError(EcgPaperError):
    """A page took longer than it may, or all memory that there was."""
