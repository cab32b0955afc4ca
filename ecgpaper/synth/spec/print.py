"""The print: its layout, its text, and the printer's faults.

Public: `LayoutSpec`, `InkSpec` and its parts `TextLine`, `Rule`, `Code`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ecgpaper.page import PULSE_S, LeadLayout, PaperScale
from ecgpaper.synth.spec.sheet import Note
from ecgpaper.synth.spec.values import BLACK, Color, Point


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
    drawn_from_hz : float or None, in Hz
        Straight lines join so many samples per second, means of the record's; None joins its own.
    """

    leads: LeadLayout
    size_mm: tuple[float, float]
    left_mm: float
    baselines_mm: tuple[float, ...]
    scale: PaperScale = field(default_factory=PaperScale)
    column_gap_mm: float = 0.0
    pulse_left_mm: float | None = None
    reach_mm: float | None = None
    drawn_from_hz: float | None = None


@dataclass(frozen=True, slots=True)
class TextLine:
    """A line of print: `corner_mm` is its lower left corner, `height_mm` that of a capital.

    `font` is a name in `FONTS` or `STROKE_FONTS`; the strokes of the latter are
    `stroke_mm` wide.
    """

    text: str
    corner_mm: tuple[float, float]
    height_mm: float
    font: str = "sans"
    stroke_mm: float = 0.3


@dataclass(frozen=True, slots=True)
class Rule:
    """A straight line, solid or dashed.

    Parameters
    ----------
    start_mm, stop_mm : tuple of float
        Middles of its ends.
    width_mm : float, in mm
    dash_mm : float, in mm
        Length of the dashes and of the gaps between them; 0 for a solid line.
    """

    start_mm: Point
    stop_mm: Point
    width_mm: float
    dash_mm: float = 0.0


@dataclass(frozen=True, slots=True)
class Code:
    """A text for machines.

    Parameters
    ----------
    kind : str
        ``"bars"`` or ``"qr"``.
    text : str
        Of digits and hyphens for bars.
    corner_mm : tuple of float
        Upper left corner.
    size_mm : tuple of float
        (width, height).
    """

    kind: str
    text: str
    corner_mm: Point
    size_mm: Point


@dataclass(frozen=True, slots=True)
class InkSpec:
    """Ink: how the printer renders traces and text.

    Parameters
    ----------
    pen_mm : float, in mm
        Width of the traces.
    pulse_rows : tuple of int or None
        Rows with a calibration pulse, if the layout has pulses; None for all of them.
    pulse_columns : bool
        Whether a pulse stands before every column of a row, not before the first one alone.
    pulse_s, pulse_slant_s : float, in s
        How long a pulse stands, and how long it takes to rise and to fall.
    pulse_feet_mm : tuple of float, in mm
        Width of the feet left and right of a pulse.
    pulse_pens : float
        Width of a pulse's strokes, in widths of the traces.
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
        Handwriting upon it.
    """

    pen_mm: float = 0.3
    pulse_rows: tuple[int, ...] | None = None
    pulse_columns: bool = False
    pulse_s: float = PULSE_S
    pulse_slant_s: float = 0.0
    pulse_feet_mm: tuple[float, float] = (1.0, 1.0)
    pulse_pens: float = 1.0
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
