"""The digitizer: photo -> flat page -> grid -> layout -> trace -> signal.

Public: `Digitizer`, `Digitization`, `Stated`.
"""

from ecgpaper.digitize.digitization import Digitization
from ecgpaper.digitize.digitizer import Digitizer
from ecgpaper.digitize.paper import Stated

__all__ = ["Digitization", "Digitizer", "Stated"]
