"""Sample: all the randomness of choice. Draws the spec of a page for a preset."""

from ecgpaper.synth.sample.page import PRESETS, sample_spec

__all__ = ["PRESETS", "sample_spec"]
