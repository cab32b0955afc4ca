"""The digitizer: a photo of a paper ECG becomes a signal, the counterpart of the generator.

Public: `Digitizer`, `Digitization`, `load_network`, and the names of the networks' files; what a
user may state is `paper.Stated`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TypeVar

import cv2
import numpy as np

from ecgpaper.bounds import FS_HZ, MAX_ASPECT, MIN_SIDE_PX, Clock
from ecgpaper.digitize.contract import CONTRACTS, QUALITY, SEGMENTER, TRACER
from ecgpaper.digitize.digitization import MIN_CREDIBLE, MIN_SNR_DB, Digitization
from ecgpaper.digitize.ends import ENDS, settle_columns, without_blank_ends, without_strokes
from ecgpaper.digitize.evidence import lead_evidence, predict_snr
from ecgpaper.digitize.grid import believable, find_grid_scale
from ecgpaper.digitize.gridless import fits_rows, scale_without_grid
from ecgpaper.digitize.layout import column_places, find_layout, place_columns, with_margin
from ecgpaper.digitize.leads import Named, name_leads, take_names
from ecgpaper.digitize.negative import is_dark, negative
from ecgpaper.digitize.orientation import mirrored, rows_are_upright, turned
from ecgpaper.digitize.outline import View
from ecgpaper.digitize.paper import UNSTATED, Stated, find_paper_scale
from ecgpaper.digitize.printed import READER, Said, read_said
from ecgpaper.digitize.pulse import Pulse, find_pulse
from ecgpaper.digitize.rectify import FLAT_PX_PER_MM, rectify
from ecgpaper.digitize.refine import REFINER, refine_traces
from ecgpaper.digitize.segment import find_page, segment
from ecgpaper.digitize.signal import signal_from_traces
from ecgpaper.digitize.trace import read_rows
from ecgpaper.ecg import ByteArray
from ecgpaper.errors import EcgPaperError, GridError, LayoutError, MirrorError, RectifyError
from ecgpaper.geometry import Homography
from ecgpaper.nets.checkpoint import load_info, load_weights, refusing, require_files
from ecgpaper.nets.device import best_device, channels_last
from ecgpaper.nets.ends import EndNet
from ecgpaper.nets.quality import QualityNet
from ecgpaper.nets.reader import LineReader
from ecgpaper.nets.refiner import Refiner
from ecgpaper.nets.unet import SegmentNet, StripNet
from ecgpaper.page import LAYOUTS, PageLayout
from ecgpaper.raster import FlatPage, GridScale, PixelMaps, Trace
from ecgpaper.weights import shipped_model

__all__ = [
    "QUALITY",
    "SEGMENTER",
    "TRACER",
    "Digitization",
    "Digitizer",
    "Network",
    "load_network",
]

logger = logging.getLogger(__name__)

# A page seen in more detail than 300 dpi is shrunk: curves are read at 8 px per mm, and cutting
# them out of many more pixels would skip most of these.
MAX_LONG_SIDE_PX = 3600
# Another way round must fit better by so much.
MIN_GAIN = 0.15
# Pages whose leads fit each other less are misread: seven with 0.30 and less scored 0 dB at the
# best, six with 0.44 and more 5 to 14 dB (of 340 generated pages).
MIN_LEGIBLE = 0.35
# A page that is flattened along its grid has the scale that it was given, but for so much.
MAX_FOLLOWED_OFF = 0.01
# A grid that was seen has more; what is measured without one has to be credible.
MIN_GRID_CONFIDENCE = 0.6
_NO_GRID = (
    "expected a grid of 1-mm and 5-mm lines, or at least rows of leads that fit each other; found "
    "neither: crop the image to the page, or scan it in color at 150 dpi or more"
)
_MISREAD = (
    "expected leads that fit each other by {least:.2f} or more; those found fit by {found:.2f}: "
    "crop the image to the page, or state its layout"
)
_MIRRORED = (
    "expected a page as it lies; found a mirrored one, whose heartbeats run from right to left: "
    "flip the image left to right"
)
# Heartbeats are looked at with so many samples per second.
HEARTBEAT_FS = 250.0


@dataclass(frozen=True, eq=False)
class SeenPhoto:
    """A photo and what its pixels are.

    Parameters
    ----------
    image : ndarray of uint8, of shape (height, width, 3), RGB
    maps : PixelMaps
    """

    image: ByteArray
    maps: PixelMaps


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked of the digitizer for one photo.

    Parameters
    ----------
    fs : float, in Hz
        Of the answer.
    stated : Stated
    clock : Clock
        The time that the photo may take.
    """

    fs: float
    stated: Stated
    clock: Clock


