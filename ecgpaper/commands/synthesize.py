"""Print the records of a WFDB folder as paper ECGs, as a Challenge folder.

Each record gets one picture per ten seconds, RECORD-0.png and so on (or .jpg where the preset
compresses), and a header that names them. Records that are already there stay; one that cannot
be used is skipped and named. The same seed gives the same pictures, whatever the number of workers.
"""

from __future__ import annotations

import argparse
import logging
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from zlib import crc32

import cv2
import numpy as np

from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.errors import RecordError
from ecgpaper.files import write_whole
from ecgpaper.page import LAYOUTS, LeadLayout
from ecgpaper.records import find_records, read_ecg, read_header, write_record
from ecgpaper.synth import PRESETS, SyntheticPage, sample_spec, synthesize

logger = logging.getLogger(__name__)

PAGE_S = 10.0
# A last page shorter than this is not worth its paper.
_LEAST_PAGE_S = 1.0


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command line."""
    parser.add_argument("records", type=Path, metavar="IN", help="folder of WFDB records")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write to")
    parser.add_argument("--preset", choices=PRESETS, default="clean", help="look of the pages")
    parser.add_argument("--layout", choices=LAYOUTS, help="the preset's own by default")
    parser.add_argument(
        "--mask-unplotted", action="store_true", help="write NaN for samples that no picture shows"
    )
    parser.add_argument("--per-record", type=int, default=1, metavar="N", help="pictures per page")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="processes")
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="of the random numbers")


def run(arguments: argparse.Namespace) -> int:
    """Write the pages; the status is 1 if records were skipped."""
    from joblib import Parallel, delayed  # noqa: PLC0415  the parser must be quick
    from tqdm import tqdm  # noqa: PLC0415

    if arguments.out.resolve() == arguments.records.resolve():
        raise RecordError(f"OUT must be another folder than IN; both are {arguments.out}")
    names = find_records(arguments.records)
    if not names:
        raise RecordError(f"expected WFDB headers (.hea) in {arguments.records}; there are none")
    jobs = Parallel(n_jobs=arguments.workers, return_as="generator_unordered")
    outcomes = jobs(delayed(_outcome)(arguments, name) for name in names)
    progress = tqdm(outcomes, "synthesize", len(names), disable=not sys.stderr.isatty())
    skipped = sorted(outcome for outcome in progress if outcome)
    for outcome in skipped:
        logger.warning("skipped %s", outcome)
    logger.info("%d of %d records are in %s", len(names) - len(skipped), len(names), arguments.out)
    return 1 if skipped else 0


def _outcome(arguments: argparse.Namespace, name: str) -> str | None:
    """Write one record; say why not if it cannot be used."""
    try:
        if not (arguments.out / f"{name}.hea").exists():
            _write_pages(arguments, name)
    except RecordError as error:
        return f"{name}: {error}"
    return None


def _write_pages(arguments: argparse.Namespace, name: str) -> None:
    """Write the pictures of a record, then its signals and, last, its header."""
    ecg, header = read_ecg(arguments.records / name), read_header(arguments.records / name)
    folder, stem = (arguments.out / name).parent, Path(name).name
    if not stem.replace("_", "").replace("-", "").isalnum() or not stem.isascii():
        raise RecordError("a Challenge record's name is made of A-Z a-z 0-9 _ and -: rename it")
    shown = np.zeros(ecg.signal_mv.shape, dtype=bool)
    image_names = []
    for index, (first, page) in enumerate(_pages(arguments, name, ecg)):
        image_names.append(_write_image(folder / f"{stem}-{index}", page))
        visible = np.isfinite(page.truth.ecg.signal_mv)
        shown[first : first + len(visible)] |= visible
    if not image_names:
        raise RecordError(f"at least {_LEAST_PAGE_S:g} s are needed; it has {ecg.duration_s:g} s")
    if arguments.mask_unplotted:
        ecg = replace(ecg, signal_mv=np.where(shown, ecg.signal_mv, np.nan))
    comments = [line for line in header.comments if not line.lower().startswith("image:")]
    write_record(folder, stem, ecg, comments=comments, image_names=image_names)


def _pages(
    arguments: argparse.Namespace, name: str, ecg: Ecg
) -> Iterator[tuple[int, SyntheticPage]]:
    """Yield (first sample, page) of each picture of a record."""
    layout = _own_layout(ecg) or arguments.layout
    index = 0
    for first in range(0, ecg.n_samples, round(PAGE_S * ecg.fs)):
        signal_mv = ecg.signal_mv[first : first + round(PAGE_S * ecg.fs)]
        if len(signal_mv) < _LEAST_PAGE_S * ecg.fs:
            continue
        for _ in range(arguments.per_record):
            rng = np.random.default_rng([arguments.seed, crc32(name.encode()), index])
            spec = sample_spec(arguments.preset, rng=rng, layout=layout)
            yield first, synthesize(replace(ecg, signal_mv=signal_mv), spec)
            index += 1


def _own_layout(ecg: Ecg) -> LeadLayout | None:
    """One row per lead for a record that is no twelve-lead record."""
    if set(STANDARD_ORDER) <= set(ecg.lead_names):
        return None
    return LeadLayout(f"{len(ecg.lead_names)}x1", tuple((lead,) for lead in ecg.lead_names))


def _write_image(path: Path, page: SyntheticPage) -> str:
    """Write a picture in its own format; return the name of the file."""
    quality = page.spec.camera.jpeg_quality
    suffix = ".png" if quality is None else ".jpg"
    options = [cv2.IMWRITE_PNG_COMPRESSION, 1]
    if quality is not None:
        options = [cv2.IMWRITE_JPEG_QUALITY, quality]
    _, data = cv2.imencode(suffix, page.image[..., ::-1], options)
    write_whole(path.with_name(path.name + suffix), data.tobytes())
    return path.name + suffix
