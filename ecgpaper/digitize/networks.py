"""The networks of the digitizer and the names of their files in a model folder.

Public: `SEGMENTER`, `TRACER`, `QUALITY`, `Network`, `load_network`, `load_judge`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from ecgpaper.nets.checkpoint import load_info, load_weights
from ecgpaper.nets.device import best_device, channels_last
from ecgpaper.nets.ends import EndNet
from ecgpaper.nets.quality import QualityConfig, QualityNet
from ecgpaper.nets.reader import LineReader
from ecgpaper.nets.refiner import Refiner
from ecgpaper.nets.unet import SegmentNet, StripNet

SEGMENTER, TRACER, QUALITY = "segmenter", "tracer", "quality"

Network = TypeVar("Network", SegmentNet, StripNet, EndNet, Refiner, LineReader)


def load_network(folder: Path, name: str, network_class: type[Network]) -> Network:
    """Read the segmenter, the tracer, the ends, the refiner or the reader from a model folder.

    Raises
    ------
    CheckpointError
        If a file is missing or does not fit.
    """
    info = load_info(folder, name, network_class.__name__)
    network = channels_last(network_class(network_class.config_class.from_json(info.config)))
    load_weights(folder, name, network, info)
    return network.to(best_device()).eval()


def load_judge(folder: Path) -> QualityNet:
    """Read the network that predicts the SNR from a model folder.

    Raises
    ------
    CheckpointError
        If a file is missing or does not fit.
    """
    info = load_info(folder, QUALITY, QualityNet.__name__)
    judge = QualityNet(QualityConfig(**info.config))
    load_weights(folder, QUALITY, judge, info)
    return judge.eval()
