"""When a reading is refused, and the error that says why.

Public: `MIN_GRID_CONFIDENCE`, `check_traces`, `check_legible`, `no_grid`,
`not_compared`, `nothing_fits`, `mirrored`, `defended`, `nothing_trusted`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ecgpaper.digitize.answer.coverage import uncovered_share
from ecgpaper.digitize.answer.result import MIN_SNR_DB
from ecgpaper.digitize.curves.looks import READABLE_TRACES
from ecgpaper.digitize.reading import MIN_AGREEMENT, MIN_CREDIBLE, Reading
from ecgpaper.digitize.request import Stated
from ecgpaper.ecg import FloatArray
from ecgpaper.errors import EcgPaperError, GridError, LayoutError, MirrorError

# Least share of the printed strips that must be seen as traces. 31 generated pages that were
# read right had 0.96 and more, worn ones too; what looked like rows of graph paper, and of a page
# with light traces on a dark ground, had 0.00.
MIN_QUALITY = 0.5
# Confidence that every grid that was seen exceeds; below it, the reading must be credible.
MIN_GRID_CONFIDENCE = 0.6
# Where more of the ink is beside the traces that were read, others were not seen: pages that were
# read right had 0.17 at the most, one lead among numbers 0.23, a page with seven rows of which four
# were found 0.42 (17 pages). It may also be mould and handwriting. Leads that fit each other so
# well that no other way round is tried were read, whatever lies beside them: six photos with 0.35
# to 0.61, whose leads fit by 0.91 and more. Those of one that was misread, with 0.34, fit by 0.72.
MOST_UNCOVERED = 0.33
# Pages whose leads fit each other less are misread: seven with 0.30 and less scored 0 dB at the
# best, six with 0.44 and more 5 to 14 dB (of 340 generated pages).
MIN_LEGIBLE = 0.35


def check_traces(reading: Reading) -> None:
    """Refuse rows along which hardly a trace is seen.

    Raises
    ------
    LayoutError
    """
    if reading.quality < MIN_QUALITY:
        raise LayoutError(
            f"expected traces along {MIN_QUALITY:.0%} of the rows or more; what looks like rows "
            f"shows some along {reading.quality:.0%}: {READABLE_TRACES}"
        )


def check_legible(reading: Reading, stated: Stated, faults: Sequence[EcgPaperError] = ()) -> None:
    """Refuse leads that do not fit each other, unless somebody knows that they are right.

    Parameters
    ----------
    reading : Reading
        The best of all ways round.
    stated : Stated
    faults : sequence of EcgPaperError, optional
        Errors of other ways round: leads must fit better where there are any.

    Raises
    ------
    EcgPaperError
        That there is no grid, that traces were not read, or that leads do not fit each other; the
        first fault where they cannot be compared.
    """
    found = reading.agreement
    least = _least_fit(faults, stated)
    if found is None and faults and reading.rank < MIN_CREDIBLE:
        raise faults[0]
    if found is not None and found < least and reading.scale.confidence < MIN_GRID_CONFIDENCE:
        raise no_grid()
    # Seen with more contrast, lines of a grid or of a table look like curves.
    if reading.page.is_pale and (found is None or found < MIN_AGREEMENT):
        raise LayoutError(
            "expected leads that prove each other, where ink is as pale as this; found none: scan "
            "the page in color, darker"
        )
    if stated.layout is None and _is_on_a_monitor(reading):
        raise LayoutError(
            "expected paper, or a screen with a grid or several leads; found a light curve on a "
            "dark ground, as on a monitor, and nothing that tells its scale: print or export it"
        )
    uncovered = uncovered_share(reading.traces, reading.layout, reading.scale, reading.page.maps)
    if uncovered > MOST_UNCOVERED and (found is None or found < reading.enough(is_likely=True)):
        raise LayoutError(
            f"expected all traces of a page in {len(reading.rows)} rows; {uncovered:.0%} of what "
            "looks like traces is beside those that were found: crop the image to one page, lay "
            f"the sheet flat, or state {_other(stated)} layout"
        )
    if found is not None and found < least:
        raise LayoutError(
            f"expected leads that fit each other by {least:.2f} or more; those found fit by "
            f"{found:.2f}: crop the image to the page, or state {_other(stated)} layout"
        )


def _least_fit(faults: Sequence[EcgPaperError], stated: Stated) -> float:
    """Fit that the leads of a page need: more where another way round failed, less if stated."""
    if stated.layout is None:
        return MIN_CREDIBLE if faults else MIN_LEGIBLE
    return MIN_LEGIBLE if faults else -np.inf


def _other(stated: Stated) -> str:
    return "its" if stated.layout is None else "another"


def _is_on_a_monitor(reading: Reading) -> bool:
    """Whether a lead alone, light on dark, has no grid: nothing tells what a pixel of it is."""
    is_alone = reading.agreement is None and not reading.has_columns
    has_grid = reading.scale.confidence >= MIN_GRID_CONFIDENCE
    return is_alone and reading.page.is_negative and not has_grid


def not_compared() -> LayoutError:
    """Return the error for columns of which nothing tells whose they are."""
    return LayoutError(
        "expected leads that can be compared with each other, a second or more of each; found "
        "columns that are shorter: check that the image shows the whole page, or state its layout"
    )


def nothing_fits() -> LayoutError:
    """Return the error for a page of which the likely ways round show no leads that fit."""
    return LayoutError(
        "expected rows along the page whose leads fit each other; found none: check that the image "
        "shows one ECG, upright, at 150 dpi or more"
    )


def no_grid() -> GridError:
    """Return the error for a page that shows neither a grid nor leads that fit."""
    return GridError(
        "expected a grid of 1-mm and 5-mm lines, or at least rows of leads that fit each other; "
        "found neither: crop the image to the page, or scan it in color at 150 dpi or more"
    )


def mirrored() -> MirrorError:
    """Return the error for a page whose time runs from right to left."""
    return MirrorError(
        "expected a page as it lies; found a mirrored one, whose heartbeats run from right to "
        "left: flip the image left to right"
    )


def defended(predicted_snr_db: FloatArray, agreement: float | None) -> FloatArray:
    """Let no page be lost by half or more whose leads prove each other.

    The network may expect too little of pages unlike those that it learned from: one that had seen
    none of 100 dpi expected -13 to -3 dB of two whose leads fit by 0.74, and which scored 3 to
    15 dB. Unrelated curves do not fit each other so well.

    Parameters
    ----------
    predicted_snr_db : ndarray of shape (n_leads,), in dB
        NaN for leads that no trace shows.
    agreement : float or None
        How well all leads fit each other.

    Returns
    -------
    ndarray of shape (n_leads,), in dB
        Where half of the leads are expected to be worse than nothing, and they fit: none is.
    """
    shown = predicted_snr_db[np.isfinite(predicted_snr_db)]
    is_lost = 2 * (shown < MIN_SNR_DB).sum() >= len(shown)
    if is_lost and agreement is not None and agreement >= MIN_CREDIBLE:
        return np.maximum(predicted_snr_db, MIN_SNR_DB)
    return predicted_snr_db


def nothing_trusted() -> LayoutError:
    """Return the error for a page of which no lead is better than none."""
    return LayoutError(
        "expected a lead that can be trusted; each is expected to be worse than none: scan the "
        "page again, at 150 dpi or more"
    )
