"""Networks that answer together with what is known of items that look alike.

Public: `EnsembleConfig`, `SignalEnsemble`, `Likeness`, `N_OPINIONS`.

A convolutional network learns what to look at; with a few thousand items to learn from, how far an
item resembles known ones, in its shape, in some features and in what was measured of it, tells as
much and errs elsewhere.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import torch
from torch import Tensor, nn

from ecgpaper.nets.config import NetworkConfig, Range, Repeats
from ecgpaper.nets.resnet1d import ResNet1d, ResNet1dConfig

# Of the networks, and of likeness of shape, of features and of measures.
N_OPINIONS = 4
# Values are compressed as log(1 + |value| / 4), sign kept: tall waves should not drown low ones.
_COMPRESSION = 0.25
# How near is alike, as a share of the distance that items have.
_SHAPE_WIDTH, _FEATURE_WIDTH, _MEASURE_WIDTH = 1.0, 0.5, 0.5


@dataclass(frozen=True)
class EnsembleConfig(NetworkConfig):
    """Shape of a `SignalEnsemble`, but for the features that items are compared in.

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


class Likeness(nn.Module):
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
    """Residual networks and three regressions on likeness, all weighed per class.

    Parameters
    ----------
    config : ResNet1dConfig
    n_members : int
    n_stored : int
        Items that others are compared with; 0 for none.
    n_compared : int
        Features, the first ones, in which items are compared.

    Attributes
    ----------
    networks : ModuleList of ResNet1d
    shapes, features, measures : Likeness
        Of aligned series, of features and of measures.
    coefficients : Tensor of shape (3, n_members + 1, n_stored, n_classes)
        Of the regressions: what resembling a stored item says for a class. The last ones know all
        items and speak beside all networks; the others know what one network knows.
    weights : Tensor of shape (n_classes, 5)
        Of the logit of the networks, of the regressions and of 1 in the logit of a class.
    """

    coefficients: Tensor
    weights: Tensor

    def __init__(
        self,
        config: ResNet1dConfig,
        n_members: int,
        n_stored: int = 0,
        n_compared: int = 0,
    ) -> None:
        super().__init__()
        self.config = config
        self.networks = nn.ModuleList(ResNet1d(config) for _ in range(n_members))
        n_values = config.n_channels // 2 * config.n_aligned
        self.shapes = Likeness(n_stored, n_values, _SHAPE_WIDTH)
        self.features = Likeness(n_stored, n_compared, _FEATURE_WIDTH)
        self.measures = Likeness(n_stored, config.n_measures, _MEASURE_WIDTH)
        shape = (N_OPINIONS - 1, n_members + 1, n_stored, config.n_classes)
        self.register_buffer("coefficients", torch.zeros(shape))
        weights = torch.zeros(config.n_classes, N_OPINIONS + 1)
        weights[:, 0] = 1
        self.register_buffer("weights", weights)

    @property
    def members(self) -> Sequence[nn.Module]:
        """Each network with the regressions that know what it knows; called as the ensemble is."""
        return [_Member(self, index) for index in range(len(self.networks))]

    def forward(
        self, series: Tensor, aligned: Tensor, features: Tensor, measures: Tensor
    ) -> Tensor:
        """Classify a batch; shapes as in `ResNet1d.forward` and `compare`."""
        inputs = series, aligned, features, measures
        logits = torch.stack([network(*inputs) for network in self.networks]).mean(dim=0)
        return self.weigh(logits, self.regress(-1, aligned, features, measures))

    def regress(self, index: int, aligned: Tensor, features: Tensor, measures: Tensor) -> Tensor:
        """Answer by the regressions of an index of `coefficients`: (3, n_items, n_classes)."""
        return self.compare(aligned, features, measures) @ self.coefficients[:, index]

    def weigh(self, logits: Tensor, regressed: Tensor) -> Tensor:
        """Make one logit per item and class of those of networks and of the regressions."""
        terms = torch.cat([logits[None], regressed, torch.ones_like(logits[None])])
        return torch.einsum("obc,co->bc", terms, self.weights)

    def store(self, aligned: Tensor, features: Tensor, measures: Tensor) -> None:
        """Keep items to compare others with; shapes as for `compare`."""
        self.shapes.store(_compressed(aligned)[0])
        self.features.store(features[:, : self.features.stored.shape[1]])
        self.measures.store(measures.chunk(2, dim=1)[0])

    def compare(self, aligned: Tensor, features: Tensor, measures: Tensor) -> Tensor:
        """Compare items with those stored.

        Parameters
        ----------
        aligned : Tensor of shape (n_items, n_channels, n_aligned)
            Values, then as many confidences; a value of confidence 0 is missing.
        features : Tensor of shape (n_items, n_features)
        measures : Tensor of shape (n_items, 2 * n_measures)
            Values, then 1 for those that are known and 0 for the others.

        Returns
        -------
        Tensor of shape (3, n_items, n_stored)
            Likeness of shapes, of features and of measures.
        """
        compared = features[:, : self.features.stored.shape[1]]
        of_features = self.features(compared, torch.ones_like(compared))
        of_measures = self.measures(*measures.chunk(2, dim=1))
        return torch.stack([self.shapes(*_compressed(aligned)), of_features, of_measures])


class _Member(nn.Module):
    """One network of an ensemble with the regressions that know what it knows."""

    def __init__(self, ensemble: SignalEnsemble, index: int) -> None:
        super().__init__()
        self.ensemble, self.index = ensemble, index

    def forward(
        self, series: Tensor, aligned: Tensor, features: Tensor, measures: Tensor
    ) -> Tensor:
        """Classify a batch; shapes as in `SignalEnsemble.forward`."""
        network = self.ensemble.networks[self.index]
        regressed = self.ensemble.regress(self.index, aligned, features, measures)
        return self.ensemble.weigh(network(series, aligned, features, measures), regressed)


def _compressed(aligned: Tensor) -> tuple[Tensor, Tensor]:
    """Return compressed values, 0 where missing, and which are seen (1), each as rows."""
    values, confidence = aligned.flatten(1).chunk(2, dim=1)
    seen = (confidence > 0).to(values)
    return torch.sign(values) * torch.log1p(_COMPRESSION * values.abs()) * seen, seen
