"""The picture of the README: how a record becomes a photo, and a photo signals and labels.

Run from the repository's root: ``python benchmarks/stages.py docs/stages.svg``.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from html import escape
from pathlib import Path


@dataclass(frozen=True)
class Stage:
    """A box: its name, a phrase, and where in `ecgpaper` it is made."""

    name: str
    phrase: str
    room: str


GENERATOR = (
    Stage("record", "12 leads, mV over s", "simulate"),
    Stage("page", "where each lead stands", "synth/layout.py"),
    Stage("ink", "curves, text, pulses", "synth/print"),
    Stage("paper", "grid, wear, notes", "synth/sheet"),
    Stage("camera", "bends, view, light", "synth/capture"),
    Stage("photo", "RGB, with the truth", "synth/generator.py"),
)
DIGITIZER = (
    Stage("photo", "scan, photo, screen", "digitize/digitizer.py"),
    Stage("flat page", "flat along its grid", "digitize/page"),
    Stage("scale", "px per mm", "digitize/scale.py"),
    Stage("layout", "rows, columns, leads", "digitize/rows"),
    Stage("trace", "curve of each strip", "digitize/curves"),
    Stage("signal", "mV over s, SNR expected", "digitize/signal"),
    Stage("labels", "classes of the Challenge", "classify"),
)
BOX_PX = (148, 62)
GAP_PX = 18
MARGIN_PX = 16
# Top of the boxes of each line, below its title.
TOPS_PX = (42, 162)
SIZE_PX = (7 * BOX_PX[0] + 6 * GAP_PX + 2 * MARGIN_PX, TOPS_PX[1] + BOX_PX[1] + MARGIN_PX)
HEAD = (
    f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {SIZE_PX[0]} {SIZE_PX[1]}"'
    ' font-family="DejaVu Sans, Verdana, sans-serif" text-anchor="middle">\n'
    f'<rect width="{SIZE_PX[0]}" height="{SIZE_PX[1]}" rx="8" fill="#ffffff"/>\n'
    '<defs><marker id="tip" viewBox="0 0 6 6" refX="5" refY="3" markerWidth="6" markerHeight="6"'
    ' orient="auto"><path d="M0 0 6 3 0 6z" fill="#555555"/></marker></defs>'
)


def draw() -> str:
    """Return the picture as SVG."""
    lines = (
        ("generator: ecgpaper synthesize", GENERATOR, "#fdf1e3"),
        ("digitizer and classifier: ecgpaper digitize", DIGITIZER, "#e8f1fb"),
    )
    parts = [HEAD]
    for top, (title, stages, fill) in zip(TOPS_PX, lines, strict=True):
        parts.append(
            f'<text x="{MARGIN_PX}" y="{top - 10}" font-size="14" text-anchor="start"'
            f' fill="#333333">{escape(title)}</text>'
        )
        for index, stage in enumerate(stages):
            parts += _box(stage, index, top, fill)
    return "\n".join((*parts, "</svg>", ""))


def _box(stage: Stage, index: int, top: int, fill: str) -> list[str]:
    width, height = BOX_PX
    left = MARGIN_PX + index * (width + GAP_PX)
    middle = left + width / 2
    parts = [
        f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="6" fill="{fill}"'
        ' stroke="#999999"/>',
        f'<text x="{middle:g}" y="{top + 20}" font-size="15" font-weight="bold"'
        f' fill="#111111">{escape(stage.name)}</text>',
        f'<text x="{middle:g}" y="{top + 37}" font-size="11" fill="#333333">'
        f"{escape(stage.phrase)}</text>",
        f'<text x="{middle:g}" y="{top + 53}" font-size="10" fill="#666666"'
        f' font-family="monospace">{escape(stage.room)}</text>',
    ]
    if index:
        y = top + height / 2
        parts.append(
            f'<line x1="{left - GAP_PX + 2}" y1="{y:g}" x2="{left - 2}" y2="{y:g}"'
            ' stroke="#555555" stroke-width="1.5" marker-end="url(#tip)"/>'
        )
    return parts


def main(argv: list[str] | None = None) -> None:
    """Write the picture."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path, help="the SVG to write")
    parser.parse_args(argv).out.write_text(draw(), encoding="utf-8")


if __name__ == "__main__":
    main()
