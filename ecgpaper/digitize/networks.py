"""The networks of the digitizer: names of their files, what they are fed with, how they are loaded.

Public: `SEGMENTER`, `TRACER`, `QUALITY`, `CONTRACTS`, `Network`, `load_network`, `Networks`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Self, TypeVar

from ecgpaper.digitize.answer.quality import FEATURES
from ecgpaper.digitize.calibration.printed_scale import LETTERS, LINE_PX, OCR
from ecgpaper.digitize.curves.refine import N_FEATURES, REFINER
from ecgpaper.digitize.curves.strip import N_SUB_COLUMNS, STRIP_HEIGHT_MM, STRIP_PX_PER_MM
from ecgpaper.digitize.rows.ends import END_POINTS, ENDS
from ecgpaper.digitize.segment import MAP_LONG_SIDE_PX
from ecgpaper.nets.device import best_device, channels_last
from ecgpaper.nets.ends import EndNet
from ecgpaper.nets.fold import folded
from ecgpaper.nets.ocr import OcrNet
from ecgpaper.nets.quality import QualityNet
from ecgpaper.nets.refiner import Refiner
from ecgpaper.nets.segmenter import SegmentNet
from ecgpaper.nets.stored.checkpoint import load_info, load_weights, refusing, require_files
from ecgpaper.nets.stored.description import Contract
from ecgpaper.nets.stored.weights import shipped_model
from ecgpaper.nets.tracer import StripNet
from ecgpaper.page.raster import PIXEL_CLASSES
from ecgpaper.runtime.heap import bound_caches

SEGMENTER = "segmenter"
TRACER = "tracer"
QUALITY = "quality"
_ALONG_CURVES = {"px_per_mm": STRIP_PX_PER_MM, "curves": "as the tracer reads them"}
CONTRACTS = {
    SEGMENTER: Contract(
        config={"n_inputs": 3, "n_outputs": len(PIXEL_CLASSES)},
        inputs={"long_side_px": MAP_LONG_SIDE_PX, "classes": PIXEL_CLASSES, "values": "darkness"},
    ),
    TRACER: Contract(
        config={"n_inputs": 4, "n_outputs": N_SUB_COLUMNS},
        inputs={
            "px_per_mm": STRIP_PX_PER_MM,
            "height_mm": STRIP_HEIGHT_MM,
            "sub_columns_per_2_px": N_SUB_COLUMNS,
            "values": "darkness of R, G, B and height from -1 (top) to 1",
        },
    ),
    ENDS: Contract(config={"n_features": N_FEATURES, "n_points": END_POINTS}, inputs=_ALONG_CURVES),
    REFINER: Contract(config={"n_features": N_FEATURES}, inputs=_ALONG_CURVES),
    OCR: Contract(
        config={"n_outputs": 1 + len(LETTERS), "height": LINE_PX},
        inputs={"height_px": LINE_PX, "letters": LETTERS, "values": "darkness"},
    ),
    QUALITY: Contract(config={"n_features": len(FEATURES)}, inputs={"features": FEATURES}),
}

Network = TypeVar("Network", SegmentNet, StripNet, EndNet, Refiner, OcrNet, QualityNet)


def load_network(folder: Path, name: str, network_class: type[Network]) -> Network:
    """Read one of the networks in `CONTRACTS` from a model folder.

    Raises
    ------
    CheckpointError
        If a file is missing or does not fit.
    """
    info = load_info(folder, name, network_class.__name__)
    with refusing(folder, name):
        config = network_class.config_class.from_json(info.config)
        CONTRACTS[name].check(info, config)
    network = load_weights(folder, name, info, lambda: channels_last(network_class(config)))
    return network.to(best_device()).eval()


@dataclass(frozen=True, eq=False)
class Networks:
    """The networks of the digitizer, in the order in which its stages ask them."""

    segmenter: SegmentNet
    tracer: StripNet
    ends: EndNet
    refiner: Refiner
    ocr: OcrNet
    judge: QualityNet

    @classmethod
    def load(cls, folder: Path | None = None, judge: QualityNet | None = None) -> Self:
        """Read the networks; the large ones run on the GPU when there is one.

        Parameters
        ----------
        folder : Path, optional
            The model folder; the shipped weights by default.
        judge : QualityNet, optional
            To be used instead of the folder's, which need not be there yet.

        Raises
        ------
        CheckpointError
            If a file is missing or does not fit.
        """
        bound_caches()
        folder = folder or shipped_model()
        require_files(folder, tuple(name for name in CONTRACTS if judge is None or name != QUALITY))
        return cls(
            folded(load_network(folder, SEGMENTER, SegmentNet)),
            folded(load_network(folder, TRACER, StripNet)),
            load_network(folder, ENDS, EndNet),
            load_network(folder, REFINER, Refiner),
            folded(load_network(folder, OCR, OcrNet)),
            load_network(folder, QUALITY, QualityNet).cpu() if judge is None else judge,
        )
