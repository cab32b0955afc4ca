"""Read a model file that may come from anybody: a regular file of bounded size, or nothing."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from ecgpaper.errors import CheckpointError


def read_bounded(path: Path, most_bytes: int, remedy: str) -> bytes:
    """Read a regular file that is not larger than it can be.

    Parameters
    ----------
    path : Path
    most_bytes : int
    remedy : str
        What to do if it cannot be read, for the message.

    Raises
    ------
    CheckpointError
        If it is not there, is no regular file, cannot be read, or is larger.
    """
    try:
        content = _content(path, most_bytes)
    except FileNotFoundError as error:
        raise CheckpointError(
            f"expected the model file {path}; it is not there: {remedy}"
        ) from error
    except OSError as error:
        reason = error.strerror or str(error)
        raise CheckpointError(
            f"expected a model file that can be read at {path}; {reason}: {remedy}"
        ) from error
    if len(content) > most_bytes:
        raise CheckpointError(f"{path} must have at most {most_bytes} bytes; it has more: {remedy}")
    return content


def _content(path: Path, most_bytes: int) -> bytes:
    """Read a byte more than there may be; a pipe or a device is not even opened."""
    if not stat.S_ISREG(path.stat().st_mode):
        raise OSError(errno.EINVAL, "a folder, a pipe or a device is in its place")
    # Should a pipe take its place now, it is not waited for.
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as opened:
        return opened.read(most_bytes + 1)
