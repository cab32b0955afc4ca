"""Pages that are kept: a page costs more to draw than to learn from, so it is seen several times.

Public: `Feed`, `StripFeed`, `SegmentFeed`.

A batch shows some new pages and others that were drawn before, each time in another light, with
other noise, mirrored or not. How many of the pages are new is stated, so that the batches depend
on seed and step alone: a page that is not kept any more is drawn again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file
from safetensors.numpy import save as arrays_as_bytes

from ecgpaper.digitize.curves.strip import STRIP_HEIGHT_MM, TALL_HEIGHT_MM
from ecgpaper.digitize.segment import darkness
from ecgpaper.ecg import ByteArray
from ecgpaper.runtime.files import write_whole
from ecgpaper.train.digitizer.pages import (
    SegmentBatch,
    SegmentPage,
    StripBatch,
    StripCrop,
    as_segment_batch,
    as_strip_batch,
    crops_of_page,
    segment_crop,
    segment_page,
)
from ecgpaper.train.digitizer.source import PageSource

FloatImage = NDArray[np.float32]
# Crops that are kept of a page, at least: more than one batch shows.
_CROPS_PER_PAGE = 10
# Pages that are kept of each kind; at 0.3 to 0.8 MB each.
MOST_KEPT = 500
# Every so-many-th batch is of tall strips.
_TALL_EVERY = 5
# How pages are kept: nearly without loss.
_KEPT_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 95]
_KEPT_JPEG += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]


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


@dataclass(frozen=True)
class Feed:
    """What a step shows a network, and how much of it is new.

    Parameters
    ----------
    n_pages, n_crops : int
        Pages of a batch, and crops of each.
    fresh : float
        Share of the pages that were never seen before. With 1 nothing is kept.
    """

    n_pages: int
    n_crops: int
    fresh: float = 1.0

    def n_drawn(self, step: int) -> int:
        """Return how many pages are drawn before a step."""
        if step <= 0:
            return 0
        # The first batch has nothing to repeat.
        return self.n_pages + int((step - 1) * self.n_pages * self.fresh)

    def pages(self, step: int, rng: np.random.Generator) -> list[int]:
        """Choose the pages of a batch: the new ones, and some of those drawn before."""
        before, after = self.n_drawn(step), self.n_drawn(step + 1)
        new = [*range(before, after)]
        oldest = max(0, after - MOST_KEPT)
        again = rng.integers(oldest, max(before, 1), self.n_pages - len(new))
        return new + [int(page) for page in again]


@dataclass(frozen=True)
class PageFeed:
    """Pages that are drawn, kept, and seen again.

    Parameters
    ----------
    source : PageSource
    feed : Feed
    folder : Path
        Where pages are kept.
    """

    source: PageSource
    feed: Feed
    folder: Path


@dataclass(frozen=True)
class StripFeed(PageFeed):
    """Batches of strips; batch i depends on the seed and i alone."""

    def batch(self, step: int) -> StripBatch:
        """Return a batch; every fifth is of taller strips, which rows with tall waves need."""
        cycle, place = divmod(step, _TALL_EVERY)
        is_tall = place == _TALL_EVERY - 1
        # Either kind has steps and pages of its own.
        own = cycle if is_tall else cycle * (_TALL_EVERY - 1) + place
        rng = np.random.default_rng([self.source.seed, step])
        n_new = self.feed.n_drawn(own + 1) - self.feed.n_drawn(own)
        crops: list[StripCrop] = []
        n_kept = self.feed.n_crops if self.feed.fresh >= 1 else _CROPS_PER_PAGE
        for number, page in enumerate(self.feed.pages(own, rng)):
            chosen = rng.permutation(n_kept)[: self.feed.n_crops].tolist()
            seen = self._crops(page, chosen, is_tall=is_tall)
            crops += seen if number < n_new else [seen_again(crop, rng) for crop in seen]
        return as_strip_batch(crops)

    def _crops(self, page: int, chosen: list[int], *, is_tall: bool) -> list[StripCrop]:
        """Draw a page and return some of its crops, or take them from where they are kept."""
        kind = "tall" if is_tall else "usual"
        file = _kept(self.folder, kind, page)
        if self.feed.fresh < 1 and file.exists():
            return _crops_from(load_file(file), chosen)
        rng = np.random.default_rng([self.source.seed, int(is_tall), page, 1])
        n_crops = self.feed.n_crops if self.feed.fresh >= 1 else _CROPS_PER_PAGE
        height_mm = TALL_HEIGHT_MM if is_tall else STRIP_HEIGHT_MM
        crops = crops_of_page(self.source, rng, height_mm, n_crops)
        if self.feed.fresh < 1:
            _keep(self.folder, kind, page, _arrays_of(crops))
        return [crops[index] for index in chosen]


@dataclass(frozen=True)
class SegmentFeed(PageFeed):
    """Batches of crops for the segmenter; batch i depends on the seed and i alone."""

    def batch(self, step: int) -> SegmentBatch:
        """Return a batch: new crops of pages, new or not."""
        rng = np.random.default_rng([self.source.seed, step])
        n_new = self.feed.n_drawn(step + 1) - self.feed.n_drawn(step)
        crops = []
        for number, page in enumerate(self.feed.pages(step, rng)):
            drawn = self._page(page)
            dark = darkness(drawn.image)
            for _ in range(self.feed.n_crops):
                image, shares = segment_crop(dark, drawn.shares, rng)
                crops.append((image if number < n_new else darkened(image, rng), shares))
        return as_segment_batch(crops)

    def _page(self, page: int) -> SegmentPage:
        """Draw a page, or take it from where it is kept."""
        file = _kept(self.folder, "page", page)
        if self.feed.fresh < 1 and file.exists():
            return _segment_page_from(load_file(file))
        drawn = segment_page(self.source, np.random.default_rng([self.source.seed, page, 2]))
        if self.feed.fresh < 1:
            # Shares add up to 1: the first need not be kept.
            planes = np.rint(255 * drawn.shares[..., 1:]).astype(np.uint8)
            _, encoded = cv2.imencode(".png", planes, [cv2.IMWRITE_PNG_COMPRESSION, 1])
            arrays = {"image": _jpeg_of(drawn.image, _KEPT_JPEG), "shares": encoded.ravel()}
            _keep(self.folder, "page", page, arrays)
        return drawn


def _kept(folder: Path, kind: str, page: int) -> Path:
    return folder / f"{kind}-{page:07d}.safetensors"


def _keep(folder: Path, kind: str, page: int, arrays: dict[str, NDArray[Any]]) -> None:
    """Keep a page, and forget the one that is too old now."""
    write_whole(_kept(folder, kind, page), arrays_as_bytes(arrays))
    _kept(folder, kind, page - MOST_KEPT).unlink(missing_ok=True)


def _arrays_of(crops: list[StripCrop]) -> dict[str, NDArray[Any]]:
    arrays: dict[str, NDArray[Any]] = {
        f"image{number}": _jpeg_of(crop.image, _KEPT_JPEG) for number, crop in enumerate(crops)
    }
    arrays["rows"] = np.stack([crop.rows for crop in crops])
    arrays["is_present"] = np.stack([crop.is_present for crop in crops])
    return arrays


def _crops_from(arrays: dict[str, NDArray[Any]], chosen: list[int]) -> list[StripCrop]:
    rows, is_present = arrays["rows"], arrays["is_present"]
    return [
        StripCrop(_image_of(arrays[f"image{index}"]), rows[index], is_present[index])
        for index in chosen
    ]


def _segment_page_from(arrays: dict[str, NDArray[Any]]) -> SegmentPage:
    planes = cv2.imdecode(arrays["shares"], cv2.IMREAD_UNCHANGED)
    if planes is None:
        raise ValueError("expected a page that was kept; it is damaged: remove it")
    shares = planes.astype(np.float32) / 255
    rest = np.clip(1 - shares.sum(axis=-1, keepdims=True), 0, 1)
    whole = np.concatenate([rest, shares], axis=-1)
    return SegmentPage(_image_of(arrays["image"]), np.asarray(whole, np.float32))


def _jpeg_of(image: ByteArray, options: list[int]) -> ByteArray:
    _, encoded = cv2.imencode(".jpg", image[..., ::-1], options)
    return np.asarray(encoded, np.uint8).ravel()


def _image_of(encoded: ByteArray) -> ByteArray:
    image = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
    if image is None:
        raise ValueError("expected a picture that was kept; it is damaged: remove it")
    return np.ascontiguousarray(image[..., ::-1], dtype=np.uint8)


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
        seen = _image_of(_jpeg_of(seen, [cv2.IMWRITE_JPEG_QUALITY, quality]))
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
