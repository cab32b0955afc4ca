"""Readers that are not installed with the program: their lack says how to get them.

Public: `import_extra`.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

from ecgpaper.errors import RecordError


def import_extra(module: str, extra: str, what: str) -> Any:
    """Import what an extra of this package installs.

    Parameters
    ----------
    module : str
    extra : str
        Name among the optional dependencies of `pyproject.toml`.
    what : str
        What it reads.

    Raises
    ------
    RecordError
        If it is not installed.
    """
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise RecordError(
            f"reading {what} needs {package}; {error}: pip install 'ecgpaper[{extra}]'"
        ) from error
