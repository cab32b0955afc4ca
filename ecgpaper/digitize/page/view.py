"""View of a camera: its axis and its field, on a photo that may be a part of it.

Public: `View`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ecgpaper.ecg import ByteArray


@dataclass(frozen=True)
class View:
    """Field of a camera, of which a photo may be a part.

    Parameters
    ----------
    middle_px : tuple of float
        (x, y) of its axis, in px of the photo.
    long_side_px : float
        Of all that it saw, in px of the photo.
    """

    middle_px: tuple[float, float]
    long_side_px: float

    @classmethod
    def of(cls, photo: ByteArray) -> View:
        """Return the view of a camera whose photo is whole."""
        height, width = photo.shape[:2]
        return cls(((width - 1) / 2, (height - 1) / 2), float(max(height, width)))

    def cropped(self, left: int, top: int) -> View:
        """Return the view of a part of the photo that starts at a pixel."""
        x, y = self.middle_px
        return View((x - left, y - top), self.long_side_px)

    def scaled(self, factor: float) -> View:
        """Return the view of a photo of other pixels, `factor` times as many along each side."""
        x, y = ((at + 0.5) * factor - 0.5 for at in self.middle_px)
        return View((x, y), self.long_side_px * factor)
