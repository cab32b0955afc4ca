"""One training loop for all networks: AdamW, one-cycle cosine, moving average of the weights.

Public: `TrainConfig`, `fit`.

A network learns for so many steps, or until its time is over. The loop is resumable: it writes its
whole state every minute and a second call with the same configuration goes on where the first was
interrupted. Where torchrun has started several processes (see `processes`), each makes its own
batches and all take each step together: the batch is as many times larger.
"""

from __future__ import annotations

import logging
import math
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import torch
from safetensors import safe_open
from safetensors.torch import load_file
from safetensors.torch import save as tensors_as_bytes
from torch import Tensor, nn
from torch.nn.parallel import DistributedDataParallel
from tqdm import tqdm

from ecgpaper.nets.device import fast_precision, full_speed
from ecgpaper.runtime.files import write_whole
from ecgpaper.train.ahead import Made, ahead, n_cores, usual_workers
from ecgpaper.train.processes import from_first, n_processes, rank, wait_for_all
from ecgpaper.train.span import MANY_STEPS, Meter, Span

logger = logging.getLogger(__name__)

Batch = TypeVar("Batch")
SAVE_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class LoopLimits:
    """When the loop speaks, warms up and takes idle cores."""

    # The log says how far a network is after this time,
    tell_every_s: float = 30.0
    # and after this number of steps.
    tell_every_steps: int = 100
    # Share of a span in which the learning rate rises.
    warm_up: float = 0.1
    # After this number of steps it is known whether the processes that prepare batches are idle:
    steps_to_judge: int = 10
    # they are if they are busy for less than this share of the time.
    most_idle_busy: float = 0.5


_LIMITS = LoopLimits()


