"""Where the weights are that come with the program.

Public: `shipped_model`, `PLACES`.
"""

from __future__ import annotations

from pathlib import Path

from ecgpaper.errors import CheckpointError

_PACKAGE = Path(__file__).parents[2]
# A wheel carries them inside the package (setup.py); a checkout has them beside it.
PLACES = (_PACKAGE / "model", _PACKAGE.parent / "model")


def shipped_model(places: tuple[Path, ...] = PLACES) -> Path:
    """Return the folder of the shipped weights, whether the program is installed or not.

    Parameters
    ----------
    places : tuple of Path, optional
        Folders to look in, the first that has weights counts.

    Raises
    ------
    CheckpointError
        If the weights are not there.
    """
    for folder in places:
        if any(folder.glob("*.safetensors")):
            return folder
    raise CheckpointError(
        f"expected the shipped weights in {' or '.join(map(str, places))}; found none: install "
        "ecgpaper with its weights (pip install . in a complete checkout), or name a folder that "
        "train_model.py has written (--model, load(folder))"
    )
