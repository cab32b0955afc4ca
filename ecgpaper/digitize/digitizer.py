"""The digitizer: a photo of a paper ECG becomes a signal, the counterpart of the generator.

Public: `Digitizer`.

A page is read in two phases. The first, `first_phase`, is done for each way round that the page may
lie. The second is done once, for the way whose leads fit each other best: exact ends,
finer curves, printed scale, signal, and what to expect of it. It begins with a finer scale where
the page has no grid.
"""

from __future__ import annotations

from dataclasses import replace

from ecgpaper.digitize.answer.interpret import interpreted
from ecgpaper.digitize.answer.refusals import MIN_GRID_CONFIDENCE
from ecgpaper.digitize.answer.result import Digitization
from ecgpaper.digitize.answer.traced import Traced
from ecgpaper.digitize.boxes.cut import cut_boxes
from ecgpaper.digitize.calibration.paper_scale import find_paper_scale
from ecgpaper.digitize.calibration.printed_scale import read_said
from ecgpaper.digitize.calibration.pulse import without_pulses
from ecgpaper.digitize.curves.looks import read_rows
from ecgpaper.digitize.curves.path import TraceCutter
from ecgpaper.digitize.curves.refine import refine_traces
from ecgpaper.digitize.curves.spikes import with_spikes
from ecgpaper.digitize.curves.trim import without_strokes
from ecgpaper.digitize.first_phase import FirstPhase
from ecgpaper.digitize.page_image import check_sides
from ecgpaper.digitize.reading import HEARTBEAT_FS, Reading
from ecgpaper.digitize.request import UNSTATED, Request, Stated
from ecgpaper.digitize.rows.align import settle_columns
from ecgpaper.digitize.rows.length import measured_by_ends
from ecgpaper.digitize.rows.names import without_names
from ecgpaper.digitize.rows.separators import hidden_start_mm, without_separators
from ecgpaper.digitize.signal.leads import signal_from_traces
from ecgpaper.ecg import ByteArray
from ecgpaper.runtime.bounds import FS_HZ, Clock
from ecgpaper.runtime.heap import give_back

# Rows are read again where ends change the scale by this share or more. Below, the error of heights
# is 50 dB weaker than the signal, at least.
_LEAST_CHANGE = 0.003


class Digitizer(FirstPhase):
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
        if reading.scale.confidence < MIN_GRID_CONFIDENCE:
            reading = self._measured(reading)
        page, scale, rows = reading.page, reading.scale, reading.rows
        cutter = TraceCutter(scale)
        settled = settle_columns(
            reading.layout, reading.traces, rows, cutter, self.ends, reading.places
        )
        layout = settled.layout
        doubted = without_names(layout, without_separators(layout, rows), page.maps, scale)
        traces = cutter.cut(layout, doubted)
        traces = with_spikes(refine_traces(traces, rows, scale, self.refiner), rows, scale)
        traces = without_strokes(traces, scale, hidden_start_mm(layout, rows))
        said = read_said(page.photo, page.photo_maps, page.flat, scale, self.ocr)
        rough, _ = signal_from_traces(traces, layout, scale, HEARTBEAT_FS)
        found = find_paper_scale(reading.pulse, said, rough, layout.scale)
        return Traced(reading, settled, traces, said, found)

    def _measured(self, reading: Reading) -> Reading:
        """Return a page without a grid at the scale that all its ends tell.

        What the first reading found out (names, pulse, how the leads fit each other) stays.
        """
        told = measured_by_ends(reading.layout, reading.rows, TraceCutter(reading.scale), self.ends)
        if told is None:
            return reading
        scale, layout = told
        page, share = reading.page, scale.px_per_mm[0] / reading.scale.px_per_mm[0]
        if abs(share - 1) < _LEAST_CHANGE:
            rows = tuple(row.shrunk(share) for row in reading.rows)
        else:
            rows = read_rows(page.photo, page.flat, page.maps, scale, layout, self.tracer)
        rows, _ = without_pulses(layout, rows)
        traces = TraceCutter(scale).cut(layout, rows)
        return replace(reading, scale=scale, layout=layout, rows=rows, traces=traces, places=())

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
