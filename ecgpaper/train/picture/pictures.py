"""Train the second branch of the classifier: from the ink of strips to the labels.

Public: `PictureSource`, `PictureBatch`, `Lessons`, `teach`, `begin`, `vary_picture`,
`train_pictures`, `pages_for`, `FIRST`.

The network begins as one of the signals, with ink before it. Three quarters of what it sees is ink
drawn straight from signals, in a millisecond each; the rest are strips of drawn pages, of every
condition, seen several times, a little moved and with other contrast each time. It learns from the
labels and, in equal parts, from what the network that it began as says of the whole record
(distillation, Hinton et al. 2015, arXiv:1503.02531).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple, cast

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import expit
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from ecgpaper.classify import inputs_from_leads, logits_of, traits_of
from ecgpaper.classify.branches import CONTRACT, N_CHANNELS, PICTURE
from ecgpaper.classify.infarcts import questions_of
from ecgpaper.classify.inputs import Float32Array, leads_from_ecg, limb_fills
from ecgpaper.classify.person import person_features
from ecgpaper.classify.picture import N_ROWS, PICTURE_PX
from ecgpaper.ecg import STANDARD_ORDER, BoolArray, ByteArray, Ecg
from ecgpaper.nets.classifier import SignalEnsemble
from ecgpaper.nets.device import best_device
from ecgpaper.nets.picture import InkResNet, InkResNetConfig
from ecgpaper.nets.resnet1d import ResNet1d
from ecgpaper.train.classifier.augment.vary import vary
from ecgpaper.train.classifier.cohort import LABEL_SMOOTHING
from ecgpaper.train.digitizer.source import without_gaps
from ecgpaper.train.loop import TrainConfig, fit
from ecgpaper.train.picture.ink import draw_strips
from ecgpaper.train.picture.store import PictureStore
from ecgpaper.train.span import Span

# The network of the signals that this one begins as, and that has left the same records out.
FIRST = 0
BATCH_SIZE = 32


@dataclass(frozen=True, slots=True)
class LessonPlan:
    """What the network is shown, how fast it learns, and whom it believes."""

    # Of the items of a batch as many show pages.
    n_of_pages: int = 8
    # How often a page is seen before another is worth drawing.
    sights_per_page: int = 6
    # Learning rate at its highest.
    peak_rate: float = 2e-3
    # Decay of the weights.
    weight_decay: float = 0.02
    # What the labels count; the rest is what the network of the signals says.
    share_of_labels: float = 0.5
    # Records that the network of the signals is asked about at once, at most.
    n_at_once: int = 200


PLAN = LessonPlan()


@dataclass(frozen=True, slots=True)
class SightChanges:
    """How a page that is seen again may differ."""

    # By this in speed, and in gain,
    stretch: tuple[float, float] = (0.02, 0.06)
    # each of its strips by this in place, in columns and rows (standard deviation),
    shift_px: tuple[float, float] = (1.5, 0.5)
    # and all of it by this in contrast.
    contrast: float = 0.2


_CHANGES = SightChanges()


class Lessons(NamedTuple):
    """What is to be answered for each record."""

    answers: Float32Array  # (n_records, 11): how probable a yes to each question is
    is_asked: Float32Array  # (n_records, 11)


class PictureBatch(NamedTuple):
    """Inputs and targets of one step of training."""

    pictures: Float32Array  # (B, 1, height, width), in [0, 1]
    records: NDArray[np.int64]  # (B,)
    seed: int  # of dropout, so that an interrupted training goes on as it would have


def teach(ensemble: SignalEnsemble, ecgs: Sequence[Ecg], truth: BoolArray) -> Lessons:
    """Return what labels and the network of the signals say of records.

    Parameters
    ----------
    ensemble : SignalEnsemble
    ecgs : sequence of Ecg
    truth : ndarray of bool, of shape (n_records, 11)
    """
    said = []
    for rows in np.array_split(np.arange(len(ecgs)), len(ecgs) // PLAN.n_at_once + 1):
        leads_mv = np.stack([leads_from_ecg(ecgs[row])[0] for row in rows.tolist()])
        nobody = np.tile(person_features(None, None), (len(rows), 1))
        inputs = inputs_from_leads(leads_mv, nobody)
        said.append(logits_of(ensemble.members[FIRST], *inputs, *traits_of(inputs.series)))
    answers, is_asked = questions_of(truth)
    labels = np.abs(answers - LABEL_SMOOTHING / 2)
    mixed = PLAN.share_of_labels * labels + (1 - PLAN.share_of_labels) * expit(np.concatenate(said))
    return Lessons(mixed.astype(np.float32), is_asked.astype(np.float32))


def begin(ensemble: SignalEnsemble, seed: int) -> InkResNet:
    """Return a network that is one of the signals' with ink before it."""
    torch.manual_seed(seed)
    known = cast("ResNet1d", ensemble.networks[FIRST])
    shape = replace(known.config, n_channels=N_CHANNELS)
    network = InkResNet(InkResNetConfig(shape, **CONTRACT.config))
    network.fills.copy_(torch.from_numpy(limb_fills()))
    # How tall ink is says nothing yet: the new channels of the first convolution count nothing.
    begun = {key: torch.zeros_like(value) for key, value in network.network.state_dict().items()}
    for key, value in known.state_dict().items():
        begun[key][tuple(slice(n) for n in value.shape)] = value
    network.network.load_state_dict(begun)
    return network


