"""``ecgpaper.digitize(path)``: the digitizer's package is called as the function is.

The function and the package have one name. A package can be called if its class says how.
"""

from __future__ import annotations

from types import ModuleType
from typing import Any


class CalledPackage(ModuleType):
    """The package `ecgpaper.digitize`, which is `ecgpaper.page_reader.digitize` as well."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Digitize a page of a file, see `ecgpaper.page_reader.digitize`."""
        from ecgpaper.page_reader import digitize  # noqa: PLC0415  it imports this package

        return digitize(*args, **kwargs)