@dataclass(frozen=True)
class TrainConfig:
    """How long and how fast a network learns.

    Parameters
    ----------
    span : Span
    peak_rate : float
        Learning rate at the end of the warm-up, which takes a tenth of the span.
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

    span: Span
    peak_rate: float = 2e-3
    weight_decay: float = 1e-3
    average: float = 0.995
    gradient_norm: float = 1.0
    n_workers: int = field(default_factory=usual_workers)
    task: str = ""

    def rate(self, phase: float) -> float:
        """Learning rate at a phase of the span: linear warm-up, then a cosine to a hundredth."""
        if phase < _LIMITS.warm_up:
            return self.peak_rate * phase / _LIMITS.warm_up
        cooling = (phase - _LIMITS.warm_up) / (1 - _LIMITS.warm_up)
        return self.peak_rate * (0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * cooling)))


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
    learner = _Learner(network, config, name, state_file)
    with full_speed(next(network.parameters()).device, n_cores() - config.n_workers):
        learner.learn(make_batch, loss_of)
    network.load_state_dict(learner.average)
    wait_for_all()
    if state_file is not None and rank() == 0:
        state_file.unlink(missing_ok=True)
    return network.eval()


class _Learner:
    """A network on its way, and what has to be kept of it to go on."""

    def __init__(
        self, network: nn.Module, config: TrainConfig, name: str, state_file: Path | None
    ) -> None:
        self.network, self.config, self.name, self.state_file = network, config, name, state_file
        self.optimizer = torch.optim.AdamW(
            network.parameters(), lr=config.peak_rate, weight_decay=config.weight_decay
        )
        self.average = {key: value.detach().clone() for key, value in network.state_dict().items()}
        self.identity = _identity(config, network)
        self.step, self.earlier_s = self._restored()
        self.begun_s = self.kept_s = self.told_s = time.monotonic()
        self.loss, self.n_own = math.nan, 0

    @property
    def spent_s(self) -> float:
        """Time that it has learned, that of an interrupted run included."""
        return self.earlier_s + time.monotonic() - self.begun_s

    def learn(
        self, make_batch: Callable[[int], Batch], loss_of: Callable[[nn.Module, Batch], Tensor]
    ) -> None:
        """Take steps until the span is over."""
        span = self.config.span
        device = next(self.network.parameters()).device
        self.network.train()
        # All processes see the same network; one that is alone sees it as it is.
        shown = DistributedDataParallel(self.network) if n_processes() > 1 else self.network
        own = range(self.step * n_processes() + rank(), span.n_steps * n_processes(), n_processes())
        batches = ahead(make_batch, own, self.config.n_workers)
        spent_s = from_first(self.spent_s)
        with tqdm(desc=self.name, total=100, unit="%", disable=not sys.stderr.isatty()) as bar:
            for batch, made_s in _waited_for(batches, span.meter):
                for group in self.optimizer.param_groups:
                    group["lr"] = self.config.rate(span.phase(self.step + 1, spent_s))
                with fast_precision(device):
                    loss = loss_of(shown, batch)
                self._descend(loss)
                self._note(made_s)
                spent_s = from_first(self.spent_s)
                phase = span.phase(self.step, spent_s)
                bar.update(int(100 * phase) - bar.n)
                if phase >= 1:
                    break

    def _descend(self, loss: Tensor) -> None:
        self.optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(self.network.parameters(), self.config.gradient_norm)
        self.optimizer.step()
        decay = min(self.config.average, (1 + self.step) / (10 + self.step))
        _update_average(self.average, self.network, decay)
        value = float(loss.detach())
        self.loss = value if math.isnan(self.loss) else 0.98 * self.loss + 0.02 * value
        self.step += 1

    def _note(self, made_s: float) -> None:
        """Fill in the meter, tell the log and keep the state, each in its time."""
        span, now_s = self.config.span, time.monotonic()
        meter = span.meter
        meter.n_steps, meter.seconds = self.step, self.spent_s
        meter.made_s += (made_s - meter.made_s) / min(self.step, _LIMITS.tell_every_steps)
        meter.beat()
        self.n_own += 1
        if self.n_own == _LIMITS.steps_to_judge and span.seconds < math.inf:
            self._take_idle_cores()
        if self.step % _LIMITS.tell_every_steps == 1 or now_s - self.told_s > _LIMITS.tell_every_s:
            self.told_s = now_s
            logger.info("%s: step %d, loss %.4f, %s", self.name, self.step, self.loss, self._left())
        if now_s - self.kept_s > SAVE_EVERY_S and rank() == 0:
            self._keep()
            self.kept_s = time.monotonic()

    def _take_idle_cores(self) -> None:
        """Use all cores where those that prepare batches are idle most of the time.

        Not where steps are stated: sums depend on the number of threads in their last bits.
        """
        is_on_cpu = next(self.network.parameters()).device.type == "cpu"
        step_s = (time.monotonic() - self.begun_s) / self.n_own
        busy = self.config.span.meter.made_s / (step_s * max(1, self.config.n_workers))
        if is_on_cpu and busy < _LIMITS.most_idle_busy:
            torch.set_num_threads(n_cores())

    def _left(self) -> str:
        span = self.config.span
        steps = [f"{span.n_steps - self.step} steps"] if span.n_steps < MANY_STEPS else []
        times = (
            [f"{max(0.0, span.seconds - self.spent_s):.0f} s"] if span.seconds < math.inf else []
        )
        return f"{' and '.join(steps + times)} left at most"

    def _keep(self) -> None:
        if self.state_file is None:
            return
        tensors = {f"network.{key}": value for key, value in self.network.state_dict().items()}
        tensors |= {f"average.{key}": value for key, value in self.average.items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{key}": value for key, value in state.items()}
        plain = {key: value.detach().cpu().contiguous().clone() for key, value in tensors.items()}
        metadata = {"step": str(self.step), "identity": self.identity}
        metadata["spent_s"] = f"{self.spent_s:.3f}"
        write_whole(self.state_file, tensors_as_bytes(plain, metadata=metadata))

    def _restored(self) -> tuple[int, float]:
        """Load an unfinished run of the same identity; return its steps and seconds."""
        state_file = self.state_file
        if state_file is None or not state_file.exists():
            return 0, 0.0
        metadata = _metadata(state_file)
        if metadata.get("identity") != self.identity:
            logger.info("%s is of another training: starting afresh", state_file)
            return 0, 0.0
        tensors = load_file(state_file)
        self.network.load_state_dict(_part(tensors, "network."))
        for key, value in _part(tensors, "average.").items():
            self.average[key].copy_(value)
        state: dict[int, dict[str, Tensor]] = {}
        for key, value in _part(tensors, "optimizer.").items():
            index, moment = key.split(".", 1)
            state.setdefault(int(index), {})[moment] = value
        groups = self.optimizer.state_dict()["param_groups"]
        self.optimizer.load_state_dict({"state": state, "param_groups": groups})
        step, spent_s = int(metadata["step"]), float(metadata["spent_s"])
        logger.info("%s: goes on after step %d and %.0f s", self.name, step, spent_s)
        return step, spent_s


def _part(tensors: dict[str, Tensor], prefix: str) -> dict[str, Tensor]:
    """Return the tensors whose names begin with a prefix, by what follows it."""
    return {k.removeprefix(prefix): v for k, v in tensors.items() if k.startswith(prefix)}


def _waited_for(batches: Iterable[Made], meter: Meter) -> Iterator[Made]:
    """Pass batches on and add to the meter how long each was waited for."""
    taken_s = time.monotonic()
    for made in batches:
        meter.waited_s += time.monotonic() - taken_s
        yield made
        taken_s = time.monotonic()


def _update_average(average: dict[str, Tensor], network: nn.Module, decay: float) -> None:
    for key, value in network.state_dict().items():
        if value.is_floating_point():
            average[key].lerp_(value.detach(), 1 - decay)
        else:
            average[key].copy_(value)


def _identity(config: TrainConfig, network: nn.Module) -> str:
    """List the settings that must agree for a run to go on; workers and time may differ."""
    shapes = {name: tuple(value.shape) for name, value in network.state_dict().items()}
    rates = config.peak_rate, config.weight_decay, config.average, config.gradient_norm
    return f"{config.span.n_steps} steps, {rates}, {config.task}, {shapes}"


def _metadata(state_file: Path) -> dict[str, str]:
    with safe_open(state_file, framework="pt") as opened:
        return dict(opened.metadata() or {})
