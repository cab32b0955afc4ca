"""The segmenter: what each pixel of a page shows.

Public: `SegmentNet`.
"""

from __future__ import annotations

from torch import Tensor, nn

from ecgpaper.nets.unet import UNet, UNetConfig


class SegmentNet(UNet):
    """Pixel classes: (B, n_inputs, H, W) -> logits (B, n_outputs, H, W)."""

    def __init__(self, config: UNetConfig) -> None:
        super().__init__(config)
        self.head = nn.Conv2d(config.widths[0], 4 * config.n_outputs, 1)
        self.unfold = nn.PixelShuffle(2)

    def forward(self, image: Tensor) -> Tensor:
        """Return the logits of each pixel."""
        logits: Tensor = self.unfold(self.head(self.body(image)))
        return logits
