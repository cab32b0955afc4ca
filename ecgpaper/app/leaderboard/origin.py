"""Origin: what figures were measured with, and a folder that holds those of one origin only.

Public: `Origin`, `commit_of`, `claim`.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from ecgpaper.errors import BatchError
from ecgpaper.runtime.files import write_new

_GIT = ("git", "-C")


@dataclass(frozen=True, slots=True)
class Origin:
    """What decides every result.

    Parameters
    ----------
    version : str
        Of the program.
    commit : str or None
        Of the checkout, with "+" where it has other changes; None outside of one.
    weights : mapping of str to str
        Their sha256, by file.
    records : str
        What the pages show.
    seed : int
    """

    version: str
    commit: str | None
    weights: Mapping[str, str]
    records: str
    seed: int


def commit_of(folder: Path) -> str | None:
    """Return the short name of the commit that is checked out; None where git knows none."""
    try:
        name = _git(folder, "rev-parse", "--short", "HEAD")
        is_changed = bool(_git(folder, "status", "--porcelain", "--untracked-files=no"))
    except (OSError, subprocess.CalledProcessError):
        return None
    return name + "+" * is_changed


def _git(folder: Path, *arguments: str) -> str:
    command = [*_GIT, str(folder), *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout.strip()


def claim(folder: Path, origin: Origin) -> None:
    """Note in a folder what its results come from.

    Raises
    ------
    BatchError
        If it holds those of another origin: figures of two programs would be mixed.
    """
    file = folder / "origin.json"
    if write_new(file, (json.dumps(asdict(origin), indent=2) + "\n").encode()):
        return
    try:
        before = json.loads(file.read_text())
    except ValueError as error:
        raise BatchError(f"{file} must be JSON; {error}: choose another folder") from error
    now = asdict(origin)
    others = [name for name in now if not isinstance(before, dict) or before.get(name) != now[name]]
    if others:
        raise BatchError(
            f"{folder} was begun with other {', '.join(others)}: choose another folder with --out, "
            "or remove this one"
        )
