"""Batches made ahead of the network, by other processes.

Public: `ahead`, `Made`, `n_cores`, `usual_workers`.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeVar

import torch
from joblib import cpu_count
from torch.utils.data import DataLoader, Dataset

from ecgpaper.runtime.workers import end_with

T = TypeVar("T")

# With more processes the network no longer waits for them.
_MOST_WORKERS = 15


def n_cores() -> int:
    """Return how many cores this process may use, by its affinity and its container's limits."""
    return int(cpu_count())


def usual_workers() -> int:
    """Return how many processes prepare batches: all cores but one beside a GPU, else half."""
    spare = n_cores() - 1 if torch.cuda.is_available() else n_cores() // 2
    return min(_MOST_WORKERS, max(1, spare))


class Made(NamedTuple):
    """A batch, and how long it took to make it."""

    batch: Any
    seconds: float


class _Steps(Dataset[Any]):
    """The batches of a run, by step."""

    def __init__(self, make_batch: Callable[[int], Any]) -> None:
        self.make_batch = make_batch

    def __getitem__(self, step: int) -> Made:
        begun_s = time.monotonic()
        return Made(self.make_batch(step), time.monotonic() - begun_s)


def ahead(make: Callable[[int], Any], steps: range, n_workers: int) -> Iterable[Made]:
    """Make batches in order, in processes that run ahead of whoever takes them.

    Batches travel as they are, not as tensors, so that containers with little shared memory do.
    """
    return DataLoader(
        _Steps(make),
        batch_size=None,
        sampler=steps,
        num_workers=n_workers,
        collate_fn=_as_it_is,
        worker_init_fn=_begin_worker,
    )


def _as_it_is(batch: T) -> T:
    return batch


def _begin_worker(_worker: int) -> None:
    """Use one thread, and end when the parent does."""
    torch.set_num_threads(1)
    parent = multiprocessing.parent_process()
    if parent is not None and parent.pid is not None:
        end_with(parent.pid)
