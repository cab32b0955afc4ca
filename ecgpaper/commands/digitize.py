"""Read images of paper ECGs: signals, diagnosis and a picture of what was read.

For each image NAME.png the output folder gets NAME.hea and NAME.dat (a WFDB record in mV), NAME.csv
(the same, one column per lead), NAME.json (layout, scale, confidence, probabilities) and
NAME-overlay.jpg. An image that cannot be read is named with its reason and the others go on. Stated
layouts, speeds and gains win over what is found. This is no medical device: have a physician look
at the paper.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import re
import sys
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ecgpaper.boundary import PageFault, attempt
from ecgpaper.bounds import FS_HZ, GAIN_MM_PER_MV, SPEED_MM_PER_S
from ecgpaper.commands import NamesIn, number_in
from ecgpaper.errors import RecordError
from ecgpaper.files import prepare_output_folder, write_whole

if TYPE_CHECKING:
    from ecgpaper.classify import Diagnosis
    from ecgpaper.classify.branches import PageClassifier
    from ecgpaper.digitize import Digitization, Digitizer
    from ecgpaper.digitize.calibration.paper_scale import Stated
    from ecgpaper.ecg import ByteArray, Ecg

logger = logging.getLogger(__name__)

# Of the 255 bytes that a file's name may have, endings need some.
_LONGEST_NAME = 200


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument("images", nargs="+", type=Path, help="PNG, JPEG, TIFF, BMP or WebP files")
    parser.add_argument("--out", type=Path, required=True, help="folder for the results")
    parser.add_argument("--model", type=Path, help="folder of the weights, ours by default")
    parser.add_argument(
        "--fs", type=number_in(FS_HZ), default=500.0, help="sampling frequency in Hz, 50 to 2000"
    )
    parser.add_argument(
        "--layout",
        choices=NamesIn("ecgpaper.page", "LAYOUTS"),
        metavar="LAYOUT",
        help="of all pages, found by default: %(choices)s",
    )
    parser.add_argument("--speed", type=number_in(SPEED_MM_PER_S), help="in mm/s, found by default")
    parser.add_argument("--gain", type=number_in(GAIN_MM_PER_MV), help="in mm/mV, found by default")
    parser.add_argument("-v", "--verbose", action="store_true", help="say how pages are read")


def run(arguments: argparse.Namespace) -> int:
    """Digitize and classify each image; the status is 1 when one could not be read."""
    from tqdm import tqdm  # noqa: PLC0415  the parser must be quick

    from ecgpaper.classify.branches import PageClassifier  # noqa: PLC0415
    from ecgpaper.digitize import Digitizer  # noqa: PLC0415
    from ecgpaper.digitize.calibration.paper_scale import Stated  # noqa: PLC0415

    level = logging.INFO if arguments.verbose else logging.WARNING
    logging.getLogger("ecgpaper.digitize").setLevel(level)
    prepare_output_folder(arguments.out)
    reader = _Reader(
        Digitizer.load(arguments.model),
        PageClassifier.load(arguments.model),
        Stated(arguments.layout, arguments.speed, arguments.gain),
        arguments.fs,
    )
    n_failed, written = 0, dict[str, Path]()
    for image in tqdm(dict.fromkeys(arguments.images), disable=not sys.stderr.isatty()):
        page = attempt(partial(reader.read, image, written), "reading this image")
        if isinstance(page, PageFault):
            logger.warning("%s: %s", _shown(image), page.reason)
            logger.log(logging.INFO if arguments.verbose else logging.DEBUG, page.details)
            n_failed += 1
            continue
        # Outside the boundary: what cannot be written is no fault of the page.
        page.write(arguments.out)
        written[page.name.casefold()] = image
    return 1 if n_failed else 0


def _shown(image: Path) -> str:
    """Return a path as it can be printed on one line."""
    return str(image) if str(image).isprintable() else ascii(str(image))


@dataclass(frozen=True, eq=False)
class _Answer:
    """What is written of one image."""

    name: str
    ecg: Ecg
    labels: tuple[str, ...]
    files: dict[str, bytes]

    def write(self, out: Path) -> None:
        """Write the record and the files, the report last."""
        from ecgpaper.records import write_record  # noqa: PLC0415

        write_record(out, self.name, self.ecg, labels=self.labels)
        for ending, content in self.files.items():
            write_whole(out / f"{self.name}{ending}", content)


@dataclass(frozen=True, eq=False)
class _Reader:
    """Reads one image after another."""

    digitizer: Digitizer
    classifier: PageClassifier
    stated: Stated
    fs: float

    def read(self, image: Path, written: dict[str, Path]) -> _Answer:
        """Read an image whose name no other one that is written has."""
        from ecgpaper.classify.picture import look_at  # noqa: PLC0415
        from ecgpaper.records import read_image  # noqa: PLC0415

        name = _own_name(image, written)
        photo = read_image(image)
        found = self.digitizer.digitize(photo, fs=self.fs, stated=self.stated)
        diagnosis = self.classifier.diagnose(found.ecg, [look_at(photo, found)])
        return _answer(name, image, photo, found, diagnosis)


def _own_name(image: Path, written: dict[str, Path]) -> str:
    """Return the name of an image's files, which no other image of this run may have."""
    name = re.sub(r"[^A-Za-z0-9_-]", "_", image.stem)[:_LONGEST_NAME]
    if other := written.get(name.casefold()):
        raise RecordError(
            f"expected a name of its own; {other} is already written as {name}: rename one, "
            "or give it another --out"
        )
    return name


def _answer(
    name: str, image: Path, photo: ByteArray, found: Digitization, diagnosis: Diagnosis
) -> _Answer:
    """Put together what is written of an image."""
    from ecgpaper.classify.labels import CLASSES  # noqa: PLC0415
    from ecgpaper.overlay import draw_overlay, jpeg_bytes  # noqa: PLC0415

    report = {
        "image": image.name,
        "warning": "not a medical device; confirm on the paper",
        "layout": found.layout.name,
        "speed_mm_per_s": found.layout.scale.speed_mm_per_s,
        "gain_mm_per_mv": found.layout.scale.gain_mm_per_mv,
        "pulse_mm": found.pulse and [found.pulse.width_mm, found.pulse.height_mm],
        "printed": asdict(found.said),
        "px_per_mm": found.scale.px_per_mm,
        "scale_confidence": found.scale.confidence,
        "quality": found.quality,
        "agreement": found.agreement,
        "predicted_snr_db": {
            lead: round(float(value), 1)
            for lead, value in zip(found.ecg.lead_names, found.predicted_snr_db, strict=True)
            if math.isfinite(value)
        },
        "left_out": found.left_out,
        "labels": diagnosis.labels,
        "probabilities": dict(zip(CLASSES, diagnosis.probabilities.tolist(), strict=True)),
    }
    overlay = draw_overlay(photo, found.traces, found.page.page_to_photo)
    files = {
        ".csv": _csv(found.ecg).encode(),
        "-overlay.jpg": jpeg_bytes(overlay),
        ".json": (json.dumps(report, indent=2) + "\n").encode(),
    }
    return _Answer(name, found.ecg, tuple(diagnosis.labels), files)


def _csv(ecg: Ecg) -> str:
    """Time in s and leads in mV, one line per sample; empty where the page shows nothing."""
    lines = [",".join(["time_s", *(f"{lead}_mv" for lead in ecg.lead_names)])]
    for index, row in enumerate(ecg.signal_mv):
        values = ("" if math.isnan(value) else f"{value:.4f}" for value in row)
        lines.append(",".join([f"{index / ecg.fs:.4f}", *values]))
    return "\n".join(lines) + "\n"
