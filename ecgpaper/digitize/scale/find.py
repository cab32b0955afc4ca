"""Page -> scale: pixels per millimeter, by the grid or, without one, by the rows.

Public: `find_scale`.
"""

from __future__ import annotations

import logging

import numpy as np

from ecgpaper.digitize.grid.comb import believable, find_grid_scale
from ecgpaper.digitize.page.flatten import FLAT_PX_PER_MM
from ecgpaper.digitize.page_image import PageImage
from ecgpaper.digitize.scale.by_rows import fits_rows, scale_without_grid
from ecgpaper.errors import GridError, LayoutError
from ecgpaper.nets.unet import StripNet
from ecgpaper.raster import GridScale

logger = logging.getLogger(__name__)

_NO_GRID = (
    "expected a grid of 1-mm and 5-mm lines; what looks like one is too fine for any page: crop "
    "the image to the page, or scan it at 150 dpi or more"
)
# A page that is flattened along its grid has the scale that it was given, within this share.
MAX_FOLLOWED_OFF = 0.01


def find_scale(page: PageImage, tracer: StripNet) -> GridScale:
    """Measure the scale of a page.

    A grid that could not be followed over the page is believed only if it fits the rows.

    Parameters
    ----------
    page : PageImage
        Whose rows lie level.
    tracer : StripNet
        Tells where rows begin and end.

    Raises
    ------
    GridError, LayoutError
        If the page shows neither grid nor rows, or is larger than a page can be.
    """
    try:
        scale = believable(find_grid_scale(page.flat, page.maps), page.flat, _NO_GRID)
    except GridError as error:
        logger.info("measuring the rows: %s", error)
        return scale_without_grid(page.photo, page.flat, page.maps, tracer)
    is_followed = np.allclose(scale.px_per_mm, FLAT_PX_PER_MM, rtol=MAX_FOLLOWED_OFF)
    if is_followed or fits_rows(page.maps, scale):
        return scale
    logger.info("measuring the rows: the grid that was found fits none")
    try:
        return scale_without_grid(page.photo, page.flat, page.maps, tracer)
    except (GridError, LayoutError) as error:
        logger.info("a doubtful grid is better than none: %s", error)
        return scale
