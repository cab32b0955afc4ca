"""What somebody has corrected of a page: kept beside its outputs, and honored ever after.

Public: `CORRECTIONS`, `MOST_BYTES`, `corrections_of`, `write_corrections`, `remove_corrections`,
`stated_from_json`, `json_of_stated`.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from ecgpaper.app.archive.plan import PageJob
from ecgpaper.digitize import Stated, StatedBox, StatedLead
from ecgpaper.digitize.request import BOX_EDGES
from ecgpaper.errors import RecordError
from ecgpaper.runtime.files import write_whole

logger = logging.getLogger(__name__)

# How the name of the file ends.
CORRECTIONS = ".corrections.json"
# The most leads and boxes that may be stated, and four corners, take less than this as they are
# written here.
MOST_BYTES = 40_000
_NUMBERS = ("speed_mm_per_s", "gain_mm_per_mv")


def corrections_of(path: Path, job: PageJob) -> Stated | None:
    """Return what was corrected of a page; None where nothing was, or of another file.

    Parameters
    ----------
    path : Path
        Of the outputs of the page, without ending.
    job : PageJob

    Raises
    ------
    RecordError
        If the file of the corrections cannot be read, is too long, or says what cannot be.
    """
    file = _file(path)
    try:
        with file.open("rb") as opened:
            text = opened.read(MOST_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise RecordError(f"{file.name} must be readable; {error.strerror}: remove it") from error
    if len(text) > MOST_BYTES:
        raise RecordError(
            f"{file.name} must have {MOST_BYTES} bytes at most; it is too long: mend it, or remove "
            "it"
        )
    try:
        told = json.loads(text)
        made_for = told.pop("input", None) if isinstance(told, dict) else None
        stated = stated_from_json(told)
    except (ValueError, TypeError, RecursionError) as error:
        raise RecordError(
            f"{file.name} must hold corrections; {error}: mend it, or remove it"
        ) from error
    if made_for != _input(job):
        logger.warning("%s is not honored: it was made for another page", file)
        return None
    return stated


def write_corrections(path: Path, job: PageJob, stated: Stated) -> None:
    """Keep what was corrected of a page.

    Raises
    ------
    OutputError
        If it cannot be written.
    """
    told = {"input": _input(job), **json_of_stated(stated)}
    write_whole(_file(path), (json.dumps(told, indent=2, allow_nan=False) + "\n").encode())


def remove_corrections(path: Path) -> None:
    """Forget what was corrected of a page."""
    _file(path).unlink(missing_ok=True)


def json_of_stated(stated: Stated) -> dict[str, Any]:
    """Return what is stated, as it stands in JSON."""
    told: dict[str, Any] = json.loads(json.dumps(asdict(stated)))
    return told


def stated_from_json(told: Any) -> Stated:
    """Return what a piece of JSON states; what it leaves out is not stated.

    Raises
    ------
    ValueError
        If it states what cannot be.
    """
    if not isinstance(told, Mapping):
        raise ValueError(f"expected an object with what is stated; got {type(told).__name__}")
    known = {field.name for field in fields(Stated)}
    if others := sorted(set(map(str, told)) - known):
        raise ValueError(f"expected some of {', '.join(sorted(known))}; got {', '.join(others)}")
    layout = told.get("layout")
    if not isinstance(layout, str | None):
        raise ValueError(f"layout must be a name; got {layout!r}")
    speed, gain = (_number_or_none(told.get(key), key) for key in _NUMBERS)
    leads = tuple(_lead(each) for each in _list(told.get("leads"), "leads"))
    boxes = tuple(_box(each) for each in _list(told.get("boxes"), "boxes"))
    return Stated(layout, speed, gain, leads, _corners(told.get("corners")), boxes)


def _number_or_none(value: Any, key: str) -> float | None:
    return None if value is None else _number(value, key)


def _number(value: Any, key: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"{key} must be a number; got {value!r}")
    try:
        return float(value)
    except OverflowError as error:
        raise ValueError(f"{key} must be a number; got one that is too large") from error


def _list(told: Any, key: str) -> list[Any]:
    if not isinstance(told, list | None):
        raise ValueError(f"{key} must be a list; got {told!r}")
    return told or []


def _lead(told: Any) -> StatedLead:
    if not _is_placed(told, {"lead"}):
        raise ValueError(f"each of leads must have a row, a column and a lead; got {told!r}")
    return StatedLead(told["row"], told["column"], str(told["lead"]))


def _box(told: Any) -> StatedBox:
    if not _is_placed(told, set(BOX_EDGES)):
        raise ValueError(
            f"each of boxes must have a row, a column, {', '.join(BOX_EDGES)}; got {told!r}"
        )
    edges = (_number(told[key], f"{key} of a box") for key in BOX_EDGES)
    return StatedBox(told["row"], told["column"], *edges)


def _is_placed(told: Any, keys: set[str]) -> bool:
    """Whether something has a place of a layout, and these keys besides, and no other."""
    is_whole = isinstance(told, dict) and set(told) == {"row", "column", *keys}
    return is_whole and all(type(told[key]) is int for key in ("row", "column"))


def _corners(told: Any) -> tuple[tuple[float, float], ...] | None:
    if told is None:
        return None
    if not isinstance(told, list) or not all(isinstance(c, list) and len(c) == 2 for c in told):
        raise ValueError(f"corners must be four pairs of numbers; got {told!r}")
    return tuple((_number(x, "a corner"), _number(y, "a corner")) for x, y in told)


def _input(job: PageJob) -> dict[str, Any]:
    return {"sha256": job.sha256, "page": job.source.page}


def _file(path: Path) -> Path:
    return path.with_name(f"{path.name}{CORRECTIONS}")
