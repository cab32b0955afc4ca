"""A residual network with squeeze and excitation for series of many channels.

Public: `ResNet1dConfig`, `ResNet1d`.

Shortcuts that halve the length average before they project (ResNet-D), so that no sample is
thrown away unseen.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from ecgpaper.nets.config import Count, NetworkConfig, Repeats, Share, Size, Sizes

_N_EMBEDDED = 32
# Four times as many as the shipped one has.
_MOST_BLOCKS = 16
_N_ALIGNED = 64
_N_MEASURED = 32


@dataclass(frozen=True)
class ResNet1dConfig(NetworkConfig):
    """Shape of a `ResNet1d`.

    Parameters
    ----------
    n_channels : int
        Of the input series.
    n_classes : int
    n_features : int
        Numbers given to the head beside the series.
    n_aligned : int
        Samples of a second, short series, all of whose items are aligned; 0 for none.
    aligned_width : int
        Channels of the stack for the aligned series.
    n_measures : int
        Measures given to the head as well, some of which may be unknown.
    widths : tuple of int
        Channels of the stages; each stage halves the length.
    n_blocks : int
        Residual blocks per stage.
    stem_kernel, kernel : int, odd
        Samples that a convolution of the stem, of a block, spans.
    dropout : float
        Share of the pooled channels that the head does not see while training.
    """

    n_channels: Size
    n_classes: Size
    n_features: Count = 0
    n_aligned: Count = 0
    aligned_width: Size = 48
    n_measures: Count = 0
    widths: Sizes = (32, 48, 64, 96)
    n_blocks: Repeats = 1
    stem_kernel: Size = 15
    kernel: Size = 7
    dropout: Share = 0.2

    def __post_init__(self) -> None:
        """Refuse kernels without a middle, and a network too deep to be built in passing."""
        super().__post_init__()
        if len(self.widths) * self.n_blocks > _MOST_BLOCKS:
            raise ValueError(
                f"{len(self.widths)} stages of {self.n_blocks} blocks are more than the "
                f"{_MOST_BLOCKS} blocks there may be"
            )
        if self.stem_kernel % 2 == 0 or self.kernel % 2 == 0:
            raise ValueError(f"kernels must be odd; got {self.stem_kernel} and {self.kernel}")


class ResNet1d(nn.Module):
    """Series and features in, one logit per class out."""

    def __init__(self, config: ResNet1dConfig) -> None:
        super().__init__()
        self.config = config
        width = config.widths[0]
        self.stem = nn.Sequential(
            nn.Conv1d(
                config.n_channels,
                width,
                config.stem_kernel,
                stride=2,
                padding=config.stem_kernel // 2,
                bias=False,
            ),
            nn.BatchNorm1d(width),
            nn.SiLU(),
        )
        blocks: list[nn.Module] = []
        for next_width in config.widths:
            for index in range(config.n_blocks):
                stride = 2 if index == 0 else 1
                blocks.append(_Block(width, next_width, config.kernel, stride))
                width = next_width
        self.blocks = nn.Sequential(*blocks)
        self.aligned = _AlignedStack(config) if config.n_aligned else None
        self.dropout = nn.Dropout(config.dropout)
        # Bent, so that the head can see bands of a feature, such as of the rate.
        n_embedded = _N_EMBEDDED if config.n_features else 0
        self.embed: nn.Module = nn.Identity()
        if config.n_features:
            self.embed = nn.Sequential(nn.Linear(config.n_features, n_embedded), nn.SiLU())
        n_aligned = _N_ALIGNED if config.n_aligned else 0
        n_measured = _N_MEASURED if config.n_measures else 0
        self.measured: nn.Module = nn.Identity()
        if config.n_measures:
            self.measured = nn.Sequential(
                nn.Dropout(config.dropout), nn.Linear(2 * config.n_measures, n_measured), nn.SiLU()
            )
        self.n_summary = 2 * width + n_aligned + n_embedded + n_measured
        self.head = nn.Linear(self.n_summary, config.n_classes)

    def forward(
        self, series: Tensor, aligned: Tensor, features: Tensor, measures: Tensor
    ) -> Tensor:
        """Classify a batch; shapes as in `summarize`.

        Returns
        -------
        Tensor of shape (n_items, n_classes)
            Logits.
        """
        logits: Tensor = self.head(self.summarize(series, aligned, features, measures))
        return logits

    def summarize(
        self, series: Tensor, aligned: Tensor, features: Tensor, measures: Tensor
    ) -> Tensor:
        """Say of a batch all that the head needs to know, and other heads may learn from.

        Parameters
        ----------
        series : Tensor of shape (n_items, n_channels, n_samples)
        aligned : Tensor of shape (n_items, n_channels, n_aligned)
        features : Tensor of shape (n_items, n_features)
        measures : Tensor of shape (n_items, 2 * n_measures)
            Values, then 1 for those that are known and 0 for the others.

        Returns
        -------
        Tensor of shape (n_items, n_summary)
        """
        maps = self.blocks(self.stem(series))  # (B, C, L)
        pooled = torch.cat([maps.mean(dim=2), maps.amax(dim=2)], dim=1)
        parts = [self.dropout(pooled), self.embed(features)]
        if self.aligned is not None:
            parts.append(self.dropout(self.aligned(aligned)))
        if self.config.n_measures:
            parts.append(self.dropout(self.measured(measures)))
        return torch.cat(parts, dim=1)


class _AlignedStack(nn.Module):
    """Convolutions over a series whose every sample has its own meaning: nothing is pooled."""

    def __init__(self, config: ResNet1dConfig) -> None:
        super().__init__()
        width = config.aligned_width
        self.maps = nn.Sequential(
            nn.Conv1d(config.n_channels, width, 5, stride=2, padding=2, bias=False),
            nn.BatchNorm1d(width),
            nn.SiLU(),
            _Block(width, width, 5, 2),
            _Block(width, width, 5, 2),
        )
        length = -(-config.n_aligned // 8)
        self.summary = nn.Sequential(
            nn.Flatten(),
            nn.Dropout(config.dropout),
            nn.Linear(width * length, _N_ALIGNED),
            nn.SiLU(),
        )

    def forward(self, aligned: Tensor) -> Tensor:
        """Return a summary of shape (n_items, 64)."""
        summary: Tensor = self.summary(self.maps(aligned))
        return summary


class _Block(nn.Module):
    """Two convolutions, squeeze and excitation, and a shortcut around them."""

    def __init__(self, n_in: int, n_out: int, kernel: int, stride: int) -> None:
        super().__init__()
        self.convolve = nn.Sequential(
            nn.Conv1d(n_in, n_out, kernel, stride=stride, padding=kernel // 2, bias=False),
            nn.BatchNorm1d(n_out),
            nn.SiLU(),
            nn.Conv1d(n_out, n_out, kernel, padding=kernel // 2, bias=False),
            nn.BatchNorm1d(n_out),
        )
        n_squeezed = max(8, n_out // 8)
        self.excite = nn.Sequential(
            nn.Linear(n_out, n_squeezed), nn.SiLU(), nn.Linear(n_squeezed, n_out), nn.Sigmoid()
        )
        shortcut: list[nn.Module] = []
        if stride > 1:
            # Rounds up like the strided convolution, and averages only what is there.
            shortcut.append(nn.AvgPool1d(stride, ceil_mode=True, count_include_pad=False))
        if n_in != n_out:
            shortcut += [nn.Conv1d(n_in, n_out, 1, bias=False), nn.BatchNorm1d(n_out)]
        self.shortcut = nn.Sequential(*shortcut)
        self.activate = nn.SiLU()

    def forward(self, maps: Tensor) -> Tensor:
        """Return maps of shape (n_items, n_out, ceil(n_samples / stride))."""
        found = self.convolve(maps)
        weights = self.excite(found.mean(dim=2)).unsqueeze(2)
        activated: Tensor = self.activate(found * weights + self.shortcut(maps))
        return activated
