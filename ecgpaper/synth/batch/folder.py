"""Folder: which options a folder of pages was begun with.

Public: `BatchOptions`, `claim_folder`.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from ecgpaper.errors import BatchError
from ecgpaper.files.records.challenge import find_records
from ecgpaper.page import PaperScale
from ecgpaper.runtime.files import remove_abandoned, write_new

OPTIONS_FILE = "synthesize.json"


@dataclass(frozen=True, slots=True)
class BatchOptions:
    """Options that, with the records, decide the content of a folder of pages.

    Parameters
    ----------
    preset : str
        See `ecgpaper.synth.PRESETS`.
    layout : str or None
        Name in `ecgpaper.page.LAYOUTS`; None for the preset's own.
    speed_mm_per_s, gain_mm_per_mv : float or None
        None for the preset's own.
    mask_unplotted : bool
        Whether samples that no picture shows are written as NaN.
    per_record : int
        Pictures of each page.
    seed : int
    truth : str
        One of `ecgpaper.synth.truth.TRUTH_LEVELS`: what is written about each picture, in files
        beside it.
    """

    preset: str = "clean"
    layout: str | None = None
    speed_mm_per_s: float | None = None
    gain_mm_per_mv: float | None = None
    mask_unplotted: bool = False
    per_record: int = 1
    seed: int = 1
    truth: str = "none"

    @property
    def scale(self) -> PaperScale | None:
        """Speed and gain of the prints; None for the preset's own."""
        usual = PaperScale()
        if self.speed_mm_per_s is None and self.gain_mm_per_mv is None:
            return None
        return PaperScale(
            self.speed_mm_per_s or usual.speed_mm_per_s, self.gain_mm_per_mv or usual.gain_mm_per_mv
        )


def claim_folder(folder: Path, options: BatchOptions) -> None:
    """Note the options in a folder; clear the half-written files of interrupted runs.

    Raises
    ------
    BatchError
        If the folder holds records of other options, or of another origin.
    OutputError
        If it cannot be written.
    """
    file = folder / OPTIONS_FILE
    if not file.exists() and find_records(folder):
        raise BatchError(
            f"expected a new folder, or one that holds {OPTIONS_FILE}; {folder} has records of "
            "another origin: choose another folder"
        )
    if not write_new(file, (json.dumps(asdict(options), indent=2) + "\n").encode()):
        _compare(file, options)
    remove_abandoned(folder)


def _compare(file: Path, options: BatchOptions) -> None:
    try:
        before = json.loads(file.read_text())
    except ValueError as error:
        raise BatchError(f"{file} must be JSON; {error}: choose another folder") from error
    now = asdict(options)
    others = [key for key in now if not isinstance(before, dict) or before.get(key) != now[key]]
    if others:
        found = ", ".join(f"{key} {before.get(key)}" for key in others)
        asked = ", ".join(f"{key} {now[key]}" for key in others)
        raise BatchError(
            f"{file.parent} was begun with {found}, now it is {asked}: choose another folder or "
            "the same options"
        )
