"""Every choice behind a synthetic page, as frozen dataclasses of scalars and tuples.

The picture is a function of the record and the spec. A spec survives JSON: `spec_as_json`,
`spec_from_json`. What draws specs at random is `ecgpaper.synth.sample`.

Public: `PageSpec`, `LayoutSpec`, `InkSpec`, `PaperSpec`, `CameraSpec`, `resized`,
`spec_as_json`, `spec_from_json`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field, fields, is_dataclass, replace
from typing import Any, TypeVar, cast, get_args, get_type_hints

from ecgpaper.page import PULSE_S, LeadLayout, PaperScale
from ecgpaper.synth.codes import Code
from ecgpaper.synth.notes import Note
from ecgpaper.synth.relief import ReliefSpec
from ecgpaper.synth.rules import Rule
from ecgpaper.synth.scanner import ScannerSpec
from ecgpaper.synth.scene import SceneSpec
from ecgpaper.synth.stationery import PaperObject
from ecgpaper.synth.text import TextLine
from ecgpaper.synth.wear import WearSpec

Color = tuple[float, float, float]
Point = tuple[float, float]
Spec = TypeVar("Spec")

BLACK: Color = (0.0, 0.0, 0.0)
WHITE: Color = (255.0, 255.0, 255.0)


@dataclass(frozen=True, slots=True)
class LayoutSpec:
    """Which leads stand where on the sheet.

    Parameters
    ----------
    leads : LeadLayout
    size_mm : tuple of float
        (width, height) of the sheet.
    left_mm : float, in mm
        Where the first column starts.
    baselines_mm : tuple of float, in mm
        Height of 0 mV of each row, from the top.
    scale : PaperScale
    column_gap_mm : float, in mm
        Paper left free between two columns.
    pulse_left_mm : float or None, in mm
        Left edge of the calibration pulses; None without any.
    reach_mm : float or None, in mm
        The pen prints nothing further than this from a baseline; None without such a stop.
    """

    leads: LeadLayout
    size_mm: tuple[float, float]
    left_mm: float
    baselines_mm: tuple[float, ...]
    scale: PaperScale = field(default_factory=PaperScale)
    column_gap_mm: float = 0.0
    pulse_left_mm: float | None = None
    reach_mm: float | None = None


@dataclass(frozen=True, slots=True)
class InkSpec:
    """What the printer does with the traces and the text.

    Parameters
    ----------
    pen_mm : float, in mm
        Width of the traces.
    pulse_rows : tuple of int or None
        Rows with a calibration pulse, if the layout has pulses; None for all of them.
    pulse_s, pulse_slant_s : float, in s
        How long a pulse stands, and how long it takes to rise and to fall.
    pulse_feet_mm : tuple of float, in mm
        Width of the feet left and right of a pulse.
    color, text_color : tuple of float
        RGB, 0 to 255, of full ink on white paper.
    slew_fading, slew_thinning : float, in [0, 1]
        How much lighter, and how much thinner, the steepest strokes are.
    unevenness : float, in [0, 1]
        How much lighter the weakest stretches of a trace are: toner gaps, an old printing head.
    separator : str
        Between columns, one of `separators.SEPARATORS`.
    separator_mm : tuple of float
        (width, height) of a separator.
    name_offset_mm : tuple of float or None
        From the start of a strip at 0 mV to the lower left corner of its name; None without names.
    name_height_mm, name_stroke_mm : float, in mm
    name_font : str
    names_upper : bool
        ``AVR`` instead of ``aVR``.
    names_boxed : bool
        Whether a frame is drawn around each name.
    texts : tuple of TextLine
        Header, footer and whatever else is printed.
    rules : tuple of Rule
        Lines and frames.
    codes : tuple of Code
        Barcodes and QR codes.
    dots_per_mm : float or None
        Of a printing head that prints whole dots; None for print without dots.
    dead_dots_mm : tuple of float, in mm
        Heights on the sheet at which a dot of the head prints nothing.
    halo, halo_mm : float
        Strength, in [0, 1], and reach of the ink that spreads in the paper around print.
    ghost, ghost_mm : float, tuple of float
        Strength, in [0, 1], of a second, shifted (right, down) print of everything.
    notes : tuple of Note
        What people wrote upon it.
    """

    pen_mm: float = 0.3
    pulse_rows: tuple[int, ...] | None = None
    pulse_s: float = PULSE_S
    pulse_slant_s: float = 0.0
    pulse_feet_mm: tuple[float, float] = (1.0, 1.0)
    color: Color = BLACK
    text_color: Color = BLACK
    slew_fading: float = 0.0
    slew_thinning: float = 0.0
    unevenness: float = 0.0
    separator: str = "none"
    separator_mm: tuple[float, float] = (0.6, 6.0)
    name_offset_mm: Point | None = (0.5, 6.0)
    name_height_mm: float = 2.6
    name_stroke_mm: float = 0.3
    name_font: str = "sans"
    names_upper: bool = False
    names_boxed: bool = False
    texts: tuple[TextLine, ...] = ()
    rules: tuple[Rule, ...] = ()
    codes: tuple[Code, ...] = ()
    dots_per_mm: float | None = None
    dead_dots_mm: tuple[float, ...] = ()
    halo: float = 0.0
    halo_mm: float = 0.1
    ghost: float = 0.0
    ghost_mm: tuple[float, float] = (0.2, 0.2)
    notes: tuple[Note, ...] = ()


@dataclass(frozen=True, slots=True)
class PaperSpec:
    """The sheet and its grid.

    Parameters
    ----------
    color, grid_color : tuple of float
        RGB, 0 to 255.
    small_contrast, large_contrast, heavy_contrast : float, in [0, 1]
        How far the lines of 1, 5 and 25 mm go from the paper's colour to the grid's; 0 leaves out.
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
        What lies on the sheet or sticks to it.
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
        Level that becomes white: a scanner's software leaves out what is brighter.
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
        What a phone sees; None on a scanner, where `skew_deg` and `stretch` say how the sheet lies.
    scanner : ScannerSpec
        What a scanner shows besides the sheet.
    backing : tuple of float
        RGB of what a scanner sees beyond the sheet.
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


