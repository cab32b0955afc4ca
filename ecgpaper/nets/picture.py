"""Ink of the strips of a page -> series of the leads -> a residual network.

Public: `InkResNetConfig`, `InkResNet`.

Where the ink of a column stands is the voltage at that time: its mean height, over what a small
network takes for the trace and not for print, grid or another row. The series then go through the
same layers as a digitized signal would, and all of it learns together.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, cast

import torch
from torch import Tensor, nn

from ecgpaper.nets.device import full_precision
from ecgpaper.nets.resnet1d import ResNet1d, ResNet1dConfig
from ecgpaper.nets.stored.config import NetworkConfig, Range


@dataclass(frozen=True, slots=True)
class InkShape:
    """What reads the ink: its sizes, which weights depend on, and its bounds."""

    # Columns that decide together which ink is the trace's.
    n_columns: int = 9
    # Channels that describe them.
    n_hidden: int = 32
    # A column with less ink than this, in rows of full ink, shows nothing.
    least_ink: float = 0.1
    # Keeps divisors, and the smallest spread, from 0.
    tiny: float = 1e-3
    # A strip is read in so many parts, of which those without ink are left out.
    n_parts: int = 4
    # What a lead that follows from two others counts beside one that is seen.
    derived: float = 0.5
    # Ink is trusted or not by a factor of no more than this power of e.
    most_trust: float = 8.0


_SHAPE = InkShape()


@dataclass(frozen=True)
class InkResNetConfig(NetworkConfig):
    """Shape of an `InkResNet`.

    Parameters
    ----------
    network : ResNet1dConfig
        Of the series: three channels per lead.
    n_limb : int
        Leads, the first ones, of which two tell the others.
    n_rows : int
        Height of a strip, in pixels.
    unit_per_row : float
        Height of a pixel, in the unit of the series.
    """

    network: ResNet1dConfig
    n_limb: Annotated[int, Range(1, 8)]
    n_rows: Annotated[int, Range(2, 512)]
    unit_per_row: Annotated[float, Range(0.001, 100.0)]


class InkResNet(nn.Module):
    """Pictures of strips in, logits out.

    Attributes
    ----------
    fills : Tensor of shape (2 ** n_limb, n_limb, n_limb)
        For each choice of limb leads that are seen, as bits: all of them as sums of those.
    """

    fills: Tensor
    moments: Tensor

    def __init__(self, config: InkResNetConfig) -> None:
        super().__init__()
        self.config = config
        self.n_leads = config.network.n_channels // 3
        n_limb, n_rows = config.n_limb, config.n_rows
        last = nn.Conv2d(_SHAPE.n_hidden, n_rows, 1)
        # At first all ink counts alike.
        nn.init.zeros_(last.weight)
        nn.init.zeros_(cast("Tensor", last.bias))
        self.trust = nn.Sequential(
            nn.Conv2d(
                n_rows,
                _SHAPE.n_hidden,
                (1, _SHAPE.n_columns),
                padding=(0, _SHAPE.n_columns // 2),
            ),
            nn.SiLU(),
            last,
        )
        heights = (torch.arange(n_rows) - (n_rows - 1) / 2).neg() * config.unit_per_row
        moments = torch.stack([torch.ones(n_rows), heights, heights.square()])
        self.register_buffer("moments", moments, persistent=False)
        bits = torch.arange(2**n_limb).unsqueeze(1) >> torch.arange(n_limb) & 1
        self.register_buffer("fills", torch.diag_embed(bits.float()))
        self.network = ResNet1d(config.network)

    def forward(self, pictures: Tensor) -> Tensor:
        """Classify a batch.

        Parameters
        ----------
        pictures : Tensor of shape (n_items, 1, n_leads * n_rows, n_columns)
            Ink, from 0 to 1, of the strip of each lead in turn.

        Returns
        -------
        Tensor of shape (n_items, n_classes)
            Logits.
        """
        series = self.read(pictures)
        nobody = series.new_zeros(len(series), self.config.network.n_features)
        logits: Tensor = self.network(series, nobody)
        return logits

    def rescale_logits(self, slope: float, shift: Sequence[float]) -> None:
        """Multiply all logits with `slope` and add to each class's its `shift`."""
        head = self.network.head
        with torch.no_grad():
            head.weight.mul_(slope)
            head.bias.mul_(slope).add_(torch.tensor(shift, device=head.bias.device))

    def read(self, pictures: Tensor) -> Tensor:
        """Return heights of the traces, how much is seen, and how tall their ink is.

        Returns
        -------
        Tensor of shape (n_items, 3 * n_leads, n_columns)
        """
        n_items, _, _, n_columns = pictures.shape
        ink = pictures.reshape(
            n_items, self.n_leads, self.config.n_rows, -1, n_columns // _SHAPE.n_parts
        )
        parts = ink.transpose(2, 3).flatten(0, 2)
        total = parts.sum(dim=1)
        drawn = torch.nonzero(total.amax(dim=1) > _SHAPE.least_ink).squeeze(1)
        found = torch.zeros(2, *total.shape, dtype=pictures.dtype, device=pictures.device)
        trusted = self._trusted(parts[drawn])
        with full_precision(pictures.device):
            found[:, drawn] = torch.stack(self._heights_of(trusted))
            values, tall = found.reshape(2, n_items, self.n_leads, n_columns)
            seen = total.reshape(values.shape) > _SHAPE.least_ink
            values, confidence = self._filled(_centered(values, seen), seen)
            return torch.cat([values, confidence, tall * seen], dim=1)

    def _trusted(self, ink: Tensor) -> Tensor:
        """Weigh ink by how much it looks like a trace: (n_parts, n_rows, 1, n_columns)."""
        flat = ink.unsqueeze(2).contiguous(memory_format=torch.channels_last)
        trust: Tensor = self.trust(flat).float()
        return flat * trust.clamp(-_SHAPE.most_trust, _SHAPE.most_trust).exp()

    def _heights_of(self, trusted: Tensor) -> tuple[Tensor, Tensor]:
        """Mean height and spread of the ink of each column, of shape (n_parts, n_columns)."""
        # Sums over rows of ink, of its heights and of their squares.
        sums = torch.einsum("pric,kr->kpc", trusted, self.moments)
        mean = sums[1] / (sums[0] + _SHAPE.tiny)
        square = sums[2] / (sums[0] + _SHAPE.tiny)
        return mean, (square - mean.square()).clamp(min=_SHAPE.tiny).sqrt()

    def _filled(self, values: Tensor, seen: Tensor) -> tuple[Tensor, Tensor]:
        """Tell limb leads that are not seen from those that are."""
        n_limb = self.config.n_limb
        powers = 2 ** torch.arange(n_limb, device=seen.device)
        code = torch.einsum("blt,l->bt", seen[:, :n_limb].long(), powers)
        fill = self.fills[code]  # (B, T, n_limb, n_limb)
        limb = torch.einsum("btij,bjt->bit", fill, values[:, :n_limb])
        derived = (fill.abs().sum(dim=3) > 0).transpose(1, 2)
        known = torch.cat([derived, seen[:, n_limb:]], dim=1)
        confidence = torch.where(seen, 1.0, _SHAPE.derived * known)
        return torch.cat([limb, values[:, n_limb:]], dim=1), confidence


def _centered(values: Tensor, seen: Tensor) -> Tensor:
    """Measure each lead from the median of what is seen of it; 0 elsewhere."""
    known = torch.where(seen, values, torch.nan)
    middle = known.nanmedian(dim=2, keepdim=True).values.nan_to_num()
    return torch.where(seen, values - middle, 0.0)
