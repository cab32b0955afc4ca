"""Photo: the printed sheet where it lies, and the light on it.

In: the flat page and its plan. Out: the photo before the sensor sees it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray
from ecgpaper.synth.capture.camera import (
    ContactShadow,
    coarse_shape,
    contact_light,
    cover_periodically,
    enlarge_light,
    move_layer,
    multiply,
    page_nodes,
    plain_image,
    warp_field,
    warp_layer,
)
from ecgpaper.synth.capture.foreground import lay_in_front
from ecgpaper.synth.capture.gaps import find_gaps
from ecgpaper.synth.capture.light import glare_levels, light_field
from ecgpaper.synth.capture.monitor import draw_monitor, fill_surroundings, glow, mesh_waves
from ecgpaper.synth.capture.relief import shade
from ecgpaper.synth.capture.scanner import scan_light
from ecgpaper.synth.capture.table import Footing, draw_table
from ecgpaper.synth.plan import Plan, texture_rng
from ecgpaper.synth.sheet.wear import present
from ecgpaper.synth.spec.page import PageSpec
from ecgpaper.synth.spec.scene import Monitor, SceneSpec
from ecgpaper.synth.texture import FloatImage

# How far a sheet's shadow reaches on a table, and on a scanner's backing, which it touches.
_TABLE_SHADOW_MM = 3.5
_SCANNER_SHADOW_MM = 0.5
# Points along each side of the sheet's outline.
_EDGE_POINTS = 100


@dataclass(frozen=True, eq=False)
class _Sheet:
    """The printed page, 255 where it still is paper or None, and where the photo shows it."""

    page: ByteArray
    paper: ByteArray | None
    nodes: FloatImage


def photograph(page: ByteArray, plan: Plan, spec: PageSpec) -> ByteArray:
    """Lay the page where the plan says and light it."""
    paper = present(spec.paper.wear, plan.truth.scale, page.shape[:2])
    sheet = _Sheet(page, paper, page_nodes(plan.truth.page_to_photo, plan.photo_shape))
    scene = spec.camera.scene
    if scene is None:
        return _scan(sheet, plan, spec)
    photo = _draw_behind(scene, sheet, plan, texture_rng(spec, "background"))
    photo = _lay_down(sheet, photo)
    _soften_edge(photo, sheet, plan)
    photo = lay_in_front(photo, scene, rng=texture_rng(spec, "foreground"))
    light = _light(scene, plan, spec)
    if scene.monitor is not None:
        photo = glow(photo, scene.monitor.glow)
        light = multiply(light, _mesh(scene.monitor, sheet, plan))
    return _add_glare(multiply(photo, light), scene, plan)


def _scan(sheet: _Sheet, plan: Plan, spec: PageSpec) -> ByteArray:
    """Press the page on the glass and pass the lamp along it."""
    camera, shape = spec.camera, plan.photo_shape
    if camera.scanner.edge == 0 and sheet.paper is None:
        photo = warp_layer(sheet.page, plan.truth.page_to_photo, shape, camera.backing)
    else:
        shadow = ContactShadow(camera.scanner.edge, _reach_px(plan, _SCANNER_SHADOW_MM), 45.0)
        dimmed = _coded(_contact(sheet, shadow), shape)
        behind = multiply(plain_image(camera.backing, shape), dimmed)
        photo = _lay_down(sheet, behind)
        _soften_edge(photo, sheet, plan)
    if not spec.paper.relief.is_flat:
        photo = multiply(photo, enlarge_light(_shades(plan, spec), shape))
    if camera.scanner.is_even:
        return photo
    return multiply(photo, scan_light(camera.scanner, shape, plan.truth.scale.px_per_mm[0]))


def _draw_behind(
    scene: SceneSpec, sheet: _Sheet, plan: Plan, rng: np.random.Generator
) -> ByteArray:
    footing = _footing(plan)
    if scene.monitor is not None:
        return draw_monitor(scene, footing, rng=rng)
    reach_px = _reach_px(plan, _TABLE_SHADOW_MM)
    shadow = ContactShadow(scene.contact, reach_px, scene.contact_deg)
    return draw_table(scene, footing, _contact(sheet, shadow), rng=rng)


def _footing(plan: Plan) -> Footing:
    to_px = np.diag([*plan.truth.scale.px_per_mm, 1.0])
    to_px[:2, 2] = plan.truth.scale.origin_px
    return Footing(plan.lay.matrix @ to_px, plan.truth.layout.size_mm)


def _reach_px(plan: Plan, reach_mm: float) -> float:
    return reach_mm * plan.truth.scale.px_per_mm[0]


def _contact(sheet: _Sheet, shadow: ContactShadow) -> FloatImage:
    return contact_light(sheet.nodes, sheet.paper, sheet.page.shape[:2], shadow)


def _coded(field: FloatImage, shape: tuple[int, int]) -> ByteArray:
    """Enlarge a field of light, 128 standing for 1."""
    coded = np.clip(np.rint(field * 128), 0, 255).astype(np.uint8)
    return np.asarray(cv2.resize(coded, shape[::-1]), dtype=np.uint8)


def _lay_down(sheet: _Sheet, behind: ByteArray) -> ByteArray:
    """Warp the page onto its background, which shows where paper is torn off."""
    if sheet.paper is None:
        return move_layer(sheet.page, sheet.nodes, behind)
    gaps = find_gaps(sheet.paper, sheet.nodes)
    below = [behind[gap.pixels].copy() for gap in gaps]
    photo = move_layer(sheet.page, sheet.nodes, behind)
    for gap, shown in zip(gaps, below, strict=True):
        whole = np.full(shown.shape[:2], 255, dtype=np.uint8)
        torn = move_layer(sheet.paper, sheet.nodes[gap.nodes], whole) < 128
        photo[gap.pixels][torn] = shown[torn]
    return photo


def _soften_edge(photo: ByteArray, sheet: _Sheet, plan: Plan) -> None:
    """Let the pixels on the sheet's outline belong to both sides, in place."""
    height, width = sheet.page.shape[:2]
    along = np.linspace(0, 1, _EDGE_POINTS, endpoint=False)[:, None]
    corners = np.array([[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]) * [width, height] - 0.5
    outline = np.concatenate([start + along * (stop - start) for start, stop in pairwise(corners)])
    line = np.clip(plan.truth.page_to_photo(outline), -1e4, 3e4)
    mask = np.zeros(photo.shape[:2], dtype=np.uint8)
    cv2.polylines(mask, [np.rint(line * 16).astype(np.int32)], True, 1, 2, cv2.LINE_8, 4)
    mask[[0, -1]] = mask[:, [0, -1]] = 0
    # Truth values are searched many times faster than numbers.
    at = np.flatnonzero(mask.view(np.bool_))
    pixels = photo.reshape(-1, 3)
    steps = np.add.outer(np.arange(-1, 2) * photo.shape[1], np.arange(-1, 2)).ravel()
    total = sum(pixels[at + step].astype(np.uint16) for step in steps)
    pixels[at] = np.asarray(total) // len(steps)


def _mesh(monitor: Monitor, sheet: _Sheet, plan: Plan) -> ByteArray:
    period_px = monitor.mesh_mm * plan.truth.scale.px_per_mm[0]
    light = cover_periodically(mesh_waves(monitor), period_px, sheet.nodes, plan.photo_shape)
    fill_surroundings(light, monitor, _footing(plan), 128)
    return light


def _light(scene: SceneSpec, plan: Plan, spec: PageSpec) -> ByteArray:
    """Return the light on everything, and the shades of a bent sheet."""
    field = light_field(scene, rng=texture_rng(spec, "smudges"))
    light = _coded(field, coarse_shape(plan.photo_shape))
    if not spec.paper.relief.is_flat:
        light = multiply(light, _shades(plan, spec))
    return enlarge_light(light, plan.photo_shape)


def _shades(plan: Plan, spec: PageSpec) -> ByteArray:
    light = shade(spec.paper.relief, plan.height_mm)
    return warp_field(light, plan.truth.scale.px_per_mm[0], plan.lay, plan.photo_shape)


def _add_glare(photo: ByteArray, scene: SceneSpec, plan: Plan) -> ByteArray:
    glare = glare_levels(scene)
    if glare is None:
        return photo
    if scene.monitor is not None:
        # The wall behind a monitor mirrors nothing.
        fill_surroundings(glare, scene.monitor, _footing(plan), 0)
    return np.asarray(cv2.add(photo, cv2.merge([glare] * 3)), dtype=np.uint8)
