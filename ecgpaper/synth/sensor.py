"""Sensor: what optics, sensor, software and file format leave of the photo.

In: the lit photo and `CameraSpec`. Out: the picture.
"""

from __future__ import annotations

import cv2
import numpy as np
from cv2.typing import MatLike

from ecgpaper.ecg import ByteArray
from ecgpaper.synth.spec import CameraSpec

# Noise is kept in sixteenths of a level until it is added, and repeats after so many pixels.
_NOISE_STEPS = 16
_NOISE_TILE_PX = 768


def expose(image: ByteArray, spec: CameraSpec, *, rng: np.random.Generator) -> ByteArray:
    """Return the picture of a photo, uint8 RGB of the same shape."""
    if spec.blur_px > 0:
        image = np.asarray(cv2.GaussianBlur(image, (0, 0), spec.blur_px), dtype=np.uint8)
    image = _develop(image, spec)
    if spec.noise > 0:
        image = _add_noise(image, spec, rng)
    if spec.sharpening > 0:
        image = _sharpen(image, spec.sharpening)
    if spec.tone == "binary":
        image = np.where(image > 255 * spec.threshold, 255, 0).astype(np.uint8)
    if spec.jpeg_quality is not None:
        image = _compress(image, spec.jpeg_quality)
    return image


def _develop(image: ByteArray, spec: CameraSpec) -> ByteArray:
    """Apply light, tone curve and colour of the whole picture."""
    if spec.ramp != (0.0, 0.0):
        image = _add_ramp(image, spec.ramp)
    if spec.contrast != 1 or spec.gamma != 1:
        curve = _tone_curve(spec.contrast, spec.gamma)
        image = np.asarray(cv2.LUT(image, curve), dtype=np.uint8)
    if spec.tone != "color":
        image = _three_planes(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY))
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
    planes = 3 if spec.tone == "color" else 1
    size = tuple(min(part, _NOISE_TILE_PX) for part in image.shape[:2])
    noise: MatLike = np.zeros((*size, planes), dtype=np.int16)
    cv2.setRNGSeed(int(rng.integers(1 << 31)))
    # Blur takes most of the noise away: what is left must have the standard deviation asked for.
    grain_px = spec.noise_grain_px
    kept = 1 / max(2 * np.sqrt(np.pi) * grain_px, 1.0)
    cv2.randn(noise, np.zeros(1), np.full(1, _NOISE_STEPS * spec.noise / kept))
    if grain_px > 0:
        noise = cv2.GaussianBlur(noise, (0, 0), grain_px)
    noise = noise if planes == 3 else cv2.merge([noise] * 3)
    noisy = np.empty_like(image)
    for top in range(0, image.shape[0], size[0]):
        for left in range(0, image.shape[1], size[1]):
            part = image[top : top + size[0], left : left + size[1]]
            grain = noise[: part.shape[0], : part.shape[1]]
            noisy[top : top + size[0], left : left + size[1]] = cv2.addWeighted(
                part, 1, grain, 1 / _NOISE_STEPS, 0, dtype=cv2.CV_8U
            )
    return noisy


def _sharpen(image: ByteArray, strength: float) -> ByteArray:
    """Raise edges as phones do: bright halos beside dark lines."""
    blurred = cv2.GaussianBlur(image, (0, 0), 1.2)
    return np.asarray(cv2.addWeighted(image, 1 + strength, blurred, -strength, 0), dtype=np.uint8)


def _compress(image: ByteArray, quality: int) -> ByteArray:
    _, data = cv2.imencode(".jpg", image[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), dtype=np.uint8)
