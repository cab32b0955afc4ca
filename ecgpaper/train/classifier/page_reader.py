"""Digitized pages of a record, drawn and read: the real input of the classifier.

Public: `PageReader`.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from zlib import crc32

import numpy as np

from ecgpaper.digitize import Digitizer
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.errors import EcgPaperError
from ecgpaper.files.records.challenge import read_ecg, write_record
from ecgpaper.synth import sample_spec, synthesize
from ecgpaper.train.digitizer.source import without_gaps

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class PageReader:
    """Prints one page of a record, digitizes it and keeps the signal.

    What reads the pages of a user is another thing: `ecgpaper.digitized.reader.PageReader`.

    Parameters
    ----------
    records, cache : Path
        Folder of the records, and of what was read from their pages: one record each, so that
        work that was interrupted goes on.
    digitizer : Digitizer
    preset : str
        Of `ecgpaper.synth.PRESETS`.
    seed : int
        Of the pages; each depends on its record's name and on nothing else.
    """

    records: Path
    cache: Path
    digitizer: Digitizer
    preset: str
    seed: int

    def read(self, name: str) -> Ecg:
        """Return the digitized signal; all NaN from a page that defeated the digitizer."""
        kept = self.cache / name
        if not kept.with_name(f"{kept.name}.hea").exists():
            write_record(kept.parent, kept.name, self._digitized(name))
        return read_ecg(kept)

    def _digitized(self, name: str) -> Ecg:
        rng = np.random.default_rng([self.seed, crc32(name.encode())])
        ecg = without_gaps(read_ecg(self.records / name))
        page = synthesize(ecg, sample_spec(self.preset, rng=rng))
        try:
            return self.digitizer.digitize(page.image, fs=ecg.fs).ecg
        except EcgPaperError as error:
            logger.warning("%s, page of the preset %s: %s", name, self.preset, error)
            nothing = np.full((max(1, ecg.n_samples), len(STANDARD_ORDER)), np.nan)
            return Ecg(nothing, ecg.fs, STANDARD_ORDER)
