"""The scene: all that a phone sees besides the sheet.

Places and sizes are shares of the frame, so that a scene is the same at any resolution. What lies
in the plane of the sheet is in millimeters of the sheet.

Public: `SceneSpec` and its parts `Shadow`, `Glare`, `Thing`, `Monitor`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ecgpaper.synth.spec.values import Color, Point, Sides


@dataclass(frozen=True, slots=True)
class Shadow:
    """A shadow that something beside the camera casts.

    Parameters
    ----------
    outline : str
        ``"edge"``, all beyond a line; ``"phone"``, with the hands that hold it; ``"head"``, with
        shoulders; ``"hand"``.
    at : tuple of float
        (x, y) of a point on the edge or of the middle, in shares of width and height.
    size : float
        Height of the shape, as a share of the frame's longer side.
    angle_deg : float
        Turn, clockwise; an edge has its shadow below at 0.
    strength : float
        Share of light that is missing.
    softness : float
        Standard deviation of the edge, as a share of the frame's longer side.
    warmth : float
        Share by which red gains and blue loses inside: what light is left has another color.
    """

    outline: str
    at: Point
    size: float
    angle_deg: float
    strength: float
    softness: float
    warmth: float = 0.0


@dataclass(frozen=True, slots=True)
class Glare:
    """Light that the sheet or the monitor mirrors.

    Parameters
    ----------
    shape : str
        ``"flash"``, a spot; ``"window"``, with a cross bar; ``"lamp"``, a long tube; ``"room"``,
        everything but the dim figure of who takes the picture.
    at : tuple of float
    size : float
        Height, as a share of the frame's longer side.
    angle_deg : float
        Turn, clockwise.
    strength : float
        Light added in the middle, as a share of white.
    softness : float
        Standard deviation of the edge, as a share of the frame's longer side.
    """

    shape: str
    at: Point
    size: float
    angle_deg: float
    strength: float
    softness: float


@dataclass(frozen=True, slots=True)
class Thing:
    """Something that lies on the sheet or holds it.

    Parameters
    ----------
    kind : str
        ``"finger"``, ``"clip"`` or ``"pen"``.
    tip : tuple of float
        Where it ends, in shares of width and height.
    angle_deg : float
        Direction from the tip to the rest of it, clockwise from the x axis.
    length, width : float
        As shares of the frame's longer side.
    color : tuple of float
        RGB.
    """

    kind: str
    tip: Point
    angle_deg: float
    length: float
    width: float
    color: Color


@dataclass(frozen=True, slots=True)
class Monitor:
    """A screen that shows the page in a window.

    Parameters
    ----------
    mesh_mm, mesh_depth : float
        Pitch of the pixels, in millimeters of the page, and how dark it is between them.
    bands : tuple of float
        (number down the frame, strength) of the bands of a flickering backlight.
    window_mm : tuple of float
        From the page's edges to the window's: left, top, right, bottom.
    screen_mm : tuple of float
        From the window's edges to the screen's.
    bezel_mm : float
        Width of the frame around the screen.
    bezel_color : tuple of float
    glow : float
        Share of the light that optics and glass spread over the whole picture.
    smudges : int
        Number of fingerprints and wiped spots.
    """

    mesh_mm: float = 0.25
    mesh_depth: float = 0.3
    bands: Point = (0.0, 0.0)
    window_mm: Sides = (10.0, 20.0, 10.0, 10.0)
    screen_mm: Sides = (0.0, 0.0, 0.0, 12.0)
    bezel_mm: float = 12.0
    bezel_color: Color = (24.0, 24.0, 27.0)
    glow: float = 0.0
    smudges: int = 0


@dataclass(frozen=True, slots=True)
class SceneSpec:
    """The frame of a photo.

    Parameters
    ----------
    photo_px : tuple of int
        (height, width).
    corners : tuple of tuple of float
        Where the sheet's corners appear, as shares of (width, height): top left, top right,
        bottom right, bottom left as printed.
    background : str
        A table, one of `table.TEXTURES`, or, if there is a `monitor`, ``"screen"``.
    background_color : tuple of float
        RGB of the table, or of the window around the page.
    background_deg : float
        Direction of the grain, the threads or the tiles against the sheet, clockwise.
    contact : float
        Share of light that the sheet's shadow takes from the table beside it.
    contact_deg : float
        Direction that this shadow falls in.
    tint : tuple of float
        Factors of red, green and blue: exposure, white balance and lamp.
    ramp, second_ramp : tuple of float
        Change of brightness across the width and height; the second of warmth.
    vignette : float
        Share of light missing in the corners.
    shadows : tuple of Shadow
    glares : tuple of Glare
    things : tuple of Thing
    monitor : Monitor or None
    """

    photo_px: tuple[int, int]
    corners: tuple[Point, ...]
    background: str = "wood"
    background_color: Color = (140.0, 100.0, 70.0)
    background_deg: float = 0.0
    contact: float = 0.3
    contact_deg: float = 60.0
    tint: Color = (1.0, 1.0, 1.0)
    ramp: Point = (0.0, 0.0)
    second_ramp: Point = (0.0, 0.0)
    vignette: float = 0.0
    shadows: tuple[Shadow, ...] = ()
    glares: tuple[Glare, ...] = ()
    things: tuple[Thing, ...] = ()
    monitor: Monitor | None = None
