"""Truth files: `PictureTruth` beside the picture, in two small files.

``.truth.json`` holds the spec, the layout and the boxes. ``.truth.npz`` (numpy, no pickles) holds:

- ``points``: int32 of shape (2, n), x and y of the traces one after another, in 64ths of a pixel,
  each as the difference to the point before; a missing sample repeats the last one.
- ``lengths``: int32, points per strip; ``confidence`` and ``is_known``: uint8 per point.
- ``bend``: int32 of shape (2, rows, columns), in 64ths of a pixel: what `DenseWarp` moves each node
  of the bent sheet by, as differences along the columns and then along the rows. Not there where
  the sheet is flat.
- ``px_per_mm``: float32 of shape (rows, columns, 2), pixels of the picture per mm along and down
  the paper, at every 20 mm of the sheet.
- ``trace``, ``pulse``, ``grid``, ``text``, ``occlusion``: uint8 of the picture's size, see
  `masks.draw_masks`; at level ``"full"`` only.

Public: `TRUTH_LEVELS`, `encode_truth`, `read_truth`.
"""

from __future__ import annotations

import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ecgpaper.ecg import FloatArray
from ecgpaper.errors import RecordError
from ecgpaper.page import PageLayout, Strip
from ecgpaper.page.geometry import DenseWarp, Homography
from ecgpaper.page.raster import GridScale, Trace
from ecgpaper.synth.spec.page import PageSpec, build
from ecgpaper.synth.truth.masks import MASKS
from ecgpaper.synth.truth.picture import Boxes, Origin, PictureTruth

TRUTH_LEVELS = ("none", "light", "full")
JSON_SUFFIX = ".truth.json"
ARRAYS_SUFFIX = ".truth.npz"
_FORMAT = 1
# Positions are kept in this share of a pixel: the error is below a hundredth.
_STEPS_PER_PX = 64
# Errors that numpy and json raise on a file that is cut off or overwritten.
_DAMAGED = (OSError, ValueError, LookupError, TypeError, zipfile.BadZipFile, zlib.error)


def encode_truth(truth: PictureTruth) -> dict[str, bytes]:
    """Return the content of the two files of a picture, by the ending of their names."""
    arrays = io.BytesIO()
    np.savez_compressed(arrays, **_arrays(truth))
    return {
        JSON_SUFFIX: (json.dumps(_plain(truth)) + "\n").encode(),
        ARRAYS_SUFFIX: arrays.getvalue(),
    }


def _plain(truth: PictureTruth) -> dict[str, Any]:
    boxes = truth.boxes
    return {
        "format": _FORMAT,
        "origin": asdict(truth.origin),
        "photo_shape": truth.photo_shape,
        "layout": asdict(truth.layout),
        "boxes": {
            "strips": [_rounded(box) for box in boxes.strips],
            "names": [_rounded(box) for box in boxes.names],
            "pulses": [_rounded(box) for box in boxes.pulses],
        },
        "page_px_per_mm": truth.scale.px_per_mm,
        "page_origin_px": truth.scale.origin_px,
        "bend_step_px": truth.unbend.step_px if truth.unbend else None,
        "lay": truth.lay.matrix.tolist(),
        "spec": asdict(truth.spec),
    }


def _rounded(box: FloatArray | None) -> list[list[float]] | None:
    return None if box is None else np.round(box, 2).tolist()


def _arrays(truth: PictureTruth) -> dict[str, Any]:
    points = [np.stack([trace.x_px, trace.y_px]) for trace in truth.traces]
    confidence = [trace.confidence for trace in truth.traces]
    joined = np.concatenate([np.empty((2, 0)), *points], axis=1)
    arrays: dict[str, Any] = {
        "points": np.diff(_steps(_filled(joined)), axis=1, prepend=0),
        "lengths": np.array([part.shape[1] for part in points], dtype=np.int32),
        "confidence": np.rint(255 * np.concatenate([np.empty(0), *confidence])).astype(np.uint8),
        "is_known": np.isfinite(joined[1]).astype(np.uint8),
        "px_per_mm": truth.px_per_mm.astype(np.float32),
    }
    if truth.unbend is not None:
        nodes = _steps(truth.unbend.displacements_px.transpose(2, 0, 1))
        arrays["bend"] = np.diff(np.diff(nodes, axis=2, prepend=0), axis=1, prepend=0)
    return arrays | truth.masks


