"""Spec: every choice behind a synthetic page, as frozen dataclasses of scalars and tuples.

The picture is a function of the record and the spec. A spec survives JSON: `spec_as_json`,
`spec_from_json`. Specs are drawn at random in `ecgpaper.synth.sample`.
"""

from ecgpaper.synth.spec.capture import CameraSpec, ScannerSpec
from ecgpaper.synth.spec.page import PageSpec, resized, spec_as_json, spec_from_json
from ecgpaper.synth.spec.print import InkSpec, LayoutSpec, TextLine
from ecgpaper.synth.spec.scene import SceneSpec
from ecgpaper.synth.spec.sheet import Note, PaperSpec, ReliefSpec, WearSpec

__all__ = [
    "CameraSpec",
    "InkSpec",
    "LayoutSpec",
    "Note",
    "PageSpec",
    "PaperSpec",
    "ReliefSpec",
    "ScannerSpec",
    "SceneSpec",
    "TextLine",
    "WearSpec",
    "resized",
    "spec_as_json",
    "spec_from_json",
]
