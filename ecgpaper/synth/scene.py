"""Scene: what a phone sees around the sheet, and the light on all of it.

In: `SceneSpec`. Out: the background in colour, and a coarse field of light to multiply with.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.synth.texture import FloatImage, cloud, enlarge, fractal

Color = tuple[float, float, float]
Point = tuple[float, float]
# Light and shadows have no detail finer than this.
_LIGHT_STEP_PX = 16
# Width of the window on a monitor, as a multiple of the page's.
_WINDOW = 1.12


@dataclass(frozen=True, slots=True)
class Shadow:
    """A shadow with a soft edge: a polygon in shares of the frame.

    `strength` is the share of light that is missing, `softness` that of the frame that its edge
    takes.
    """

    corners: tuple[Point, ...]
    strength: float
    softness: float


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """The frame of a photo.

    Parameters
    ----------
    photo_px : tuple of int
        (height, width).
    corners : tuple of tuple of float
        Where the sheet's corners appear, as shares of (width, height): top left, top right,
        bottom right, bottom left as printed.
    background : str
        ``"wood"``, ``"cloth"``, ``"plain"``, ``"paper"``, or ``"screen"``: the frame of a monitor,
        and around the page a window of the background's colour.
    background_color : tuple of float
        RGB.
    contact : float
        Share of light that the sheet's shadow takes from the table beside it.
    tint : tuple of float
        Factors of red, green and blue: white balance and lamp.
    ramp, second_ramp : tuple of float
        Change of brightness across the width and height; the second of warmth.
    vignette : float
        Share of light missing in the corners.
    shadows : tuple of Shadow
    glare : tuple of float or None
        (x, y, radius, strength) of a bright spot, in shares of the frame and of white.
    mesh_mm, mesh_depth : float
        Pitch of a monitor's pixels on the page, and how dark it is between them; a depth of 0 is
        paper.
    bands : tuple of float
        (number down the frame, strength) of the bands of a flickering monitor.
    """

    photo_px: tuple[int, int]
    corners: tuple[Point, ...]
    background: str = "wood"
    background_color: Color = (140.0, 100.0, 70.0)
    contact: float = 0.3
    tint: Color = (1.0, 1.0, 1.0)
    ramp: Point = (0.0, 0.0)
    second_ramp: Point = (0.0, 0.0)
    vignette: float = 0.0
    shadows: tuple[Shadow, ...] = ()
    glare: tuple[float, float, float, float] | None = None
    mesh_mm: float = 0.3
    mesh_depth: float = 0.0
    bands: Point = (0.0, 0.0)


def corners_photo(spec: SceneSpec) -> FloatArray:
    """Corners of the sheet in the photo, of shape (4, 2), in px."""
    height, width = spec.photo_px
    # The frame's corner is that of its first pixel, half a pixel off its centre.
    return np.array(spec.corners) * [width, height] - 0.5


def draw_background(spec: SceneSpec, *, rng: np.random.Generator) -> ByteArray:
    """Return the table, dark beside the sheet to come, uint8 RGB of the photo's size."""
    if spec.background == "screen":
        return _monitor(spec)
    # Half the photo's resolution: a table is out of focus more often than not.
    height, width = spec.photo_px
    shape = (height + 1) // 2, (width + 1) // 2
    color = np.array(spec.background_color, dtype=np.float32)
    pattern = {"wood": _wood, "cloth": _cloth, "plain": _plain, "paper": _plain}[spec.background]
    tone = (1 + pattern(shape, rng)) * enlarge(_contact_shadow(spec), shape)
    planes = [np.clip(tone * part, 0, 255).astype(np.uint8) for part in color]
    table = cv2.resize(cv2.merge(planes), (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(table, dtype=np.uint8)


def _monitor(spec: SceneSpec) -> ByteArray:
    """Draw a dark frame around a window that is a little larger than the page."""
    image = np.full((*spec.photo_px, 3), (24, 24, 27), dtype=np.uint8)
    corners = corners_photo(spec)
    wider = corners.mean(axis=0) + _WINDOW * (corners - corners.mean(axis=0))
    cv2.fillPoly(image, [np.rint(wider).astype(np.int32)], spec.background_color)
    return image


def monitor_mesh(spec: SceneSpec, shape: tuple[int, int], px_per_mm: float) -> ByteArray:
    """Return the light of a monitor's pixels over the flat page, 128 standing for 1.

    Red, green and blue stand side by side; against the camera's own pixels they give moire.
    """
    height, width = shape
    turn = 2 * np.pi / (spec.mesh_mm * px_per_mm)
    rows = 1 - spec.mesh_depth / 2 * (0.5 - 0.5 * np.cos(turn * np.arange(height)))
    planes = []
    for part in range(3):
        phase = turn * np.arange(width) - 2 * np.pi * part / 3
        columns = 1 - spec.mesh_depth * (0.5 - 0.5 * np.cos(phase))
        planes.append(np.outer(128 * rows, columns).astype(np.uint8))
    return np.asarray(cv2.merge(planes), dtype=np.uint8)


def _wood(shape: tuple[int, int], rng: np.random.Generator) -> FloatImage:
    """Streaks along the boards, in three sizes."""
    size = shape[1] / 1000
    grain = sum(
        strength * cloud(shape, (long_px * size, wide_px * size), rng=rng)
        for strength, long_px, wide_px in ((0.05, 400, 25), (0.045, 300, 7), (0.03, 140, 2.5))
    )
    return np.asarray(grain, dtype=np.float32)


def _cloth(shape: tuple[int, int], rng: np.random.Generator) -> FloatImage:
    weave = rng.standard_normal(shape, dtype=np.float32) * np.float32(0.05)
    return np.asarray(weave + 0.1 * fractal(shape, shape[1] / 5, 3, rng=rng), dtype=np.float32)


def _plain(shape: tuple[int, int], rng: np.random.Generator) -> FloatImage:
    coarse = cloud((shape[0] // 8 + 1, shape[1] // 8 + 1), shape[1] / 24, rng=rng)
    return np.float32(0.03) * enlarge(coarse, shape)


def light_field(spec: SceneSpec) -> FloatImage:
    """Return the light, 1 in the middle of an even frame, at every 16th pixel, in three colours."""
    height, width = spec.photo_px
    shape = height // _LIGHT_STEP_PX + 1, width // _LIGHT_STEP_PX + 1
    y, x = (part.astype(np.float32) for part in np.mgrid[: shape[0], : shape[1]])
    across, down = x / (shape[1] - 1) - np.float32(0.5), y / (shape[0] - 1) - np.float32(0.5)
    light = 1 + spec.ramp[0] * across + spec.ramp[1] * down
    light *= 1 - spec.vignette * 2 * (across**2 + down**2)
    light *= 1 + spec.bands[1] * np.sin(2 * np.pi * spec.bands[0] * down)
    for shadow in spec.shadows:
        light *= 1 - shadow.strength * _soft_polygon(shadow.corners, shape, shadow.softness)
    warmth = spec.second_ramp[0] * across + spec.second_ramp[1] * down
    planes = [light * spec.tint[0] * (1 + warmth), light * spec.tint[1]]
    planes.append(light * spec.tint[2] * (1 - warmth))
    return np.asarray(np.clip(cv2.merge(planes), 0.05, 1.9), dtype=np.float32)


def _contact_shadow(spec: SceneSpec) -> FloatImage:
    """Return the light that the sheet leaves on the table around it, at every 16th pixel."""
    height, width = spec.photo_px
    shape = height // _LIGHT_STEP_PX + 1, width // _LIGHT_STEP_PX + 1
    shifted = tuple((x + 0.004, y + 0.006) for x, y in spec.corners)
    return np.asarray(1 - spec.contact * _soft_polygon(shifted, shape, 0.012), dtype=np.float32)


def glare_field(spec: SceneSpec) -> FloatImage | None:
    """Return the light that the paper mirrors, in levels, at every 16th pixel; None without."""
    if spec.glare is None:
        return None
    height, width = spec.photo_px
    shape = height // _LIGHT_STEP_PX + 1, width // _LIGHT_STEP_PX + 1
    y, x = np.mgrid[: shape[0], : shape[1]].astype(np.float32)
    at_x, at_y, radius, strength = spec.glare
    across = (x / shape[1] - np.float32(at_x)) * np.float32(width / height)
    distance = np.hypot(across, y / shape[0] - np.float32(at_y)) / np.float32(radius)
    return np.asarray(255 * strength * np.exp(-(distance**2)), dtype=np.float32)


def _soft_polygon(
    corners: tuple[Point, ...], shape: tuple[int, int], softness: float
) -> FloatImage:
    """Fill a polygon with 1 and blur its edge."""
    mask = np.zeros(shape, dtype=np.float32)
    points = np.array(corners) * [shape[1], shape[0]]
    cv2.fillPoly(mask, [np.rint(points * 16).astype(np.int32)], 1.0, cv2.LINE_AA, 4)
    sigma = max(softness * shape[1], 0.5)
    return np.asarray(cv2.GaussianBlur(mask, (0, 0), sigma), dtype=np.float32)
