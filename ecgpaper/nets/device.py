"""Where a network runs, and how its weights lie there.

Public: `best_device`, `channels_last`.
"""

from __future__ import annotations

from typing import TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)


def best_device() -> torch.device:
    """Return the GPU when there is one, else the CPU."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def channels_last(network: Network) -> Network:
    """Lay a network's weights out with the channels innermost, as convolutions like it best."""
    return network.to(memory_format=torch.channels_last)  # type: ignore[call-overload, no-any-return]
