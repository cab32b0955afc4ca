"""The digitizer: a photo of a paper ECG becomes a signal, the counterpart of the generator.

Public: `Digitizer`.

A page is read in two phases. The first is cheap and is done for each way round that the page may
lie: scale, rows, columns, names of the leads, pulses. The second is done once, for the way whose
leads fit each other best: exact ends, finer curves, printed scale, signal, and what to expect of
it.
"""

from __future__ import annotations

import logging

from ecgpaper.digitize.answer.interpret import interpreted
from ecgpaper.digitize.answer.refusals import (
    MIN_GRID_CONFIDENCE,
    MIN_LEGIBLE,
    check_legible,
    check_traces,
    mirrored,
    no_grid,
)
from ecgpaper.digitize.answer.result import Digitization
from ecgpaper.digitize.answer.traced import Traced
from ecgpaper.digitize.boxes.cut import cut_boxes
from ecgpaper.digitize.calibration.paper_scale import find_paper_scale
from ecgpaper.digitize.calibration.printed_scale import read_said
from ecgpaper.digitize.calibration.pulse import find_pulse, without_pulses
from ecgpaper.digitize.curves.path import TraceCutter
from ecgpaper.digitize.curves.read import read_rows
from ecgpaper.digitize.curves.refine import refine_traces
from ecgpaper.digitize.curves.spikes import with_spikes
from ecgpaper.digitize.curves.trim import without_strokes
from ecgpaper.digitize.networks import Networks
from ecgpaper.digitize.page.negative import is_dark
from ecgpaper.digitize.page.orientation import ways_round
from ecgpaper.digitize.page_image import PageImage, check_sides, see_negative, see_page
from ecgpaper.digitize.reading import (
    HEARTBEAT_FS,
    MIN_AGREEMENT,
    MIN_CREDIBLE,
    Reading,
)
from ecgpaper.digitize.request import UNSTATED, Request, Stated
from ecgpaper.digitize.rows.align import settle_columns
from ecgpaper.digitize.rows.columns import are_around, column_places, place_columns
from ecgpaper.digitize.rows.find import find_layout, is_longer_than_usual
from ecgpaper.digitize.rows.leads import name_leads, take_names
from ecgpaper.digitize.rows.named import NameLeads
from ecgpaper.digitize.rows.names import without_names
from ecgpaper.digitize.rows.separators import hidden_start_mm, without_separators
from ecgpaper.digitize.scale import find_scale
from ecgpaper.digitize.signal.leads import signal_from_traces
from ecgpaper.ecg import ByteArray
from ecgpaper.errors import EcgPaperError, LayoutError, MirrorError
from ecgpaper.page import LAYOUTS, PageLayout
from ecgpaper.page.raster import GridScale
from ecgpaper.runtime.bounds import FS_HZ, Clock
from ecgpaper.runtime.heap import give_back

logger = logging.getLogger(__name__)


