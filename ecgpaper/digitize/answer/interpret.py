"""Traced curves -> the answer: leads in millivolts over time, and the SNR to expect of each.

Public: `interpreted`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from ecgpaper.digitize.answer.quality import bounded_by_bends, lead_evidence, predict_snr
from ecgpaper.digitize.answer.refusals import defended, nothing_trusted
from ecgpaper.digitize.answer.result import MIN_SNR_DB, Digitization
from ecgpaper.digitize.answer.traced import Traced
from ecgpaper.digitize.curves.trim import without_blank_ends
from ecgpaper.digitize.reading import mean_confidence
from ecgpaper.digitize.request import Request
from ecgpaper.digitize.rows.columns import with_margin
from ecgpaper.digitize.rows.fit import agreement, fits_of
from ecgpaper.digitize.signal.knots import find_knots
from ecgpaper.digitize.signal.leads import signal_from_traces, spread_from_traces
from ecgpaper.digitize.signal.limb_leads import consistent
from ecgpaper.nets.quality import QualityNet
from ecgpaper.page import PageLayout
from ecgpaper.page.raster import Trace


def interpreted(traced: Traced, request: Request, judge: QualityNet) -> Digitization:
    """Say what curves mean at the speed and gain, and under the names, that are stated.

    A box changes the curve of its own strip only, but not its signal only: limb leads are made to
    add up, and the SNR that is expected of a lead depends on the others, and so whether it is left
    out.

    Raises
    ------
    LayoutError
        If nothing that is read is better than nothing.
    """
    reading, stated = traced.reading, request.stated
    page, scale = reading.page, reading.scale
    early = with_margin(
        traced.layout.at_scale(stated.over(traced.paper)), is_sure=traced.settled.is_sure
    )
    # Of the page as it was found: a box changes no other curve.
    plain = without_blank_ends(_standing(traced.traces, early), scale)
    knots = find_knots(plain, early, scale)
    layout = stated.renamed(traced.keeping_boxes(early))
    traces = _standing(traced.answered, layout)
    is_other = bool(stated.leads or traced.boxed)
    fits = fits_of(traces, layout, scale) if is_other else reading.fits
    quality = mean_confidence(traces)
    traces = without_blank_ends(traces, scale)
    evidence = lead_evidence(traces, fits, page.flat, scale)
    predicted_snr_db = bounded_by_bends(predict_snr(evidence, judge), evidence, page.flat.off_mm)
    predicted_snr_db = defended(predicted_snr_db, agreement(fits))
    ecg, confidence = signal_from_traces(traces, layout, scale, request.fs, knots=knots)
    is_bad = predicted_snr_db < MIN_SNR_DB
    signal_mv = np.where(is_bad, np.nan, ecg.signal_mv)
    if not np.isfinite(signal_mv).any():
        raise nothing_trusted()
    spread_mv = spread_from_traces(traces, layout, scale, request.fs)
    signal_mv = consistent(signal_mv, spread_mv, request.fs)
    return Digitization(
        ecg=replace(ecg, signal_mv=signal_mv),
        confidence=np.where(is_bad, 0.0, confidence),
        page=page.flat_on_whole,
        scale=scale,
        layout=layout,
        traces=traces,
        quality=quality,
        fits=fits,
        pulse=reading.pulse,
        knots=knots,
        said=traced.said,
        evidence=evidence,
        predicted_snr_db=predicted_snr_db,
        is_negative=page.is_negative,
    )


def _standing(traces: Sequence[Trace], layout: PageLayout) -> tuple[Trace, ...]:
    """Return traces as those of the strips of a layout."""
    pairs = zip(traces, layout.strips, strict=True)
    return tuple(replace(trace, strip=strip) for trace, strip in pairs)
