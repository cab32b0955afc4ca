"""Simulated electrocardiograms: twelve leads for given labels, when no recording is at hand.

A moving dipole (`waves`) beats in a rhythm (`rhythm`); its waves are those of a healthy heart
(`heart`) changed by findings of conduction (`conduction`) and of the muscle (`myocardium`) that a
label may stand for (`findings`); electrodes add noise (`noise`); `record` puts them together.
Everything is a function of time drawn from a generator, and sampled only at the end.

Not a source of diagnostic truth: shapes follow textbooks and the statistics of PTB-XL.
"""

from ecgpaper.simulate.findings import simulate_labels
from ecgpaper.simulate.record import SimulatedRecord, simulate_ecg, simulate_record

__all__ = ["SimulatedRecord", "simulate_ecg", "simulate_labels", "simulate_record"]