@dataclass(frozen=True, eq=False)
class Digitizer:
    """The stages in order, with the networks they need."""

    segmenter: SegmentNet
    tracer: StripNet
    ends: EndNet
    refiner: Refiner
    reader: LineReader
    judge: QualityNet

    @classmethod
    def load(cls, folder: Path | None = None) -> Digitizer:
        """Read the networks; the large ones run on the GPU when there is one.

        Parameters
        ----------
        folder : Path, optional
            The model folder; the shipped weights by default.

        Raises
        ------
        CheckpointError
            If a file is missing or does not fit.
        """
        folder = folder or shipped_model()
        require_files(folder, tuple(CONTRACTS))
        segmenter = load_network(folder, SEGMENTER, SegmentNet)
        tracer = load_network(folder, TRACER, StripNet)
        ends = load_network(folder, ENDS, EndNet)
        refiner = load_network(folder, REFINER, Refiner)
        reader = load_network(folder, READER, LineReader)
        judge = load_network(folder, QUALITY, QualityNet).cpu()
        return cls(segmenter, tracer, ends, refiner, reader, judge)

    def digitize(
        self, photo: ByteArray, *, fs: float = 500.0, stated: Stated = UNSTATED
    ) -> Digitization:
        """Read a photo or scan of one page, or a picture with light traces on a dark ground.

        Parameters
        ----------
        photo : ndarray of uint8, of shape (height, width, 3), RGB
        fs : float, in Hz
            Sampling frequency of the answer, in `ecgpaper.bounds.FS_HZ`.
        stated : Stated
            Layout, speed and gain, as far as they are known: they win over what is found.

        Raises
        ------
        ValueError
            If `fs` is out of its bounds.
        EcgPaperError
            The stage's own error if the photo defeats a stage: it says what was looked for.
        """
        _check_sides(photo)
        asked = Asked(FS_HZ.checked(fs), stated, Clock())
        try:
            return self._digitize(photo, asked)
        except MirrorError:
            raise
        except EcgPaperError:
            if found := self._digitize_negative(photo, asked):
                return found
            raise

    def _digitize_negative(self, photo: ByteArray, asked: Asked) -> Digitization | None:
        """Read light traces on a dark ground; None where there are none."""
        if asked.clock.is_over or not is_dark(photo):
            return None
        try:
            return replace(self._digitize(negative(photo), asked), is_negative=True)
        except EcgPaperError as error:
            logger.info("not on a dark ground either: %s", error)
            return None

    def _digitize(self, photo: ByteArray, asked: Asked) -> Digitization:
        """Find the page on a photo, flatten and read it."""
        maps, (top, left), view = segment(photo, self.segmenter), (0, 0), View.of(photo)
        if part := find_page(maps):
            photo, (top, left) = photo[part], (part[0].start, part[1].start)
            maps, view = segment(photo, self.segmenter), view.cropped(left, top)
        photo, factor = _reduced(photo)
        maps = replace(maps, px_per_map_px=maps.px_per_map_px * factor)
        page, page_maps = rectify(photo, maps, view.scaled(factor))
        found = self._read_any_way(SeenPhoto(photo, maps), page, page_maps, asked)
        found = self._judged(found)
        to_whole = Homography.scaling(1 / factor).compose(Homography.translation((left, top)))
        moved = found.page.page_to_photo.compose(to_whole)
        return replace(found, page=FlatPage(found.page.image, moved))

    def _read_any_way(
        self, photo: SeenPhoto, page: FlatPage, maps: PixelMaps, asked: Asked
    ) -> Digitization:
        """Read a page as it lies, or turned by quarters if its leads do not fit each other."""
        best, faults = self._best_way(photo, page, maps, asked)
        if best is None or (faults and best.rank < MIN_CREDIBLE):
            raise faults[0]
        is_told = asked.stated.layout is not None
        if best.agreement is not None and best.agreement < MIN_LEGIBLE and not is_told:
            raise LayoutError(_MISREAD.format(least=MIN_LEGIBLE, found=best.agreement))
        return best

    def _best_way(
        self, photo: SeenPhoto, page: FlatPage, maps: PixelMaps, asked: Asked
    ) -> tuple[Digitization | None, list[EcgPaperError]]:
        """Turn a page until its leads fit each other; also return what speaks against it."""
        best: Digitization | None = None
        faults: list[EcgPaperError] = []
        likely, unlikely = ((0, 2), (1, 3)) if rows_are_upright(maps) else ((1, 3), (0, 2))
        for n_quarters in (*likely, *unlikely):
            if best is not None and best.rank >= best.enough(is_likely=n_quarters in likely):
                break
            if asked.clock.is_over and (best or faults):
                logger.info("this page has had its time: no other way round is tried")
                break
            try:
                found = self._read(photo, *turned(page, maps, n_quarters), asked)
            except EcgPaperError as error:
                faults.append(error)
                continue
            if found.is_backwards:
                self._refuse_mirrored(photo, *turned(page, maps, n_quarters), asked)
            if found.scale.confidence < MIN_GRID_CONFIDENCE:
                faults.append(GridError(_NO_GRID))
            if best is None or found.rank > best.rank + MIN_GAIN:
                best = found
        return best, faults

    def _refuse_mirrored(
        self, photo: SeenPhoto, page: FlatPage, maps: PixelMaps, asked: Asked
    ) -> None:
        """Raise an error if a page that runs backwards is credible when its sides are swapped."""
        try:
            found = self._read(photo, *mirrored(page, maps), replace(asked, fs=HEARTBEAT_FS))
        except EcgPaperError as error:
            logger.info("mirrored: %s", error)
            return
        if found.agreement is not None and found.agreement >= MIN_CREDIBLE:
            raise MirrorError(_MIRRORED)

    def _read(
        self, photo: SeenPhoto, page: FlatPage, maps: PixelMaps, asked: Asked
    ) -> Digitization:
        """Read a page whose rows lie level."""
        scale = self._scale(photo.image, page, maps)
        layout_name = asked.stated.layout
        leads = None if layout_name is None else LAYOUTS[layout_name]
        layout = find_layout(page, maps, scale, leads)
        readings = read_rows(photo.image, page, maps, scale, layout, self.tracer)
        places = column_places(layout, readings)
        layout = place_columns(layout, places[0])
        named = (name_leads if leads is None else take_names)(layout, readings, scale)
        pulse = find_pulse(layout, readings)
        layout, traces = settle_columns(
            named.layout, named.traces, readings, scale, self.ends, places[1:]
        )
        traces = without_strokes(refine_traces(traces, readings, scale, self.refiner))
        named = replace(named, layout=layout, traces=traces)
        said = read_said(photo.image, photo.maps, page, scale, self.reader)
        layout, traces = _at_its_scale(named, scale, asked.stated, pulse, said)
        quality = float(sum(trace.confidence.mean() for trace in traces) / len(traces))
        traces = without_blank_ends(traces, scale)
        evidence = lead_evidence(traces, named.fits, page, scale)
        ecg, confidence = signal_from_traces(traces, layout, scale, asked.fs)
        return Digitization(
            ecg=ecg,
            confidence=confidence,
            page=page,
            scale=scale,
            layout=layout,
            traces=traces,
            quality=quality,
            fits=named.fits,
            pulse=pulse,
            said=said,
            evidence=evidence,
            predicted_snr_db=np.full(len(evidence), np.nan),
        )

    def _judged(self, found: Digitization) -> Digitization:
        """Predict the SNR of each lead and leave out what is worse than nothing."""
        predicted = predict_snr(found.evidence, self.judge)
        is_bad = predicted < MIN_SNR_DB
        signal_mv = np.where(is_bad, np.nan, found.ecg.signal_mv)
        return replace(
            found,
            ecg=replace(found.ecg, signal_mv=signal_mv),
            confidence=np.where(is_bad, 0.0, found.confidence),
            predicted_snr_db=predicted,
        )

    def _scale(self, photo: ByteArray, page: FlatPage, maps: PixelMaps) -> GridScale:
        """Measure the scale of a page by its grid, or without one.

        What looks like a grid but could not be followed over the page must fit the rows.
        """
        try:
            scale = believable(find_grid_scale(page, maps), page)
        except GridError as error:
            logger.info("measuring the rows: %s", error)
            return scale_without_grid(photo, page, maps, self.tracer)
        is_followed = np.allclose(scale.px_per_mm, FLAT_PX_PER_MM, rtol=MAX_FOLLOWED_OFF)
        if is_followed or fits_rows(maps, scale):
            return scale
        logger.info("measuring the rows: what looks like a grid fits none")
        try:
            return scale_without_grid(photo, page, maps, self.tracer)
        except (GridError, LayoutError) as error:
            logger.info("a doubtful grid is better than none: %s", error)
            return scale


