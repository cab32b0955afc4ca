"""Paths that a user names -> the files to read, each with the place that its outputs get.

Public: `InputFile`, `Found`, `find_inputs`.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path, PurePath

from ecgpaper.files.inputs.kinds import kind_of
from ecgpaper.files.inputs.source import head_of

# The table of contents of a medium with DICOM files.
_DICOM_CONTENTS = "DICOMDIR"
# How pictures are called, behind the name of their page, that are written of it.
_OUR_PICTURES = frozenset({"overlay.jpg", "thumbnail.jpg"})


@dataclass(frozen=True, slots=True)
class InputFile:
    """A file to read.

    Parameters
    ----------
    file : Path
    place : PurePath
        Its path below the folder that was named, or its name where it was named itself.
    """

    file: Path
    place: PurePath


@dataclass(eq=False)
class Found:
    """What was found below the paths that a user named.

    Parameters
    ----------
    files : list of InputFile
        Each once, in sorted order within a folder.
    n_others : int
        Files in folders that are no pages.
    n_links : int
        Links that leave the folder they are in.
    closed : list of Path
        Folders that may not be read.
    """

    files: list[InputFile] = field(default_factory=list)
    n_others: int = 0
    n_links: int = 0
    closed: list[Path] = field(default_factory=list)


def find_inputs(paths: Iterable[Path], out: Path | None = None) -> Found:
    """Find the files to read: those named, and those in the folders named and below.

    In folders, hidden files, what is no page and what this program wrote are passed over. Links are
    followed to files of the same folder only, since a folder that was handed in may hold any.

    Parameters
    ----------
    paths : iterable of Path
    out : Path, optional
        The folder of the outputs, which is not walked where it lies in another one.
    """
    found = Found()
    for path in dict.fromkeys(paths):
        if path.is_dir():
            _walk(path, found, out and out.resolve())
        else:
            found.files.append(InputFile(path, PurePath(path.name)))
    # A file that was named twice, or lies in a folder that was named as well, is one.
    first = {os.path.abspath(each.file): each for each in reversed(found.files)}  # noqa: PTH100
    found.files = list(reversed(first.values()))
    return found


def _walk(folder: Path, found: Found, out: Path | None) -> None:
    top = folder.resolve()
    for parent, folders, names in os.walk(folder, onerror=lambda e: _note_closed(e, found)):
        inner = [name for name in folders if not name.startswith(".")]
        is_link = {name: (Path(parent) / name).is_symlink() for name in inner}
        found.n_links += sum(_leaves(Path(parent) / name, top) for name in inner if is_link[name])
        folders[:] = sorted(
            name
            for name in inner
            if not is_link[name] and (out is None or (Path(parent) / name).resolve() != out)
        )
        for name in sorted(names):
            file = Path(parent) / name
            if _leaves(file, top):
                found.n_links += 1
            elif _is_page(file, names):
                found.files.append(InputFile(file, file.relative_to(folder)))
            else:
                found.n_others += 1


def _note_closed(error: OSError, found: Found) -> None:
    found.closed.append(Path(error.filename))


def _leaves(path: Path, top: Path) -> bool:
    """Whether a link leads out of a folder, or to nothing."""
    try:
        return path.is_symlink() and not path.resolve(strict=True).is_relative_to(top)
    except (OSError, RuntimeError):
        return True


def _is_page(file: Path, names: list[str]) -> bool:
    """Whether a file in a folder is one to read; its content is not looked at any further."""
    if file.name.startswith(".") or file.name == _DICOM_CONTENTS or _is_ours(file, names):
        return False
    try:
        is_file = stat.S_ISREG(file.stat().st_mode)
    except OSError:
        is_file = False
    return is_file and kind_of(file, head_of(file)) is not None


def _is_ours(file: Path, names: list[str]) -> bool:
    """Whether a picture was written of a page, whose JSON file is beside it."""
    page, _, kind = file.name.rpartition("-")
    return kind in _OUR_PICTURES and f"{page}.json" in names
