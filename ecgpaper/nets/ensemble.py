"""Networks of one shape that answer together, calibrated per class.

Public: `SignalEnsemble`.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from ecgpaper.nets.resnet1d import ResNet1d, ResNet1dConfig


class SignalEnsemble(nn.Module):
    """The mean logits of residual networks, each class on a straight line that calibrates it.

    Parameters
    ----------
    config : ResNet1dConfig
    n_members : int

    Attributes
    ----------
    networks : ModuleList of ResNet1d
    slope, shift : Tensor of shape (n_classes,)
        What the mean logits are multiplied with, and what is added then.
    """

    slope: Tensor
    shift: Tensor

    def __init__(self, config: ResNet1dConfig, n_members: int) -> None:
        super().__init__()
        self.networks = nn.ModuleList(ResNet1d(config) for _ in range(n_members))
        self.register_buffer("slope", torch.ones(config.n_classes))
        self.register_buffer("shift", torch.zeros(config.n_classes))

    def forward(self, series: Tensor, features: Tensor) -> Tensor:
        """Classify a batch; shapes as in `ResNet1d.forward`."""
        logits = torch.stack([network(series, features) for network in self.networks])
        return self.calibrated(logits.mean(dim=0))

    def calibrated(self, logits: Tensor) -> Tensor:
        """Make logits of a member, or of several, mean how often a class occurs."""
        return self.slope * logits + self.shift

    @property
    def members(self) -> Sequence[nn.Module]:
        """Each network alone, calibrated; called as the ensemble is."""
        return [_Member(self, index) for index in range(len(self.networks))]


class _Member(nn.Module):
    """One network of an ensemble."""

    def __init__(self, ensemble: SignalEnsemble, index: int) -> None:
        super().__init__()
        self.ensemble, self.index = ensemble, index

    def forward(self, series: Tensor, features: Tensor) -> Tensor:
        """Classify a batch; shapes as in `SignalEnsemble.forward`."""
        network = self.ensemble.networks[self.index]
        return self.ensemble.calibrated(network(series, features))
