"""Measurements: what a cardiologist reads off an ECG, complete or as a page shows it.

Data flows one way::

    leads -> curves -> beats -> classes -> typical beat -> waves -> intervals, axes, rhythm

Public: `measure`, `Measurements`, `LeadAmplitudes`, `RHYTHMS`.
"""

from ecgpaper.measure.measurements import RHYTHMS, LeadAmplitudes, Measurements
from ecgpaper.measure.measuring import measure

__all__ = ["RHYTHMS", "LeadAmplitudes", "Measurements", "measure"]
