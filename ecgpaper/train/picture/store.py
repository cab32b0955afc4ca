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

from ecgpaper.classify.inputs import INPUT_FS
from ecgpaper.classify.picture import PICTURE_PX, printed_picture, whole_picture
from ecgpaper.ecg import ByteArray, Ecg
from ecgpaper.page import MM_PER_INCH
from ecgpaper.runtime.files import write_whole
from ecgpaper.synth import SyntheticPage, resized, sample_spec, synthesize
from ecgpaper.train.digitizer.source import without_gaps

# Share of pages that count as not understood: it is guessed where their strips are.
_WHOLE_SHARE = 0.15
# Pages are drawn with about this many pixels per column of the picture.
_FINER = 1.3


@dataclass(frozen=True, eq=False)
class PictureStore(Sequence[ByteArray]):
    """Pictures of pages of records, drawn when they are first asked for and kept in a folder.

    Records come in an order of chance, counted around; picture i depends on the seed and i alone.

    Parameters
    ----------
    ecgs : sequence of Ecg
        May read its items from disk.
    presets : tuple of str
    n_pages : int
    seed : int
    folder : Path
    """

    ecgs: Sequence[Ecg]
    presets: tuple[str, ...]
    n_pages: int
    seed: int
    folder: Path

    def __len__(self) -> int:
        return self.n_pages

    def __getitem__(self, index: int) -> ByteArray:  # type: ignore[override]
        if not 0 <= index < len(self):
            raise IndexError(f"expected a picture of 0 to {len(self) - 1}; got {index}")
        file = self._own_folder / f"{index}.png"
        if not file.exists():
            _, encoded = cv2.imencode(".png", self.draw(index))
            write_whole(file, bytes(encoded))
        kept = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        if kept is None:
            raise ValueError(f"expected a picture in {file}; it is damaged: remove it")
        return np.asarray(kept, dtype=np.uint8)

    @property
    def _own_folder(self) -> Path:
        """Pictures of other presets, records or seeds may be kept beside these."""
        identity = f"{self.presets} {len(self.ecgs)} {self.seed} {PICTURE_PX}"
        return self.folder / f"{crc32(identity.encode()):08x}"

    def record(self, index: int) -> int:
        """Tell which record a picture shows."""
        order = np.random.default_rng([self.seed, len(self.ecgs)]).permutation(len(self.ecgs))
        return int(order[index % len(self.ecgs)])

    def draw(self, index: int) -> ByteArray:
        """Draw a page and cut out its strips, or where they are guessed to be."""
        rng = np.random.default_rng([self.seed, index])
        number, place = divmod(index, len(self.ecgs))
        spec = sample_spec(self.presets[(number + place) % len(self.presets)], rng=rng)
        px_per_mm = _FINER * INPUT_FS / spec.layout.scale.speed_mm_per_s
        dpi = px_per_mm * MM_PER_INCH
        ecg = without_gaps(self.ecgs[self.record(index)])
        page = synthesize(ecg, resized(spec, min(1.0, dpi / spec.camera.dpi)))
        return _seen(page, is_whole=rng.random() < _WHOLE_SHARE)


def _seen(page: SyntheticPage, *, is_whole: bool) -> ByteArray:
    if is_whole:
        return whole_picture(page.image)
    truth = page.truth
    return printed_picture(page.image, truth.layout, truth.scale, truth.page_to_photo)
