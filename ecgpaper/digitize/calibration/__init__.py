"""Speed and gain of a page, from its print, calibration pulses and heartbeats."""
