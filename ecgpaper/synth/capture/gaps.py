"""Gaps: which parts of a photo show something that is missing from the sheet.

Few pixels do, so that only these need be looked at one by one.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from ecgpaper.ecg import ByteArray
from ecgpaper.synth.capture.camera import NODE_STEP_PX
from ecgpaper.synth.sheet.strokes import Region
from ecgpaper.synth.texture import FloatImage


@dataclass(frozen=True)
class Gap:
    """A part of the photo: its nodes, see `camera.page_nodes`, and its pixels."""

    nodes: Region
    pixels: Region


def find_gaps(paper: ByteArray, nodes: FloatImage) -> list[Gap]:
    """Return the parts of a photo that hold all gaps of the sheet.

    Parameters
    ----------
    paper : ndarray of uint8, of shape (height, width)
        255 where the flat page has paper.
    nodes : ndarray of float32, of shape (n_rows, n_columns, 2)
        Where on the flat page the nodes of the photo lie.
    """
    down, across = (-size % NODE_STEP_PX for size in paper.shape)
    whole = cv2.copyMakeBorder(paper, 0, down, 0, across, cv2.BORDER_REPLICATE)
    small_size = whole.shape[1] // NODE_STEP_PX, whole.shape[0] // NODE_STEP_PX
    small = cv2.resize(whole, small_size, interpolation=cv2.INTER_AREA)
    # A gap reaches a pixel of the small page further than where it is seen there.
    torn = np.where(cv2.erode(small, np.ones((3, 3))) < 255, 255, 0).astype(np.uint8)
    at = (nodes + np.float32(0.5)) / np.float32(NODE_STEP_PX) - np.float32(0.5)
    seen = cv2.remap(torn, at, np.empty(0, dtype=np.float32), cv2.INTER_LINEAR)
    # A block of pixels lies among three nodes each way.
    seen = cv2.dilate(seen, np.ones((3, 3)))
    _, _, boxes, _ = cv2.connectedComponentsWithStats(np.where(seen > 0, 1, 0).astype(np.uint8))
    size = nodes.shape[0] - 2, nodes.shape[1] - 2
    gaps = [
        _gap((top, top + height), (left, left + width), size)
        for left, top, width, height, _ in boxes[1:].tolist()
    ]
    return [gap for gap in gaps if min(part.stop - part.start for part in gap.pixels) > 0]


def _gap(rows: tuple[int, int], columns: tuple[int, int], size: tuple[int, int]) -> Gap:
    """Blocks of pixels between nodes; `size` is the number of blocks down and across."""
    (top, bottom), (left, right) = (
        (min(max(first - 1, 0), most), min(last, most))
        for (first, last), most in zip((rows, columns), size, strict=True)
    )
    return Gap(
        (slice(top, bottom + 2), slice(left, right + 2)),
        (
            slice(top * NODE_STEP_PX, bottom * NODE_STEP_PX),
            slice(left * NODE_STEP_PX, right * NODE_STEP_PX),
        ),
    )
