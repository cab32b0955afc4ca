"""Crops of pages that are seen again: in another light, with other noise, mirrored or not.

Public: `seen_again`, `relit`, `darkened`, `jpeg_of`, `image_of`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ecgpaper.ecg import ByteArray
from ecgpaper.train.digitizer.pages import StripCrop

FloatImage = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class CropChanges:
    """How a crop that is seen again is changed."""

    # Shares of crops that are mirrored,
    mirrored_share: float = 0.2
    # compressed,
    jpeg_share: float = 0.3
    # and blurred;
    blur_share: float = 0.3
    # standard deviations of the light, as a share,
    light: float = 0.12
    # of its tilt from side to side,
    tilt: float = 0.1
    # and of each color;
    tint: float = 0.04
    # most noise, as a share of white;
    most_noise: float = 0.024
    # most blur;
    most_blur_px: float = 0.8
    # qualities of the compression, from this
    least_quality: int = 40
    # to this.
    most_quality: int = 95


_CHANGES = CropChanges()


def seen_again(crop: StripCrop, rng: np.random.Generator) -> StripCrop:
    """Show a crop as another camera might: relit, and sometimes upside down or mirrored."""
    image, rows, is_present = relit(crop.image, rng), crop.rows, crop.is_present
    if rng.random() < _CHANGES.mirrored_share:
        image = image[::-1]
        rows = np.where(is_present, len(image) - 1 - rows, 0).astype(np.float32)
    if rng.random() < _CHANGES.mirrored_share:
        image, rows, is_present = image[:, ::-1], rows[::-1], is_present[::-1]
    return StripCrop(np.ascontiguousarray(image), rows, is_present)


def relit(image: ByteArray, rng: np.random.Generator) -> ByteArray:
    """Change light, sharpness and noise of a picture a little."""
    height, width = image.shape[:2]
    tilt = rng.normal(0, _CHANGES.tilt, 2)
    light = 1 + rng.normal(0, _CHANGES.light)
    light = light + tilt[0] * np.linspace(-1, 1, height)[:, None]
    light = light + tilt[1] * np.linspace(-1, 1, width)[None]
    tint = 1 + rng.normal(0, _CHANGES.tint, 3)
    seen = image * (light[..., None] * tint).astype(np.float32)
    seen = _noisy(_blurred(seen, rng), 255 * _CHANGES.most_noise, rng)
    seen = np.clip(seen, 0, 255).astype(np.uint8)
    if rng.random() < _CHANGES.jpeg_share:
        quality = int(rng.integers(_CHANGES.least_quality, _CHANGES.most_quality))
        seen = image_of(jpeg_of(seen, [cv2.IMWRITE_JPEG_QUALITY, quality]))
    return np.asarray(seen, np.uint8)


def darkened(dark: FloatImage, rng: np.random.Generator) -> FloatImage:
    """Change contrast, sharpness and noise of a picture's darkness, channels first, a little."""
    contrast = (1 + rng.normal(0, _CHANGES.light)) * (1 + rng.normal(0, _CHANGES.tint, 3))
    seen = np.ascontiguousarray(dark.transpose(1, 2, 0)) * contrast.astype(np.float32)
    seen = _noisy(_blurred(seen, rng), _CHANGES.most_noise, rng)
    return np.clip(seen, -0.25, 1).transpose(2, 0, 1)


def _blurred(image: FloatImage, rng: np.random.Generator) -> FloatImage:
    if rng.random() >= _CHANGES.blur_share:
        return image
    blur_px = float(rng.uniform(0.2, _CHANGES.most_blur_px))
    return np.asarray(cv2.GaussianBlur(image, (0, 0), blur_px), np.float32)


def _noisy(image: FloatImage, most: float, rng: np.random.Generator) -> FloatImage:
    noise = rng.standard_normal(image.shape, dtype=np.float32)
    return image + noise * np.float32(rng.uniform(0, most))


def jpeg_of(image: ByteArray, options: list[int]) -> ByteArray:
    """Return the bytes of a picture as JPEG."""
    _, encoded = cv2.imencode(".jpg", image[..., ::-1], options)
    return np.asarray(encoded, np.uint8).ravel()


def image_of(encoded: ByteArray) -> ByteArray:
    """Return the picture of a file's bytes, channels RGB."""
    image = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError("expected a picture that was kept; it is damaged: remove it")
    return np.ascontiguousarray(image[..., ::-1], dtype=np.uint8)
