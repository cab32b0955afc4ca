"""Photo -> the same photo turned upright, where its page lies at an angle that networks never saw.

Public: `turned_upright`.

Grid, traces, print and the sheet's sides all run along two directions at right angles. In the
spectrum of the photo their power lies on a cross, whose arms tell how far the page is turned, up to
quarter turns.
"""

from __future__ import annotations

import cv2
import numpy as np

from ecgpaper.digitize.segment import darkness, working_image
from ecgpaper.ecg import ByteArray, FloatArray
from ecgpaper.page.geometry import Homography

# Networks have learnt from pages turned by 15 degrees at the most, and read these as they lie.
LEAST_TURN_DEG = 16.0
# The cross is searched in steps of this angle,
STEP_DEG = 0.5
# at waves of at least this frequency (coarser ones are shadows)
LOWEST_PER_PX = 0.02
# and at most this one (finer ones are noise).
HIGHEST_PER_PX = 0.4
# Power of its arms over that of the median direction: 24 to 450 on 16 turned pages, 1.6 and 2.5 in
# pictures without straight lines.
LEAST_POWER = 8.0
# OpenCV turns nothing into more than 32,767 px.
LONGEST_PX = 16384
# What lies beyond the photo is of one gray.
BEYOND = (128, 128, 128)


def turned_upright(photo: ByteArray) -> tuple[ByteArray, Homography]:
    """Turn a photo whose page lies far from upright.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3), RGB

    Returns
    -------
    upright : ndarray of uint8, of shape (height, width, 3)
        The photo itself where its page is nearly upright, or where nothing tells.
    to_photo : Homography
        From its pixels to those of the photo.
    """
    turn_deg, power = _cross(photo)
    if abs(turn_deg) < LEAST_TURN_DEG or power < LEAST_POWER:
        return photo, Homography.identity()
    height, width = photo.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), turn_deg, 1.0)
    cos, sin = abs(matrix[0, 0]), abs(matrix[0, 1])
    size = (int(width * cos + height * sin), int(width * sin + height * cos))
    if max(size) > LONGEST_PX:
        return photo, Homography.identity()
    matrix[0, 2] += (size[0] - width) / 2
    matrix[1, 2] += (size[1] - height) / 2
    upright = cv2.warpAffine(photo, matrix, size, flags=cv2.INTER_CUBIC, borderValue=BEYOND)
    to_photo = Homography(np.linalg.inv(np.vstack([matrix, [0.0, 0.0, 1.0]])))
    return np.asarray(upright, np.uint8), to_photo


def _cross(photo: ByteArray) -> tuple[float, float]:
    """Clockwise angle of the cross in a photo's spectrum, in degrees, and its power."""
    image, _ = working_image(photo)
    dark = darkness(image).mean(axis=2)
    fine = np.clip(dark - cv2.blur(dark, (31, 31)), -0.2, 0.2)
    # All directions alike: the middle of the photo, faded out.
    side = min(fine.shape)
    top, left = ((length - side) // 2 for length in fine.shape)
    window = np.hanning(side).astype(np.float32)
    square = fine[top : top + side, left : left + side] * np.outer(window, window)
    power = np.abs(np.fft.fftshift(np.fft.fft2(square))) ** 2
    angles_deg = np.arange(-45.0, 45.0, STEP_DEG)
    radii = np.arange(LOWEST_PER_PX * side, HIGHEST_PER_PX * side)
    arms = [_along(power, np.deg2rad(angles_deg + more), radii) for more in (0.0, 90.0)]
    along = arms[0] + arms[1]
    best = int(np.argmax(along))
    return float(angles_deg[best]), float(along[best] / max(float(np.median(along)), 1e-12))


def _along(power: FloatArray, angles_rad: FloatArray, radii: FloatArray) -> FloatArray:
    """Mean power of a centered spectrum along directions, (n_angles,)."""
    middle = power.shape[0] // 2
    x, y = (
        (middle + np.outer(part, radii)).astype(np.float32)
        for part in (np.cos(angles_rad), np.sin(angles_rad))
    )
    found = cv2.remap(power.astype(np.float32), x, y, cv2.INTER_LINEAR)
    return np.asarray(found.mean(axis=1), np.float64)
