"""Camera: from the sheet to the picture.

In: the flat page, where the sheet is bent and how it lies, `CameraSpec`. Out: the warp from flat
page to photo, and the photo before the sensor sees it.
"""

from __future__ import annotations

from typing import cast

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.geometry import DenseWarp, Homography, Warp
from ecgpaper.synth.scene import corners_photo
from ecgpaper.synth.spec import CameraSpec, Color
from ecgpaper.synth.texture import FloatImage

# The warp is exact at every eighth pixel of the photo, and linear in between.
_STEP_PX = 8
_BAND_PX = 256


def lay_sheet(spec: CameraSpec, page_shape: tuple[int, int]) -> tuple[Homography, tuple[int, int]]:
    """Return the homography from the bent sheet to the photo, and the photo's (height, width)."""
    height, width = page_shape
    if spec.scene is not None:
        edges = np.array([[0, 0], [width, 0], [width, height], [0, height]]) - 0.5
        matrix = cv2.getPerspectiveTransform(
            edges.astype(np.float32), corners_photo(spec.scene).astype(np.float32)
        )
        return Homography(np.asarray(matrix, dtype=np.float64)), spec.scene.photo_px
    photo_shape = (round(height * spec.stretch[1]), round(width * spec.stretch[0]))
    angle = np.deg2rad(spec.skew_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = np.diag(spec.stretch) @ turn
    center_px = (np.array([width, height]) - 1) / 2
    center_photo = (np.array(photo_shape[::-1]) - 1) / 2
    matrix = np.eye(3)
    matrix[:2, :2] = linear
    matrix[:2, 2] = center_photo - linear @ center_px
    return Homography(matrix), photo_shape


def page_to_photo(unbend: DenseWarp | None, lay: Homography) -> Warp:
    """Return the warp from flat page to photo: onto the bent sheet, then as it lies."""
    return lay if unbend is None else unbend.inverse.compose(lay)


def warp_layer(
    layer: ByteArray, warp: Warp, photo_shape: tuple[int, int], outside: Color | ByteArray
) -> ByteArray:
    """Move an image or a layer from the flat page to the photo.

    Parameters
    ----------
    layer : ndarray of uint8, of shape (height, width) or (height, width, 3)
    warp : Warp
    photo_shape : tuple of int
    outside : tuple of float, or ndarray of the photo's shape
        What is seen beyond the page; an image is drawn upon.
    """
    if isinstance(outside, tuple):
        if layer.shape[:2] == photo_shape and _is_identity(warp):
            return layer
        shape = (*photo_shape, *layer.shape[2:])
        outside = np.full(shape, outside[: layer.shape[2] if layer.ndim == 3 else 1], np.uint8)
    back = warp.inverse
    for top in range(0, photo_shape[0], _BAND_PX):
        band = outside[top : top + _BAND_PX]
        nowhere = np.empty(0, dtype=np.float32)
        # Pixels beyond the page keep what was there.
        cv2.remap(
            layer,
            _lookup(back, top, band.shape[:2]),
            nowhere,
            cv2.INTER_LINEAR,
            band,
            cv2.BORDER_TRANSPARENT,
        )
    return outside


def _is_identity(warp: Warp) -> bool:
    return isinstance(warp, Homography) and np.array_equal(warp.matrix, np.eye(3))


def _lookup(back: Warp, top: int, shape: tuple[int, ...]) -> FloatImage:
    """Where on the page the pixels of a band of the photo lie: (x, y) in the last axis."""
    n_rows, n_columns = (-(-size // _STEP_PX) + 2 for size in shape[:2])
    # Resizing puts node i at pixel _STEP_PX * (i + 0.5) - 0.5; one node lies outside at each side.
    middle = (_STEP_PX - 1) / 2 - _STEP_PX
    x, y = np.meshgrid(
        np.arange(n_columns) * _STEP_PX + middle, np.arange(n_rows) * _STEP_PX + middle + top
    )
    nodes = back(np.column_stack([x.ravel(), y.ravel()])).astype(np.float32)
    wide = cv2.resize(
        nodes.reshape(n_rows, n_columns, 2), (n_columns * _STEP_PX, n_rows * _STEP_PX)
    )
    cut = wide[_STEP_PX : _STEP_PX + shape[0], _STEP_PX : _STEP_PX + shape[1]]
    return np.ascontiguousarray(cut, dtype=np.float32)


def warp_field(
    field: FloatImage, step_px: float, lay: Homography, photo_shape: tuple[int, int]
) -> ByteArray:
    """Move a coarse field on the bent sheet to the photo, 128 standing for 1, as beyond it."""
    spread = Homography(np.diag([step_px, step_px, 1.0])).compose(lay)
    matrix: FloatArray = cast("Homography", spread).matrix
    coded = np.clip(np.rint(field * 128), 0, 255).astype(np.uint8)
    moved = cv2.warpPerspective(
        coded,
        matrix,
        photo_shape[::-1],
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(128,),
    )
    return np.asarray(moved, dtype=np.uint8)


def multiply(image: ByteArray, light: ByteArray) -> ByteArray:
    """Light an image with one plane or three, 128 standing for 1."""
    if light.ndim == 2:
        light = np.asarray(cv2.merge([light] * 3), dtype=np.uint8)
    return np.asarray(cv2.multiply(image, light, scale=1 / 128), dtype=np.uint8)
