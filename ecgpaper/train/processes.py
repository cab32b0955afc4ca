"""Processes that train one network together, as torchrun starts them; one process is the rule.

Public: `joined`, `rank`, `n_processes`, `from_first`, `wait_for_all`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TypeVar

import torch
from torch import distributed

T = TypeVar("T")

# How long others wait for the first, which digitizes pages alone.
_PATIENCE = timedelta(days=2)


@contextmanager
def joined() -> Iterator[None]:
    """Join the processes that torchrun has started, if it has."""
    if not distributed.is_torchelastic_launched():
        yield
        return
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
    distributed.init_process_group(
        "nccl" if torch.cuda.is_available() else "gloo", timeout=_PATIENCE
    )
    try:
        yield
    finally:
        distributed.destroy_process_group()


def n_processes() -> int:
    """Return how many processes train together."""
    return distributed.get_world_size() if distributed.is_initialized() else 1


def rank() -> int:
    """Return the number of this process; the first, 0, writes what is written."""
    return distributed.get_rank() if distributed.is_initialized() else 0


def from_first(value: T) -> T:
    """Return what the first process says; all say something, and wait for it."""
    if n_processes() == 1:
        return value
    said = [value]
    distributed.broadcast_object_list(said, src=0)
    return said[0]


def wait_for_all() -> None:
    """Wait until all processes are here."""
    if n_processes() > 1:
        distributed.barrier()
