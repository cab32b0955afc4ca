"""Measurements: what a cardiologist reads off an ECG, complete or as a page shows it.

Data flows one way::

    leads -> curves -> beats -> classes -> typical beat -> waves -> intervals, axes, rhythm

Public: `measure`, `Measurements`, `LeadAmplitudes`, `RHYTHMS`. The package can be called as the
function is: ``ecgpaper.measure(ecg)``.
"""

import sys

from ecgpaper.measure.measurements import RHYTHMS, LeadAmplitudes, Measurements
from ecgpaper.measure.measuring import measure
from ecgpaper.runtime.called import CalledPackage

__all__ = ["RHYTHMS", "LeadAmplitudes", "Measurements", "measure"]

CALLED = ("ecgpaper.measure.measuring", "measure")
sys.modules[__name__].__class__ = CalledPackage
