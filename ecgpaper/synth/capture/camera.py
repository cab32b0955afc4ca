"""Camera: from the sheet to the picture.

In: the flat page, where the sheet is bent and how it lies, `CameraSpec`. Out: the warp from flat
page to photo, and the photo before the sensor sees it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import cv2
import numpy as np

from ecgpaper.ecg import BoolArray, ByteArray, FloatArray
from ecgpaper.page import MM_PER_INCH
from ecgpaper.page.geometry import DenseWarp, Homography, Warp
from ecgpaper.synth.capture.scene import corners_photo
from ecgpaper.synth.spec.capture import CameraSpec
from ecgpaper.synth.spec.values import Color
from ecgpaper.synth.texture import FloatImage


@dataclass(frozen=True, slots=True)
class ContactShadow:
    """The sheet's shadow: share of light missing, how far it reaches, and where it falls."""

    strength: float
    reach_px: float
    angle_deg: float


# The warp is exact at every eighth pixel of the photo, and linear in between.
NODE_STEP_PX = 8
_BAND_PX = 256
# Light and the shades of a bent sheet are put together at a quarter of the photo's resolution.
_LIGHT_STEP_PX = 4


def lay_sheet(spec: CameraSpec, page_shape: tuple[int, int]) -> tuple[Homography, tuple[int, int]]:
    """Return the homography from the bent sheet to the photo, and the photo's (height, width)."""
    height, width = page_shape
    if spec.scene is not None:
        edges = np.array([[0, 0], [width, 0], [width, height], [0, height]]) - 0.5
        matrix = cv2.getPerspectiveTransform(
            edges.astype(np.float32), corners_photo(spec.scene).astype(np.float32)
        )
        return Homography(np.asarray(matrix, dtype=np.float64)), spec.scene.photo_px
    left, top, right, bottom = (part * spec.dpi / MM_PER_INCH for part in spec.scanner.bed_mm)
    photo_shape = (
        round((height + top + bottom) * spec.stretch[1]),
        round((width + left + right) * spec.stretch[0]),
    )
    angle = np.deg2rad(spec.skew_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = np.diag(spec.stretch) @ turn
    center_px = (np.array([width, height]) - 1) / 2
    aside = np.array([left - right, top - bottom]) / 2 * spec.stretch
    center_photo = (np.array(photo_shape[::-1]) - 1) / 2 + aside
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
        Background beyond the page; an image is drawn upon.
    """
    if isinstance(outside, tuple):
        if layer.shape[:2] == photo_shape and _is_identity(warp):
            return layer
        outside = plain_image(outside[: layer.shape[2] if layer.ndim == 3 else 1], photo_shape)
    return move_layer(layer, page_nodes(warp, photo_shape), outside)


def _is_identity(warp: Warp) -> bool:
    return isinstance(warp, Homography) and np.array_equal(warp.matrix, np.eye(3))


def plain_image(color: tuple[float, ...], shape: tuple[int, int]) -> ByteArray:
    """Return an image of one color, of as many planes as that has parts."""
    height, width = shape
    image = np.empty((height, width * len(color)), dtype=np.uint8)
    # Row by row: much faster than pixel by pixel.
    image[:] = np.tile(np.array(color).astype(np.uint8), width)
    return image.reshape(height, width, -1) if len(color) > 1 else image


def page_nodes(warp: Warp, photo_shape: tuple[int, int]) -> FloatImage:
    """Return where on the flat page every eighth pixel of the photo lies.

    Returns
    -------
    ndarray of float32, of shape (n_rows, n_columns, 2)
        (x, y) in px. Node i lies at pixel 8 * i - 4.5: a row and a column are outside at each side.
    """
    n_rows, n_columns = (-(-size // NODE_STEP_PX) + 2 for size in photo_shape)
    middle = (NODE_STEP_PX - 1) / 2 - NODE_STEP_PX
    x, y = np.meshgrid(
        np.arange(n_columns) * NODE_STEP_PX + middle, np.arange(n_rows) * NODE_STEP_PX + middle
    )
    back = warp.inverse
    nodes = back(np.column_stack([x.ravel(), y.ravel()])).astype(np.float32)
    return nodes.reshape(n_rows, n_columns, 2)


def move_layer(layer: ByteArray, nodes: FloatImage, outside: ByteArray) -> ByteArray:
    """Draw a layer of the flat page upon a photo; pixels beyond the page stay.

    Parameters
    ----------
    layer : ndarray of uint8
    nodes : ndarray of float32
        As `page_nodes` gives them.
    outside : ndarray of uint8
        The photo.
    """
    nowhere = np.empty(0, dtype=np.float32)
    near = _near_page(nodes, layer.shape[:2])
    for top in range(0, len(outside), _BAND_PX):
        first = top // NODE_STEP_PX
        columns = np.flatnonzero(near[first : first + _BAND_PX // NODE_STEP_PX + 2].any(axis=0))
        if len(columns) == 0:
            continue
        # Node i + 1 is in the middle of the block of pixels i.
        left, right = max(int(columns[0]) - 2, 0), int(columns[-1]) + 1
        band = outside[top : top + _BAND_PX, left * NODE_STEP_PX : right * NODE_STEP_PX]
        if band.size == 0:
            continue
        lookup = _lookup(nodes[:, left:], top, band.shape[:2])
        cv2.remap(layer, lookup, nowhere, cv2.INTER_LINEAR, band, cv2.BORDER_TRANSPARENT)
    return outside


def _near_page(nodes: FloatImage, page_shape: tuple[int, ...]) -> BoolArray:
    """Whether nodes lie on the page, or so near that pixels between them may."""
    steps_px = [np.abs(np.diff(nodes, axis=axis)).max() for axis in (0, 1)]
    room_px = 2 * max(steps_px)
    x, y = nodes[..., 0], nodes[..., 1]
    inside: BoolArray = (
        (x > -room_px)
        & (x < page_shape[1] + room_px)
        & (y > -room_px)
        & (y < page_shape[0] + room_px)
    )
    return inside


def _lookup(nodes: FloatImage, top: int, shape: tuple[int, ...]) -> FloatImage:
    """Where on the page the pixels of a band of the photo lie: (x, y) in the last axis."""
    first = top // NODE_STEP_PX
    some = nodes[
        first : first + -(-shape[0] // NODE_STEP_PX) + 2, : -(-shape[1] // NODE_STEP_PX) + 2
    ]
    # Resizing puts node i at pixel NODE_STEP_PX * (i + 0.5) - 0.5.
    wide = cv2.resize(some, (some.shape[1] * NODE_STEP_PX, len(some) * NODE_STEP_PX))
    cut = wide[NODE_STEP_PX : NODE_STEP_PX + shape[0], NODE_STEP_PX : NODE_STEP_PX + shape[1]]
    return np.asarray(cut, dtype=np.float32)


def cover_periodically(
    waves: ByteArray, period_px: float, nodes: FloatImage, photo_shape: tuple[int, int]
) -> ByteArray:
    """Return the light of waves across and down the flat page, as a camera's sensor samples it.

    Parameters
    ----------
    waves : ndarray of uint8, of shape (256, 4)
        A period of the waves across the page, of red, green and blue, and of that down the page.
    period_px : float
        Length of a period on the flat page.
    nodes : ndarray of float32
        As `page_nodes` gives them.
    photo_shape : tuple of int
    """
    in_periods = nodes * np.float32(256 / period_px)
    light = np.empty((*photo_shape, 3), dtype=np.uint8)
    for top in range(0, photo_shape[0], _BAND_PX):
        band = light[top : top + _BAND_PX]
        # Of a whole number of periods the last eight bits are left.
        phase = _lookup(in_periods, top, band.shape[:2]).astype(np.int32).astype(np.uint8)
        # A sensor sees red and blue in every other row and column only.
        sparse = np.ascontiguousarray(phase[::2, ::2])
        red, blue = (_wave_light(sparse, waves[:, [part, 3]]) for part in (0, 2))
        wide = [cv2.resize(part, band.shape[1::-1]) for part in (red, blue)]
        cv2.merge([wide[0], _wave_light(phase, waves[:, [1, 3]]), wide[1]], band)
    return light


def _wave_light(phase: ByteArray, waves: ByteArray) -> ByteArray:
    """Product of two waves whose phases, in 256ths, are the planes of an image."""
    parts = [
        cv2.LUT(part, np.ascontiguousarray(waves[:, axis]))
        for axis, part in enumerate(cv2.split(phase))
    ]
    return np.asarray(cv2.multiply(parts[0], parts[1], scale=1 / 128), dtype=np.uint8)


def contact_light(
    nodes: FloatImage, paper: ByteArray | None, page_shape: tuple[int, int], shadow: ContactShadow
) -> FloatImage:
    """Return the light that the sheet leaves on the table, at every eighth pixel.

    Parameters
    ----------
    nodes : ndarray of float32
        As `page_nodes` gives them.
    paper : ndarray of uint8, or None
        255 where the flat page still is; None where all of it is.
    page_shape : tuple of int
    shadow : ContactShadow
    """
    height, width = page_shape
    x, y = nodes[..., 0], nodes[..., 1]
    beyond = np.maximum(np.maximum(-x, x - width), np.maximum(-y, y - height))
    on_page = np.clip(0.5 - beyond / NODE_STEP_PX, 0, 1)
    if paper is not None:
        kept = cv2.remap(paper, nodes, np.empty(0, np.float32), cv2.INTER_LINEAR)
        on_page = np.minimum(on_page, np.float32(1 / 255) * kept)
    tight = np.exp(-np.maximum(beyond, 0) / np.float32(shadow.reach_px / 4))
    angle = np.deg2rad(shadow.angle_deg)
    move = np.eye(2, 3)
    move[:, 2] = np.array([np.cos(angle), np.sin(angle)]) * shadow.reach_px / NODE_STEP_PX
    fallen = cv2.warpAffine(on_page, move, on_page.shape[::-1], borderMode=cv2.BORDER_REPLICATE)
    soft = cv2.GaussianBlur(fallen, (0, 0), max(0.8 * shadow.reach_px / NODE_STEP_PX, 0.5))
    light = 1 - np.float32(shadow.strength) * (0.65 * soft + 0.35 * tight * (1 - on_page))
    cut = light[1:-1, 1:-1]
    return np.asarray(cut, dtype=np.float32)


def coarse_shape(photo_shape: tuple[int, int]) -> tuple[int, int]:
    """(height, width) at which light is put together: a quarter of the photo's, rounded up."""
    return -(-photo_shape[0] // _LIGHT_STEP_PX), -(-photo_shape[1] // _LIGHT_STEP_PX)


def warp_field(
    field: FloatImage, step_px: float, lay: Homography, photo_shape: tuple[int, int]
) -> ByteArray:
    """Move a field on the bent sheet to a quarter of the photo's resolution.

    There 128 stands for 1, as it does beyond the sheet.
    """
    shrink = Homography.scaling(1 / _LIGHT_STEP_PX)
    spread = Homography(np.diag([step_px, step_px, 1.0])).compose(lay).compose(shrink)
    matrix: FloatArray = cast("Homography", spread).matrix
    coded = np.clip(np.rint(field * 128), 0, 255).astype(np.uint8)
    moved = cv2.warpPerspective(
        coded,
        matrix,
        coarse_shape(photo_shape)[::-1],
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=(128,),
    )
    return np.asarray(moved, dtype=np.uint8)


def enlarge_light(coarse: ByteArray, photo_shape: tuple[int, int]) -> ByteArray:
    """Bring light from a quarter of the photo's resolution to all of it."""
    size = coarse.shape[1] * _LIGHT_STEP_PX, coarse.shape[0] * _LIGHT_STEP_PX
    wide = cv2.resize(coarse, size)[: photo_shape[0], : photo_shape[1]]
    return np.asarray(wide, dtype=np.uint8)


def multiply(image: ByteArray, light: ByteArray) -> ByteArray:
    """Light an image with one plane or three, 128 standing for 1."""
    if light.ndim == 2:
        light = np.asarray(cv2.merge([light] * 3), dtype=np.uint8)
    return np.asarray(cv2.multiply(image, light, scale=1 / 128), dtype=np.uint8)
