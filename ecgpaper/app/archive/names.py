"""Names of outputs: each page its own, the same each time, whatever files are called.

Public: `page_names`, `clean_name`.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath

from ecgpaper.files.inputs import InputFile

# Of the 255 bytes that a file's name may have, endings need some.
_LONGEST_NAME = 180
# What lies in the folder of the outputs and belongs to no page.
_TAKEN = frozenset({"summary"})
_N_DIGITS = 8


def page_names(files: Sequence[InputFile], n_pages: Sequence[int]) -> list[tuple[str, ...]]:
    """Name the outputs of each page of each file.

    Parameters
    ----------
    files : sequence of InputFile
    n_pages : sequence of int
        Of each file; a file that cannot be opened has one.

    Returns
    -------
    list of tuple of str
        Of each file, of each page: a path below the folder of the outputs, without ending. It is
        that of the file below the folder that was named, with letters, digits, ``_`` and ``-``
        alone; pages of a file that has several end in ``-p1``, ``-p2``. Files whose outputs would
        share a name get the folders that tell them apart, then their ending, then a number made of
        their path.
    """
    names = [_plain(each.place) for each in files]
    for spell in (_with_folders, _with_ending, _with_number):
        groups = _sharing(names, n_pages)
        for group in groups:
            spelled = spell([files[index] for index in group])
            for index, name in zip(group, spelled, strict=True):
                names[index] = name
        if not groups:
            break
    return [_of_pages(name, n) for name, n in zip(names, n_pages, strict=True)]


def _of_pages(name: str, n_pages: int) -> tuple[str, ...]:
    return (name,) if n_pages == 1 else tuple(f"{name}-p{page}" for page in range(1, n_pages + 1))


def _sharing(names: Sequence[str], n_pages: Sequence[int]) -> list[list[int]]:
    """Return the files that share a name with another one, grouped by their own first name."""
    # Some disks do not tell capitals from small letters.
    claims = [
        [page.casefold() for page in _of_pages(*each)] for each in zip(names, n_pages, strict=True)
    ]
    counts = Counter(name for claim in claims for name in claim)
    groups: dict[str, list[int]] = {}
    for index, claim in enumerate(claims):
        if any(counts[name] > 1 or name in _TAKEN for name in claim):
            groups.setdefault(names[index].casefold(), []).append(index)
    return list(groups.values())


def _with_folders(files: Sequence[InputFile]) -> list[str]:
    """Spell files by their paths below the folder that they have in common."""
    paths = [os.path.abspath(each.file) for each in files]  # noqa: PTH100
    folders = [os.path.dirname(path) for path in paths]  # noqa: PTH120
    common = os.path.commonpath(folders)
    if set(folders) == {common}:
        return [_plain(each.place) for each in files]
    return [_plain(PurePath(os.path.relpath(path, common))) for path in paths]


def _with_ending(files: Sequence[InputFile]) -> list[str]:
    return [
        f"{name}-{clean_name(each.file.suffix[1:])}" if each.file.suffix else name
        for each, name in zip(files, _with_folders(files), strict=True)
    ]


def _with_number(files: Sequence[InputFile]) -> list[str]:
    pairs = zip(files, _with_ending(files), strict=True)
    return [f"{name}-{_number(each)}" for each, name in pairs]


def _number(each: InputFile) -> str:
    path = os.path.abspath(each.file)  # noqa: PTH100  links stay as they are
    return hashlib.sha256(os.fsencode(path)).hexdigest()[:_N_DIGITS]


def _plain(place: PurePath) -> str:
    return "/".join([*(clean_name(part) for part in place.parts[:-1]), clean_name(place.stem)])


def clean_name(part: str) -> str:
    """Return a part of a path with letters, digits, ``_`` and ``-`` alone."""
    return re.sub(r"[^A-Za-z0-9_-]", "_", part)[:_LONGEST_NAME] or "_"
