"""A reader that remembers the curves of the last pages: another gain needs no network.

Public: `RememberingReader`, `RememberingLoader`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass, field

from ecgpaper.digitize.answer.traced import Traced
from ecgpaper.digitize.request import Request
from ecgpaper.digitized.reader import PageReader, ReaderLoader
from ecgpaper.ecg import ByteArray
from ecgpaper.files.inputs import PageSource

# Pages that are remembered: each takes some hundred megabytes.
MOST_REMEMBERED = 2


@dataclass(frozen=True, eq=False)
class RememberingReader(PageReader):
    """Reads pages, and reads the curves of the last ones once only.

    Parameters
    ----------
    remembered : OrderedDict
        Curves by their page and by what must be known of it before they are read.
    """

    remembered: OrderedDict[Hashable, Traced] = field(default_factory=OrderedDict)

    def trace(self, photo: ByteArray, request: Request, source: PageSource | None) -> Traced:
        """Return the curves of a picture, read now or before."""
        if source is None:
            return super().trace(photo, request, source)
        now = source.file.stat()
        key = (source, now.st_mtime_ns, now.st_size, request.stated.before_curves)
        found = self.remembered.pop(key, None) or super().trace(photo, request, source)
        self.remembered[key] = found
        while len(self.remembered) > MOST_REMEMBERED:
            self.remembered.popitem(last=False)
        return found


@dataclass(frozen=True, slots=True)
class RememberingLoader:
    """How the server's process gets its reader.

    Parameters
    ----------
    load : ReaderLoader
    """

    load: ReaderLoader

    def __call__(self) -> RememberingReader:
        """Load the weights."""
        reader = self.load()
        return RememberingReader(reader.digitizer, reader.classifier)
