"""The verbs of ``ecgpaper``, one module each.

A command's module has a docstring (its help), ``add_arguments(parser)`` and
``run(arguments) -> int``, the exit status. Whatever is slow to import it imports in ``run``.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator


class NamesIn:
    """Names of a table that is slow to import, looked up when somebody asks."""

    def __init__(self, module: str, table: str) -> None:
        self.module, self.table = module, table

    def __iter__(self) -> Iterator[str]:
        return iter(getattr(importlib.import_module(self.module), self.table))

    def __contains__(self, name: str) -> bool:
        return name in tuple(self)
