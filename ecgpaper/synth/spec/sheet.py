"""The sheet: its paper and grid, its shape, its notes, wear and objects.

Public: `PaperSpec` and its parts `ReliefSpec`, `Fold`, `WearSpec`, `Stain`, `PaperObject`; `Note`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ecgpaper.synth.spec.values import WHITE, Color, Point


@dataclass(frozen=True, slots=True)
class Note:
    """What somebody has written, drawn, stamped or blacked out on a page.

    Parameters
    ----------
    kind : str
        ``"writing"``, ``"signature"``, ``"stamp"``; ``"ring"``, ``"line"``, ``"arrow"``,
        ``"underline"``, ``"bracket"``, ``"tick"``, ``"cross"``, ``"scribble"``; ``"highlight"``;
        and, hiding what is below, ``"box"`` (a computer's), ``"marker"`` and ``"white-out"``.
    at_mm : tuple of float
        The left end of the writing's line, the middle of a ring, the top left corner of the others.
    size_mm : tuple of float
        (width, height) of the box around it; writing and signatures are as large as fits.
    angle_deg : float
        Clockwise, about `at_mm`.
    color : tuple of float
        RGB of the ink.
    stroke_mm : float, in mm
    seed : int
        Of the hand.
    text : str
        Of writing and stamps.
    tool : str
        See `strokes.penned`.
    """

    kind: str
    at_mm: Point
    size_mm: Point
    angle_deg: float = 0.0
    color: Color = (30.0, 30.0, 120.0)
    stroke_mm: float = 0.4
    seed: int = 0
    text: str = "ECG 1"
    tool: str = "ball"


@dataclass(frozen=True, slots=True)
class Fold:
    """A straight fold across the whole sheet.

    Parameters
    ----------
    at_mm : tuple of float
        A point on the fold.
    angle_deg : float
        Direction of the fold, against the x axis.
    slope : float
        How much steeper one side is than the other; negative for a valley.
    sharpness_mm : float, in mm
        Width of the bend.
    line : float
        Change of brightness of the worn paper along the fold, as a share.
    through : bool
        Whether the sheet was still folded along the earlier ones, so that this one goes on beyond
        them in the mirror.
    worn : float, in [0, 1]
        Share of the print that is rubbed off along the fold.
    """

    at_mm: tuple[float, float]
    angle_deg: float
    slope: float
    sharpness_mm: float = 0.8
    line: float = 0.0
    through: bool = False
    worn: float = 0.0


@dataclass(frozen=True, slots=True)
class ReliefSpec:
    """How far the sheet is from flat.

    Parameters
    ----------
    folds : tuple of Fold
    n_creases : int
        Short random folds of a sheet that was handled.
    crease_mm : float, in mm
        Their typical length.
    crumple_mm : float, in mm
        Typical width of the facets of a sheet that was crumpled.
    crumple_slope : float
        How steep the facets are; 0 for a sheet that never was.
    curl_mm : float, in mm
        Rise of a cylinder over the sheet, along `curl_deg`.
    curl_deg : float
    waves_mm : float, in mm
        Height of random waves some centimeters long.
    displacement_mm : float, in mm
        The furthest that a printed point moves.
    lens : float
        Shift of the corners by the lens, as a share of half the diagonal.
    shading : float
        Change of brightness on the steepest parts, as a share.
    light_deg : float
        Where the light comes from.
    """

    folds: tuple[Fold, ...] = ()
    n_creases: int = 0
    crease_mm: float = 40.0
    crumple_mm: float = 35.0
    crumple_slope: float = 0.0
    curl_mm: float = 0.0
    curl_deg: float = 0.0
    waves_mm: float = 0.0
    displacement_mm: float = 0.0
    lens: float = 0.0
    shading: float = 0.0
    light_deg: float = 0.0

    @property
    def is_flat(self) -> bool:
        """Whether nothing printed moves and no shade falls."""
        return self == ReliefSpec()


@dataclass(frozen=True, slots=True)
class Stain:
    """A spill that dried.

    Parameters
    ----------
    at_mm : tuple of float
    radius_mm : float, in mm
    color : tuple of float
        RGB of white paper under the darkest part.
    fill, rim : float, in [0, 1]
        Strength inside and at the edge, where most of it dries.
    ragged : float
        How far the edge is from a circle, as a share of the radius.
    softness : float
        Width of the edge, as a share of the radius.
    """

    at_mm: Point
    radius_mm: float
    color: Color
    fill: float
    rim: float
    ragged: float = 0.15
    softness: float = 0.04


@dataclass(frozen=True, slots=True)
class WearSpec:
    """The state of a sheet.

    Parameters
    ----------
    stains : tuple of Stain
    bleeding_mm : float, in mm
        How far ink runs inside stains.
    mould : float, in [0, 1]
        Share of the page that mould grows on.
    mould_color : tuple of float
    specks_per_cm2, foxing_per_cm2 : float
        Dirt, and the brown spots of old paper.
    n_hairs, n_scratches : int
    fading : tuple of float
        Least and most contrast that is left of the print; (1, 1) is new.
    sun : tuple of float or None
        (x, y, angle, share): beyond a line through that point, in mm and degrees, where no other
        sheet lay, that share of the print is bleached.
    yellowing : float, in [0, 1]
        How far the paper went to `yellow_color`, most at its edges.
    yellow_color : tuple of float
        RGB of white paper that is as yellow as it gets.
    bleed_through : float, in [0, 1]
        How much of the print on the back shows.
    missing : tuple of tuple of tuple of float
        Torn-off parts as polygons, in mm.
    holes : tuple of tuple of float
        Punched holes: (x, y, radius), in mm.
    perforated : tuple of str
        Sides, ``"top"``, ``"bottom"``, ``"left"`` or ``"right"``, torn off at a perforation.
    """

    stains: tuple[Stain, ...] = ()
    bleeding_mm: float = 0.0
    mould: float = 0.0
    mould_color: Color = (90.0, 95.0, 80.0)
    specks_per_cm2: float = 0.0
    foxing_per_cm2: float = 0.0
    n_hairs: int = 0
    n_scratches: int = 0
    fading: tuple[float, float] = (1.0, 1.0)
    sun: tuple[float, float, float, float] | None = None
    yellowing: float = 0.0
    yellow_color: Color = (225.0, 190.0, 120.0)
    bleed_through: float = 0.0
    missing: tuple[tuple[Point, ...], ...] = ()
    holes: tuple[tuple[float, float, float], ...] = ()
    perforated: tuple[str, ...] = ()

    @property
    def discolors(self) -> bool:
        """Whether anything lies on the print."""
        shares = (self.mould, self.yellowing, self.bleed_through)
        counts = (self.specks_per_cm2, self.foxing_per_cm2, self.n_hairs)
        return bool(self.stains) or any(part > 0 for part in (*shares, *counts))


@dataclass(frozen=True, slots=True)
class PaperObject:
    """Something on the sheet.

    Parameters
    ----------
    kind : str
        ``"staple"``, ``"staple-holes"``, ``"clip"``, ``"label"``, ``"barcode"``, ``"sticky-note"``,
        ``"tape"`` (clear) or ``"masking-tape"``.
    at_mm : tuple of float
        Its middle.
    size_mm : tuple of float
        (width, height).
    angle_deg : float
        Clockwise.
    color : tuple of float
        RGB.
    text : str
        Of labels and notes; lines are separated by line feeds.
    """

    kind: str
    at_mm: Point
    size_mm: Point
    angle_deg: float = 0.0
    color: Color = (255.0, 255.0, 255.0)
    text: str = ""


@dataclass(frozen=True, slots=True)
class PaperSpec:
    """The sheet and its grid.

    Parameters
    ----------
    color, grid_color : tuple of float
        RGB, 0 to 255.
    small_contrast, large_contrast, heavy_contrast : float, in [0, 1]
        How far the lines of 1, 5 and 25 mm go from the paper's color to the grid's; 0 leaves out.
    small_mm, large_mm : float, in mm
        Widths of the lines; the 25 mm lines are half as wide again as the 5 mm ones.
    dotted : bool
        Whether the 1 mm grid is dots instead of lines.
    halftone_mm, halftone_depth : float
        Pitch of the printer's dots and how far they break the grid up; a depth of 0 leaves lines.
    grid_origin_mm : tuple of float
        (x, y) of a crossing of two 25 mm lines.
    grid_margins_mm : tuple of float
        Paper without grid at the left, top, right and bottom.
    plot_px_mm : float or None, in mm
        Pixels of the plot that was printed: its grid's lines, unlike its traces, stand on whole
        ones, up to half of one off their place. None where lines stand where they belong.
    relief : ReliefSpec
        Folds, creases and curl.
    wear : WearSpec
        Stains, mould, fading and tears.
    objects : tuple of PaperObject
        Objects on the sheet.
    """

    color: Color = WHITE
    grid_color: Color = (220.0, 60.0, 60.0)
    small_contrast: float = 0.4
    large_contrast: float = 0.8
    heavy_contrast: float = 0.0
    small_mm: float = 0.12
    large_mm: float = 0.2
    dotted: bool = False
    halftone_mm: float = 0.3
    halftone_depth: float = 0.0
    grid_origin_mm: Point = (0.0, 0.0)
    grid_margins_mm: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0)
    plot_px_mm: float | None = None
    relief: ReliefSpec = field(default_factory=ReliefSpec)
    wear: WearSpec = field(default_factory=WearSpec)
    objects: tuple[PaperObject, ...] = ()
