"""The digitizer: a photo of a paper ECG becomes a signal, the counterpart of the generator.

Public: `Digitizer`, `Asked`.

A page is read in two phases. The first is cheap and is done for each way round that the page may
lie: scale, rows, columns, names of the leads, pulses. The second is done once, for the way whose
leads fit each other best: exact ends, finer curves, printed scale, signal, and what to expect of
it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ecgpaper.bounds import FS_HZ, Clock
from ecgpaper.digitize.digitization import MIN_SNR_DB, Digitization
from ecgpaper.digitize.ends import ENDS, settle_columns, without_blank_ends, without_strokes
from ecgpaper.digitize.evidence import lead_evidence, predict_snr
from ecgpaper.digitize.layout import column_places, find_layout, place_columns, with_margin
from ecgpaper.digitize.leads import name_leads, take_names
from ecgpaper.digitize.negative import is_dark
from ecgpaper.digitize.networks import SEGMENTER, TRACER, load_judge, load_network
from ecgpaper.digitize.orientation import rows_are_upright
from ecgpaper.digitize.page_image import PageImage, check_sides, see_negative, see_page
from ecgpaper.digitize.paper import UNSTATED, Stated, find_paper_scale
from ecgpaper.digitize.printed import READER, read_said
from ecgpaper.digitize.pulse import find_pulse
from ecgpaper.digitize.reading import HEARTBEAT_FS, MIN_CREDIBLE, Reading
from ecgpaper.digitize.refine import REFINER, refine_traces
from ecgpaper.digitize.scale import find_scale
from ecgpaper.digitize.signal import signal_from_traces
from ecgpaper.digitize.trace import read_rows
from ecgpaper.ecg import ByteArray
from ecgpaper.errors import EcgPaperError, GridError, LayoutError, MirrorError
from ecgpaper.nets.ends import EndNet
from ecgpaper.nets.quality import QualityNet
from ecgpaper.nets.reader import LineReader
from ecgpaper.nets.refiner import Refiner
from ecgpaper.nets.unet import SegmentNet, StripNet
from ecgpaper.page import LAYOUTS, Strip
from ecgpaper.raster import PixelMaps, Trace
from ecgpaper.weights import shipped_model

logger = logging.getLogger(__name__)

# Another way round must fit better by so much.
MIN_GAIN = 0.15
# Pages whose leads fit each other less are misread: seven with 0.30 and less scored 0 dB at the
# best, six with 0.44 and more 5 to 14 dB (of 340 generated pages).
MIN_LEGIBLE = 0.35
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
_NOTHING = (
    "expected traces of leads; what looks like rows of them shows none that can be trusted: check "
    "that the image shows an ECG, with dark traces, at 150 dpi or more"
)


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
    def load(cls, folder: Path | None = None, judge: QualityNet | None = None) -> Digitizer:
        """Read the networks; the large ones run on the GPU when there is one.

        Parameters
        ----------
        folder : Path, optional
            The model folder; the shipped weights by default.
        judge : QualityNet, optional
            To be used instead of the folder's, which need not be there yet.

        Raises
        ------
        CheckpointError
            If a file is missing or does not fit.
        """
        folder = folder or shipped_model()
        return cls(
            load_network(folder, SEGMENTER, SegmentNet),
            load_network(folder, TRACER, StripNet),
            load_network(folder, ENDS, EndNet),
            load_network(folder, REFINER, Refiner),
            load_network(folder, READER, LineReader),
            load_judge(folder) if judge is None else judge,
        )

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
        check_sides(photo)
        asked = Asked(FS_HZ.checked(fs), stated, Clock())
        return self.answer(self.read(photo, asked), asked)

    # First phase: each way round, cheaply.

    def read(self, photo: ByteArray, asked: Asked) -> Reading:
        """Read a photo in the first phase; a dark one as a negative, if not as it is.

        Raises
        ------
        EcgPaperError
            If nothing is read either way: what speaks against the photo as it is.
        """
        try:
            return self.read_any_way(see_page(photo, self.segmenter), asked)
        except MirrorError:
            raise
        except EcgPaperError as fault:
            if asked.clock.is_over or not is_dark(photo):
                raise
            try:
                return self.read_any_way(see_negative(photo, self.segmenter), asked)
            except EcgPaperError as error:
                logger.info("not on a dark ground either: %s", error)
                raise fault from None

    def read_any_way(self, page: PageImage, asked: Asked) -> Reading:
        """Turn a page by quarters until its leads fit each other.

        Raises
        ------
        EcgPaperError
            If they fit no way round: what speaks against the first one.
        """
        best: Reading | None = None
        faults: list[EcgPaperError] = []
        for n_quarters, is_likely in _ways_round(page.maps):
            if best is not None and best.rank >= best.enough(is_likely=is_likely):
                break
            if asked.clock.is_over and (best or faults):
                logger.info("this page has had its time: no other way round is tried")
                break
            found = self._tried(page.turned(n_quarters), asked)
            if isinstance(found, EcgPaperError):
                faults.append(found)
                continue
            if found.scale.confidence < MIN_GRID_CONFIDENCE:
                faults.append(GridError(_NO_GRID))
            if best is None or found.rank > best.rank + MIN_GAIN:
                best = found
        if best is None or (faults and best.rank < MIN_CREDIBLE):
            raise faults[0]
        _check_legible(best, asked.stated)
        return best

    def _tried(self, page: PageImage, asked: Asked) -> Reading | EcgPaperError:
        """Read a page one way round; what speaks against this way is an answer, too."""
        try:
            found = self.read_level(page, asked.stated)
        except EcgPaperError as error:
            return error
        if found.is_backwards:
            self._refuse_mirrored(page, asked.stated)
        return found

    def _refuse_mirrored(self, page: PageImage, stated: Stated) -> None:
        """Raise an error if a page that runs backwards is credible when its sides are swapped."""
        try:
            found = self.read_level(page.mirrored(), stated)
        except EcgPaperError as error:
            logger.info("mirrored: %s", error)
            return
        if found.agreement is not None and found.agreement >= MIN_CREDIBLE:
            raise MirrorError(_MIRRORED)

    def read_level(self, page: PageImage, stated: Stated) -> Reading:
        """Read a page whose rows lie level, as it lies.

        Raises
        ------
        GridError, LayoutError
            If it has no scale or no rows.
        """
        scale = find_scale(page, self.tracer)
        leads = None if stated.layout is None else LAYOUTS[stated.layout]
        layout = find_layout(page.flat, page.maps, scale, leads)
        rows = read_rows(page.photo, page.flat, page.maps, scale, layout, self.tracer)
        first, *places = column_places(layout, rows)
        layout = place_columns(layout, first)
        named = (name_leads if leads is None else take_names)(layout, rows, scale)
        pulse = find_pulse(layout, rows)
        return Reading(
            page=page,
            scale=scale,
            layout=named.layout,
            rows=named.rows,
            traces=named.traces,
            fits=named.fits,
            pulse=pulse,
            places=tuple(places),
        )

    # Second phase: once.

    def answer(self, reading: Reading, asked: Asked) -> Digitization:
        """Read a page exactly that was read one way round.

        Raises
        ------
        LayoutError
            If nothing that is read is better than nothing.
        """
        page, scale, rows = reading.page, reading.scale, reading.rows
        layout, traces = settle_columns(
            reading.layout, reading.traces, rows, scale, self.ends, reading.places
        )
        traces = without_strokes(refine_traces(traces, rows, scale, self.refiner))
        said = read_said(page.photo, page.photo_maps, page.flat, scale, self.reader)
        rough, _ = signal_from_traces(traces, layout, scale, HEARTBEAT_FS)
        found = find_paper_scale(reading.pulse, said, rough, layout.scale)
        layout = with_margin(layout.at_scale(asked.stated.over(found)))
        traces = tuple(map(_on_strip, traces, layout.strips))
        quality = float(np.mean([trace.confidence.mean() for trace in traces]))
        traces = without_blank_ends(traces, scale)
        evidence = lead_evidence(traces, reading.fits, page.flat, scale)
        predicted_snr_db = predict_snr(evidence, self.judge)
        ecg, confidence = signal_from_traces(traces, layout, scale, asked.fs)
        is_bad = predicted_snr_db < MIN_SNR_DB
        signal_mv = np.where(is_bad, np.nan, ecg.signal_mv)
        if not np.isfinite(signal_mv).any():
            raise LayoutError(_NOTHING)
        return Digitization(
            ecg=replace(ecg, signal_mv=signal_mv),
            confidence=np.where(is_bad, 0.0, confidence),
            page=page.flat_on_whole,
            scale=scale,
            layout=layout,
            traces=traces,
            quality=quality,
            fits=reading.fits,
            pulse=reading.pulse,
            said=said,
            evidence=evidence,
            predicted_snr_db=predicted_snr_db,
            is_negative=page.is_negative,
        )


def _ways_round(maps: PixelMaps) -> Iterator[tuple[int, bool]]:
    """Yield quarter turns, the likely ones first, and whether they are likely."""
    likely, unlikely = ((0, 2), (1, 3)) if rows_are_upright(maps) else ((1, 3), (0, 2))
    yield from ((n_quarters, True) for n_quarters in likely)
    yield from ((n_quarters, False) for n_quarters in unlikely)


def _check_legible(reading: Reading, stated: Stated) -> None:
    """Refuse leads that do not fit each other, unless somebody knows that they are right."""
    found = reading.agreement
    if found is not None and found < MIN_LEGIBLE and stated.layout is None:
        raise LayoutError(_MISREAD.format(least=MIN_LEGIBLE, found=found))


def _on_strip(trace: Trace, strip: Strip) -> Trace:
    return replace(trace, strip=strip)
