"""Photo: the printed sheet where it lies, and the light on it.

In: the flat page and its plan. Out: the photo before the sensor sees it.
"""

from __future__ import annotations

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray
from ecgpaper.synth.camera import multiply, warp_field, warp_layer
from ecgpaper.synth.relief import shade
from ecgpaper.synth.scene import (
    SceneSpec,
    draw_background,
    glare_field,
    light_field,
    monitor_mesh,
)
from ecgpaper.synth.spec import PageSpec
from ecgpaper.synth.truth import Plan, texture_rng
from ecgpaper.synth.wear import present


def photograph(page: ByteArray, plan: Plan, spec: PageSpec) -> ByteArray:
    """Lay the page where the plan says and light it."""
    scene = spec.camera.scene
    if scene is None:
        photo = _lay_down(page, plan, spec, None)
        return photo if spec.paper.relief.is_flat else multiply(photo, _shades(plan, spec))
    if scene.mesh_depth > 0:
        per_mm = plan.truth.scale.px_per_mm[0]
        page = multiply(page, monitor_mesh(scene, page.shape[:2], per_mm))
    table = draw_background(scene, rng=texture_rng(spec, "background"))
    photo = _lay_down(page, plan, spec, table)
    coded = np.clip(np.rint(light_field(scene) * 128), 0, 255).astype(np.uint8)
    light = np.asarray(cv2.resize(coded, plan.photo_shape[::-1]), dtype=np.uint8)
    if not spec.paper.relief.is_flat:
        light = multiply(light, _shades(plan, spec))
    return _add_glare(multiply(photo, light), scene)


def _lay_down(page: ByteArray, plan: Plan, spec: PageSpec, table: ByteArray | None) -> ByteArray:
    """Warp the page onto the table, or onto the scanner's lid; what is torn off shows it."""
    warp, shape = plan.truth.page_to_photo, plan.photo_shape
    backing = spec.camera.backing
    paper = present(spec.paper.wear, plan.truth.scale, page.shape[:2])
    if paper is None:
        return warp_layer(page, warp, shape, backing if table is None else table)
    below = np.full((*shape, 3), backing, dtype=np.uint8) if table is None else table.copy()
    photo = warp_layer(page, warp, shape, backing if table is None else table)
    torn = warp_layer(paper, warp, shape, (255.0, 255.0, 255.0)) < 128
    photo[torn] = below[torn]
    return photo


def _shades(plan: Plan, spec: PageSpec) -> ByteArray:
    light = shade(spec.paper.relief, plan.height_mm)
    return warp_field(light, plan.truth.scale.px_per_mm[0], plan.lay, plan.photo_shape)


def _add_glare(photo: ByteArray, scene: SceneSpec) -> ByteArray:
    field = glare_field(scene)
    if field is None:
        return photo
    coded = np.clip(field, 0, 255).astype(np.uint8)
    wide = cv2.resize(coded, photo.shape[1::-1], interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.add(photo, cv2.merge([wide] * 3)), dtype=np.uint8)
