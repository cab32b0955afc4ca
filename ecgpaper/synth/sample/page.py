"""Page: draw the spec of a page for a preset.

Public: `sample_spec`, `PRESETS`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ecgpaper.page import LAYOUTS, LeadLayout, PaperScale
from ecgpaper.synth.capture.bilevel import BILEVEL_TONES
from ecgpaper.synth.sample.capture.cameras import (
    sample_any_capture,
    sample_phone,
    sample_screen_photo,
)
from ecgpaper.synth.sample.capture.flatbed import sample_black_and_white, sample_scanner
from ecgpaper.synth.sample.draws import chance, uniform
from ecgpaper.synth.sample.print.layouts import (
    sample_any_layout,
    sample_layout,
    sample_leads,
    sample_scale,
)
from ecgpaper.synth.sample.print.looks import sample_look
from ecgpaper.synth.sample.print.official import plotted_at, sample_official_page
from ecgpaper.synth.sample.print.printing import (
    print_for,
    roughen_ink,
    sample_printer,
    vary_paper,
)
from ecgpaper.synth.sample.sheet.notes import sample_notes
from ecgpaper.synth.sample.sheet.objects import sample_objects
from ecgpaper.synth.sample.sheet.relief import (
    sample_any_relief,
    sample_deteriorated_relief,
    sample_photo_relief,
    sample_scan_relief,
)
from ecgpaper.synth.sample.sheet.wear import (
    sample_any_wear,
    sample_deteriorated_wear,
    sample_mouldy_wear,
    sample_stained_wear,
)
from ecgpaper.synth.sample.window import in_window
from ecgpaper.synth.spec.capture import CameraSpec
from ecgpaper.synth.spec.page import PageSpec
from ecgpaper.synth.spec.print import InkSpec, LayoutSpec
from ecgpaper.synth.spec.sheet import PaperSpec, ReliefSpec, WearSpec

PRESETS = (
    *("clean", "scan-color", "scan-bw", "photo", "photo-stained", "photo-deteriorated"),
    *("scan-color-deteriorated", "scan-bw-deteriorated", "screen", "wild"),
)
# The official test pages have this layout.
OFFICIAL_LAYOUT = "3x4+1R"
# Samples per second of the copy that some pages are printed from: as PTB-XL's.
FEW_SAMPLES_HZ = 100.0
# Share of pages with something on them that is no print: new sheets on a scanner have nothing.
OBJECTS_SHARE = {
    "photo": 0.12,
    "photo-stained": 0.15,
    "photo-deteriorated": 0.35,
    "scan-color-deteriorated": 0.25,
    "scan-bw-deteriorated": 0.25,
}
PHOTO_LONG_PX = (2000, 4600)
SCREEN_LONG_PX = (1500, 4000)


@dataclass(frozen=True, slots=True)
class PageShares:
    """How often a page is of a kind."""

    # Share of pages in the organizers' own look; the rest teaches that there are others.
    official: float = 0.6
    # And of those training pages that have their layout and scale.
    wild_official: float = 0.4
    # Share of pages that somebody has written on.
    notes: float = 0.15
    # Share of pages printed from a copy of fewer samples per second.
    few_samples: float = 0.1
    # Share of saved pages that are seen in the window of a program.
    window: float = 0.1
    # Share of training pages whose paper is not that of their recorder's make.
    any_paper: float = 0.6
    # Share of printers that leave a white border.
    border: float = 0.4


_SHARES = PageShares()


def sample_spec(
    preset: str,
    *,
    rng: np.random.Generator,
    layout: str | LeadLayout | None = None,
    scale: PaperScale | None = None,
) -> PageSpec:
    """Draw the spec of one page.

    Parameters
    ----------
    preset : str
        One of `PRESETS`.
    rng : numpy.random.Generator
    layout : str or LeadLayout, optional
        A layout, or its name in `ecgpaper.page.LAYOUTS`. By default 3x4 with rhythm strip II; any
        layout for ``wild``. Rows that the sheet is too narrow for show less time.
    scale : PaperScale, optional
        By default 25 mm/s and 10 mm/mV; any for ``wild``.

    Raises
    ------
    ValueError
        If there is no such preset or layout.

    Examples
    --------
    >>> spec = sample_spec("clean", rng=np.random.default_rng(1), layout="12x1")
    >>> spec.layout.leads.name, spec.camera.dpi
    ('12x1', 200.0)
    """
    if preset not in PRESETS:
        raise ValueError(f"preset must be one of {', '.join(PRESETS)}; got {preset!r}")
    if isinstance(layout, str) and layout not in LAYOUTS:
        raise ValueError(f"layout must be one of {', '.join(LAYOUTS)}; got {layout!r}")
    leads = LAYOUTS[layout] if isinstance(layout, str) else layout
    if preset == "wild":
        return _sample_wild(leads or sample_leads(rng=rng), scale or sample_scale(rng=rng), rng)
    place, ink, paper = _sample_print(leads or LAYOUTS[OFFICIAL_LAYOUT], scale or PaperScale(), rng)
    page = PageSpec(place, ink, paper, CameraSpec(), seed=int(rng.integers(1 << 31)))
    return _handle(page, preset, rng)


def _sample_print(
    leads: LeadLayout, scale: PaperScale, rng: np.random.Generator
) -> tuple[LayoutSpec, InkSpec, PaperSpec]:
    """Print a page as the organizers do, or as another recorder might."""
    if _is_official(leads, scale) and chance(rng, _SHARES.official):
        return sample_official_page(leads, rng=rng)
    return sample_look(sample_layout(leads, scale, rng=rng), rng=rng)


def _is_official(leads: LeadLayout, scale: PaperScale) -> bool:
    return leads == LAYOUTS[OFFICIAL_LAYOUT] and scale == PaperScale()


def _sample_wild(leads: LeadLayout, scale: PaperScale, rng: np.random.Generator) -> PageSpec:
    """Draw a page for training: any layout, printer, paper and camera."""
    if _is_official(leads, scale) and chance(rng, _SHARES.wild_official):
        place, ink, paper = sample_official_page(leads, rng=rng)
    else:
        place, ink, paper = sample_look(sample_any_layout(leads, scale, rng=rng), rng=rng)
    if chance(rng, _SHARES.any_paper):
        paper = vary_paper(paper, rng)
    camera = sample_any_capture(place.size_mm, rng)
    ink = roughen_ink(ink, paper, rng)
    if camera.tone in BILEVEL_TONES:
        ink, paper = print_for(ink, paper, camera.tone)
        camera = replace(camera, ramp=(0.0, 0.0), contrast=1.0, gamma=1.0)
    else:
        ink, paper = sample_printer(ink, paper, rng=rng)
    if chance(rng, _SHARES.notes):
        ink = replace(ink, notes=sample_notes(place, rng=rng))
    if not _is_file(camera):
        paper = _any_state(place, paper, camera, rng)
    page = PageSpec(place, ink, paper, camera, seed=int(rng.integers(1 << 31)))
    in_program = _is_file(camera) and chance(rng, _SHARES.window)
    page = in_window(page, rng=rng) if in_program else page
    drawn_from_hz = FEW_SAMPLES_HZ if chance(rng, _SHARES.few_samples) else None
    return replace(page, layout=replace(page.layout, drawn_from_hz=drawn_from_hz))


def _is_file(camera: CameraSpec) -> bool:
    """Whether the page never was on paper: saved from a recorder, or seen on a monitor."""
    if camera.scene is None:
        return camera.noise == 0
    return camera.scene.background == "screen"


def _any_state(
    place: LayoutSpec, paper: PaperSpec, camera: CameraSpec, rng: np.random.Generator
) -> PaperSpec:
    """Draw the wear and shape of an old sheet; a scanner's lid presses it flat."""
    if camera.scene is not None:
        relief = sample_any_relief(place.size_mm, rng)
    elif chance(rng, 0.35):
        relief = sample_scan_relief(place.size_mm, rng=rng)
    else:
        relief = ReliefSpec()
    wear = WearSpec()
    # Of what time has faded a threshold leaves nothing.
    if camera.tone not in BILEVEL_TONES:
        wear = sample_any_wear(place.size_mm, rng)
    objects = sample_objects(place, OBJECTS_SHARE["photo"], rng=rng)
    return replace(paper, relief=relief, wear=wear, objects=objects)


