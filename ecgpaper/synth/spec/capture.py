"""The capture: how the sheet becomes a picture, in a scanner or in front of a phone.

Public: `CameraSpec`, `ScannerSpec`, `Streak`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ecgpaper.synth.spec.scene import SceneSpec
from ecgpaper.synth.spec.values import WHITE, Color, Sides


@dataclass(frozen=True, slots=True)
class Streak:
    """A line down the picture from dust on the sensor.

    Parameters
    ----------
    at : float
        Share of the width.
    width_px : float
    strength : float
        Light added, as a share; negative for a dark line.
    """

    at: float
    width_px: float
    strength: float


@dataclass(frozen=True, slots=True)
class ScannerSpec:
    """How a sheet lies on the glass, and how even the light is.

    Parameters
    ----------
    bed_mm : tuple of float
        Glass seen beyond the sheet: left, top, right, bottom; negative where the sheet is cut off.
    edge : float
        Share of light missing along the sheet's edge: its shadow on the backing.
    lid : tuple of float
        Share of light missing at the left, top, right and bottom of the picture, where the lid
        does not close or the sheet does not touch the glass.
    lid_mm : float, in mm
        How far in from there half of it is left.
    streaks : tuple of Streak
    banding : tuple of float
        (number down the picture, strength) of a lamp that flickers.
    lamp : tuple of float
        Factors of red, green and blue.
    """

    bed_mm: Sides = (0.0, 0.0, 0.0, 0.0)
    edge: float = 0.0
    lid: Sides = (0.0, 0.0, 0.0, 0.0)
    lid_mm: float = 8.0
    streaks: tuple[Streak, ...] = ()
    banding: tuple[float, float] = (0.0, 0.0)
    lamp: tuple[float, float, float] = (1.0, 1.0, 1.0)

    @property
    def is_even(self) -> bool:
        """Whether the light is the same all over."""
        return not (any(self.lid) or self.streaks or self.banding[1])


@dataclass(frozen=True, slots=True)
class CameraSpec:
    """How the sheet becomes a picture.

    Parameters
    ----------
    dpi : float
        Resolution at which the flat page is drawn, in px per inch.
    skew_deg : float, in degrees
        Turn of the page, clockwise.
    stretch : tuple of float
        (x, y) scale of the picture against the flat page.
    ramp : tuple of float
        Brightness added across the width and the height, as a share of white.
    white : float, in [0, 1]
        Level that becomes white: a scanner's software leaves out brighter ones.
    contrast, gamma : float
        Applied about white to levels in [0, 1].
    blur_px : float, in px
        Standard deviation, in the middle.
    blur_change_px : tuple of float, in px
        How much it grows across the width and the height: a tilted page is not all in focus.
    motion_px, motion_deg : float
        Length and direction, clockwise, of the camera's way during the exposure.
    noise : float, in levels of 255
        Standard deviation.
    noise_grain_px : float, in px
        Standard deviation of the noise's blur; 0 for independent pixels.
    noise_color : float, in [0, 1]
        How far red, green and blue go their own ways; their differences have coarser grain.
    noise_shot : float, in [0, 1]
        Share of the noise that light brings: there is less of it in the dark.
    tone : str
        ``"color"``, ``"gray"``, or black and white: ``"binary"``, ``"diffused"`` or ``"dots"``.
    threshold : float in [0, 1], or None
        Of a binary picture; None takes the one that divides the picture best.
    dot_px : float, in px
        Pitch of the dots.
    detail : float, in (0, 1]
        Resolution that is left after the picture was shrunk and enlarged again.
    sharpening : float
        Strength of the halo beside edges.
    first_jpeg_quality : int or None
        Of an earlier file, from which the picture was cut.
    jpeg_quality : int or None
        None leaves the pixels as they are.
    scene : SceneSpec or None
        A phone's scene; None on a scanner, where `skew_deg` and `stretch` say how the sheet lies.
    scanner : ScannerSpec
        Traces of a scanner itself, such as streaks.
    backing : tuple of float
        RGB of a scanner's lid, seen beyond the sheet.
    """

    dpi: float = 200.0
    skew_deg: float = 0.0
    stretch: tuple[float, float] = (1.0, 1.0)
    ramp: tuple[float, float] = (0.0, 0.0)
    white: float = 1.0
    contrast: float = 1.0
    gamma: float = 1.0
    blur_px: float = 0.0
    blur_change_px: tuple[float, float] = (0.0, 0.0)
    motion_px: float = 0.0
    motion_deg: float = 0.0
    noise: float = 0.0
    noise_grain_px: float = 0.0
    noise_color: float = 1.0
    noise_shot: float = 0.0
    tone: str = "color"
    threshold: float | None = 0.6
    dot_px: float = 4.0
    detail: float = 1.0
    sharpening: float = 0.0
    first_jpeg_quality: int | None = None
    jpeg_quality: int | None = None
    scene: SceneSpec | None = None
    scanner: ScannerSpec = field(default_factory=ScannerSpec)
    backing: Color = WHITE
