"""The page: everything that, with a record, decides a picture; and the same as JSON.

Public: `PageSpec`, `resized`, `spec_as_json`, `spec_from_json`, `build`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar, cast, get_args, get_type_hints

from ecgpaper.synth.spec.capture import CameraSpec
from ecgpaper.synth.spec.print import InkSpec, LayoutSpec
from ecgpaper.synth.spec.sheet import PaperSpec

Spec = TypeVar("Spec")


@dataclass(frozen=True, slots=True)
class PageSpec:
    """Everything that, with a record, decides a picture; `seed` is for the textures."""

    layout: LayoutSpec
    ink: InkSpec = field(default_factory=InkSpec)
    paper: PaperSpec = field(default_factory=PaperSpec)
    camera: CameraSpec = field(default_factory=CameraSpec)
    seed: int = 0


def resized(spec: PageSpec, factor: float) -> PageSpec:
    """Return the spec of the same page in a picture `factor` times as wide and high.

    Lengths in pixels of the picture, such as its blur, stay.
    """
    camera = replace(spec.camera, dpi=spec.camera.dpi * factor)
    if camera.scene is not None:
        height, width = camera.scene.photo_px
        photo_px = max(1, round(height * factor)), max(1, round(width * factor))
        camera = replace(camera, scene=replace(camera.scene, photo_px=photo_px))
    return replace(spec, camera=camera)


def spec_as_json(spec: PageSpec) -> str:
    """Write a spec as JSON text."""
    return json.dumps(asdict(spec))


def spec_from_json(text: str) -> PageSpec:
    """Read a spec that `spec_as_json` wrote."""
    return build(PageSpec, json.loads(text))


def build(kind: type[Spec], values: dict[str, Any]) -> Spec:
    """Make a dataclass, and those inside it, of what `dataclasses.asdict` and JSON made of it."""
    hints = get_type_hints(kind)
    names = [item.name for item in fields(cast("Any", kind))]
    return kind(**{name: _restore(hints[name], values[name]) for name in names})


def _restore(hint: Any, value: Any) -> Any:
    """Turn the lists of JSON into tuples and its objects into the specs they were."""
    inner = [part for part in (hint, *get_args(hint)) if is_dataclass(part)]
    if isinstance(value, dict):
        return build(cast("Any", inner[0]), value)
    if not isinstance(value, list):
        return value
    return tuple(_restore(inner[0] if inner else None, item) for item in value)
