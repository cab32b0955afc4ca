"""Train the second branch of the classifier: from a picture of the page to the labels.

Public: `PictureSource`, `PictureBatch`, `Stage`, `two_stages`, `TARGET_PRESETS`, `train_pictures`,
`picture_logits`.

Two stages, as the winner of the British Heart Foundation's challenge trained (arXiv:2507.21968):
pages of every condition first, then the kind of page that is to be read. A page is drawn once, kept
as a small picture, and seen several times, a little moved and with other contrast each time:
drawing it takes several times as long as learning from it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, TypeAlias

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from ecgpaper.classify.branches import PICTURE
from ecgpaper.classify.inputs import Float32Array
from ecgpaper.classify.labels import CLASSES
from ecgpaper.ecg import BoolArray, ByteArray, Ecg, FloatArray
from ecgpaper.nets.convnext import ConvNext, ConvNextConfig
from ecgpaper.nets.device import best_device, channels_last
from ecgpaper.synth import PRESETS
from ecgpaper.train.classifier.cohort import LABEL_SMOOTHING
from ecgpaper.train.classifier.imbalance import class_weights, undo_class_weights
from ecgpaper.train.loop import TrainConfig, fit
from ecgpaper.train.picture.store import PictureStore
from ecgpaper.train.span import Span

# From a picture, (height, width, 3), to the network's input, (n_channels, height, width).
Prepare: TypeAlias = Callable[[ByteArray], Float32Array]
CONFIG = ConvNextConfig(1, len(CLASSES))
_PEAK_RATE = 2e-3
_WEIGHT_DECAY = 0.05
# A picture that is seen again may differ by this in size,
_STRETCH = 0.08
# in place, as a share of its size,
_SHIFT = 0.04
# and in contrast.
_CONTRAST = 0.15
# Pictures that a process keeps in memory as the network sees them, 55 kB each.
_MOST_KEPT = 5000


@dataclass(frozen=True)
class Stage:
    """Which pages a network sees for how long.

    Parameters
    ----------
    presets : tuple of str
        Of `ecgpaper.synth.PRESETS`, in turn.
    n_steps : int
    n_pages : int
        Drawn for each record.
    """

    presets: tuple[str, ...]
    n_steps: int
    n_pages: int


# Presets like the hidden records of the Challenge: scans and photos.
TARGET_PRESETS = ("scan-color", "scan-bw", "photo", "photo-stained")
# Share of the steps that see pages of every condition, and how often a picture is seen before
# another page of its record is worth drawing.
_FIRST_SHARE = 0.8
_SIGHTS_PER_PAGE = 12
BATCH_SIZE = 16


def two_stages(n_steps: int, n_records: int) -> tuple[Stage, Stage]:
    """Return pages of every condition, then those of the target presets, for `n_steps` in all."""
    n_first = round(_FIRST_SHARE * n_steps)
    return (
        Stage(tuple(PRESETS), n_first, pages_for(n_first, n_records)),
        Stage(TARGET_PRESETS, n_steps - n_first, pages_for(n_steps - n_first, n_records)),
    )


def pages_for(n_steps: int, n_records: int) -> int:
    """Return how many pages of each record to draw for a stage."""
    return max(1, round(n_steps * BATCH_SIZE / n_records / _SIGHTS_PER_PAGE))


class PictureBatch(NamedTuple):
    """Inputs and targets of one step of training."""

    pictures: Float32Array  # (B, n_channels, height, width)
    records: NDArray[np.int64]  # (B,)
    seed: int  # of dropout, so that an interrupted training goes on as it would have


@dataclass(frozen=True, eq=False)
class PictureSource:
    """Pictures as the network sees them; batch i depends on the seed and i alone.

    Parameters
    ----------
    ecgs : sequence of Ecg
    folder : Path
        Where pictures are kept, see `PictureStore`.
    stages : sequence of Stage
    prepare : callable
        From a picture to the network's input.
    seed : int
    batch_size : int
    """

    ecgs: Sequence[Ecg]
    folder: Path
    stages: Sequence[Stage]
    prepare: Prepare
    seed: int
    batch_size: int = BATCH_SIZE
    _kept: dict[tuple[int, int], ByteArray] = field(default_factory=dict, init=False, repr=False)

    @property
    def n_steps(self) -> int:
        """Steps of all stages."""
        return sum(stage.n_steps for stage in self.stages)

    def make_batch(self, step: int) -> PictureBatch:
        """Show the pictures of a step, each once per epoch of its stage."""
        starts = np.cumsum([0, *(stage.n_steps for stage in self.stages)])
        number = int(np.searchsorted(starts, step, side="right")) - 1
        store = self._store(number)
        first = (step - int(starts[number])) * self.batch_size
        pictures, records = [], []
        for place in range(first, first + self.batch_size):
            epoch, at = divmod(place, len(store))
            order = np.random.default_rng([self.seed, number, epoch]).permutation(len(store))
            index = int(order[at])
            rng = np.random.default_rng([self.seed, number, epoch, index])
            pictures.append(augment_picture(self._prepared(number, index), rng=rng))
            records.append(store.record(index))
        return PictureBatch(np.stack(pictures), np.array(records), self.seed + step)

    def _store(self, number: int) -> PictureStore:
        """Return the pictures of a stage."""
        stage = self.stages[number]
        return PictureStore(self.ecgs, stage.presets, stage.n_pages, self.seed, self.folder)

    def _prepared(self, number: int, index: int) -> Float32Array:
        """Prepare a picture, or remember it; in steps of 1/255, as photos have them."""
        known = self._kept.get((number, index))
        if known is None:
            known = np.rint(255 * self.prepare(self._store(number)[index])).astype(np.uint8)
            if len(self._kept) < _MOST_KEPT:
                self._kept[number, index] = known
        return np.asarray(known / np.float32(255), dtype=np.float32)


def augment_picture(picture: Float32Array, *, rng: np.random.Generator) -> Float32Array:
    """Move and stretch a prepared picture a little, with paper around it, and change its contrast.

    Parameters
    ----------
    picture : ndarray of float32, of shape (1, height, width), 0 for paper
    rng : numpy.random.Generator
    """
    height, width = picture.shape[1:]
    x_scale, y_scale = 1 + rng.uniform(-_STRETCH, _STRETCH, 2)
    x_shift, y_shift = rng.uniform(-_SHIFT, _SHIFT, 2) * (width, height)
    # The middle stays where it is but for the shift.
    to_new = np.array(
        [
            [x_scale, 0, (1 - x_scale) * (width - 1) / 2 + x_shift],
            [0, y_scale, (1 - y_scale) * (height - 1) / 2 + y_shift],
        ]
    )
    moved = cv2.warpAffine(picture[0], to_new, (width, height), borderValue=0.0)
    contrast = np.float32(1 + rng.uniform(-_CONTRAST, _CONTRAST))
    return np.asarray(np.minimum(moved * contrast, 1)[None], dtype=np.float32)


def train_pictures(
    source: PictureSource,
    truth: BoolArray,
    *,
    config: ConvNextConfig | None = None,
    state_file: Path | None = None,
    span: Span | None = None,
) -> ConvNext:
    """Train a network, stage after stage, at a rate that falls over all of them.

    Parameters
    ----------
    source : PictureSource
    truth : ndarray of bool, of shape (n_records, 11)
        Of the records of the source.
    config : ConvNextConfig, optional
    state_file : Path, optional
        Where an interrupted training is kept to go on from.
    span : Span, optional
        Of no more steps than the stages have; by default as many.
    """
    torch.manual_seed(source.seed)
    device = best_device()
    network = channels_last(ConvNext(config or CONFIG)).to(device)
    task = f"{truth.sum(axis=0).tolist()}, {source.stages}, {source.batch_size}, {source.seed}"
    plan = TrainConfig(span or Span(source.n_steps), _PEAK_RATE, _WEIGHT_DECAY, task=task)
    loss_of = _make_loss(truth, device)
    fit(network, source.make_batch, loss_of, plan, name=PICTURE, state_file=state_file)
    undo_class_weights(network.head.bias, class_weights(truth))
    return network


def _make_loss(
    truth: BoolArray, device: torch.device
) -> Callable[[nn.Module, PictureBatch], Tensor]:
    weights = torch.from_numpy(class_weights(truth)).to(device)
    smoothed = torch.from_numpy(np.abs(truth - LABEL_SMOOTHING / 2)).float().to(device)

    def loss_of(network: nn.Module, batch: PictureBatch) -> Tensor:
        torch.manual_seed(batch.seed)
        logits = network(torch.from_numpy(batch.pictures).to(device)).float()
        targets = smoothed[torch.from_numpy(batch.records).to(device)]
        return binary_cross_entropy_with_logits(logits, targets, pos_weight=weights)

    return loss_of


def picture_logits(network: ConvNext, pictures: Sequence[Float32Array]) -> FloatArray:
    """Logits, of shape (n_pictures, 11), of prepared pictures."""
    device = next(network.parameters()).device
    with torch.inference_mode():
        rows = [network(torch.from_numpy(picture[None]).to(device)) for picture in pictures]
    return np.asarray(torch.cat(rows).double().cpu().numpy(), dtype=np.float64)
