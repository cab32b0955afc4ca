"""Packages that are called as a function of the same name is: ``ecgpaper.digitize("page.jpg")``.

Public: `CalledPackage`. Standard library only.

A package and a function that have one name are one thing then: a package can be called if its class
says how.
"""

from __future__ import annotations

from importlib import import_module
from types import ModuleType
from typing import Any


class CalledPackage(ModuleType):
    """A package that is called as the function is whose home and name stand in its `CALLED`."""

    CALLED: tuple[str, str]

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function, whose module is imported now: it may import this package."""
        home, name = self.CALLED
        return getattr(import_module(home), name)(*args, **kwargs)
