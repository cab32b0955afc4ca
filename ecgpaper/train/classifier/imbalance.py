"""Class weights for rare classes, and how to take them out of the probabilities again.

Public: `class_weights`, `undo_class_weights`.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from ecgpaper.classify.inputs import Float32Array
from ecgpaper.ecg import BoolArray

_LARGEST_WEIGHT = 4.0


def class_weights(truth: BoolArray) -> Float32Array:
    """Weight of each class's examples: the root of the imbalance; 1 without any example.

    Parameters
    ----------
    truth : ndarray of bool, of shape (n_records, n_classes)
    """
    n_true = truth.sum(axis=0)
    weights = np.sqrt((len(truth) - n_true) / np.maximum(n_true, 1))
    return np.where(n_true > 0, np.clip(weights, 1, _LARGEST_WEIGHT), 1).astype(np.float32)


def undo_class_weights(bias: Tensor, weights: Float32Array) -> None:
    """Move the biases of a head so that probabilities are those of the classes as they occur."""
    with torch.no_grad():
        bias.sub_(torch.log(torch.from_numpy(weights)).to(bias.device))
