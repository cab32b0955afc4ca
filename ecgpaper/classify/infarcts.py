"""Infarcts are decided in two steps: whether there is one, then whether it is acute or old.

Public: `ACUTE`, `OLD`, `class_logits`, `questions_of`.

No record has both labels: one with an acute infarct is `Acute MI`, any other infarct `Old MI`. Of
hundreds of infarcts few are acute, and what tells infarcts from other hearts is learned from all.
The networks answer questions: as the classes, but for `Old MI` whether there is any infarct, and
for `Acute MI` whether an infarct, if there is one, is acute.
"""

from __future__ import annotations

import numpy as np

from ecgpaper.classify.labels import CLASSES
from ecgpaper.ecg import BoolArray, FloatArray

ACUTE = CLASSES.index("Acute MI")
OLD = CLASSES.index("Old MI")


def class_logits(questions: FloatArray) -> FloatArray:
    """Turn logits of the questions into those of the classes, of shape (n_items, 11)."""
    logits = questions.astype(np.float64)
    # With odds of an infarct and of acuteness: P = P(infarct) P(kind), so 1 / odds = 1 / P - 1.
    no_infarct = np.logaddexp(0, -logits[:, OLD])  # - log P(infarct)
    kinds = {ACUTE: logits[:, ACUTE].copy(), OLD: -logits[:, ACUTE]}
    for column, kind in kinds.items():
        logits[:, column] = -_log_expm1(no_infarct + np.logaddexp(0, -kind))
    return logits


def _log_expm1(values: FloatArray) -> FloatArray:
    """Return log(exp(values) - 1) of positive values, large or tiny."""
    return np.asarray(values + np.log(-np.expm1(-np.maximum(values, 1e-12))))


def questions_of(truth: BoolArray) -> tuple[BoolArray, BoolArray]:
    """Turn the classes of records into answers to the questions.

    Parameters
    ----------
    truth : ndarray of bool, of shape (n_records, 11)

    Returns
    -------
    answers, is_asked : ndarray of bool, of shape (n_records, 11)
        Whether an infarct is acute is asked only where there is one.
    """
    answers = truth.copy()
    answers[:, OLD] = truth[:, ACUTE] | truth[:, OLD]
    is_asked = np.ones_like(truth)
    is_asked[:, ACUTE] = answers[:, OLD]
    return answers, is_asked
