"""Train one network of the digitizer: from its start to its files in a model folder.

Public: `train_network`, `TrainingRun`, `from_generated_pages`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic

import numpy as np
import torch
from torch import Tensor, nn

from ecgpaper.digitize.networks import CONTRACTS, Network, load_network
from ecgpaper.nets.device import best_device
from ecgpaper.nets.ends import EndConfig
from ecgpaper.nets.reader import ReaderConfig
from ecgpaper.nets.refiner import RefinerConfig
from ecgpaper.nets.stored.checkpoint import load_info, save_checkpoint
from ecgpaper.nets.stored.description import CheckpointInfo
from ecgpaper.nets.unet import UNet, UNetConfig, widen
from ecgpaper.train.digitizer.feed import Feed
from ecgpaper.train.loop import Batch, TrainConfig, fit
from ecgpaper.train.processes import rank, wait_for_all
from ecgpaper.train.span import Meter, Span


@dataclass(frozen=True, eq=False)
class TrainingRun(Generic[Batch]):
    """Data and loss of a network, and the description in its files.

    Parameters
    ----------
    name : str
        Of the network's files.
    config : UNetConfig, EndConfig, RefinerConfig or ReaderConfig
        Of the network.
    make_batch : callable
        Step -> batch.
    loss : callable
        (network, batch) -> loss.
    span : Span
    task : str
        Description of data and target: an unfinished run of another task is not gone on with.
    training : dict
        For the checkpoint: the data that the network learned from.
    """

    name: str
    config: UNetConfig | EndConfig | RefinerConfig | ReaderConfig
    make_batch: Callable[[int], Batch]
    loss: Callable[[nn.Module, Batch], Tensor]
    span: Span
    task: str
    training: dict[str, Any]


def train_network(
    network: Network, run: TrainingRun[Batch], folder: Path, *, start: Path | None
) -> None:
    """Train a network and write it to a model folder.

    Parameters
    ----------
    network : SegmentNet, StripNet, EndNet, Refiner or LineReader
        As it begins where it starts from scratch.
    run : TrainingRun
    folder : Path
        An interrupted run goes on where it stopped.
    start : Path or None
        Model folder whose weights to go on from. From scratch without.

    Raises
    ------
    CheckpointError
        If a file to start from is missing or does not fit.
    """
    name = run.name
    origin = _start_from(start, name, network)
    network = network.to(best_device())
    plan = TrainConfig(run.span, task=f"{run.task}, {origin['start']}")
    state_file = folder / f".{name}"
    fit(network, run.make_batch, run.loss, plan, name=name, state_file=state_file)
    info = CheckpointInfo(
        architecture=type(network).__name__,
        config=asdict(run.config),
        inputs=dict(CONTRACTS[name].inputs),
        training=run.training | taken(run.span.meter) | origin,
    )
    if rank() == 0:
        save_checkpoint(folder, name, network, info)
    wait_for_all()


def from_generated_pages(n_records: int, feed: Feed, seed: int) -> dict[str, Any]:
    """Say what a network learned from, for its checkpoint."""
    return {
        "n_records": n_records,
        "feed": asdict(feed),
        "seed": seed,
        "pages": "generated, preset wild",
        "torch": torch.__version__,
        "numpy": np.__version__,
    }


def taken(meter: Meter) -> dict[str, float]:
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