def _steps(px: FloatArray) -> NDArray[np.int32]:
    return np.rint(px * _STEPS_PER_PX).astype(np.int32)


def _filled(points: FloatArray) -> FloatArray:
    """Repeat the last known point where one is missing, and 0 before the first."""
    known = np.isfinite(points[1])
    last = np.maximum.accumulate(np.where(known, np.arange(len(known)), 0))
    return np.nan_to_num(points[:, last])


def read_truth(path: str | Path) -> PictureTruth:
    """Read the truth about a picture.

    Parameters
    ----------
    path : str or Path
        Of the picture, with or without its ending, or of one of its truth files.

    Raises
    ------
    RecordError
        If a file is missing, damaged or of another format.
    """
    stem = _stem(Path(path))
    try:
        plain = json.loads(stem.with_name(stem.name + JSON_SUFFIX).read_text())
        if plain["format"] != _FORMAT:
            raise RecordError(f"format {_FORMAT} was expected; got {plain['format']}")
        content = stem.with_name(stem.name + ARRAYS_SUFFIX).read_bytes()
        with np.load(io.BytesIO(content)) as arrays:
            return _restored(plain, dict(arrays))
    except FileNotFoundError as error:
        raise RecordError(
            f"expected the truth of a picture; {error.filename} is not there: synthesize it with "
            "--truth light"
        ) from error
    except _DAMAGED as error:
        raise RecordError(
            f"the truth files of {stem} must be whole; {error}: synthesize them again"
        ) from error


def _stem(path: Path) -> Path:
    for suffix in (JSON_SUFFIX, ARRAYS_SUFFIX, ".png", ".jpg"):
        if path.name.endswith(suffix):
            return path.with_name(path.name.removesuffix(suffix))
    return path


def _restored(plain: dict[str, Any], arrays: dict[str, NDArray[Any]]) -> PictureTruth:
    layout = build(PageLayout, plain["layout"])
    return PictureTruth(
        origin=Origin(**plain["origin"]),
        spec=build(PageSpec, plain["spec"]),
        photo_shape=(plain["photo_shape"][0], plain["photo_shape"][1]),
        layout=layout,
        scale=GridScale(tuple(plain["page_px_per_mm"]), tuple(plain["page_origin_px"])),
        unbend=_bend(plain["bend_step_px"], arrays),
        lay=Homography(np.array(plain["lay"])),
        traces=tuple(_traces(layout.strips, arrays)),
        boxes=_boxes(plain["boxes"]),
        px_per_mm=arrays["px_per_mm"].astype(np.float64),
        masks={name: arrays[name] for name in MASKS if name in arrays},
    )


def _boxes(plain: dict[str, list[list[list[float]] | None]]) -> Boxes:
    strips, names = (
        tuple(None if box is None else np.array(box, dtype=np.float64) for box in plain[kind])
        for kind in ("strips", "names")
    )
    return Boxes(strips, names, tuple(np.array(box, np.float64) for box in plain["pulses"]))


def _bend(step_px: float | None, arrays: dict[str, NDArray[Any]]) -> DenseWarp | None:
    if step_px is None:
        return None
    nodes = arrays["bend"].astype(np.int64).cumsum(axis=1).cumsum(axis=2)
    return DenseWarp(step_px, nodes.transpose(1, 2, 0) / _STEPS_PER_PX)


def _traces(strips: Iterable[Strip], arrays: dict[str, NDArray[Any]]) -> Iterator[Trace]:
    points = arrays["points"].astype(np.int64).cumsum(axis=1) / _STEPS_PER_PX
    points[:, arrays["is_known"] == 0] = np.nan
    confidence = arrays["confidence"] / 255.0
    ends = np.cumsum(arrays["lengths"])
    for strip, length, end in zip(strips, arrays["lengths"], ends, strict=True):
        part = slice(end - length, end)
        yield Trace(strip, points[0, part], points[1, part], confidence[part])
