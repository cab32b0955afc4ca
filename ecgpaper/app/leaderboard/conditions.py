"""Conditions: kinds of pages that are read, and the Challenge's test set that each stands for.

Public: `Condition`, `CONDITIONS`, `PRESETS`, `given_condition`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ecgpaper.errors import BatchError
from ecgpaper.files.records.challenge import NAME, find_records
from ecgpaper.files.records.headers import header_file


@dataclass(frozen=True, slots=True)
class Condition:
    """One kind of pages.

    Parameters
    ----------
    name : str
        In tables.
    preset : str or None
        Of `ecgpaper.synth.PRESETS`, with which its pages are drawn; None for pages that are given.
    column : str or None
        The column of the Challenge's official tables, as in ``peers.json``, that it is put beside.
    folder : Path or None
        Where given pages are, as a Challenge folder with the true signals.
    """

    name: str
    preset: str | None = None
    column: str | None = None
    folder: Path | None = None

    @property
    def folder_name(self) -> str:
        """Name of the folder with its results."""
        return self.preset or self.name


# The Challenge's eight test sets were prints of records of PTB-XL, clean or soaked, stained and
# mouldy, and monitors, in front of scanners and phones.
CONDITIONS = (
    Condition("clean", "clean"),
    Condition("color scan", "scan-color", "CS"),
    Condition("b/w scan", "scan-bw", "BS"),
    Condition("photo", "photo", "PC"),
    Condition("photo, stained", "photo-stained", "PS"),
    Condition("photo, deteriorated", "photo-deteriorated", "PD"),
    Condition("color scan, deteriorated", "scan-color-deteriorated", "CD"),
    Condition("b/w scan, deteriorated", "scan-bw-deteriorated", "BD"),
    Condition("photo of a monitor", "screen", "MO"),
)
PRESETS = tuple(condition.folder_name for condition in CONDITIONS)


def given_condition(folder: Path) -> Condition:
    """Return the condition of pages that are given, named after their folder.

    Raises
    ------
    BatchError
        If the folder has no record, or none that a condition can be called after.
    """
    name = folder.resolve().name
    if not NAME.fullmatch(name):
        raise BatchError(f"a folder of pages must be named with A-Z a-z 0-9 _ and -; got {name!r}")
    records = find_records(folder)
    if not records:
        raise BatchError(
            f"expected pages with their true signals (.hea, .dat, images) in {folder}; found no "
            f"{header_file('RECORD').name}: name a Challenge folder"
        )
    return Condition(name, folder=folder.resolve())
