"""Features of each lead that was read, from which its SNR is predicted.

Public: `FEATURES`, `lead_evidence`, `predict_snr`, `bounded_by_bends`.

The error of a lead has three sources. The trace: how far the network's probability spreads over
rows, against the height of the waves. Time: how the paper lay, how finely it was photographed, and
how steep the waves are, as a shift costs most there. And mistakes: leads that are not what they
are taken for do not fit each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import torch

from ecgpaper.digitize.rows.fit import Fit
from ecgpaper.digitize.signal.leads import leads_shown
from ecgpaper.ecg import FloatArray
from ecgpaper.nets.quality import QualityNet
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import FlatPage, GridScale, Trace

FEATURES = (
    "waves over spread, dB",
    "mean confidence",
    "share of sure points",
    "height of the waves, log10 mm",
    "height over slope, dB",
    "fit of the page",
    "fit of the lead",
    "share of leads that can be compared",
    "confidence of the grid",
    "photo, log2 px per mm",
    "bend, log mm",
)
_WAVES_OVER_SPREAD = FEATURES.index("waves over spread, dB")
_HEIGHT_OVER_SLOPE = FEATURES.index("height over slope, dB")


@dataclass(frozen=True, slots=True)
class EvidenceLimits:
    """How far evidence is believed, and how finely a bend is measured."""

    # From this confidence on a point counts as sure.
    sure: float = 0.5
    # Share that two unrelated leads have in common, where nothing can be compared.
    unknown_fit: float = 0.8
    # Heights below this count as this,
    least_mm: float = 0.01
    # and ratios above this as this.
    most_db: float = 45.0
    # Nodes, along each side, at which a page's bend is measured.
    bend_nodes: int = 12
    # No lead of 2,123 on generated pages was read this much better than its waves stand out of the
    # tracer's spread (23.5 dB at the most). A level line of a bar chart, which shows no waves, is
    # like no lead that the network has seen, and got 4 dB.
    most_above_spread_db: float = 24.0


_LIMITS = EvidenceLimits()


def lead_evidence(
    traces: Sequence[Trace], fits: Sequence[Fit], page: FlatPage, scale: GridScale
) -> FloatArray:
    """Gather the evidence about each lead of a page.

    Parameters
    ----------
    traces : sequence of Trace
    fits : sequence of Fit
        How well leads fit each other.
    page : FlatPage
    scale : GridScale

    Returns
    -------
    ndarray of shape (n_leads, len(FEATURES))
        Leads in the order of `leads_shown`; NaN for those that no trace shows.
    """
    shares = [fit.share for fit in fits]
    page_fit = float(np.mean(shares)) if shares else _LIMITS.unknown_fit
    compared = {lead for fit in fits for lead in fit.leads}
    shown = {trace.strip.segment.lead for trace in traces}
    of_page = (
        len(compared) / max(1, len(shown)),
        scale.confidence,
        float(np.log2(_photo_px_per_mm(page, scale))),
        float(np.log(_bend_mm(page, scale) + _LIMITS.least_mm)),
    )
    leads = leads_shown(traces)
    evidence = np.full((len(leads), len(FEATURES)), np.nan)
    for row, lead in enumerate(leads):
        own = [trace for trace in traces if trace.strip.segment.lead == lead]
        if not own:
            continue
        lengths = [len(trace.x_px) for trace in own]
        of_traces = np.average([_of_trace(trace, scale) for trace in own], axis=0, weights=lengths)
        lead_shares = [fit.share for fit in fits if lead in fit.leads]
        lead_fit = float(np.mean(lead_shares)) if lead_shares else page_fit
        evidence[row] = (*of_traces, page_fit, lead_fit, *of_page)
    return evidence


def predict_snr(evidence: FloatArray, network: QualityNet) -> FloatArray:
    """Return the SNR expected of each lead, of shape (n_leads,), in dB; NaN: unknown."""
    is_read = np.isfinite(evidence).all(axis=-1)
    with torch.inference_mode():
        found = network(torch.from_numpy(evidence[is_read]).float())
    predicted = np.full(len(evidence), np.nan)
    most_db = evidence[is_read, _WAVES_OVER_SPREAD] + _LIMITS.most_above_spread_db
    predicted[is_read] = np.minimum(found.double().numpy(), most_db)
    return predicted


def bounded_by_bends(
    predicted_snr_db: FloatArray, evidence: FloatArray, off_mm: float
) -> FloatArray:
    """Bound the expected SNR: where paper is off in time, a curve is off by its slope times that.

    Parameters
    ----------
    predicted_snr_db : ndarray of shape (n_leads,), in dB
    evidence : ndarray of shape (n_leads, len(FEATURES))
    off_mm : float, in mm
        How far the paper is known to lie off the flat page; 0 where bends were undone.
    """
    if not off_mm:
        return predicted_snr_db
    return np.minimum(predicted_snr_db, evidence[:, _HEIGHT_OVER_SLOPE] - 2 * _db(off_mm))


def _of_trace(trace: Trace, scale: GridScale) -> tuple[float, ...]:
    """Return the first features, those of a curve alone."""
    points_mm = scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px]))
    known = np.isfinite(points_mm[:, 1])
    if known.sum() < len(known) / 2:
        return (-10.0, 0.0, 0.0, np.log10(_LIMITS.least_mm), 0.0)
    x_mm, y_mm = points_mm[known].T
    spread_px = np.zeros(len(known)) if trace.spread_px is None else trace.spread_px
    spread_mm = spread_px[known] / scale.px_per_mm[1]
    waves_mm2 = float(y_mm.var()) + _LIMITS.least_mm**2
    # Where no trace is believed, anything may be.
    sure = trace.confidence[known]
    noise_mm2 = float(np.mean(sure * spread_mm**2 + (1 - sure) * waves_mm2))
    slope = np.gradient(y_mm, x_mm)
    return (
        float(
            np.clip(
                _db(waves_mm2 / max(noise_mm2, _LIMITS.least_mm**2)),
                -_LIMITS.most_db,
                _LIMITS.most_db,
            )
        ),
        float(trace.confidence.mean()),
        float((trace.confidence > _LIMITS.sure).mean()),
        float(np.log10(waves_mm2) / 2),
        _db(waves_mm2 / (float(np.mean(slope**2)) + _LIMITS.least_mm**2)),
    )


def _db(ratio: float) -> float:
    return 10 * float(np.log10(ratio))


def _photo_px_per_mm(page: FlatPage, scale: GridScale) -> float:
    """Pixels of the photo per mm in the middle of the page."""
    height, width = page.image.shape[:2]
    reach = 10 * np.array(scale.px_per_mm)
    corners = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * reach / 2
    x, y = page.page_to_photo(corners + np.array([width, height]) / 2).T
    area = 0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))
    return float(np.sqrt(max(area, 1.0)) / 10)


def _bend_mm(page: FlatPage, scale: GridScale) -> float:
    """How far the paper is bent out of its plane, as seen on the photo, root mean square."""
    height, width = page.image.shape[:2]
    x, y = np.meshgrid(
        np.linspace(0, width - 1, _LIMITS.bend_nodes),
        np.linspace(0, height - 1, _LIMITS.bend_nodes),
    )
    on_page = np.column_stack([x.ravel(), y.ravel()])
    on_photo = page.page_to_photo(on_page)
    matrix, _ = cv2.findHomography(on_page, on_photo, 0)
    off_px = Homography(np.asarray(matrix, np.float64)).residuals(on_page, on_photo)
    return float(np.sqrt(np.mean(off_px**2)) / _photo_px_per_mm(page, scale))
