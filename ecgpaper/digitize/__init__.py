"""The digitizer: photo -> flat page -> grid -> layout -> trace -> signal.

Public: `Digitizer`, `Digitization`, `Stated`.
"""

from ecgpaper.digitize.calibration.paper_scale import Stated
from ecgpaper.digitize.digitizer import Digitizer
from ecgpaper.digitize.result import Digitization

__all__ = ["Digitization", "Digitizer", "Stated"]
