"""What a millimeter means: speed and gain, from print, calibration pulses and heartbeats."""
