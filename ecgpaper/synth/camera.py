"""Camera: from the flat page to the picture.

In: the flat page and `CameraSpec`. Out: the picture, and the warp from flat page to photo.
"""

from __future__ import annotations

import cv2
import numpy as np
from cv2.typing import MatLike

from ecgpaper.ecg import ByteArray
from ecgpaper.geometry import Homography, Warp
from ecgpaper.synth.spec import CameraSpec, Color

# Noise is kept in sixteenths of a level until it is added.
_NOISE_STEPS = 16


def page_to_photo(spec: CameraSpec, page_shape: tuple[int, int]) -> tuple[Warp, tuple[int, int]]:
    """Return the warp from flat page to photo, and the photo's (height, width)."""
    height, width = page_shape
    photo_shape = (round(height * spec.stretch[1]), round(width * spec.stretch[0]))
    if spec.skew_deg == 0 and spec.stretch == (1.0, 1.0):
        return Homography.identity(), photo_shape
    angle = np.deg2rad(spec.skew_deg)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    linear = np.diag(spec.stretch) @ turn
    center_px = (np.array([width, height]) - 1) / 2
    center_photo = (np.array(photo_shape[::-1]) - 1) / 2
    matrix = np.eye(3)
    matrix[:2, :2] = linear
    matrix[:2, 2] = center_photo - linear @ center_px
    return Homography(matrix), photo_shape


def warp_layer(
    layer: ByteArray, warp: Warp, photo_shape: tuple[int, int], outside: Color
) -> ByteArray:
    """Move an image or a layer from the flat page to the photo; beyond the page is `outside`."""
    if not isinstance(warp, Homography):
        raise TypeError(f"expected a homography; got {type(warp).__name__}")
    if layer.shape[:2] == photo_shape and np.array_equal(warp.matrix, np.eye(3)):
        return layer
    warped = cv2.warpPerspective(
        layer,
        warp.matrix,
        photo_shape[::-1],
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=outside,
    )
    return np.asarray(warped, dtype=np.uint8)


def expose(image: ByteArray, spec: CameraSpec, *, rng: np.random.Generator) -> ByteArray:
    """Return the picture that the sensor and the file format leave of a warped page."""
    if spec.blur_px > 0:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), spec.blur_px), dtype=np.uint8)
    if spec.ramp != (0.0, 0.0):
        image = _add_ramp(image, spec.ramp)
    if spec.contrast != 1 or spec.gamma != 1:
        curve = _tone_curve(spec.contrast, spec.gamma)
        image = np.asarray(cv2.LUT(image, curve), dtype=np.uint8)
    if spec.tone != "color":
        image = _three_planes(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
    if spec.noise > 0:
        image = _add_noise(image, spec, rng)
    if spec.tone == "binary":
        image = np.where(image > 255 * spec.threshold, 255, 0).astype(np.uint8)
    if spec.jpeg_quality is not None:
        image = _compress(image, spec.jpeg_quality)
    return image


def _three_planes(plane: MatLike) -> ByteArray:
    return np.asarray(cv2.merge([plane] * 3), dtype=np.uint8)


def _tone_curve(contrast: float, gamma: float) -> ByteArray:
    """Levels stay at white; contrast pulls the rest away from it."""
    level = np.linspace(0, 1, 256) ** gamma
    return np.rint(255 * np.clip(1 - (1 - level) * contrast, 0, 1)).astype(np.uint8)


def _add_ramp(image: ByteArray, ramp: tuple[float, float]) -> ByteArray:
    height, width = image.shape[:2]
    across = ramp[0] * np.linspace(-0.5, 0.5, width)
    down = ramp[1] * np.linspace(-0.5, 0.5, height)
    light = np.clip(128 * (1 + down[:, None] + across), 0, 255).astype(np.uint8)
    lit = cv2.multiply(image, _three_planes(light), scale=1 / 128)
    return np.asarray(lit, dtype=np.uint8)


def _add_noise(image: ByteArray, spec: CameraSpec, rng: np.random.Generator) -> ByteArray:
    shape = image.shape if spec.tone == "color" else image.shape[:2]
    noise: MatLike = np.zeros(shape, dtype=np.int16)
    cv2.setRNGSeed(int(rng.integers(1 << 31)))
    # Blur takes most of the noise away: what is left must have the standard deviation asked for.
    grain_px = spec.noise_grain_px
    kept = 1 / max(2 * np.sqrt(np.pi) * grain_px, 1.0)
    deviation = _NOISE_STEPS * spec.noise / kept
    cv2.randn(noise, np.zeros(1), np.full(1, deviation))
    if grain_px > 0:
        noise = cv2.GaussianBlur(noise, (0, 0), grain_px)
    if noise.ndim == 2:
        noise = cv2.merge([noise] * 3)
    noisy = cv2.addWeighted(image, 1, noise, 1 / _NOISE_STEPS, 0, dtype=cv2.CV_8U)
    return np.asarray(noisy, dtype=np.uint8)


def _compress(image: ByteArray, quality: int) -> ByteArray:
    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), dtype=np.uint8)
