"""What was read from one photo, and how far it is to be believed.

Public: `Digitization`, `MIN_AGREEMENT`, `MIN_CREDIBLE`, `MIN_SNR_DB`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ecgpaper.digitize.heartbeat import runs_backwards
from ecgpaper.digitize.leads import Fit, agreement
from ecgpaper.digitize.printed import Said
from ecgpaper.digitize.pulse import Pulse
from ecgpaper.ecg import STANDARD_ORDER, Ecg, FloatArray
from ecgpaper.page import PageLayout
from ecgpaper.raster import FlatPage, GridScale, Trace

# Leads that fit each other less are read the other ways round as well.
MIN_AGREEMENT = 0.85
# Where some way round shows no page at all, or the rows would run upright, what is read must fit at
# least as well as this.
MIN_CREDIBLE = 0.5
# A lead that is expected to be worse says less than none: the Challenge gives no lead 0 dB.
MIN_SNR_DB = 0.0


@dataclass(frozen=True, eq=False)
class Digitization:
    """What was read from one photo, stage by stage.

    Parameters
    ----------
    ecg : Ecg
        The twelve leads, NaN where the page shows nothing or nothing sure was found, and where
        less than `MIN_SNR_DB` is expected.
    confidence : ndarray of shape (n_samples, 12), in [0, 1]
    page : FlatPage
    scale : GridScale
    layout : PageLayout
    traces : tuple of Trace
    quality : float, in [0, 1]
        Mean confidence over all that the layout says is printed.
    fits : tuple of Fit
        How well the leads fit each other.
    pulse : Pulse or None
        The calibration pulse that was seen.
    said : Said
        What the print says of speed and gain; with neither pulse nor print they are taken to be
        the usual.
    evidence : ndarray of shape (12, len(evidence.FEATURES))
        What speaks for each lead; NaN for leads that no trace shows.
    predicted_snr_db : ndarray of shape (12,), in dB
        What each lead is expected to score; NaN for leads that no trace shows.
    is_negative : bool
        Whether light traces on a dark ground were read.
    """

    ecg: Ecg
    confidence: FloatArray
    page: FlatPage
    scale: GridScale
    layout: PageLayout
    traces: tuple[Trace, ...]
    quality: float
    fits: tuple[Fit, ...]
    pulse: Pulse | None
    said: Said
    evidence: FloatArray
    predicted_snr_db: FloatArray
    is_negative: bool = False

    @property
    def agreement(self) -> float | None:
        """How well all leads fit each other, see `leads.agreement`."""
        return agreement(self.fits)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Leads that the page shows but that were read too badly to be worth returning."""
        bad = self.predicted_snr_db < MIN_SNR_DB
        return tuple(lead for lead, is_bad in zip(STANDARD_ORDER, bad, strict=True) if is_bad)

    @property
    def rank(self) -> float:
        """The agreement; where nothing can be compared, less than any.

        A single lead agrees with itself: its pulse tells whether it stands upright.
        """
        if self.agreement is None and len(self.traces) == 1:
            return MIN_CREDIBLE if self.pulse is None else MIN_AGREEMENT
        return -np.inf if self.agreement is None else self.agreement

    def enough(self, *, is_likely: bool) -> float:
        """Rank with which the page is not turned to another way that is likely, or is not.

        The edge of a page, seen across, may look like a single lead, which nothing contradicts.
        """
        is_compared = self.agreement is not None
        return MIN_CREDIBLE if is_compared and not is_likely else MIN_AGREEMENT

    @property
    def is_backwards(self) -> bool:
        """Whether the page is surely read from right to left.

        Upside down, time runs backwards as well, but pulses point down, and where each lead has a
        row of its own, the leads do not fit.
        """
        has_columns = any(strip.segment.column for strip in self.layout.strips)
        is_upright = self.rank >= MIN_AGREEMENT if not has_columns else self.pulse is not None
        return is_upright and runs_backwards(self.ecg)
