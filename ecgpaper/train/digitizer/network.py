"""Train one network of the digitizer: from its start to its files in a model folder.

Public: `Learner`, `Source`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

import torch
from torch import Tensor, nn

from ecgpaper.digitize.networks import CONTRACTS, Network, load_network
from ecgpaper.nets.device import best_device
from ecgpaper.nets.stored.checkpoint import load_info, save_checkpoint
from ecgpaper.nets.stored.config import NetworkConfig
from ecgpaper.nets.stored.description import CheckpointInfo
from ecgpaper.nets.unet import UNet, widen
from ecgpaper.train.loop import Batch, TrainConfig, fit
from ecgpaper.train.processes import rank, wait_for_all
from ecgpaper.train.span import Meter, Span

Config = TypeVar("Config", bound=NetworkConfig)
Batch_co = TypeVar("Batch_co", covariant=True)


class Source(Protocol[Batch_co]):
    """Batches that a network learns from, and what is to be known of them."""

    @property
    def task(self) -> str:
        """Data and target: an unfinished run of another task is not gone on with."""

    @property
    def origin(self) -> dict[str, Any]:
        """For the checkpoint: the data that the network learned from."""

    def batch(self, step: int) -> Batch_co:
        """Return the batch of a step, which depends on the seed and the step alone."""


@dataclass(frozen=True, eq=False)
class Learner(Generic[Config, Network, Batch]):
    """What a network has of its own for learning.

    Parameters
    ----------
    name : str
        Of the network's files.
    config : NetworkConfig
    untrained : callable
        Config -> network, as it begins where it starts from scratch.
    loss : callable
        (network, batch) -> loss.
    seed_offset : int
        Is added to a training's seed: each network begins with weights of its own, and segmenter
        and tracer see different pages.
    """

    name: str
    config: Config
    untrained: Callable[[Config], Network]
    loss: Callable[[nn.Module, Batch], Tensor]
    seed_offset: int

    def train(
        self,
        source: Source[Batch],
        folder: Path,
        *,
        span: Span,
        seed: int,
        start: Path | None = None,
    ) -> None:
        """Train the network and write it to a model folder.

        Parameters
        ----------
        source : Source
        folder : Path
            An interrupted run goes on where it stopped.
        span : Span
        seed : int
        start : Path, optional
            Model folder whose weights to go on from; a U-Net there may be narrower. From scratch
            without.

        Raises
        ------
        CheckpointError
            If a file to start from is missing or does not fit.
        """
        torch.manual_seed(seed + self.seed_offset)
        network = self.untrained(self.config)
        begun = _start_from(start, self.name, network)
        network = network.to(best_device())
        plan = TrainConfig(span, task=f"{source.task}, seed {seed}, {begun['start']}")
        state_file = folder / f".{self.name}"
        fit(network, source.batch, self.loss, plan, name=self.name, state_file=state_file)
        info = CheckpointInfo(
            architecture=type(network).__name__,
            config=asdict(self.config),
            inputs=dict(CONTRACTS[self.name].inputs),
            training=source.origin | {"seed": seed} | _taken(span.meter) | begun,
        )
        if rank() == 0:
            save_checkpoint(folder, self.name, network, info)
        wait_for_all()


def _taken(meter: Meter) -> dict[str, float]:
    """Say how long a network has learned, for its checkpoint."""
    return {"n_steps": meter.n_steps, "seconds": round(meter.seconds)}


def _start_from(folder: Path | None, name: str, network: Network) -> dict[str, str]:
    """Fill a network with a folder's weights, if any; say which they were.

    Segmenter and tracer may be wider than those in the folder.
    """
    if folder is None:
        return {"start": "from scratch"}
    former = load_network(folder, name, type(network))
    if isinstance(network, UNet):
        widen(former, network)
    else:
        network.load_state_dict(former.state_dict())
    return {"start": f"weights {load_info(folder, name, type(network).__name__).sha256}"}
