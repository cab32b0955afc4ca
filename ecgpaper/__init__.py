"""Paper ECGs into signals and diagnoses.

Data flows one way::

    record -> page -> ink -> paper -> camera             ecgpaper.synth
    photo -> flat page -> scale -> layout -> trace -> signal   ecgpaper.digitize
    signal -> labels                                      ecgpaper.classify

What the generator knows to be true and what the digitizer answers have the same types
(`ecg`, `page`, `page.raster`, `page.geometry`), so every stage can be held against an oracle.

Public: `digitize`, `digitize_all`, `DigitizedPage`, `Settings`, `Digitizer`, `Digitization`,
`PageClassifier`, `Ecg`, `measure`, `read_image`, `synthesize`. A name is imported when it is first
used, so that ``import ecgpaper`` is quick.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ecgpaper.classify.branches import PageClassifier
    from ecgpaper.digitize import Digitization, Digitizer
    from ecgpaper.digitized.page import DigitizedPage, Settings
    from ecgpaper.digitized.reader import digitize, digitize_all
    from ecgpaper.ecg import Ecg
    from ecgpaper.files.records.challenge import read_image
    from ecgpaper.measure import measure
    from ecgpaper.synth import synthesize

__all__ = [
    "Digitization",
    "DigitizedPage",
    "Digitizer",
    "Ecg",
    "PageClassifier",
    "Settings",
    "__version__",
    "digitize",
    "digitize_all",
    "measure",
    "read_image",
    "synthesize",
]

__version__ = "0.2.0"

# Packages that can be called.
_CALLED = ("digitize", "measure")
_HOMES = {
    "Digitization": "ecgpaper.digitize",
    "DigitizedPage": "ecgpaper.digitized.page",
    "Digitizer": "ecgpaper.digitize",
    "Ecg": "ecgpaper.ecg",
    "PageClassifier": "ecgpaper.classify.branches",
    "Settings": "ecgpaper.digitized.page",
    "digitize_all": "ecgpaper.digitized.reader",
    "read_image": "ecgpaper.files.records.challenge",
    "synthesize": "ecgpaper.synth",
}

# Type checkers read the imports above instead, and so know which names there are.
if not TYPE_CHECKING:

    def __getattr__(name):
        """Import a public name on its first use (PEP 562)."""
        if name in _CALLED:
            # The package, which can be called: it has this name once anything in it is imported.
            return import_module(f"ecgpaper.{name}")
        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        value = globals()[name] = getattr(import_module(_HOMES[name]), name)
        return value


def __dir__() -> list[str]:
    """List the public names, imported or not."""
    return sorted({*globals(), *__all__})
