"""Train the refiner: it corrects curves as the tracer read them.

Public: `REFINER_LEARNER`, `batch_size_for`, `CurveSource`, `CurveBatch`.

Every page is seen many times: in other crops, upside down and backwards.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ecgpaper.digitize.curves.refine import (
    BEYOND_POINTS,
    N_FEATURES,
    REFINER,
    seen_backwards,
    seen_upside_down,
)
from ecgpaper.digitize.curves.strip import STRIP_PX_PER_MM
from ecgpaper.nets.device import best_device
from ecgpaper.nets.refiner import Refiner, RefinerConfig
from ecgpaper.train.ahead import n_cores
from ecgpaper.train.digitizer.curves import Curves, origin_of
from ecgpaper.train.digitizer.network import Learner

# Points of a stretch: 2.5 s at 25 mm/s, a strip of the usual layout from end to end, and what lies
# beyond. Ends, where a separator or the neighbor's trace stands, are the hardest: of longer strips
# this share is drawn to show one.
N_POINTS = 1250 + 2 * BEYOND_POINTS
END_SHARE = 0.5
BATCH_SIZE = 10
# In little time smaller batches, and more of them, teach more: from this time of one core on they
# are whole.
_WHOLE_BATCH_S = 400.0
_LEAST_BATCH = 2


@dataclass(frozen=True, slots=True)
class RefinerLoss:
    """Shares of the loss of the refiner, and its floor."""

    # Of the logarithm of the square error, as for the tracer,
    accuracy: float = 0.5
    # of the absolute error, as for the tracer,
    absolute: float = 0.1
    # and that of the spread, which is judged by its likelihood.
    spread: float = 0.05
    # Square errors well below this count no more. Half of the curves of clean pages are off by less
    # than 2e-3.
    floor_mm2: float = 1e-4


_LOSS = RefinerLoss()


def batch_size_for(seconds: float) -> int:
    """Choose how many stretches a step sees: their number grows with the root of the time."""
    if best_device().type == "cuda":
        return BATCH_SIZE
    root = math.sqrt(min(1.0, seconds * n_cores() / _WHOLE_BATCH_S))
    return max(_LEAST_BATCH, round(BATCH_SIZE * root))


@dataclass(frozen=True, eq=False)
class CurveBatch:
    """Stretches of curves.

    Parameters
    ----------
    features : ndarray of float32, of shape (n, N_FEATURES, N_POINTS)
    offset : ndarray of float32, of shape (n, N_POINTS)
    is_known : ndarray of bool, of shape (n, N_POINTS)
    """

    features: NDArray[np.float32]
    offset: NDArray[np.float32]
    is_known: NDArray[np.bool_]


class CurveSource:
    """Batches of stretches; batch i depends on the curves, the seed and i alone.

    Parameters
    ----------
    pages : sequence of Curves
    seed : int
    batch_size : int
        Stretches of a batch.
    """

    def __init__(self, pages: Sequence[Curves], seed: int, batch_size: int = BATCH_SIZE) -> None:
        self.seed, self.batch_size = seed, batch_size
        self._stretches = [
            (page, int(first), int(first + length))
            for page in pages
            for first, length in zip(
                np.cumsum(page.lengths) - page.lengths, page.lengths, strict=True
            )
            if page.is_known[first : first + length].any()
        ]
        if not self._stretches:
            raise ValueError(f"expected pages with curves; none of {len(pages)} shows any")
        n_curves = sum(len(page.lengths) for page in pages)
        self.task = f"{n_curves} curves on {len(pages)} pages"
        self.origin = {"pages": origin_of(pages), "n_curves": n_curves}

    def batch(self, step: int) -> CurveBatch:
        """Draw a batch."""
        rng = np.random.default_rng([self.seed, step])
        items = [self._stretch(rng) for _ in range(self.batch_size)]
        features, offset, is_known = (np.stack(part) for part in zip(*items, strict=True))
        return CurveBatch(features, offset, is_known)

    def _stretch(
        self, rng: np.random.Generator
    ) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.bool_]]:
        page, first, stop = self._stretches[int(rng.integers(len(self._stretches)))]
        first += _place(max(0, stop - first - N_POINTS), rng)
        part = slice(first, min(stop, first + N_POINTS))
        features = page.features[part].astype(np.float32)
        offset, is_known = page.offset[part], page.is_known[part]
        if rng.random() < 0.5:
            features, offset = seen_upside_down(features), -offset
        if rng.random() < 0.5:
            features, offset, is_known = seen_backwards(features), offset[::-1], is_known[::-1]
        lacking = N_POINTS - len(offset)
        return (
            np.pad(features, ((0, lacking), (0, 0))).T,
            np.pad(offset, (0, lacking)),
            np.pad(is_known, (0, lacking)),
        )


def _place(n_spare: int, rng: np.random.Generator) -> int:
    """Choose how many of the points that a stretch has no room for lie before it."""
    if rng.random() < END_SHARE:
        return int(rng.choice([0, n_spare]))
    return int(rng.integers(n_spare + 1))


def _loss(network: nn.Module, batch: CurveBatch) -> Tensor:
    """Logarithm of the square error + absolute error + likelihood of the spread."""
    like = next(network.parameters())
    offset, log_spread = network(torch.from_numpy(batch.features).to(like.device))
    error = offset - torch.from_numpy(batch.offset).to(like.device)
    is_known = torch.from_numpy(batch.is_known).to(like.device).float()
    n_known = is_known.sum(dim=1).clamp(min=1)

    def mean(values: Tensor) -> Tensor:
        return (values * is_known).sum(dim=1) / n_known

    error_mm = error / STRIP_PX_PER_MM
    # The offset does not learn from the loss of the spread.
    unlikely = log_spread + 0.5 * (error.detach() * torch.exp(-log_spread)).square()
    per_stretch = (
        _LOSS.accuracy * torch.log10(mean(error_mm.square()) + _LOSS.floor_mm2)
        + _LOSS.absolute * mean(error_mm.abs())
        + _LOSS.spread * mean(unlikely)
    )
    has_any = (is_known.sum(dim=1) > 0).float()
    return (per_stretch * has_any).sum() / has_any.sum().clamp(min=1)


REFINER_LEARNER = Learner(
    name=REFINER,
    config=RefinerConfig(N_FEATURES),
    untrained=Refiner,
    loss=_loss,
    seed_offset=3,
)
