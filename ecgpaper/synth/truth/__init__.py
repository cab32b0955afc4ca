"""Truth about a picture, in memory and in files beside the picture."""

from ecgpaper.synth.truth.masks import MASKS, draw_maps, draw_masks
from ecgpaper.synth.truth.picture import Origin, PictureTruth, picture_truth
from ecgpaper.synth.truth.truth_file import TRUTH_LEVELS, encode_truth, read_truth

__all__ = [
    "MASKS",
    "TRUTH_LEVELS",
    "Origin",
    "PictureTruth",
    "draw_maps",
    "draw_masks",
    "encode_truth",
    "picture_truth",
    "read_truth",
]
