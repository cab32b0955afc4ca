"""Figures: the results of many pages summed up, as plain numbers that JSON can hold.

Public: `Interval`, `sum_up`, `five_finding_auroc`, `calibration`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from ecgpaper import score
from ecgpaper.app.leaderboard.boxes import mean_average_precision
from ecgpaper.app.leaderboard.fidelity import FIGURES, agreement, differences
from ecgpaper.app.leaderboard.findings import FINDINGS, flips
from ecgpaper.app.leaderboard.result import LeadResult, PageResult
from ecgpaper.classify.labels import CLASSES, one_hot
from ecgpaper.ecg import BoolArray, FloatArray
from ecgpaper.train.classifier.scores import auroc

# A figure and the ends of its 95 % interval; numbers of pages, some of them several times.
Interval: TypeAlias = list[float | None]
Rows: TypeAlias = NDArray[np.intp]

USUAL_LAYOUT = "3x4+1R"
N_RESAMPLES = 1000
_INTERVAL_PERCENT = (2.5, 97.5)
# Leads whose SNR was predicted within so many dB count as predicted.
CLOSE_DB = 3.0
# The findings of the British Heart Foundation's Open Data Science Challenge (arXiv:2507.21968), as
# far as the Challenge's classes name them.
FIVE_FINDINGS = {
    "MI": ("Acute MI", "Old MI"),
    "AF": ("AFIB/AFL",),
    "hypertrophy": ("HYP",),
    "conduction": ("CD",),
    "ST/T": ("STTC",),
}


def sum_up(pages: Sequence[PageResult]) -> dict[str, Any]:
    """Return all figures of the pages of a condition; None is what nothing is known of."""
    leads = [lead for page in pages for lead in page.leads.values()]
    return {
        "n_pages": len(pages),
        "n_leads": len(leads),
        "snr_db": _snr_db(pages),
        "later_snr_db": _plain(_mean_db(pages, "later_snr_db")),
        "median_snr_db": _plain(_median([lead.snr_db for lead in leads])),
        "page_snr_db": _mean_and_sd([_mean_db([page], "snr_db") for page in pages]),
        "pooled_snr_db": _pooled_db(pages),
        "coverage": _plain(score.mean_of_finite([lead.coverage for lead in leads]), 4),
        "below_zero": _plain(score.mean_of_finite([lead.snr_db < 0 for lead in leads]), 4),
        "n_unread": sum(page.layout is None for page in pages),
        "n_other_layout": sum(page.layout not in (None, USUAL_LAYOUT) for page in pages),
        **_label_figures(pages),
        "calibration": calibration(leads),
        "boxes": _boxes(pages),
        "fidelity": {f.name: agreement(f, differences(f, pages)) for f in FIGURES},
        "findings": {f.name: flips(f, pages) for f in FINDINGS},
        "processor_s": _plain(_median([page.processor_s for page in pages]), 1),
    }


def _plain(value: float, n_digits: int = 2) -> float | None:
    return round(float(value), n_digits) if np.isfinite(value) else None


def _median(values: Sequence[float]) -> float:
    return float(np.median(values)) if values else np.nan


def _mean_and_sd(values: Sequence[float]) -> list[float | None]:
    known = np.array([value for value in values if np.isfinite(value)])
    if len(known) < 2:
        return [_plain(score.mean_of_finite(known)), None]
    return [_plain(known.mean()), _plain(known.std(ddof=1))]


def _mean_db(pages: Sequence[PageResult], scorer: str) -> float:
    return score.mean_of_finite(
        [getattr(lead, scorer) for page in pages for lead in page.leads.values()]
    )


def _pooled_db(pages: Sequence[PageResult]) -> Interval:
    ratios = np.array([page.ratio for page in pages])
    return _interval(len(pages), lambda rows: score.pooled_snr_db(ratios[rows]))


def _snr_db(pages: Sequence[PageResult]) -> Interval:
    """Return the mean SNR over the leads of all pages together, as the Challenge takes it."""
    snrs_db = [[lead.snr_db for lead in page.leads.values()] for page in pages]
    sums, counts = (np.array([of(each) for each in snrs_db]) for of in (np.sum, len))

    def mean_of(rows: Rows) -> float:
        n_leads = counts[rows].sum()
        return float(sums[rows].sum() / n_leads) if n_leads else np.nan

    return _interval(len(pages), mean_of)


def _macro_f(truth: BoolArray, answered: BoolArray) -> Interval:
    """Return the macro F-measure over the classes that occur, as the Challenge takes it."""

    def macro_f(rows: Rows) -> float:
        f = score.f_from_confusion(score.confusion_matrices(truth[rows], answered[rows]))
        return score.mean_of_finite(f[truth[rows].any(axis=0)])

    return _interval(len(truth), macro_f, 3)


def _label_figures(pages: Sequence[PageResult]) -> dict[str, Any]:
    """Return what labels score; pages of records without any do not count."""
    labeled = [page for page in pages if any(page.true_labels)]
    truth, answered = (
        one_hot(each) for each in ([p.true_labels for p in labeled], [p.labels for p in labeled])
    )
    # Normal against abnormal, as the unofficial phase of the Challenge asked.
    normal = CLASSES.index("NORM")
    kinds = [np.column_stack([rows[:, normal], ~rows[:, normal]]) for rows in (truth, answered)]
    told = [page for page in labeled if page.probabilities]
    probabilities = np.array([page.probabilities for page in told]).reshape(-1, len(CLASSES))
    told_truth = one_hot([page.true_labels for page in told])
    return {
        "n_labeled": len(labeled),
        "macro_f": _macro_f(truth, answered),
        "two_class_f": _macro_f(kinds[0], kinds[1]),
        "five_finding_auroc": _interval(
            len(told), lambda rows: five_finding_auroc(probabilities[rows], told_truth[rows]), 3
        ),
    }


def five_finding_auroc(probabilities: FloatArray, truth: BoolArray) -> float:
    """Return the mean AUROC over `FIVE_FINDINGS`, of those of which there are both kinds of pages.

    A finding of two classes is as probable as that one of them is true, were they independent.

    Parameters
    ----------
    probabilities, truth : ndarray of shape (n_pages, 11)
        In the order of `ecgpaper.classify.labels.CLASSES`.
    """
    areas = []
    for names in FIVE_FINDINGS.values():
        columns = [CLASSES.index(name) for name in names]
        merged: FloatArray = 1 - np.prod(1 - probabilities[:, columns], axis=1)
        is_true: BoolArray = np.any(truth[:, columns], axis=1)
        areas.append(auroc(merged, is_true))
    return score.mean_of_finite(areas)


def _interval(n_pages: int, figure: Callable[[Rows], float], n_digits: int = 2) -> Interval:
    """Return a figure of so many pages, with its 95 % interval by the percentile bootstrap.

    Parameters
    ----------
    n_pages : int
    figure : callable
        From the numbers of some pages to the figure.
    n_digits : int
    """
    if n_pages == 0:
        return [None, None, None]
    rng = np.random.default_rng(0)
    n_resamples = N_RESAMPLES if n_pages > 1 else 0
    drawn = [figure(rng.integers(n_pages, size=n_pages)) for _ in range(n_resamples)]
    known = [value for value in drawn if np.isfinite(value)]
    ends = np.percentile(known, _INTERVAL_PERCENT) if known else (np.nan, np.nan)
    return [_plain(value, n_digits) for value in (figure(np.arange(n_pages)), *ends)]


def calibration(leads: Sequence[LeadResult]) -> dict[str, float | int | None]:
    """Compare the SNR that was predicted of leads with the true one.

    Returns
    -------
    dict
        ``n`` leads with a prediction, the share ``within_3_db``, the mean of predicted less true
        ``bias_db``, and the correlation ``r``.
    """
    pairs = np.array(
        [(x.predicted_snr_db, x.snr_db) for x in leads if x.predicted_snr_db is not None]
    ).reshape(-1, 2)
    predicted_db, true_db = pairs.T
    off_db = predicted_db - true_db
    is_spread = len(pairs) > 2 and min(predicted_db.std(), true_db.std()) > 0
    return {
        "n": len(pairs),
        "within_3_db": _plain(score.mean_of_finite(np.abs(off_db) <= CLOSE_DB), 3),
        "bias_db": _plain(score.mean_of_finite(off_db)),
        "r": _plain(np.corrcoef(predicted_db, true_db)[0, 1]) if is_spread else None,
    }


def _boxes(pages: Sequence[PageResult]) -> dict[str, float | None]:
    boxes = [page.boxes for page in pages if page.boxes]
    overlaps = [box.overlap for page in boxes for box in page if box.is_shown]
    return {
        "overlap": _plain(score.mean_of_finite(overlaps), 3),
        "precision_50": _plain(mean_average_precision(boxes, (0.5,)), 3),
        "precision": _plain(mean_average_precision(boxes), 3),
    }