def _handle(page: PageSpec, preset: str, rng: np.random.Generator) -> PageSpec:
    """Draw the paper and the capture of a preset."""
    if preset == "clean":
        return replace(page, paper=plotted_at(page.paper, page.camera.dpi))
    size_mm = page.layout.size_mm
    relief, wear, camera = ReliefSpec(), WearSpec(), page.camera
    if preset.startswith("scan"):
        camera = sample_scanner(rng=rng)
        if "bw" in preset:
            # A threshold would take what fading left.
            bilevel_share = 0.0 if preset.endswith("deteriorated") else 0.35
            camera = sample_black_and_white(camera, bilevel_share, rng=rng)
        if preset.endswith("deteriorated"):
            relief = sample_scan_relief(size_mm, rng=rng)
            wear = sample_mouldy_wear(size_mm, rng=rng)
    elif preset == "screen":
        camera = sample_screen_photo(size_mm, SCREEN_LONG_PX, rng=rng)
        return replace(page, camera=camera)
    else:
        camera = sample_phone(size_mm, PHOTO_LONG_PX, rng=rng)
        relief, wear = _photo_state(preset, size_mm, rng)
    ink, paper = sample_printer(page.ink, page.paper, rng=rng)
    ink, paper = print_for(ink, paper, camera.tone)
    if chance(rng, _SHARES.border):
        border_mm = uniform(rng, 2, 6)
        left, top, right, bottom = (max(part, border_mm) for part in paper.grid_margins_mm)
        paper = replace(paper, grid_margins_mm=(left, top, right, bottom))
    if chance(rng, _SHARES.notes):
        ink = replace(ink, notes=sample_notes(page.layout, rng=rng))
    objects = sample_objects(page.layout, OBJECTS_SHARE.get(preset, 0.0), rng=rng)
    paper = replace(paper, relief=relief, wear=wear, objects=objects)
    return replace(page, ink=ink, paper=paper, camera=camera)


def _photo_state(
    preset: str, size_mm: tuple[float, float], rng: np.random.Generator
) -> tuple[ReliefSpec, WearSpec]:
    """Draw folds, creases and wear of a sheet in front of a phone."""
    n_folds, wear = int(rng.integers(2)), WearSpec()
    if preset == "photo-stained":
        n_folds = int(rng.integers(3))
        wear = sample_stained_wear(size_mm, rng=rng)
    elif preset == "photo-deteriorated":
        relief = sample_deteriorated_relief(size_mm, rng=rng)
        return relief, sample_deteriorated_wear(size_mm, rng=rng)
    return sample_photo_relief(n_folds, 0.0, 2.5, size_mm, rng=rng), wear
