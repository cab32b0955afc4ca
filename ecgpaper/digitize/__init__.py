"""The digitizer: photo -> flat page -> scale -> layout -> trace -> signal.

Public: `Digitizer`, `Digitization`, `Stated`, `StatedLead`, `StatedBox`. The package can be
called, as ``ecgpaper.digitize("page.jpg")``: see `ecgpaper.digitized.reader.digitize`.
"""

import sys

from ecgpaper.digitize.answer.result import Digitization
from ecgpaper.digitize.digitizer import Digitizer
from ecgpaper.digitize.request import Stated, StatedBox, StatedLead
from ecgpaper.runtime.called import CalledPackage

__all__ = ["Digitization", "Digitizer", "Stated", "StatedBox", "StatedLead"]

CALLED = ("ecgpaper.digitized.reader", "digitize")
sys.modules[__name__].__class__ = CalledPackage