class Digitizer(Networks):
    """The stages in order, with the networks they need."""

    def digitize(
        self, photo: ByteArray, *, fs: float = 500.0, stated: Stated = UNSTATED
    ) -> Digitization:
        """Read a photo or scan of one page, or a picture with light traces on a dark ground.

        Parameters
        ----------
        photo : ndarray of uint8, of shape (height, width, 3), RGB
        fs : float, in Hz
            Sampling frequency of the answer, in `ecgpaper.runtime.bounds.FS_HZ`.
        stated : Stated
            Layout, speed and gain, as far as they are known: they win over what is found.

        Raises
        ------
        ValueError
            If `fs` is out of its bounds.
        EcgPaperError
            The stage's own error if the photo defeats a stage.
        """
        request = Request(FS_HZ.checked(fs), stated, Clock())
        return self.interpret(self.trace_photo(photo, request), request)

    def trace_photo(self, photo: ByteArray, request: Request) -> Traced:
        """Read the curves of a photo: all of `digitize` that takes long.

        Raises
        ------
        EcgPaperError
            As `digitize` does.
        """
        check_sides(photo)
        try:
            return self.trace(self.read(photo, request))
        finally:
            give_back()

    # First phase: each way round, cheaply.

    def read(self, photo: ByteArray, request: Request) -> Reading:
        """Read a photo in the first phase; a dark one as a negative, if not as it is.

        Raises
        ------
        EcgPaperError
            If nothing is read either way: the reason for the photo as it is.
        """
        corners = request.stated.corners
        try:
            return self.read_any_way(see_page(photo, self.segmenter, corners), request)
        except MirrorError:
            raise
        except EcgPaperError as fault:
            if request.clock.is_over or not is_dark(photo):
                raise
            try:
                return self.read_any_way(see_negative(photo, self.segmenter, corners), request)
            except EcgPaperError as error:
                logger.info("not on a dark ground either: %s", error)
                raise fault from None

    def read_any_way(self, page: PageImage, request: Request) -> Reading:
        """Turn a page by quarters until its leads fit each other.

        Raises
        ------
        EcgPaperError
            If they fit no way round, for the reason of the first; or if the best is not legible.
        """
        best: Reading | None = None
        faults: list[EcgPaperError] = []
        for n_quarters, is_likely in ways_round(page.maps):
            if best is not None and best.rank >= best.enough(is_likely=is_likely):
                break
            if request.clock.is_over and (best or faults):
                logger.info("this page has had its time: no other way round is tried")
                break
            found = self._tried(page.turned(n_quarters), request)
            if isinstance(found, EcgPaperError):
                faults.append(found)
                continue
            if found.scale.confidence < MIN_GRID_CONFIDENCE:
                # No error yet, but leads must fit the better: see `check_legible`.
                faults.append(no_grid())
            if best is None or found.is_surer_than(best):
                best = found
        if best is None:
            raise faults[0]
        # Looked at last: at some slant, leads the wrong way round fit a little as well.
        best = best if best.rank >= MIN_AGREEMENT else best.leaning()
        check_legible(best, request.stated, faults)
        return best

    def _tried(self, page: PageImage, request: Request) -> Reading | EcgPaperError:
        """Read a page one way round, or return the error that speaks against this way."""
        try:
            found = self.read_level(page, request.stated)
        except EcgPaperError as error:
            give_back()
            return error
        if found.is_backwards:
            self._refuse_mirrored(found, request.stated)
        return found

    def _refuse_mirrored(self, reading: Reading, stated: Stated) -> None:
        """Raise an error if a page that runs backwards is credible when its sides are swapped.

        Some hearts look backwards; then columns tell.
        """
        try:
            found = self.read_level(reading.page.mirrored(), stated)
        except EcgPaperError as error:
            logger.info("mirrored: %s", error)
            return
        if found.agreement is None or found.agreement < MIN_CREDIBLE:
            return
        if not reading.has_columns or found.fits_better_than(reading):
            raise mirrored()

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
        reading = self.read_placed(page, scale, layout, name_leads if leads is None else take_names)
        if leads is not None or reading.rank >= MIN_LEGIBLE or not is_longer_than_usual(layout):
            return reading
        return self._of_usual_length(reading)

    def _of_usual_length(self, reading: Reading) -> Reading:
        """Read rows again that look longer than usual ones, unless they fit better as they look.

        Ink of other sheets, beside or below this one, makes rows longer.
        """
        page, scale = reading.page, reading.scale
        usual = find_layout(page.flat, page.maps, scale, usual_length=True)
        try:
            other = self.read_placed(page, scale, usual, name_leads)
        except LayoutError as error:
            logger.info("rows are no usual ones: %s", error)
            return reading
        return other if other.rank > reading.rank else reading

    def read_placed(
        self, page: PageImage, scale: GridScale, layout: PageLayout, name: NameLeads = take_names
    ) -> Reading:
        """Read the rows of a page at a scale, and find where their columns stand.

        Parameters
        ----------
        page : PageImage
        scale : GridScale
        layout : PageLayout
            Where the rows stand, to some millimeters along them.
        name : callable
            `name_leads`, or `take_names` where the leads are known.

        Raises
        ------
        LayoutError
            If hardly a trace is seen along the rows.
        """
        rows = read_rows(page.photo, page.flat, page.maps, scale, layout, self.tracer)
        first, *places = column_places(layout, rows)
        layout = place_columns(layout, first)
        if not are_around(layout, rows):
            rows = read_rows(page.photo, page.flat, page.maps, scale, layout, self.tracer)
        rows, pulse_inside = without_pulses(layout, rows)
        named = name(layout, rows, scale)
        pulse = find_pulse(layout, rows) or pulse_inside
        reading = Reading(
            page=page,
            scale=scale,
            layout=named.layout,
            rows=named.rows,
            traces=named.traces,
            fits=named.fits,
            pulse=pulse,
            places=tuple(places),
        )
        check_traces(reading)
        return reading

    # Second phase: once.

    def answer(self, reading: Reading, request: Request) -> Digitization:
        """Read a page exactly that was read one way round.

        Raises
        ------
        LayoutError
            If nothing that is read is better than nothing.
        """
        return self.interpret(self.trace(reading), request)

    def trace(self, reading: Reading) -> Traced:
        """Read the curves of a page exactly, and the scale that it tells."""
        page, scale, rows = reading.page, reading.scale, reading.rows
        cutter = TraceCutter(scale)
        layout = settle_columns(
            reading.layout, reading.traces, rows, cutter, self.ends, reading.places
        )
        doubted = without_names(layout, without_separators(layout, rows), page.maps, scale)
        traces = cutter.cut(layout, doubted)
        traces = with_spikes(refine_traces(traces, rows, scale, self.refiner), rows, scale)
        traces = without_strokes(traces, scale, hidden_start_mm(layout, rows))
        said = read_said(page.photo, page.photo_maps, page.flat, scale, self.reader)
        rough, _ = signal_from_traces(traces, layout, scale, HEARTBEAT_FS)
        found = find_paper_scale(reading.pulse, said, rough, layout.scale)
        return Traced(reading, layout, traces, said, found)

    def interpret(self, traced: Traced, request: Request) -> Digitization:
        """Say what curves mean at the speed and gain, and under the names, that are stated.

        Strips whose boxes are stated are cut anew; no other is. Still, other leads may change:
        limb leads are made to add up, and the SNR that is expected of one, and so whether it is
        left out, depends on how it fits the others.

        Raises
        ------
        LayoutError
            If nothing that is read is better than nothing, or a box stands on no paper.
        """
        traced = cut_boxes(traced, request.stated.boxes, self.tracer, self.refiner)
        return interpreted(traced, request, self.judge)
