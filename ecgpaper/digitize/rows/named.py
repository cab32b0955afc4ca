"""A layout whose strips have names, and how well their curves fit each other.

Public: `Named`, `NameLeads`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.rows.fit import Fit, agreement
from ecgpaper.page import PageLayout
from ecgpaper.page.raster import GridScale, Trace

# Sums of the limb leads of one heart vanish by more than this; of a lead with itself by 0.67.
_LEVEL = 0.8


@dataclass(frozen=True, eq=False)
class Named:
    """A layout, the rows and the curves of its strips, and how well these fit."""

    layout: PageLayout
    rows: tuple[RowReading, ...]
    traces: tuple[Trace, ...]
    fits: tuple[Fit, ...]

    @property
    def fit(self) -> float | None:
        """The mean of the fits, see `rows.fit.agreement`."""
        return agreement(self.fits)

    @property
    def is_level(self) -> bool:
        """Whether the sums of limb leads vanish as no lead and itself do.

        In Cabrera's order, where aVR is upside down, those of one lead vanish as well.
        """
        sums = [fit.share for fit in self.fits if len(fit.leads) > 1]
        if any(strip.polarity < 0 for strip in self.layout.strips):
            return False
        return bool(sums) and float(np.mean(sums)) > _LEVEL

    @property
    def rank(self) -> float:
        """The fit; a layout that nothing speaks for is the last."""
        return -np.inf if self.fit is None else self.fit


# A function that cuts the rows of a page into strips and names them.
NameLeads: TypeAlias = Callable[[PageLayout, tuple[RowReading, ...], GridScale], Named]
