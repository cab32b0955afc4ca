"""Score digitized leads and lists of labels the way the Challenge does: SNR, alignment, macro F.

In come one-dimensional leads in millivolts (NaN where nothing was printed or recovered) and lists
of class names; out come the Challenge's figures. This is the only implementation of each of them:
the Challenge scripts call it. Some figures have flaws that scores must share to be comparable;
`median_noise_snr` and `centered_snr` are without them.
"""

from ecgpaper.score.alignment import align, align_within_limits, find_shift, quantize, shift
from ecgpaper.score.labels import (
    confusion_matrices,
    encode_one_hot,
    f_from_confusion,
    f_measure,
    is_nan,
    mean_of_finite,
)
from ecgpaper.score.pooled import page_ratio, pooled_snr_db
from ecgpaper.score.signals import (
    asci,
    centered_snr,
    kolmogorov_smirnov,
    median_noise_snr,
    snr,
    weighted_absolute_difference,
)

__all__ = [
    "align",
    "align_within_limits",
    "asci",
    "centered_snr",
    "confusion_matrices",
    "encode_one_hot",
    "f_from_confusion",
    "f_measure",
    "find_shift",
    "is_nan",
    "kolmogorov_smirnov",
    "mean_of_finite",
    "median_noise_snr",
    "page_ratio",
    "pooled_snr_db",
    "quantize",
    "shift",
    "snr",
    "weighted_absolute_difference",
]
