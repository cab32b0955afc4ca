"""The first phase of the digitizer: how a page lies, and where its rows, columns and names stand.

Public: `FirstPhase`.

It leaves out what only exact curves need, as it is done for each way round that the page may lie:
scale, rows, columns, names of the leads, pulses. The way whose leads fit each other best is taken.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from functools import partial

from ecgpaper.digitize.answer.refusals import (
    MIN_GRID_CONFIDENCE,
    MIN_LEGIBLE,
    check_legible,
    check_traces,
    mirrored,
    no_grid,
    not_compared,
    nothing_fits,
)
from ecgpaper.digitize.calibration.pulse import find_pulse, without_pulses
from ecgpaper.digitize.curves.looks import RowReader, check_presence, read_rows
from ecgpaper.digitize.networks import Networks
from ecgpaper.digitize.page_image import PageImage, sights
from ecgpaper.digitize.reading import (
    MIN_AGREEMENT,
    MIN_CREDIBLE,
    MIN_IMPROVEMENT,
    Reading,
    Way,
    ways_of,
)
from ecgpaper.digitize.request import Request
from ecgpaper.digitize.rows.columns import are_around, column_places, place_columns
from ecgpaper.digitize.rows.find import FindLayouts, layouts_of, layouts_of_alike
from ecgpaper.digitize.rows.leads import name_leads, take_names
from ecgpaper.digitize.rows.named import NameLeads
from ecgpaper.ecg import ByteArray
from ecgpaper.errors import EcgPaperError, LayoutError, MirrorError
from ecgpaper.page import LAYOUTS, PageLayout
from ecgpaper.page.raster import GridScale
from ecgpaper.runtime.bounds import Clock
from ecgpaper.runtime.heap import give_back

logger = logging.getLogger(__name__)


class FirstPhase(Networks):
    """The stages of the first phase in order, with the networks they need."""

    def read(self, photo: ByteArray, request: Request) -> Reading:
        """Read a photo in the first phase, in the first of its `sights` that can be read.

        Raises
        ------
        EcgPaperError
            If nothing is read in any: the reason for the photo as it is. Or that it is mirrored.
        """
        seen = sights(photo, self.segmenter, request.stated.corners)
        return _first_read((partial(self._read_seen, see, request) for see in seen), request.clock)

    def _read_seen(self, see: Callable[[], PageImage], request: Request) -> Reading:
        return self.read_page(see(), request)

    def read_page(self, page: PageImage, request: Request) -> Reading:
        """Read a page by all its rows, or else by those alone that are alike.

        Raises
        ------
        EcgPaperError
            If neither can be read: the reason for all its rows. Or that the page is mirrored.
        """
        ways = ways_of(page)
        finds = (layouts_of, layouts_of_alike)
        tries = (partial(self.read_any_way, ways, request, find) for find in finds)
        return _first_read(tries, request.clock)

    def read_any_way(
        self, ways: Sequence[Way], request: Request, find: FindLayouts = layouts_of
    ) -> Reading:
        """Turn a page by quarters until its leads fit each other.

        Raises
        ------
        EcgPaperError
            If they fit no way round, for the reason of the first; or if the best is not legible.
        """
        best: Reading | None = None
        faults: list[EcgPaperError] = []
        for way in ways:
            if best is not None and best.rank >= best.enough(is_likely=way.is_likely):
                break
            if request.clock.is_over and (best or faults):
                logger.info("this page has had its time: no other way round is tried")
                break
            if _may_wait(way, (best, *(other.alike for other in ways)), request.clock):
                logger.info("half of the time is left for the page seen with more contrast")
                faults.append(nothing_fits())
                break
            found = self._tried(way, request, find)
            if isinstance(found, EcgPaperError):
                faults.append(found)
                continue
            # No errors yet, but leads must fit the better: see `check_legible`.
            faults += _doubts(found)
            if best is None or found.is_surer_than(best):
                best = found
        if best is None:
            raise faults[0]
        # Looked at last: at some slant, leads the wrong way round fit a little as well.
        best = best.leaning()
        check_legible(best, request.stated, faults)
        return best

    def _tried(self, way: Way, request: Request, find: FindLayouts) -> Reading | EcgPaperError:
        """Read a page one way round, or return the error that speaks against this way.

        Where all rows of a likely way make no sense, those that are alike are read at once.
        """
        found = self._read_or_fault(way, request, find)
        is_done = not isinstance(found, EcgPaperError) and found.rank >= MIN_LEGIBLE
        if is_done or find is not layouts_of or not way.is_likely or request.clock.is_over:
            return found
        return self._surely_alike(way, request) or found

    def _read_or_fault(
        self, way: Way, request: Request, find: FindLayouts
    ) -> Reading | EcgPaperError:
        if find is layouts_of_alike:
            found = self._alike(way, request)
            # It is not asked for again.
            way.alike = None
        else:
            found = self._level(way, request, find)
        if isinstance(found, EcgPaperError):
            return found
        if found.is_backwards:
            self._refuse_mirrored(found, request, find)
        if found.agreement is None and found.has_columns and request.stated.layout is None:
            return not_compared()
        return found

    def _surely_alike(self, way: Way, request: Request) -> Reading | None:
        """Read those rows alone that are alike; None if that leaves a doubt.

        In doubt all other ways round come first: upside down, alike rows may fit Cabrera's order.
        """
        found = self._alike(way, request)
        if isinstance(found, EcgPaperError) or found.is_cabrera or found.is_backwards:
            return None
        is_sure = found.agreement is not None and found.agreement >= MIN_AGREEMENT
        return found if is_sure else None

    def _alike(self, way: Way, request: Request) -> Reading | EcgPaperError:
        """Read the rows that are alike, or return why they cannot be: once each way round."""
        if way.alike is None:
            way.alike = self._level(way, request, layouts_of_alike)
        return way.alike

    def _level(self, way: Way, request: Request, find: FindLayouts) -> Reading | EcgPaperError:
        try:
            return self.read_level(way, request, find)
        except EcgPaperError as error:
            give_back()
            # Its traceback knows this frame, and the way keeps what is returned.
            return error.with_traceback(None)

    def _refuse_mirrored(self, reading: Reading, request: Request, find: FindLayouts) -> None:
        """Raise an error if a page that runs backwards is credible when its sides are swapped.

        Some hearts look backwards; then columns tell.
        """
        found = self._level(Way(reading.page.mirrored()), request, find)
        if isinstance(found, EcgPaperError):
            logger.info("mirrored: %s", found)
            return
        if found.agreement is None or found.agreement < MIN_CREDIBLE:
            return
        if not reading.has_columns or found.fits_better_than(reading):
            raise mirrored()

    def read_level(self, way: Way, request: Request, find: FindLayouts = layouts_of) -> Reading:
        """Read a page one way round while it has time left.

        Raises
        ------
        GridError, LayoutError
            If it has no scale or no rows.
        """
        page, scale = way.page, way.scale(self.tracer)
        stated = request.stated.layout
        leads = None if stated is None else LAYOUTS[stated]
        name = name_leads if leads is None else take_names
        best: Reading | None = None
        faults: list[LayoutError] = []
        for layout in find(page.flat, page.maps, scale, leads):
            if request.clock.is_over and (best or faults):
                break
            try:
                found = self.read_placed(page, scale, layout, name)
            except LayoutError as error:
                give_back()
                faults.append(error.with_traceback(None))
                continue
            # Between two readings that may be right, chance does not decide.
            least = 0.0 if best is None or best.rank < MIN_LEGIBLE else MIN_IMPROVEMENT
            if best is None or found.rank > best.rank + least:
                best = found
            if best.rank >= MIN_CREDIBLE:
                break
        if best is None:
            raise faults[0]
        return best

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
        reader = RowReader(page.photo, page.flat, page.maps, scale, layout, self.tracer)
        looks = reader.look()
        check_presence(looks, layout)
        rows = reader.look_again(looks)
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


def _doubts(reading: Reading) -> list[EcgPaperError]:
    """Return what speaks against a reading before it is looked at."""
    return [no_grid()] if reading.scale.confidence < MIN_GRID_CONFIDENCE else []


def _may_wait(way: Way, found: Iterable[Reading | EcgPaperError | None], clock: Clock) -> bool:
    """Whether half of a page's time is over, and the other for the page seen otherwise.

    Not where leads were found that fit each other, by some rows at least: ink is seen then.
    """
    readings = (each for each in found if not isinstance(each, EcgPaperError | None))
    has_leads = any(each.rank >= MIN_LEGIBLE for each in readings)
    return not has_leads and clock.is_half_over and way.may_wait


def _first_read(tries: Iterable[Callable[[], Reading]], clock: Clock) -> Reading:
    """Return the first reading that succeeds; a try begins only if the page has time left.

    Raises
    ------
    EcgPaperError
        If none does: the reason of the first. Or that the page is mirrored.
    """
    faults: list[EcgPaperError] = []
    for read in tries:
        if faults and clock.is_over:
            break
        try:
            return read()
        except MirrorError:
            raise
        except EcgPaperError as error:
            logger.info("not read so: %s", error)
            give_back()
            # Its traceback knows this frame, which would keep all that was read alive.
            faults.append(error.with_traceback(None))
    raise faults[0]
