"""An ensemble: residual networks, kernel regressions on known records, and a table of heart rates.

Public: `EnsembleConfig`, `SignalEnsemble`, `LaplacianKernel`, `KINDS`, `N_TERMS`.

A convolutional network learns its own features. A kernel regression compares an item with stored
ones, by its shape, some features and its measures. Both are about as good, and err on other items.
Classes that have a sharp limit of the heart rate are told best by the table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor, nn

from ecgpaper.nets.resnet1d import ResNet1d, ResNet1dConfig
from ecgpaper.nets.stored.config import NetworkConfig, Range, Repeats

KINDS = ("shapes", "features", "measures")
# Of the networks, of likeness of each kind, and of the rate.
N_TERMS = 2 + len(KINDS)
# Values are compressed as log(1 + |value| / 4), sign kept: tall waves should not drown low ones.
_COMPRESSION = 0.25
# How near is alike, as a share of the distance that items have, for each kind.
_WIDTHS = (1.0, 0.5, 0.5)


@dataclass(frozen=True)
class EnsembleConfig(NetworkConfig):
    """Shape of a `SignalEnsemble`, but for the features that items are compared in, and rates.

    Parameters
    ----------
    network : ResNet1dConfig
    n_members : int
    n_stored : int
        Items that others are compared with; 0 for none.
    """

    network: ResNet1dConfig
    n_members: Repeats
    n_stored: Annotated[int, Range(0, 100_000)]


class LaplacianKernel(nn.Module):
    """How much items resemble stored ones: a Laplacian kernel of what both show.

    Distances are sums of absolute differences: one value that is far off makes two items no more
    unlike than many that are a little off.

    Parameters
    ----------
    n_stored : int
    n_values : int
        Of each item.
    width : float
        Distance at which the kernel falls to 1 / e, in units of the stored items' mean distance
        from each other.

    Attributes
    ----------
    stored : Tensor of shape (n_stored, n_values)
    radius : Tensor of shape ()
        The width in units of the values, per value.
    """

    stored: Tensor
    radius: Tensor

    def __init__(self, n_stored: int, n_values: int, width: float) -> None:
        super().__init__()
        self.width = width
        self.register_buffer("stored", torch.zeros(n_stored, n_values))
        self.register_buffer("radius", torch.ones(()))

    def store(self, values: Tensor) -> None:
        """Keep items, of shape (n_stored, n_values), to compare others with."""
        self.stored.copy_(values)
        distance = torch.cdist(values, values, p=1).mean() / values.shape[1]
        self.radius.copy_(self.width * distance.clamp(min=1e-3))

    def forward(self, values: Tensor, seen: Tensor) -> Tensor:
        """Compare items with those stored.

        Parameters
        ----------
        values : Tensor of shape (n_items, n_values)
            0 where missing.
        seen : Tensor of shape (n_items, n_values)
            1 where a value is known, 0 where it is missing.

        Returns
        -------
        Tensor of shape (n_items, n_stored)
            1 where they are equal in all that is seen; 0 where nothing is seen.
        """
        n_seen = seen.sum(dim=1, keepdim=True)
        # Missing values are 0 and so as far from the stored ones as these are high.
        of_missing = (1 - seen) @ self.stored.abs().T
        distance = torch.cdist(values, self.stored, p=1) - of_missing
        per_value = distance.clamp(min=0) / n_seen.clamp(min=1)
        return torch.exp(-per_value / self.radius) * n_seen / seen.shape[1]


class SignalEnsemble(nn.Module):
    """Residual networks, three regressions on likeness, and what the rate says, weighed per class.

    Parameters
    ----------
    config : ResNet1dConfig
    n_members : int
    n_stored : int
        Items that others are compared with; 0 for none.
    n_values : sequence of int
        Of an item of each of `KINDS`.
    n_rates : int
        Steps of the heart rate.

    Attributes
    ----------
    networks : ModuleList of ResNet1d
    likeness : ModuleList of LaplacianKernel
        One of each kind.
    coefficients : Tensor of shape (3, n_stored, n_classes)
        What likeness of each kind to each stored item counts.
    by_rate : Tensor of shape (n_rates, n_classes)
        Logits of the classes at each step of the rate.
    weights : Tensor of shape (n_classes, 6)
        What the mean logit of the networks counts, what each regression does, what the rate does,
        and what is added.
    """

    coefficients: Tensor
    by_rate: Tensor
    weights: Tensor

    def __init__(
        self,
        config: ResNet1dConfig,
        n_members: int,
        n_stored: int,
        n_values: Sequence[int],
        n_rates: int,
    ) -> None:
        super().__init__()
        self.networks = nn.ModuleList(ResNet1d(config) for _ in range(n_members))
        self.likeness = nn.ModuleList(
            LaplacianKernel(n_stored, n, width) for n, width in zip(n_values, _WIDTHS, strict=True)
        )
        self.register_buffer("coefficients", torch.zeros(len(KINDS), n_stored, config.n_classes))
        self.register_buffer("by_rate", torch.zeros(n_rates, config.n_classes))
        weights = torch.zeros(config.n_classes, N_TERMS + 1)
        weights[:, 0] = 1
        self.register_buffer("weights", weights)

    @property
    def members(self) -> Sequence[nn.Module]:
        """Each network alone, with all other opinions; called as the ensemble is."""
        return [_Member(self, index) for index in range(len(self.networks))]

    def forward(self, series: Tensor, persons: Tensor, *traits: Tensor) -> Tensor:
        """Classify a batch; shapes as in `ResNet1d.forward` and `opinions`."""
        logits = torch.stack([network(series, persons) for network in self.networks]).mean(dim=0)
        return self.weigh(logits, *traits)

    def weigh(self, logits: Tensor, *traits: Tensor) -> Tensor:
        """Make one logit per item and class of those of networks and of all other opinions."""
        terms = torch.cat([logits[None], self.opinions(*traits), torch.ones_like(logits[None])])
        return torch.einsum("obc,co->bc", terms, self.weights)

    def opinions(self, beats: Tensor, features: Tensor, measures: Tensor, rates: Tensor) -> Tensor:
        """Answer without the networks.

        Parameters
        ----------
        beats, features, measures : Tensor
            As of `compare`.
        rates : Tensor of int64, of shape (n_items,)
            Steps of the heart rate.

        Returns
        -------
        Tensor of shape (4, n_items, n_classes)
        """
        regressed = self.compare(beats, features, measures) @ self.coefficients
        return torch.cat([regressed, self.by_rate[rates][None]])

    def store(self, beats: Tensor, features: Tensor, measures: Tensor) -> None:
        """Keep items to compare others with; shapes as for `compare`."""
        for kind, (values, _) in zip(
            self.likeness, _values(beats, features, measures), strict=True
        ):
            kind.store(values)  # type: ignore[operator]

    def compare(self, beats: Tensor, features: Tensor, measures: Tensor) -> Tensor:
        """Compare items with those stored.

        Parameters
        ----------
        beats : Tensor of shape (n_items, n_channels, n_aligned)
            Values, then as many confidences; a value of confidence 0 is missing.
        features : Tensor of shape (n_items, n_features)
        measures : Tensor of shape (n_items, 2 * n_measures)
            Values, then 1 for those that are known and 0 for the others.

        Returns
        -------
        Tensor of shape (3, n_items, n_stored)
            LaplacianKernel of shapes, of features and of measures.
        """
        pairs = zip(self.likeness, _values(beats, features, measures), strict=True)
        return torch.stack([kind(*values) for kind, values in pairs])


class _Member(nn.Module):
    """One network of an ensemble with all other opinions."""

    def __init__(self, ensemble: SignalEnsemble, index: int) -> None:
        super().__init__()
        self.ensemble, self.index = ensemble, index

    def forward(self, series: Tensor, persons: Tensor, *traits: Tensor) -> Tensor:
        """Classify a batch; shapes as in `SignalEnsemble.forward`."""
        return self.ensemble.weigh(self.ensemble.networks[self.index](series, persons), *traits)


def _values(beats: Tensor, features: Tensor, measures: Tensor) -> list[tuple[Tensor, Tensor]]:
    """Return what items of each kind are compared by, and which of it is seen."""
    known, is_known = measures.chunk(2, dim=1)
    return [_compressed(beats), (features, torch.ones_like(features)), (known, is_known)]


def _compressed(aligned: Tensor) -> tuple[Tensor, Tensor]:
    """Return compressed values, 0 where missing, and which are seen (1), each as rows."""
    values, confidence = aligned.flatten(1).chunk(2, dim=1)
    seen = (confidence > 0).to(values)
    return torch.sign(values) * torch.log1p(_COMPRESSION * values.abs()) * seen, seen
