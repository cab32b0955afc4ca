"""Write files so that an interrupted program never leaves half of one. Standard library only."""

from __future__ import annotations

import os
from pathlib import Path

# In the name of a file that is not whole yet.
PARTIAL = ".partial-"


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(path.name + f"{PARTIAL}{os.getpid()}")
    try:
        partial.write_bytes(content)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
