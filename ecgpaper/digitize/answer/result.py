"""The digitizer's answer for one photo, and how far it is to be trusted.

Public: `Digitization`, `MIN_SNR_DB`.
"""

from __future__ import annotations

from dataclasses import dataclass

from ecgpaper.digitize.calibration.printed_scale import Said
from ecgpaper.digitize.calibration.pulse import Pulse
from ecgpaper.digitize.rows.fit import Fit, agreement
from ecgpaper.digitize.signal.knots import Knots
from ecgpaper.ecg import Ecg, FloatArray
from ecgpaper.page import PageLayout
from ecgpaper.page.raster import FlatPage, GridScale, Trace

# A lead that is expected to be worse says less than none: the Challenge gives no lead 0 dB.
MIN_SNR_DB = 0.0


@dataclass(frozen=True, eq=False)
class Digitization:
    """The digitizer's answer for one photo, stage by stage.

    Parameters
    ----------
    ecg : Ecg
        The twelve leads, and the unknown one where the page shows such; NaN where the page shows
        nothing or nothing sure was found, and where less than `MIN_SNR_DB` is expected.
    confidence : ndarray of shape (n_samples, n_leads), in [0, 1]
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
        Speed and gain as they are printed. With neither pulse nor print the gain is taken to be
        the usual, and heartbeats tell the speed.
    evidence : ndarray of shape (n_leads, len(quality.FEATURES))
        Features of each lead, `quality.FEATURES`; NaN for leads that no trace shows.
    predicted_snr_db : ndarray of shape (n_leads,), in dB
        SNR that each lead is expected to score; NaN for leads that no trace shows.
    is_negative : bool
        Whether light traces on a dark ground were read.
    knots : Knots or None
        The samples that the curves were drawn from, where kinks tell them: `ecg` is round in
        between.
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
    knots: Knots | None = None

    @property
    def agreement(self) -> float | None:
        """How well all leads fit each other, see `rows.fit.agreement`."""
        return agreement(self.fits)

    @property
    def left_out(self) -> tuple[str, ...]:
        """Leads that the page shows but that were read too badly to be worth returning."""
        bad = self.predicted_snr_db < MIN_SNR_DB
        return tuple(lead for lead, is_bad in zip(self.ecg.lead_names, bad, strict=True) if is_bad)