@dataclass(frozen=True, slots=True)
class PageSpec:
    """Everything that, with a record, decides a picture; `seed` is for the textures."""

    layout: LayoutSpec
    ink: InkSpec = field(default_factory=InkSpec)
    paper: PaperSpec = field(default_factory=PaperSpec)
    camera: CameraSpec = field(default_factory=CameraSpec)
    seed: int = 0


def resized(spec: PageSpec, factor: float) -> PageSpec:
    """Return the spec of the same page in a picture `factor` times as wide and high.

    What is given in pixels of the picture, such as its blur, stays.
    """
    camera = replace(spec.camera, dpi=spec.camera.dpi * factor)
    if camera.scene is not None:
        height, width = camera.scene.photo_px
        photo_px = max(1, round(height * factor)), max(1, round(width * factor))
        camera = replace(camera, scene=replace(camera.scene, photo_px=photo_px))
    return replace(spec, camera=camera)


def spec_as_json(spec: PageSpec) -> str:
    """Write a spec as JSON text."""
    return json.dumps(asdict(spec))


def spec_from_json(text: str) -> PageSpec:
    """Read a spec that `spec_as_json` wrote."""
    return build(PageSpec, json.loads(text))


def build(kind: type[Spec], values: dict[str, Any]) -> Spec:
    """Make a dataclass, and those inside it, of what `dataclasses.asdict` and JSON made of it."""
    hints = get_type_hints(kind)
    names = [item.name for item in fields(cast("Any", kind))]
    return kind(**{name: _restore(hints[name], values[name]) for name in names})


def _restore(hint: Any, value: Any) -> Any:
    """Turn the lists of JSON into tuples and its objects into the specs they were."""
    inner = [part for part in (hint, *get_args(hint)) if is_dataclass(part)]
    if isinstance(value, dict):
        return build(cast("Any", inner[0]), value)
    if not isinstance(value, list):
        return value
    return tuple(_restore(inner[0] if inner else None, item) for item in value)
