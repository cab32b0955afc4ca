"""Train the second branch of the classifier: from a picture of the page to the labels.

Public: `PictureSource`, `PictureBatch`, `Stage`, `STAGES`, `train_pictures`, `picture_logits`.

Two stages, as the winner of the British Heart Foundation's challenge trained (arXiv:2507.21968):
pages of every condition first, then the kind of page that is to be read. Every page is drawn anew.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from ecgpaper.classify.inputs import Float32Array
from ecgpaper.classify.labels import CLASSES
from ecgpaper.classify.picture import PICTURE_PX, printed_picture, whole_picture
from ecgpaper.ecg import BoolArray, ByteArray, Ecg, FloatArray
from ecgpaper.nets.convnext import ConvNext, ConvNextConfig
from ecgpaper.nets.device import best_device, channels_last
from ecgpaper.synth import PRESETS, SyntheticPage, resized, sample_spec, synthesize
from ecgpaper.train.cohort import LABEL_SMOOTHING
from ecgpaper.train.datasets import without_gaps
from ecgpaper.train.imbalance import class_weights, unweigh
from ecgpaper.train.loop import TrainConfig, fit

NAME = "pictures"
# From a picture, (height, width, 3), to what the network sees, (n_channels, height, width).
Prepare: TypeAlias = Callable[[ByteArray], Float32Array]

# Share of pages that nobody knows how to flatten: the whole photo is seen.
_WHOLE_SHARE = 0.25
# Pages are drawn with about this many pixels per pixel of the picture.
_FINER = 1.5
_MM_PER_INCH = 25.4


@dataclass(frozen=True)
class Stage:
    """What a network sees for how long, and how fast it learns from it.

    Parameters
    ----------
    presets : tuple of str
        Of `ecgpaper.synth.PRESETS`, each as often as the others.
    n_steps : int
    peak_rate : float
    batch_size : int
    """

    presets: tuple[str, ...]
    n_steps: int
    peak_rate: float = 1e-3
    batch_size: int = 32


# Pages of every condition, then those of the Challenge's hidden records: scans and photos.
STAGES = (
    Stage(tuple(PRESETS), 4000),
    Stage(("scan-color", "scan-bw", "photo", "photo-stained"), 1000, 3e-4),
)


class PictureBatch(NamedTuple):
    """What one step of training sees."""

    pictures: Float32Array  # (B, n_channels, 320, 480)
    records: NDArray[np.int64]  # (B,)


@dataclass(frozen=True, eq=False)
class PictureSource:
    """Pages of records as the network sees them; batch i depends on the seed and i alone.

    Parameters
    ----------
    ecgs : sequence of Ecg
        May read its items from disk.
    presets : tuple of str
    prepare : callable
        Such as `ink_of`.
    seed : int
    batch_size : int
    """

    ecgs: Sequence[Ecg]
    presets: tuple[str, ...]
    prepare: Prepare
    seed: int
    batch_size: int

    def make_batch(self, step: int) -> PictureBatch:
        """Draw the pages of a step."""
        rng = np.random.default_rng([self.seed, step])
        records = rng.integers(len(self.ecgs), size=self.batch_size)
        pictures = [self.prepare(self.draw(int(record), rng)) for record in records]
        return PictureBatch(np.stack(pictures), records)

    def draw(self, record: int, rng: np.random.Generator) -> ByteArray:
        """Draw one page of a record, flattened or not."""
        spec = sample_spec(str(rng.choice(self.presets)), rng=rng)
        px_per_mm = _FINER * min(np.array(PICTURE_PX[::-1]) / spec.layout.size_mm)
        ecg = without_gaps(self.ecgs[record])
        page = synthesize(ecg, resized(spec, min(1.0, px_per_mm * _MM_PER_INCH / spec.camera.dpi)))
        return _seen(page, is_whole=rng.random() < _WHOLE_SHARE)


def _seen(page: SyntheticPage, *, is_whole: bool) -> ByteArray:
    if is_whole:
        return whole_picture(page.image)
    truth = page.truth
    return printed_picture(page.image, truth.layout, truth.scale, truth.page_to_photo)


def train_pictures(
    ecgs: Sequence[Ecg],
    truth: BoolArray,
    prepare: Prepare,
    *,
    stages: Sequence[Stage] = STAGES,
    config: ConvNextConfig | None = None,
    seed: int = 0,
) -> ConvNext:
    """Train a network, stage after stage.

    Parameters
    ----------
    ecgs : sequence of Ecg
    truth : ndarray of bool, of shape (n_records, 11)
    prepare : callable
    stages : sequence of Stage
    config : ConvNextConfig, optional
    seed : int
    """
    torch.manual_seed(seed)
    device = best_device()
    network = channels_last(ConvNext(config or ConvNextConfig(1, len(CLASSES)))).to(device)
    loss_of = _make_loss(truth, device)
    for index, stage in enumerate(stages):
        source = PictureSource(ecgs, stage.presets, prepare, seed + index, stage.batch_size)
        plan = TrainConfig(stage.n_steps, stage.peak_rate, weight_decay=0.05)
        fit(network, source.make_batch, loss_of, plan, name=f"{NAME} {index + 1}")
    unweigh(network.head.bias, class_weights(truth))
    return network


def _make_loss(
    truth: BoolArray, device: torch.device
) -> Callable[[nn.Module, PictureBatch], Tensor]:
    weights = torch.from_numpy(class_weights(truth)).to(device)
    smoothed = torch.from_numpy(np.abs(truth - LABEL_SMOOTHING / 2)).float().to(device)

    def loss_of(network: nn.Module, batch: PictureBatch) -> Tensor:
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
