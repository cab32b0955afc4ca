"""A store of pictures: each is drawn when it is first asked for, and kept in a folder.

Public: `PictureStore`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np

from ecgpaper.classify.picture import PICTURE_PX, printed_picture, whole_picture
from ecgpaper.ecg import ByteArray, Ecg
from ecgpaper.files import write_whole
from ecgpaper.page import MM_PER_INCH
from ecgpaper.synth import SyntheticPage, resized, sample_spec, synthesize
from ecgpaper.train.digitizer.source import without_gaps

# Share of pages that count as not flattened: the whole photo is seen.
_WHOLE_SHARE = 0.25
# Pages are drawn with about this many pixels per pixel of the picture.
_FINER = 1.5
# How pictures are kept: ten times smaller than without loss, and nothing to be seen of it.
_JPEG = [cv2.IMWRITE_JPEG_QUALITY, 95]
_JPEG += [cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]


@dataclass(frozen=True, eq=False)
class PictureStore(Sequence[ByteArray]):
    """Pictures of pages of records, drawn when they are first asked for and kept in a folder.

    Picture i shows record i, counted around, and depends on the seed and i alone.

    Parameters
    ----------
    ecgs : sequence of Ecg
        May read its items from disk.
    presets : tuple of str
    n_pages : int
        Of each record.
    seed : int
    folder : Path
    """

    ecgs: Sequence[Ecg]
    presets: tuple[str, ...]
    n_pages: int
    seed: int
    folder: Path

    def __len__(self) -> int:
        return self.n_pages * len(self.ecgs)

    def __getitem__(self, index: int) -> ByteArray:  # type: ignore[override]
        if not 0 <= index < len(self):
            raise IndexError(f"expected a picture of 0 to {len(self) - 1}; got {index}")
        file = self._own_folder / f"{index}.jpg"
        if not file.exists():
            _, encoded = cv2.imencode(".jpg", self.draw(index)[..., ::-1], _JPEG)
            write_whole(file, bytes(encoded))
        kept = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if kept is None:
            raise ValueError(f"expected a picture in {file}; it is damaged: remove it")
        return np.ascontiguousarray(kept[..., ::-1], dtype=np.uint8)

    @property
    def _own_folder(self) -> Path:
        """Pictures of other presets, records or seeds may be kept beside these."""
        identity = f"{self.presets} {len(self.ecgs)} {self.seed} {PICTURE_PX}"
        return self.folder / f"{crc32(identity.encode()):08x}"

    def record(self, index: int) -> int:
        """Tell which record a picture shows."""
        return index % len(self.ecgs)

    def draw(self, index: int) -> ByteArray:
        """Draw a page and look at it, flattened or not."""
        rng = np.random.default_rng([self.seed, index])
        number, record = divmod(index, len(self.ecgs))
        spec = sample_spec(self.presets[(number + record) % len(self.presets)], rng=rng)
        px_per_mm = _FINER * min(np.array(PICTURE_PX[::-1]) / spec.layout.size_mm)
        dpi = px_per_mm * MM_PER_INCH
        ecg = without_gaps(self.ecgs[record])
        page = synthesize(ecg, resized(spec, min(1.0, dpi / spec.camera.dpi)))
        return _seen(page, is_whole=rng.random() < _WHOLE_SHARE)


def _seen(page: SyntheticPage, *, is_whole: bool) -> ByteArray:
    if is_whole:
        return whole_picture(page.image)
    truth = page.truth
    return printed_picture(page.image, truth.layout, truth.scale, truth.page_to_photo)
