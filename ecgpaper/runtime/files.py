"""Write files so that an interrupted program never leaves half of one. Standard library only.

Public: `write_whole`, `write_new`, `write_together`, `prepare_output_folder`, `remove_abandoned`,
`alone_in`.

Content goes into a partial file first, which its writer keeps locked and then renames. What an
interrupted program leaves is a partial file that nobody locks: the next run removes it, and two
runs in one folder leave each other's alone.
"""

from __future__ import annotations

import errno
import fcntl
import os
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ecgpaper.errors import DiskError, OutputError

# How the name of a file begins that is not whole yet; it names neither the file, whose name may be
# as long as a name can be, nor the process, whose number another one has later.
PARTIAL = ".partial-"
# Room that an output folder must have: what a page and its answers take.
_PROBE_BYTES = 2**20

_FULL = ("the disk is full", "make room, or choose another folder")
_NOT_ALLOWED = ("this user may not write there", "choose another folder, or change its rights")
_NO_FOLDER = ("what should be a folder on its way is a file", "choose another folder")
# What the system says, in words, and what to do.
_FOUND = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: ("this user's share of the disk is full", _FULL[1]),
    errno.EFBIG: ("the system limits files to less", "raise the limit (ulimit -f)"),
    errno.EIO: ("the disk does not work", "choose another folder, and look after the disk"),
    errno.EROFS: ("the disk is read-only", "choose another folder"),
    errno.EACCES: _NOT_ALLOWED,
    errno.EPERM: _NOT_ALLOWED,
    errno.ENOTDIR: _NO_FOLDER,
    errno.EEXIST: _NO_FOLDER,
    errno.EISDIR: ("a folder is in its place", "remove it, or choose another folder"),
    errno.ENAMETOOLONG: ("the name is too long", "choose a shorter one"),
    errno.ELOOP: ("links on its way lead in a circle", "choose another folder"),
}
# These spoil every other file as well.
_OF_THE_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS}


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all, in a folder that is made if need be.

    Raises
    ------
    OutputError
        If it cannot be written; a `DiskError` if no other file could be either.
    """
    with _typed_errors(f"a file of {len(content)} bytes must be written to {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _partial(path.parent, content) as partial:
            partial.replace(path)


def write_new(path: Path, content: bytes) -> bool:
    """Write a file as `write_whole` does, unless it is there; say whether it was written.

    Of several runs that write it at once, one does.

    Raises
    ------
    OutputError
        If it is not there and cannot be written.
    """
    with _typed_errors(f"a file of {len(content)} bytes must be written to {path}"):
        path.parent.mkdir(parents=True, exist_ok=True)
        with _partial(path.parent, content) as partial:
            try:
                os.link(partial, path)
            except FileExistsError:
                return False
            except OSError:
                # A disk without links: two runs of the same second are not told apart.
                partial.replace(path)
    return True


def write_together(contents: Mapping[Path, bytes]) -> None:
    """Write files of one set: all are on the disk before the first is where it belongs.

    What may go wrong goes wrong before; a process that is killed while the files change places
    leaves a part of them.

    Raises
    ------
    OutputError
        If one cannot be written: then none is.
    """
    with ExitStack() as stack:
        partials = []
        for path, content in contents.items():
            with _typed_errors(f"a file of {len(content)} bytes must be written to {path}"):
                path.parent.mkdir(parents=True, exist_ok=True)
                partials.append(stack.enter_context(_partial(path.parent, content)))
        for path, partial in zip(contents, partials, strict=True):
            with _typed_errors(f"a file must be written to {path}"):
                partial.replace(path)


def prepare_output_folder(folder: Path) -> None:
    """Make a folder for the outputs of a run and prove that a file can be written in it.

    Parameters
    ----------
    folder : Path
        What interrupted runs left half-written right in it is removed.

    Raises
    ------
    OutputError
        If it cannot be made or written, or has no room.
    """
    with _typed_errors(f"{folder} must be a folder with room to write {_PROBE_BYTES} bytes"):
        folder.mkdir(parents=True, exist_ok=True)
        _remove_unlocked(folder.glob(f"*{PARTIAL}*"))
        with _partial(folder, bytes(_PROBE_BYTES)):
            pass


def remove_abandoned(folder: Path) -> None:
    """Remove what interrupted runs left half-written anywhere below a folder."""
    _remove_unlocked(folder.rglob(f"*{PARTIAL}*"))


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process is in such a block with this folder, so that sets of files match.

    Where folders cannot be locked nobody waits.

    Raises
    ------
    OutputError
        If the folder is not there or may not be read.
    """
    with _typed_errors(f"{folder} must be a folder that may be read"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextmanager
def _typed_errors(expected: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        found, remedy = _FOUND.get(error.errno or 0, (str(error), "choose another folder"))
        kind = DiskError if error.errno in _OF_THE_DISK else OutputError
        raise kind(f"{expected}; {found}: {remedy}") from error
    except ValueError as error:  # a name with a null character
        raise OutputError(f"{expected}; {error}: choose another name") from error


@contextmanager
def _partial(folder: Path, content: bytes) -> Iterator[Path]:
    """Lend a partial file with this content, which is gone at the end if it was not renamed."""
    partial, descriptor = _locked(folder)
    try:
        with os.fdopen(descriptor, "wb") as opened:
            opened.write(content)
            opened.flush()
            # Only now is it sure that the disk has room, and that a power cut leaves no empty file.
            os.fsync(descriptor)
            yield partial
    finally:
        partial.unlink(missing_ok=True)


def _locked(folder: Path) -> tuple[Path, int]:
    """Create a file under a name of its own, locked by this process as long as it is open."""
    while True:
        partial = folder / f"{PARTIAL}{secrets.token_hex(8)}"
        descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
        # Where files cannot be locked none is taken for abandoned either.
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        # Another run may have found it before it was locked.
        if os.fstat(descriptor).st_nlink:
            return partial, descriptor
        os.close(descriptor)


def _remove_unlocked(partials: Iterable[Path]) -> None:
    for partial in partials:
        # Gone already, or another user's.
        with suppress(OSError):
            if stat.S_ISREG(partial.lstat().st_mode):
                _remove_if_unlocked(partial)


def _remove_if_unlocked(partial: Path) -> None:
    descriptor = os.open(partial, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        partial.unlink()
    finally:
        os.close(descriptor)
