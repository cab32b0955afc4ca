"""Sensor: effects of optics, sensor, software and file format on the photo.

In: the lit photo and `CameraSpec`. Out: the picture.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from cv2.typing import MatLike

from ecgpaper.ecg import ByteArray
from ecgpaper.synth.capture.bilevel import BILEVEL_TONES, diffuse, dot, threshold
from ecgpaper.synth.spec.capture import CameraSpec


@dataclass(frozen=True, slots=True)
class SensorScales:
    """How finely noise and blur are computed, and where a file was cut out of an earlier one."""

    # Noise is kept in sixteenths of a level until it is added,
    noise_steps: int = 16
    # in eighths where it grows with light,
    grain_steps: int = 8
    # and repeats after so many pixels.
    noise_tile_px: int = 512
    # How much coarser the colors of noise are than its brightness.
    color_grain: float = 2.5
    # Blur that changes over the picture is even within tiles of this size.
    blur_tile_px: int = 192
    # A kernel ends at this number of standard deviations.
    blur_reach: float = 2.5
    # Where an earlier file's blocks of eight pixels began, when the picture was cut out of it.
    cut_px: tuple[int, int] = (3, 5)


_SCALES = SensorScales()


def expose(image: ByteArray, spec: CameraSpec, *, rng: np.random.Generator) -> ByteArray:
    """Return the picture of a photo before its file is written: uint8 RGB, or gray in one plane."""
    if spec.tone != "color":
        # One plane until the end.
        image = np.asarray(cv2.cvtColor(image, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
    image = _develop(_defocus(image, spec), spec)
    if spec.sharpening > 0:
        image = _sharpen(image, spec.sharpening)
    # Noise that a phone's software leaves is not sharpened.
    if spec.noise > 0:
        image = _add_noise(image, spec, rng)
    if spec.detail < 1:
        image = _lose_detail(image, spec.detail)
    if spec.tone in BILEVEL_TONES:
        image = _bilevel(image, spec)
    return image if spec.first_jpeg_quality is None else _cut(image, spec.first_jpeg_quality)


def in_color(image: ByteArray) -> ByteArray:
    """Return a picture in three planes, whether it has one or three."""
    return image if image.ndim == 3 else _like(image, 3)


def jpeg_bytes(image: ByteArray, quality: int) -> bytes:
    """Encode a picture, uint8 RGB or gray, as JPEG."""
    options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    # OpenCV writes blue first; it turns the planes round much faster than NumPy.
    planes = image if image.ndim == 2 else cv2.cvtColor(image, cv2.COLOR_RGB2BGR)
    _, data = cv2.imencode(".jpg", planes, options)
    return bytes(data)


def decode_jpeg(content: bytes) -> ByteArray:
    """Return the picture in a JPEG file, uint8 RGB of shape (height, width, 3)."""
    data = np.frombuffer(content, dtype=np.uint8)
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR_RGB), dtype=np.uint8)


def _like(plane: MatLike, n_planes: int) -> ByteArray:
    """Repeat a plane as often as another image has planes."""
    same = plane if n_planes == 1 else cv2.merge([plane] * n_planes)
    return np.asarray(same, dtype=np.uint8)


def _planes_of(image: ByteArray) -> int:
    return 1 if image.ndim == 2 else 3


def _defocus(image: ByteArray, spec: CameraSpec) -> ByteArray:
    """Blur the picture as lens and hand do."""
    if spec.blur_change_px != (0.0, 0.0):
        image = _blur_by_place(image, spec)
    elif spec.blur_px > 0:
        image = _blurred(image, spec.blur_px)
    if spec.motion_px > 0:
        image = np.asarray(cv2.filter2D(image, -1, _track(spec.motion_px, spec.motion_deg)))
    return image


def _blurred(image: MatLike, sigma_px: float) -> ByteArray:
    """Blur an image, with a kernel no wider than bytes need."""
    size = 2 * int(np.ceil(_SCALES.blur_reach * sigma_px)) + 1
    return np.asarray(cv2.GaussianBlur(image, (size, size), sigma_px), dtype=np.uint8)


def _blur_by_place(image: ByteArray, spec: CameraSpec) -> ByteArray:
    height, width = image.shape[:2]
    across, down = spec.blur_change_px
    most_px = spec.blur_px + (abs(across) + abs(down)) / 2
    rim = int(np.ceil(4 * most_px)) + 1
    wide = cv2.copyMakeBorder(image, rim, rim, rim, rim, cv2.BORDER_REFLECT_101)
    blurred = np.empty_like(image)
    for top in range(0, height, _SCALES.blur_tile_px):
        for left in range(0, width, _SCALES.blur_tile_px):
            bottom, right = (
                min(top + _SCALES.blur_tile_px, height),
                min(left + _SCALES.blur_tile_px, width),
            )
            at_x, at_y = (left + right) / 2 / width - 0.5, (top + bottom) / 2 / height - 0.5
            sigma = max(spec.blur_px + across * at_x + down * at_y, 0.3)
            part = wide[top : bottom + 2 * rim, left : right + 2 * rim]
            soft = _blurred(part, sigma)
            blurred[top:bottom, left:right] = soft[rim:-rim, rim:-rim]
    return blurred


def _track(length_px: float, angle_deg: float) -> MatLike:
    """Weights along the camera's way, about the middle."""
    size = 2 * int(np.ceil(length_px / 2)) + 3
    kernel = np.zeros((size, size), dtype=np.float32)
    angle = np.deg2rad(angle_deg)
    half = length_px / 2 * np.array([np.cos(angle), np.sin(angle)])
    start, stop = np.rint((size // 2 + np.array([-half, half])) * 256).astype(int)
    cv2.line(kernel, start.tolist(), stop.tolist(), 1.0, 1, cv2.LINE_AA, 8)
    return np.asarray(kernel / kernel.sum(), dtype=np.float32)


def _develop(image: ByteArray, spec: CameraSpec) -> ByteArray:
    """Apply light and tone curve of the whole picture."""
    if spec.ramp != (0.0, 0.0):
        image = _add_ramp(image, spec.ramp)
    lamp = spec.scanner.lamp
    if (spec.white, spec.contrast, spec.gamma, lamp) == (1.0, 1.0, 1.0, (1.0, 1.0, 1.0)):
        return image
    parts = lamp if image.ndim == 3 and len(set(lamp)) > 1 else (lamp[1],)
    curves = cv2.merge([_tone_curve(part / spec.white, spec) for part in parts])
    return np.asarray(cv2.LUT(image, curves), dtype=np.uint8)


def _tone_curve(exposure: float, spec: CameraSpec) -> ByteArray:
    """Levels stay at white; contrast pulls the rest away from it."""
    level = np.clip(np.linspace(0, 1, 256) * exposure, 0, 1) ** spec.gamma
    return np.rint(255 * np.clip(1 - (1 - level) * spec.contrast, 0, 1)).astype(np.uint8)


def _add_ramp(image: ByteArray, ramp: tuple[float, float]) -> ByteArray:
    height, width = image.shape[:2]
    across = ramp[0] * np.linspace(-0.5, 0.5, width, dtype=np.float32)
    down = ramp[1] * np.linspace(-0.5, 0.5, height, dtype=np.float32)
    light = np.clip(128 * (1 + down[:, None] + across), 0, 255).astype(np.uint8)
    lit = cv2.multiply(image, _like(light, _planes_of(image)), scale=1 / 128)
    return np.asarray(lit, dtype=np.uint8)


def _add_noise(image: ByteArray, spec: CameraSpec, rng: np.random.Generator) -> ByteArray:
    size = tuple(min(part, _SCALES.noise_tile_px) for part in image.shape[:2])
    noise = _draw_noise((size[0], size[1]), _planes_of(image), spec, rng)
    shot = spec.noise_shot > 0
    steps = _SCALES.grain_steps if shot else 1
    # OpenCV adds bytes to bytes many times faster than numbers of another kind.
    grains = [
        cv2.convertScaleAbs(np.maximum(sign * noise, 0), alpha=steps / _SCALES.noise_steps)
        for sign in (1, -1)
    ]
    gain = _noise_gain(spec.noise_shot)
    noisy = image.copy()
    for top in range(0, image.shape[0], size[0]):
        for left in range(0, image.shape[1], size[1]):
            part = noisy[top : top + size[0], left : left + size[1]]
            brighter, darker = (grain[: part.shape[0], : part.shape[1]] for grain in grains)
            if shot:
                gains = cv2.LUT(part, gain)
                brighter, darker = (
                    cv2.multiply(grain, gains, scale=1 / (128 * _SCALES.grain_steps))
                    for grain in (brighter, darker)
                )
            cv2.subtract(cv2.add(part, brighter, part), darker, part)
    return noisy


def _noise_gain(shot: float) -> ByteArray:
    """Noise of each level, as a multiple of that of mid-gray; 128 standing for 1."""
    level = np.arange(256) / 127.5
    return np.asarray(np.rint(128 * np.sqrt(1 - shot + shot * level)), dtype=np.uint8)


def _draw_noise(
    size: tuple[int, int], n_planes: int, spec: CameraSpec, rng: np.random.Generator
) -> MatLike:
    """Noise of the standard deviation asked for: of brightness, and of color."""
    cv2.setRNGSeed(int(rng.integers(1 << 31)))
    if n_planes == 1:
        return _grainy(size, 1, spec.noise * _SCALES.noise_steps, spec.noise_grain_px)
    color = spec.noise_color
    share = spec.noise * _SCALES.noise_steps * np.sqrt(1 - color**2)
    noise = cv2.merge([_grainy(size, 1, share, spec.noise_grain_px)] * 3)
    if color > 0:
        coarse_px = spec.noise_grain_px * (1 + (_SCALES.color_grain - 1) * (1 - color))
        noise = cv2.add(
            noise, _grainy(size, 3, spec.noise * _SCALES.noise_steps * color, coarse_px)
        )
    return noise


def _grainy(size: tuple[int, int], planes: int, strength: float, grain_px: float) -> MatLike:
    noise: MatLike = np.zeros((*size, planes), dtype=np.int16)
    # Blur takes most of the noise away: the rest must have the strength asked for.
    kept = 1 / max(2 * np.sqrt(np.pi) * grain_px, 1.0)
    cv2.randn(noise, np.zeros(1), np.full(1, strength / kept))
    grainy = cv2.GaussianBlur(noise, (0, 0), grain_px) if grain_px > 0 else noise
    return grainy if planes > 1 else grainy.reshape(size)


def _lose_detail(image: ByteArray, share: float) -> ByteArray:
    size = image.shape[1::-1]
    small = cv2.resize(image, None, fx=share, fy=share, interpolation=cv2.INTER_AREA)
    return np.asarray(cv2.resize(small, size, interpolation=cv2.INTER_CUBIC), dtype=np.uint8)


def _sharpen(image: ByteArray, strength: float) -> ByteArray:
    """Raise edges as phones do: bright halos beside dark lines."""
    # Two boxes of three pixels are as wide as a Gaussian of 1.2 pixels, and faster.
    blurred = cv2.blur(cv2.blur(image, (3, 3)), (3, 3))
    return np.asarray(cv2.addWeighted(image, 1 + strength, blurred, -strength, 0), dtype=np.uint8)


def _bilevel(gray: ByteArray, spec: CameraSpec) -> ByteArray:
    if spec.tone == "binary":
        return threshold(gray, spec.threshold)
    return diffuse(gray) if spec.tone == "diffused" else dot(gray, spec.dot_px)


def _cut(image: ByteArray, quality: int) -> ByteArray:
    """Cut the picture out of an earlier file."""
    down, right = _SCALES.cut_px
    whole = cv2.copyMakeBorder(image, down, 0, right, 0, cv2.BORDER_REPLICATE)
    again = decode_jpeg(jpeg_bytes(np.asarray(whole, np.uint8), quality))[down:, right:]
    return again if image.ndim == 3 else again[..., 0].copy()
