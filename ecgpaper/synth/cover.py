"""Cover: things that hide the print from the camera, on the sheet and in front of it.

In: the spec of a page and how its sheet lies. Out: where nobody can see the print, as a mask of the
photo and for single points.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgpaper.ecg import BoolArray, ByteArray, FloatArray
from ecgpaper.page.geometry import Warp
from ecgpaper.page.raster import GridScale
from ecgpaper.synth.capture.camera import warp_layer
from ecgpaper.synth.capture.foreground import foreground_coverage
from ecgpaper.synth.capture.light import glare_levels
from ecgpaper.synth.sheet.notes import opaque_notes
from ecgpaper.synth.sheet.wear import present
from ecgpaper.synth.spec.page import PageSpec
from ecgpaper.synth.spec.scene import SceneSpec

Shape = tuple[int, int]
Objects = tuple[ByteArray, ByteArray] | None
# Glare of so many levels leaves ink less than a fifth of its contrast.
_BLINDING = 210
# Points along each edge of the sheet that tell whether all of it is in the frame.
_EDGE_POINTS = 40


@dataclass(frozen=True, eq=False)
class Cover:
    """Cover between the print and the camera.

    Parameters
    ----------
    page_to_photo : Warp
    page_shape, photo_shape : tuple of int
        (height, width) of the flat page and of the photo, in px.
    boxed, on_sheet : ndarray of uint8, of shape `page_shape`, or None
        255 where print is blacked out, and where paper is lost or something opaque lies on it; None
        where that is nowhere.
    before_sheet : ndarray of uint8, of shape `photo_shape`, or None
        255 where something in front of the sheet, or a reflection, hides it.
    """

    page_to_photo: Warp
    page_shape: Shape
    photo_shape: Shape
    boxed: ByteArray | None
    on_sheet: ByteArray | None
    before_sheet: ByteArray | None

    def mask(self) -> ByteArray:
        """Return 255 where the photo shows something else than the printed sheet.

        Returns
        -------
        ndarray of uint8, of shape `photo_shape`
            Also 255 beyond the sheet.
        """
        sheet = np.zeros(self.page_shape, dtype=np.uint8)
        for layer in (self.boxed, self.on_sheet):
            sheet = sheet if layer is None else np.maximum(sheet, layer)
        hidden = warp_layer(sheet, self.page_to_photo, self.photo_shape, (255.0, 255.0, 255.0))
        return hidden if self.before_sheet is None else np.maximum(hidden, self.before_sheet)

    def hides(self, points_px: FloatArray) -> BoolArray:
        """Tell which points of the flat page, of shape (n_points, 2), the photo does not show.

        NaN is hidden, and so is what lies beyond the sheet or beyond the frame.
        """
        hidden = _covered(points_px, self.boxed, self.page_shape)
        hidden |= _covered(points_px, self.on_sheet, self.page_shape)
        if self.before_sheet is not None or not self._frame_holds_sheet():
            seen = ~hidden
            photo = self.page_to_photo(points_px[seen])
            hidden[seen] = _covered(photo, self.before_sheet, self.photo_shape)
        return hidden

    def _frame_holds_sheet(self) -> bool:
        """Whether all of the sheet is in the photo: its edge is, and warps do not tear."""
        height, width = self.page_shape
        along = np.linspace(0, 1, _EDGE_POINTS, endpoint=False)
        right, down = np.column_stack([along, 0 * along]), np.column_stack([1 + 0 * along, along])
        edge = np.concatenate([right, down, 1 - right, 1 - down]) * [width, height] - 0.5
        return not _covered(self.page_to_photo(edge), None, self.photo_shape).any()


def _covered(points: FloatArray, layer: ByteArray | None, shape: Shape) -> BoolArray:
    """Whether points lie under a layer or beyond its edges; NaN counts as beyond."""
    low, high = np.full(2, -0.5), np.array(shape[::-1]) - 0.5
    inside = np.all((points >= low) & (points < high), axis=1)
    covered = np.array(~inside, dtype=np.bool_)
    if layer is not None:
        column, row = np.rint(points[inside]).astype(int).T
        covered[inside] = layer[row, column] >= 128
    return covered


def find_cover(
    spec: PageSpec,
    scale: GridScale,
    page_to_photo: Warp,
    *,
    page_shape: Shape,
    photo_shape: Shape,
    objects: Objects,
) -> Cover:
    """Return the cover of parts of a page.

    Parameters
    ----------
    spec : PageSpec
    scale : GridScale
    page_to_photo : Warp
    page_shape, photo_shape : tuple of int
    objects : tuple of ndarray, or None
        Objects that `draw_objects` drew on the flat page.
    """
    scene = spec.camera.scene
    return Cover(
        page_to_photo,
        page_shape,
        photo_shape,
        boxed=opaque_notes(spec.ink.notes, scale, page_shape),
        on_sheet=_on_sheet(present(spec.paper.wear, scale, page_shape), objects),
        before_sheet=None if scene is None else _before_sheet(scene),
    )


def _on_sheet(paper: ByteArray | None, objects: Objects) -> ByteArray | None:
    """Where there is no paper left, or something opaque on it; shadows and clear tape are not."""
    hiding = [] if paper is None else [cv2.threshold(paper, 127, 255, cv2.THRESH_BINARY_INV)[1]]
    hiding += [] if objects is None else [cv2.threshold(objects[1], 127, 255, 0)[1]]
    if not hiding:
        return None
    return np.asarray(hiding[0] if len(hiding) == 1 else cv2.max(*hiding), dtype=np.uint8)


def _before_sheet(scene: SceneSpec) -> ByteArray | None:
    """Where the foreground, such as fingers, or glare leaves nothing to see."""
    coverage, glare = foreground_coverage(scene), glare_levels(scene)
    hiding = [] if coverage is None else [coverage >= 128]
    hiding += [] if glare is None or glare.max() < _BLINDING else [glare >= _BLINDING]
    if not hiding:
        return None
    return np.where(np.logical_or.reduce(hiding), 255, 0).astype(np.uint8)
