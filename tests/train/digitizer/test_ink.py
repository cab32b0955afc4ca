"""A tracer that follows dark ink, and a segmenter that marks it, from the start."""

import numpy as np
import torch

from ecgpaper.digitize.curves.strip import STRIP_PX_PER_MM, strip_tensor, sub_columns_px
from ecgpaper.nets.segmenter import SegmentNet
from ecgpaper.nets.tracer import StripNet, heights_from_logits
from ecgpaper.nets.unet import UNetConfig
from ecgpaper.page.raster import PIXEL_CLASSES
from ecgpaper.train.digitizer.ink import follow_ink, mark_ink

PINK = (240, 190, 190)


def strip_with_curve(height_px=384, width_px=192):
    """Draw a curve on paper with a pink grid; return the strip and the curve's rows."""
    columns = sub_columns_px(width_px)
    rows = height_px / 2 + 40 * np.sin(columns / 9)
    image = np.full((height_px, width_px, 3), 250, np.uint8)
    step = round(STRIP_PX_PER_MM)
    image[::step] = image[:, ::step] = PINK
    distance = np.abs(np.arange(height_px)[:, None] - np.interp(np.arange(width_px), columns, rows))
    image[distance < 2] = 30
    return strip_tensor(image), rows


def test_fresh_tracer_follows_ink_and_not_the_grid():
    torch.manual_seed(0)
    network = follow_ink(StripNet(UNetConfig(n_inputs=4, widths=(16, 24, 32), n_outputs=5)))
    strip, rows = strip_with_curve()
    with torch.inference_mode():
        logits, presence = network(torch.from_numpy(strip)[None])
    found, _ = heights_from_logits(logits[0])
    assert np.median(np.abs(found.numpy() - rows)) < 0.1 * STRIP_PX_PER_MM
    assert presence.min() > 0


def test_fresh_segmenter_tells_ink_from_a_pink_grid():
    torch.manual_seed(0)
    network = mark_ink(SegmentNet(UNetConfig(3, (16, 24), len(PIXEL_CLASSES))))
    strip, rows = strip_with_curve()
    with torch.inference_mode():
        logits = network(torch.from_numpy(strip[:3])[None])[0]
    found = logits.argmax(dim=0).numpy()
    columns = np.arange(found.shape[1])
    curve = np.round(np.interp(columns, sub_columns_px(found.shape[1]), rows)).astype(int)
    assert np.mean(found[curve, columns] == PIXEL_CLASSES.index("ink")) > 0.9
    away = np.abs(np.arange(len(found))[:, None] - curve) > 6
    assert np.mean(found[away] == PIXEL_CLASSES.index("ink")) < 0.01
