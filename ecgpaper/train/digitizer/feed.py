"""Pages that are kept: a page costs more to draw than to learn from, so it is seen several times.

Public: `Feed`, `usual_feed`, `StripFeed`, `SegmentFeed`.

A batch shows some new pages and others that were drawn before, each time in another light, with
other noise, mirrored or not. How many of the pages are new is stated, so that the batches depend
on seed and step alone: a page that is not kept any more is drawn again.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, ClassVar

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.numpy import load_file
from safetensors.numpy import save as arrays_as_bytes

from ecgpaper.digitize.curves.strip import STRIP_HEIGHT_MM, TALL_HEIGHT_MM
from ecgpaper.digitize.networks import SEGMENTER, TRACER
from ecgpaper.digitize.segment import darkness
from ecgpaper.nets.device import best_device
from ecgpaper.runtime.files import write_whole
from ecgpaper.train.ahead import n_cores
from ecgpaper.train.digitizer.augment import darkened, image_of, jpeg_of, seen_again
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

# Crops that are kept of a page, at least: more than one batch shows.
_CROPS_PER_PAGE = 10
# Pages that are kept of each kind; at 0.3 to 0.8 MB each.
MOST_KEPT = 500
# Every so-many-th batch is of tall strips.
_TALL_EVERY = 5
# How pages are kept: nearly without loss.
_KEPT_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 95]
_KEPT_JPEG += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]


# Most crops of each page: those of the segmenter are larger.
_MOST_CROPS = {SEGMENTER: 2, TRACER: 4}
# Time of one core that teaches most with one crop of each page. In little time many small steps
# teach more than a few large ones, whose gradients are more exact.
_ONE_CROP_S = {SEGMENTER: 90.0, TRACER: 270.0}


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


def usual_feed(name: str, seconds: float = math.inf) -> Feed:
    """Return what a step shows a network that learns for a time, new pages only.

    The batch grows with the root of the time. A GPU is used well by large ones only. Crops of one
    page cost less than pages.
    """
    most = _MOST_CROPS[name]
    if best_device().type == "cuda":
        return Feed(8, most)
    root = math.sqrt(min(seconds * n_cores() / _ONE_CROP_S[name], most**2))
    n_strips = 2 * max(1, round(root))
    n_pages = 1 if n_strips <= most else 2
    return Feed(n_pages, n_strips // n_pages)


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
    # What a batch is made of.
    shows: ClassVar[str]

    @property
    def task(self) -> str:
        """What is learned from: an unfinished run of another task is not gone on with."""
        return f"{self.shows} of {len(self.source.ecgs)} records, {self.feed}"

    @property
    def origin(self) -> dict[str, Any]:
        """The same for the checkpoint."""
        return {
            "n_records": len(self.source.ecgs),
            "feed": asdict(self.feed),
            "pages": f"generated, preset {self.source.preset}",
            "torch": torch.__version__,
            "numpy": np.__version__,
        }


@dataclass(frozen=True)
class StripFeed(PageFeed):
    """Batches of strips; batch i depends on the seed and i alone."""

    shows = "strips"

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

    shows = "pages"

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
            _, encoded = cv2.imencode(".png", drawn.shares, [cv2.IMWRITE_PNG_COMPRESSION, 1])
            arrays = {"image": jpeg_of(drawn.image, _KEPT_JPEG), "shares": encoded.ravel()}
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
        f"image{number}": jpeg_of(crop.image, _KEPT_JPEG) for number, crop in enumerate(crops)
    }
    arrays["rows"] = np.stack([crop.rows for crop in crops])
    arrays["is_present"] = np.stack([crop.is_present for crop in crops])
    return arrays


def _crops_from(arrays: dict[str, NDArray[Any]], chosen: list[int]) -> list[StripCrop]:
    rows, is_present = arrays["rows"], arrays["is_present"]
    return [
        StripCrop(image_of(arrays[f"image{index}"]), rows[index], is_present[index])
        for index in chosen
    ]


def _segment_page_from(arrays: dict[str, NDArray[Any]]) -> SegmentPage:
    shares = cv2.imdecode(arrays["shares"], cv2.IMREAD_UNCHANGED)
    if shares is None:
        raise ValueError("expected a page that was kept; it is damaged: remove it")
    return SegmentPage(image_of(arrays["image"]), np.asarray(shares, np.uint8))
