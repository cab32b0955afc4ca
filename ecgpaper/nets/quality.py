"""A small network that predicts how many dB a lead was read with.

Public: `QualityConfig`, `QualityNet`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from ecgpaper.nets.stored.config import NetworkConfig, Size


@dataclass(frozen=True)
class QualityConfig(NetworkConfig):
    """Sizes of the network.

    Parameters
    ----------
    n_features : int
        Pieces of evidence per lead.
    n_hidden : int
    """

    n_features: Size
    n_hidden: Size = 16


class QualityNet(nn.Module):
    """Evidence (B, n_features) -> predicted SNR in dB (B,).

    Fresh, it knows nothing and says so: the same for every lead.
    """

    config_class: ClassVar[type[QualityConfig]] = QualityConfig
    # What a lead is worth as long as nothing was learned, in dB.
    UNKNOWN_DB = 10.0
    SPREAD_DB = 10.0

    mean: Tensor
    spread: Tensor

    def __init__(self, config: QualityConfig) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(config.n_features))
        self.register_buffer("spread", torch.ones(config.n_features))
        self.direct = nn.Linear(config.n_features, 1)
        self.hidden = nn.Linear(config.n_features, config.n_hidden)
        self.bent = nn.Linear(config.n_hidden, 1, bias=False)
        for layer in (self.direct, self.bent):
            nn.init.zeros_(layer.weight)
        nn.init.zeros_(self.direct.bias)

    def standardize(self, evidence: Tensor) -> None:
        """Take mean and spread of each feature from examples (n, n_features)."""
        self.mean.copy_(evidence.mean(dim=0))
        self.spread.copy_(evidence.std(dim=0).clamp(min=1e-3))

    def forward(self, evidence: Tensor) -> Tensor:
        """Return the predicted SNR."""
        values = ((evidence - self.mean) / self.spread).clamp(-4, 4)
        raised = self.direct(values) + self.bent(torch.tanh(self.hidden(values)))
        found: Tensor = self.UNKNOWN_DB + self.SPREAD_DB * raised[:, 0]
        return found
