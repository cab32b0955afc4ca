"""Photo -> pixel maps: which pixels are grid, ink and text, by a small network.

Public: `segment`, `darkness`, `working_image`, `MAP_LONG_SIDE_PX`.
"""

from __future__ import annotations

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from ecgpaper.ecg import ByteArray
from ecgpaper.nets.unet import SegmentNet
from ecgpaper.raster import PixelMaps

# Long side of the image that the network sees: about 4 px per mm on a full page.
MAP_LONG_SIDE_PX = 1120
# The paper's brightness is followed over this share of the image's long side.
_LIGHT_SHARE = 1 / 24


def working_image(photo: ByteArray) -> tuple[ByteArray, float]:
    """Resize a photo for the network.

    Returns
    -------
    image : ndarray of uint8, of shape (height, width, 3)
        Long side of `MAP_LONG_SIDE_PX`.
    px_per_map_px : float
        Pixels of the photo per pixel of this image.
    """
    px_per_map_px = max(photo.shape[:2]) / MAP_LONG_SIDE_PX
    height, width = (max(1, round(side / px_per_map_px)) for side in photo.shape[:2])
    method = cv2.INTER_AREA if px_per_map_px > 1 else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(photo, (width, height), interpolation=method)), px_per_map_px


def darkness(image: ByteArray) -> NDArray[np.float32]:
    """Return how much darker each pixel is than the paper around it, per color.

    Parameters
    ----------
    image : ndarray of uint8, of shape (height, width, 3)

    Returns
    -------
    ndarray of float32, of shape (height, width, 3)
        0 for paper, towards 1 for black; lighting is divided out.
    """
    window = max(3, round(max(image.shape[:2]) * _LIGHT_SHARE))
    step = max(1, window // 8)
    # The brightest of a neighborhood is paper, whatever is printed on it.
    small = cv2.resize(image, None, fx=1 / step, fy=1 / step, interpolation=cv2.INTER_AREA)
    brightest = cv2.dilate(small, np.ones((7, 7), np.uint8))
    light = cv2.resize(cv2.blur(brightest, (9, 9)), image.shape[1::-1]).astype(np.float32)
    return np.clip(1 - image / np.maximum(light, 8), -0.25, 1).astype(np.float32)


def segment(photo: ByteArray, network: SegmentNet) -> PixelMaps:
    """Label the pixels of a photo.

    Parameters
    ----------
    photo : ndarray of uint8, of shape (height, width, 3), RGB
    network : SegmentNet

    Returns
    -------
    PixelMaps
        At the resolution of `working_image`.
    """
    image, px_per_map_px = working_image(photo)
    height, width = image.shape[:2]
    multiple = network.body.multiple
    padded = np.pad(
        darkness(image), ((0, -height % multiple), (0, -width % multiple), (0, 0)), mode="edge"
    )
    parameter = next(network.parameters())
    tensor = torch.from_numpy(padded).permute(2, 0, 1)[None].to(parameter.device)
    with torch.inference_mode():
        logits = network(tensor.contiguous(memory_format=torch.channels_last))
        probabilities = logits.softmax(dim=1)[0, :, :height, :width].permute(1, 2, 0)
    return PixelMaps(np.ascontiguousarray(probabilities.cpu().numpy()), px_per_map_px)
