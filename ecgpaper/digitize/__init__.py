"""The digitizer: photo -> flat page -> grid -> layout -> trace -> signal.

Public: `Digitizer`, `Digitization`, `Stated`. The package can be called, as
``ecgpaper.digitize("page.jpg")``: see `ecgpaper.page_reader.digitize`.
"""

import sys

from ecgpaper.digitize.calibration.paper_scale import Stated
from ecgpaper.digitize.called import CalledPackage
from ecgpaper.digitize.digitizer import Digitizer
from ecgpaper.digitize.result import Digitization

__all__ = ["Digitization", "Digitizer", "Stated"]

sys.modules[__name__].__class__ = CalledPackage
