"""One training loop for all networks: AdamW, one-cycle cosine, moving average of the weights.

Public: `TrainConfig`, `fit`.

The loop is resumable: it writes its whole state every few minutes and a second call with the same
configuration goes on where the first was interrupted.
"""

from __future__ import annotations

import logging
import math
import os
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from safetensors.torch import save as tensors_as_bytes
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from ecgpaper.files import write_whole
from ecgpaper.nets.device import fast_precision

logger = logging.getLogger(__name__)

Batch = TypeVar("Batch")
SAVE_EVERY_S = 120.0


@dataclass(frozen=True)
class TrainConfig:
    """How long and how fast a network learns.

    Parameters
    ----------
    n_steps : int
        Optimizer steps in all.
    peak_rate : float
        Learning rate at the end of the warm-up, which takes a tenth of the steps.
    weight_decay : float
    average : float
        Decay of the exponential moving average of the weights at the end of training.
    gradient_norm : float
        Gradients longer than this are shortened.
    n_workers : int
        Processes that prepare batches ahead; the batches do not depend on their number.
    task : str
        Description of data and target: an unfinished run of another task is not gone on with.
    """

    n_steps: int
    peak_rate: float = 2e-3
    weight_decay: float = 1e-3
    average: float = 0.995
    gradient_norm: float = 1.0
    n_workers: int = field(default_factory=lambda: min(15, max(1, (os.cpu_count() or 1) - 1)))
    task: str = ""

    def rate(self, step: int) -> float:
        """Learning rate at a step: linear warm-up, then a cosine down to a hundredth."""
        n_warm = max(1, self.n_steps // 10)
        if step < n_warm:
            return self.peak_rate * (step + 1) / n_warm
        phase = (step - n_warm) / max(1, self.n_steps - n_warm)
        return self.peak_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * phase)))


def fit(
    network: nn.Module,
    make_batch: Callable[[int], Batch],
    loss_of: Callable[[nn.Module, Batch], Tensor],
    config: TrainConfig,
    *,
    name: str,
    state_file: Path | None = None,
) -> nn.Module:
    """Train a network in place and return it with its averaged weights, in eval mode.

    Parameters
    ----------
    network : nn.Module
        Already on its device.
    make_batch : callable
        The batch of a step, a function of the step's number alone, so that a resumed run sees
        what an uninterrupted one would have seen.
    loss_of : callable
        Scalar float32 loss of the network on a batch; called under bfloat16 autocast where the
        hardware is fast at it.
    config : TrainConfig
    name : str
        For the progress bar and the log.
    state_file : Path, optional
        Where to keep the state of an unfinished run; removed at the end.
    """
    optimizer = torch.optim.AdamW(
        network.parameters(), lr=config.peak_rate, weight_decay=config.weight_decay
    )
    average = {key: value.detach().clone() for key, value in network.state_dict().items()}
    identity = _identity(config, network)
    first = _restore(state_file, network, average, optimizer, identity)
    network.train()
    saved_s = time.monotonic()
    device = next(network.parameters()).device
    batches = tqdm(
        _ahead(make_batch, range(first, config.n_steps), config.n_workers),
        desc=name,
        initial=first,
        total=config.n_steps,
        disable=not sys.stderr.isatty(),
    )
    running = 0.0
    for step, batch in enumerate(batches, first):
        for group in optimizer.param_groups:
            group["lr"] = config.rate(step)
        with fast_precision(device):
            loss = loss_of(network, batch)
        optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(network.parameters(), config.gradient_norm)
        optimizer.step()
        _update_average(average, network, min(config.average, (1 + step) / (10 + step)))
        value = float(loss.detach())
        running = 0.98 * running + 0.02 * value if step > first else value
        if step % 100 == 0:
            logger.info("%s: step %d of %d, loss %.4f", name, step, config.n_steps, running)
        if state_file is not None and time.monotonic() - saved_s > SAVE_EVERY_S:
            _keep(state_file, network, average, optimizer, step + 1, identity)
            saved_s = time.monotonic()
    network.load_state_dict(average)
    if state_file is not None:
        state_file.unlink(missing_ok=True)
    return network.eval()


class _Steps(Dataset[Any]):
    """The batches of a run, by step."""

    def __init__(self, make_batch: Callable[[int], Any]) -> None:
        self.make_batch = make_batch

    def __getitem__(self, step: int) -> Any:
        return self.make_batch(step)


def _ahead(make_batch: Callable[[int], Batch], steps: range, n_workers: int) -> Iterable[Batch]:
    """Make batches in order, in processes that run ahead of the network.

    Batches travel as they are, not as tensors, so that containers with little shared memory do.
    """
    return DataLoader(
        _Steps(make_batch),
        batch_size=None,
        sampler=steps,
        num_workers=n_workers,
        collate_fn=_as_it_is,
        worker_init_fn=_one_thread,
    )


def _as_it_is(batch: Batch) -> Batch:
    return batch


def _one_thread(_worker: int) -> None:
    torch.set_num_threads(1)


def _update_average(average: dict[str, Tensor], network: nn.Module, decay: float) -> None:
    for key, value in network.state_dict().items():
        if value.is_floating_point():
            average[key].lerp_(value.detach(), 1 - decay)
        else:
            average[key].copy_(value)


def _keep(
    state_file: Path,
    network: nn.Module,
    average: dict[str, Tensor],
    optimizer: torch.optim.Optimizer,
    step: int,
    identity: str,
) -> None:
    tensors = {f"network.{key}": value for key, value in network.state_dict().items()}
    tensors |= {f"average.{key}": value for key, value in average.items()}
    for index, state in optimizer.state_dict()["state"].items():
        tensors |= {f"optimizer.{index}.{key}": value for key, value in state.items()}
    plain = {key: value.detach().cpu().contiguous().clone() for key, value in tensors.items()}
    metadata = {"step": str(step), "identity": identity}
    write_whole(state_file, tensors_as_bytes(plain, metadata=metadata))


def _restore(
    state_file: Path | None,
    network: nn.Module,
    average: dict[str, Tensor],
    optimizer: torch.optim.Optimizer,
    identity: str,
) -> int:
    """Load an unfinished run of the same identity; return the step to go on with."""
    if state_file is None or not state_file.exists():
        return 0
    metadata = _metadata(state_file)
    if metadata.get("identity") != identity:
        logger.info("%s is of another training: starting afresh", state_file)
        return 0
    tensors = load_file(state_file)
    state: dict[int, dict[str, Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer."):
            _, index, moment = key.split(".", 2)
            state.setdefault(int(index), {})[moment] = value
    network.load_state_dict(
        {
            key.removeprefix("network."): v
            for key, v in tensors.items()
            if key.startswith("network.")
        }
    )
    for key, value in average.items():
        value.copy_(tensors[f"average.{key}"])
    optimizer.load_state_dict(
        {"state": state, "param_groups": optimizer.state_dict()["param_groups"]}
    )
    return int(metadata["step"])


def _identity(config: TrainConfig, network: nn.Module) -> str:
    """List the settings that must agree for a run to go on; workers may come and go."""
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    return f"{asdict(replace(config, n_workers=0))}, {shapes}"


def _metadata(state_file: Path) -> dict[str, str]:
    with safe_open(state_file, framework="pt") as opened:
        return dict(opened.metadata() or {})
