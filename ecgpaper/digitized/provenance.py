"""Where an answer comes from: what was read, with which weights, as sha256.

Public: `sha256_of`, `model_checksums`.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from ecgpaper.errors import CheckpointError, RecordError


def sha256_of(file: Path) -> str:
    """Return the sha256 of a file's content, in hexadecimal.

    Raises
    ------
    RecordError
        If it cannot be read.
    """
    try:
        with file.open("rb") as opened:
            return hashlib.file_digest(opened, "sha256").hexdigest()
    except OSError as error:
        raise RecordError(f"{file} must be readable; {error.strerror}: copy it again") from error


def model_checksums(folder: Path) -> dict[str, str]:
    """Return the sha256 of each file of a model folder that is read, by its name.

    Raises
    ------
    CheckpointError
        If there is no such folder.
    """
    if not folder.is_dir():
        raise CheckpointError(
            f"expected a folder with model files; found none at {folder}: give one that "
            "train_model.py has filled, or leave it out to use the weights that come along"
        )
    files = sorted(file for file in folder.iterdir() if file.suffix in {".json", ".safetensors"})
    return {file.name: sha256_of(file) for file in files}
