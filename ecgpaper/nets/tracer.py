"""The tracer: how high the curve of a strip runs, from column to column.

Public: `StripNet`, `heights_from_logits`, `DECODE_HALF_ROWS`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from ecgpaper.nets.unet import UNet, UNetConfig

# Height is decoded as the mean of the probabilities this many rows around the most probable one.
DECODE_HALF_ROWS = 20
# A column of features is pooled in this many ways.
_N_POOLED = 3


class StripNet(UNet):
    """The height of one trace: where, per sub-column, the curve runs.

    (B, n_inputs, H, W) -> row logits (B, W / 2 * n_outputs, H) and presence logits
    (B, W / 2 * n_outputs). Each pair of image columns gives `n_outputs` sub-columns, evenly spaced.
    """

    n_pooled: ClassVar[Mapping[str, int]] = {"presence.0.weight": _N_POOLED}

    def __init__(self, config: UNetConfig) -> None:
        super().__init__(config)
        self.n_outputs = config.n_outputs
        self.rows = nn.Conv2d(config.widths[0], 2 * config.n_outputs, 1)
        self.presence = nn.Sequential(
            nn.Conv1d(_N_POOLED * config.widths[0], 2 * config.widths[0], 5, padding=2),
            nn.ReLU(inplace=True),
            nn.Conv1d(2 * config.widths[0], config.n_outputs, 5, padding=2),
        )

    def forward(self, strip: Tensor) -> tuple[Tensor, Tensor]:
        """Return row logits and presence logits."""
        features = self.body(strip)
        n_batch, _, n_rows, n_columns = features.shape
        rows = self.rows(features).view(n_batch, self.n_outputs, 2, n_rows, n_columns)
        # (B, sub, 2, H/2, W/2) -> (B, W/2, sub, H/2, 2) -> (B, W/2 * sub, H)
        logits = rows.permute(0, 4, 1, 3, 2).reshape(n_batch, -1, 2 * n_rows)
        # What is seen where the trace would run says most about whether it is there.
        attention = rows.float().mean(dim=(1, 2)).softmax(dim=1)[:, None]
        # Pooled: the same as `sum`, `mean` and `amax`, some times as fast on a CPU.
        column = (n_rows, 1)
        at_trace = functional.avg_pool2d(features * attention, column)[:, :, 0] * n_rows
        mean = functional.avg_pool2d(features, column)[:, :, 0]
        highest = functional.max_pool2d(features, column)[:, :, 0]
        pooled = torch.cat([at_trace, mean, highest], dim=1)
        presence = self.presence(pooled).transpose(1, 2).reshape(n_batch, -1)
        return logits, presence


def heights_from_logits(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Decode row logits: the mean row near the most probable one, and the mass found there.

    Parameters
    ----------
    logits : Tensor of shape (..., n_rows)

    Returns
    -------
    row : Tensor of shape (...,)
        In rows, sub-row accurate; differentiable.
    mass : Tensor of shape (...,)
        Share of the probability in the window, in [0, 1].
    """
    probability = logits.softmax(dim=-1)
    index = torch.arange(logits.shape[-1], device=logits.device, dtype=logits.dtype)
    peak = logits.argmax(dim=-1, keepdim=True)
    window = probability * ((index - peak).abs() <= DECODE_HALF_ROWS)
    mass = window.sum(dim=-1)
    return (window * index).sum(dim=-1) / mass, mass
