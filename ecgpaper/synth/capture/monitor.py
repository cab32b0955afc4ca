"""Monitor: a screen with a window that shows the page, and its pixels as a camera sees them.

In: `SceneSpec` with its `Monitor`, and the map from the plane of the page to the photo. Out: the
photo without the page, the light of the mesh, and the glow.
"""

from __future__ import annotations

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.synth.capture.scene import projected
from ecgpaper.synth.capture.table import Footing
from ecgpaper.synth.spec.scene import Monitor, SceneSpec
from ecgpaper.synth.spec.values import Box, Color, Sides
from ecgpaper.synth.texture import FloatImage, cloud

_STEP = 2
_GLOW_STEP = 16


class _Canvas:
    """A picture drawn upon in millimeters of a plane."""

    def __init__(self, image: ByteArray, plane: FloatArray) -> None:
        self.image = image
        self.plane = plane

    def fill(self, box: Box, color: Color) -> None:
        """Fill (left, top, right, bottom)."""
        fixed = np.rint(_corners(box, self.plane) * 16).astype(np.int32)
        cv2.fillConvexPoly(self.image, fixed, color, cv2.LINE_AA, 4)


def draw_monitor(spec: SceneSpec, footing: Footing, *, rng: np.random.Generator) -> ByteArray:
    """Return room, bezel, desktop and window, uint8 RGB of the photo's size."""
    monitor = spec.monitor or Monitor()
    height, width = spec.photo_px
    shape = -(-height // _STEP), -(-width // _STEP)
    shrink = np.diag([1 / _STEP, 1 / _STEP, 1.0])
    shrink[:2, 2] = (1 / _STEP - 1) / 2
    canvas = _Canvas(_room(shape, rng), shrink @ footing.photo_from_mm)
    page = (0.0, 0.0, *footing.size_mm)
    window = _around(page, monitor.window_mm)
    screen = _around(window, monitor.screen_mm)
    bezel_mm = monitor.bezel_mm
    canvas.fill(_around(screen, (bezel_mm,) * 4), monitor.bezel_color)
    edge = tuple(0.55 * part for part in monitor.bezel_color)
    canvas.fill(_around(screen, (0.6,) * 4), (edge[0], edge[1], edge[2]))
    canvas.fill(screen, _pick(rng, ((32, 70, 110), (18, 22, 30), (60, 90, 80), (95, 110, 140))))
    _draw_taskbar(canvas, screen, rng)
    _draw_window(canvas, window, page, spec.background_color, rng)
    return np.asarray(cv2.resize(canvas.image, (width, height)), dtype=np.uint8)


def _around(box: Box, sides: Sides) -> Box:
    left, top, right, bottom = box
    return left - sides[0], top - sides[1], right + sides[2], bottom + sides[3]


def _pick(rng: np.random.Generator, colors: tuple[Color, ...]) -> Color:
    return colors[int(rng.integers(len(colors)))]


def _room(shape: tuple[int, int], rng: np.random.Generator) -> ByteArray:
    """Draw the room beyond the screen, dim and far out of focus."""
    level = rng.uniform(15, 120)
    field = level * (1 + 0.35 * cloud((12, 12), 4.0, rng=rng))
    tint = rng.uniform(0.85, 1.1, 3)
    planes = np.clip(field[..., None] * tint, 0, 255).astype(np.uint8)
    wide = cv2.resize(planes, shape[::-1], interpolation=cv2.INTER_CUBIC)
    return np.asarray(wide, dtype=np.uint8)


def _draw_taskbar(canvas: _Canvas, screen: Box, rng: np.random.Generator) -> None:
    left, _, right, bottom = screen
    high_mm = rng.uniform(7, 11)
    top = bottom - high_mm
    dark = rng.random() < 0.6
    canvas.fill((left, top, right, bottom), (28, 30, 36) if dark else (225, 228, 234))
    at_mm = left + (rng.uniform(2, 10) if rng.random() < 0.5 else 0.35 * (right - left))
    for _ in range(int(rng.integers(4, 12))):
        side_mm = 0.55 * high_mm
        box = at_mm, top + 0.22 * high_mm, at_mm + side_mm, top + 0.78 * high_mm
        canvas.fill(box, tuple(rng.uniform(40, 240, 3)))
        at_mm += high_mm * rng.uniform(0.9, 1.3)
    clock = right - 14, top + 0.3 * high_mm, right - 4, top + 0.45 * high_mm
    canvas.fill(clock, (220, 220, 220) if dark else (60, 60, 60))
    canvas.fill(_around(clock, (-1, -2.2, 0, 2.2)), (220, 220, 220) if dark else (60, 60, 60))


def _draw_window(
    canvas: _Canvas, window: Box, page: Box, color: Color, rng: np.random.Generator
) -> None:
    """Draw a viewer's window: title, tools, what surrounds the page, and a scroll bar."""
    left, top, right, bottom = window
    canvas.fill(window, color)
    room_mm = page[1] - top
    title_mm = min(rng.uniform(6, 9), 0.6 * room_mm)
    dark = rng.random() < 0.4
    bar, text = ((45, 46, 50), (190, 190, 190)) if dark else ((236, 238, 241), (70, 72, 78))
    canvas.fill((left, top, right, top + title_mm), bar)
    _write(canvas, (left + 4, top + 0.35 * title_mm), (30, 0.3 * title_mm), text, rng)
    for index in range(3):
        at_mm = right - (index + 1) * 1.6 * title_mm
        mark = at_mm, top + 0.35 * title_mm, at_mm + 0.5 * title_mm, top + 0.55 * title_mm
        canvas.fill(mark, (200, 70, 60) if index == 0 and rng.random() < 0.5 else text)
    tools_mm = min(rng.uniform(7, 13), room_mm - title_mm - 0.5)
    if tools_mm > 4:
        level = 52.0 if dark else rng.uniform(215, 250)
        under = top + title_mm
        canvas.fill((left, under, right, under + tools_mm), (level, level, level))
        at_mm = left + 4
        for _ in range(int(rng.integers(4, 14))):
            _write(canvas, (at_mm, under + 0.35 * tools_mm), (rng.uniform(4, 18), 1.8), text, rng)
            at_mm += rng.uniform(10, 30)
    if right - page[2] > 4:
        canvas.fill((right - 3.5, page[1], right, bottom), (205, 205, 205))
        thumb_mm = rng.uniform(0.1, 0.5) * (bottom - page[1])
        canvas.fill((right - 3, page[1] + 3, right - 0.5, page[1] + 3 + thumb_mm), (150, 150, 152))


def _write(
    canvas: _Canvas,
    at_mm: tuple[float, float],
    size_mm: tuple[float, float],
    color: Color,
    rng: np.random.Generator,
) -> None:
    """Strokes that look like small writing from afar."""
    x_mm, y_mm = at_mm
    while x_mm < at_mm[0] + size_mm[0]:
        letter_mm = rng.uniform(0.4, 1.1)
        low_mm = size_mm[1] * rng.uniform(0.0, 0.35)
        canvas.fill((x_mm, y_mm + low_mm, x_mm + letter_mm, y_mm + size_mm[1]), color)
        x_mm += letter_mm + (0.35 if rng.random() < 0.8 else 1.5)


def mesh_waves(monitor: Monitor) -> ByteArray:
    """Return a period of the light of a monitor's pixels, of shape (256, 4), 128 being its mean.

    Red, green and blue, side by side across the screen, and all of them down the screen; against
    the camera's own pixels they give moire.
    """
    turn = 2 * np.pi * np.arange(256)[:, None] / 256
    across = 1 + monitor.mesh_depth / 2 * np.cos(turn - 2 * np.pi / 3 * np.arange(3))
    down = 1 + monitor.mesh_depth / 4 * np.cos(turn)
    waves: ByteArray = np.rint(128 * np.hstack([across, down])).astype(np.uint8)
    return waves


def fill_surroundings(light: ByteArray, monitor: Monitor, footing: Footing, level: int) -> None:
    """Set a picture, in place, to a level where the screen ends."""
    height, width = light.shape[:2]
    screen = _around(_around((0.0, 0.0, *footing.size_mm), monitor.window_mm), monitor.screen_mm)
    frame = np.array([[-1, -1], [width, -1], [width, height], [-1, height]])
    # Of two outlines OpenCV fills the points inside an odd number of them.
    both = [
        np.rint(part).astype(np.int32) for part in (frame, _corners(screen, footing.photo_from_mm))
    ]
    cv2.fillPoly(light, both, (level, level, level))


def _corners(box: Box, plane: FloatArray) -> FloatArray:
    left, top, right, bottom = box
    corners = np.array([[left, top], [right, top], [right, bottom], [left, bottom]])
    points: FloatArray = np.clip(projected(plane, corners), -2e4, 2e4)
    return points


def glow(photo: ByteArray, share: float) -> ByteArray:
    """Return the photo with a share of its light spread widely: black is not black."""
    if share == 0:
        return photo
    small = cv2.resize(
        photo,
        (photo.shape[1] // _GLOW_STEP + 1, photo.shape[0] // _GLOW_STEP + 1),
        interpolation=cv2.INTER_AREA,
    )
    spread: FloatImage = np.asarray(
        cv2.GaussianBlur(small.astype(np.float32), (0, 0), max(small.shape) / 16), np.float32
    )
    near = cv2.GaussianBlur(small.astype(np.float32), (0, 0), 1.0)
    around = np.clip(0.6 * spread + 0.4 * near, 0, 255).astype(np.uint8)
    wide = cv2.resize(around, photo.shape[1::-1])
    return np.asarray(cv2.addWeighted(photo, 1 - share, wide, share, 0), dtype=np.uint8)