def pages_for(n_steps: int) -> int:
    """Return how many pages to draw."""
    return max(1, round(n_steps * PLAN.n_of_pages / PLAN.sights_per_page))


@dataclass(frozen=True, eq=False)
class PictureSource:
    """Pictures as the network sees them; batch i depends on the seed and i alone.

    Parameters
    ----------
    ecgs : sequence of Ecg
    pages : PictureStore
        Of the same records.
    seed : int
    """

    ecgs: Sequence[Ecg]
    pages: PictureStore
    seed: int

    def make_batch(self, step: int) -> PictureBatch:
        """Show each record once per epoch as drawn ink, and some pages beside it."""
        n_drawn = BATCH_SIZE - PLAN.n_of_pages
        drawn = [self._drawn(place) for place in range(step * n_drawn, (step + 1) * n_drawn)]
        rng = np.random.default_rng([self.seed, step, 1])
        indices = rng.integers(len(self.pages), size=PLAN.n_of_pages).tolist()
        seen = [(vary_picture(self.pages[at], rng=rng), self.pages.record(at)) for at in indices]
        pictures, records = zip(*drawn, *seen, strict=True)
        return PictureBatch(np.stack(pictures), np.array(records), self.seed + step)

    def _drawn(self, place: int) -> tuple[Float32Array, int]:
        epoch, at = divmod(place, len(self.ecgs))
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.ecgs))
        record = int(order[at])
        rng = np.random.default_rng([self.seed, epoch, record])
        leads_mv = leads_from_ecg(without_gaps(self.ecgs[record]))[0]
        return draw_strips(vary(leads_mv, rng=rng), rng=rng), record


def vary_picture(picture: ByteArray, *, rng: np.random.Generator) -> Float32Array:
    """Move and stretch the strips of a picture a little, and change its contrast.

    Parameters
    ----------
    picture : ndarray of uint8, of shape `PICTURE_PX`
    rng : numpy.random.Generator

    Returns
    -------
    ndarray of float32, of shape (1, height, width), in [0, 1]
    """
    height, width = PICTURE_PX
    x_scale, y_scale = 1 + rng.uniform(-1, 1, 2) * _CHANGES.stretch
    moved = np.zeros((len(STANDARD_ORDER), N_ROWS, width), dtype=np.float32)
    for strip, into in zip(picture.reshape(moved.shape), moved, strict=True):
        x_shift, y_shift = rng.normal(0, _CHANGES.shift_px)
        # The middle stays where it is but for the shift.
        to_new = np.array(
            [
                [x_scale, 0, (1 - x_scale) * (width - 1) / 2 + x_shift],
                [0, y_scale, (1 - y_scale) * (N_ROWS - 1) / 2 + y_shift],
            ]
        )
        into[:] = cv2.warpAffine(strip, to_new, (width, N_ROWS))
    contrast = np.float32(1 + rng.uniform(-_CHANGES.contrast, _CHANGES.contrast)) / np.float32(255)
    return np.asarray(np.minimum(moved * contrast, 1).reshape(1, height, width), dtype=np.float32)


def train_pictures(
    network: InkResNet,
    source: PictureSource,
    lessons: Lessons,
    *,
    span: Span,
    state_file: Path | None = None,
) -> InkResNet:
    """Train a network in place and return it.

    Parameters
    ----------
    network : InkResNet
        As it begins.
    source : PictureSource
    lessons : Lessons
        Of the records of the source.
    span : Span
    state_file : Path, optional
        Where an interrupted training is kept to go on from.
    """
    device = best_device()
    task = f"{lessons.answers.sum(axis=0).tolist()}, {len(source.pages)} pages, {source.seed}"
    plan = TrainConfig(span, PLAN.peak_rate, PLAN.weight_decay, task=task)
    loss_of = _make_loss(lessons, device)
    fit(network.to(device), source.make_batch, loss_of, plan, name=PICTURE, state_file=state_file)
    return network


def _make_loss(
    lessons: Lessons, device: torch.device
) -> Callable[[nn.Module, PictureBatch], Tensor]:
    answers, is_asked = (torch.from_numpy(array).to(device) for array in lessons)

    def loss_of(network: nn.Module, batch: PictureBatch) -> Tensor:
        torch.manual_seed(batch.seed)
        logits = network(torch.from_numpy(batch.pictures).to(device)).float()
        rows = torch.from_numpy(batch.records).to(device)
        return binary_cross_entropy_with_logits(logits, answers[rows], is_asked[rows])

    return loss_of
