"""Generator: 12-lead record -> printed page -> handled paper -> picture, with the exact truth.

`sample_spec` draws the spec of a page, `synthesize` makes its picture, `generator` has the steps.
The counterpart of `ecgpaper.digitize`: the types of the truth are those of the digitizer's answer.
"""

from ecgpaper.synth.generator import SyntheticPage, synthesize
from ecgpaper.synth.plan import PageTruth
from ecgpaper.synth.sample import PRESETS, sample_spec
from ecgpaper.synth.spec import (
    CameraSpec,
    InkSpec,
    LayoutSpec,
    Note,
    PageSpec,
    PaperSpec,
    TextLine,
    resized,
)
from ecgpaper.synth.truth.masks import draw_maps

__all__ = [
    "PRESETS",
    "CameraSpec",
    "InkSpec",
    "LayoutSpec",
    "Note",
    "PageSpec",
    "PageTruth",
    "PaperSpec",
    "SyntheticPage",
    "TextLine",
    "draw_maps",
    "resized",
    "sample_spec",
    "synthesize",
]