def _at_its_scale(
    named: Named, scale: GridScale, stated: Stated, pulse: Pulse | None, said: Said
) -> tuple[PageLayout, tuple[Trace, ...]]:
    """Give a page the speed and gain that it was printed at."""
    at_usual, _ = signal_from_traces(named.traces, named.layout, scale, HEARTBEAT_FS)
    paper = stated.over(find_paper_scale(pulse, said, at_usual, named.layout.scale))
    layout = with_margin(named.layout.at_scale(paper))
    traces = tuple(
        replace(trace, strip=strip)
        for trace, strip in zip(named.traces, layout.strips, strict=True)
    )
    return layout, traces


def _check_sides(photo: ByteArray) -> None:
    """Refuse a photo that can hold no page."""
    height, width = photo.shape[:2]
    if min(height, width) < MIN_SIDE_PX:
        raise RectifyError(
            f"expected an image of a page, at least {MIN_SIDE_PX} pixels high and wide; got "
            f"{height} x {width}: scan it at 150 dpi or more"
        )
    if max(height, width) > MAX_ASPECT * min(height, width):
        raise RectifyError(
            f"expected an image of a page, at most {MAX_ASPECT:g} times as long as wide; got "
            f"{height} x {width} pixels: cut it into pages"
        )


def _reduced(photo: ByteArray) -> tuple[ByteArray, float]:
    """Shrink a large photo of a page to what its print needs; return it and by how much."""
    factor = MAX_LONG_SIDE_PX / max(photo.shape[:2])
    if factor >= 1:
        return photo, 1.0
    size = (round(photo.shape[1] * factor), round(photo.shape[0] * factor))
    return np.asarray(cv2.resize(photo, size, interpolation=cv2.INTER_AREA), np.uint8), factor


Network = TypeVar("Network", SegmentNet, StripNet, EndNet, Refiner, LineReader, QualityNet)


def load_network(folder: Path, name: str, network_class: type[Network]) -> Network:
    """Read one of the networks in `CONTRACTS` from a model folder.

    Raises
    ------
    CheckpointError
        If a file is missing or does not fit.
    """
    info = load_info(folder, name, network_class.__name__)
    with refusing(folder, name):
        config = network_class.config_class.from_json(info.config)
        CONTRACTS[name].check(info, config)
    network = load_weights(folder, name, info, lambda: channels_last(network_class(config)))
    return network.to(best_device()).eval()
