"""Train the network of ends: it finds where a curve begins and where it stops.

Public: `ENDS_LEARNER`, `EndSource`, `EndBatch`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ecgpaper.digitize.curves.refine import BEYOND_POINTS, N_FEATURES, seen_upside_down
from ecgpaper.digitize.rows.ends import END_POINTS, ENDS, end_windows
from ecgpaper.nets.ends import EndConfig, EndNet
from ecgpaper.train.digitizer.curves import Curves, origin_of
from ecgpaper.train.digitizer.network import Learner

BATCH_SIZE = 64


@dataclass(frozen=True, slots=True)
class WindowLimits:
    """Where windows are drawn around ends."""

    # How far the middle of a window mostly is from where the strip was cut.
    most_shift_points: int = 8
    # This share of windows shows no end: a network that never saw that is as sure of one as of any.
    blind_share: float = 0.15
    # Their middle is further inside the strip, by this at most.
    most_inside_points: int = 400
    # Ends further than this from the middle are as good as none.
    farthest_points: float = 20.0


WINDOWS = WindowLimits()


@dataclass(frozen=True, eq=False)
class EndBatch:
    """Windows around ends of curves.

    Parameters
    ----------
    features : ndarray of float32, of shape (n, N_FEATURES, END_POINTS)
    place : ndarray of float32, of shape (n,), in points
        How far behind the middle the curve begins; NaN where it is not seen to.
    """

    features: NDArray[np.float32]
    place: NDArray[np.float32]


class EndSource:
    """Batches of ends; batch i depends on the curves, the seed and i alone.

    Parameters
    ----------
    pages : sequence of Curves
    seed : int
    """

    def __init__(self, pages: Sequence[Curves], seed: int) -> None:
        self.seed = seed
        curves, places = [], []
        for page in pages:
            stops = np.cumsum(page.lengths)
            for stop, length, ends in zip(stops, page.lengths, page.ends, strict=True):
                if length >= END_POINTS + 2 * BEYOND_POINTS and np.isfinite(ends).any():
                    curves.append(page.features[stop - length : stop])
                    places.append(ends * [1, -1])
        if not curves:
            raise ValueError(f"expected pages with ends; none of {len(pages)} shows any")
        self._curves, self._places = curves, np.stack(places)
        self._ends = np.argwhere(np.isfinite(self._places))
        self.task = f"ends of {len(self)} curves on {len(pages)} pages"
        self.origin = {"pages": origin_of(pages), "n_ends": len(self)}

    def __len__(self) -> int:
        return len(self._ends)

    def batch(self, step: int) -> EndBatch:
        """Draw a batch, half of it upside down."""
        rng = np.random.default_rng([self.seed, step])
        items = [self._end(rng) for _ in range(BATCH_SIZE)]
        features, place = (np.stack(part) for part in zip(*items, strict=True))
        return EndBatch(features, place)

    def _end(self, rng: np.random.Generator) -> tuple[NDArray[np.float32], np.float32]:
        curve, side = self._ends[int(rng.integers(len(self)))]
        features = self._curves[curve]
        shift = int(rng.integers(-WINDOWS.most_shift_points, WINDOWS.most_shift_points + 1))
        if rng.random() < WINDOWS.blind_share:
            inside = len(features) - END_POINTS - 2 * BEYOND_POINTS
            shift = int(rng.integers(min(inside, WINDOWS.most_inside_points) + 1))
        window = end_windows(features, shift)[side].astype(np.float32)
        if rng.random() < 0.5:
            window = seen_upside_down(window.T).T
        place = self._places[curve, side] - shift
        return window, np.float32(place if abs(place) < WINDOWS.farthest_points else np.nan)


def _loss(network: nn.Module, batch: EndBatch) -> Tensor:
    """Likelihood of the error, as of Laplace's distribution: some ends nobody can see.

    Where there is none, whatever place is said is as far off as can be seen.
    """
    like = next(network.parameters())
    place, log_spread = network(torch.from_numpy(batch.features).to(like.device))
    true = torch.from_numpy(batch.place).to(like.device)
    is_seen = true.isfinite()
    error = torch.where(is_seen, (place - torch.where(is_seen, true, 0)).abs(), END_POINTS / 2)
    loss: Tensor = (error * torch.exp(-log_spread) + log_spread).mean()
    return loss


ENDS_LEARNER = Learner(
    name=ENDS,
    config=EndConfig(N_FEATURES, END_POINTS),
    untrained=EndNet,
    loss=_loss,
    seed_offset=4,
)
