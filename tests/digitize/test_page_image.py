"""How a photo may be seen, one way after another."""

from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.digitize import page_image
from ecgpaper.digitize.page.view import View
from ecgpaper.digitize.page_image import PageImage, sights
from ecgpaper.errors import RectifyError
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import PIXEL_CLASSES, FlatPage, PixelMaps

N_LINES = 4


def seen(*, shown_px, color=230, grid=0.0):
    """A photo with level lines of ink, and a flat page of its upper part, twice as large."""
    photo = np.full((200, 300, 3), color, np.uint8)
    shares = np.zeros((100, 150, len(PIXEL_CLASSES)), np.float32)
    shares[10::25, 20:130, PIXEL_CLASSES.index("ink")] = 1
    shares[..., PIXEL_CLASSES.index("grid")] = grid
    maps = PixelMaps(shares, 2.0)
    flat = FlatPage(np.zeros((2 * shown_px, 600, 3), np.uint8), Homography.scaling(0.5))
    identity, size_px = Homography.identity(), (300, 200)
    return PageImage(photo, maps, flat, maps, identity, size_px, View.of(photo))


@pytest.mark.parametrize("n_shown", range(N_LINES + 1))
def test_ink_within_the_corners_of_a_flat_page_is_shown(n_shown):
    page = seen(shown_px=10 + 50 * n_shown)
    assert page.ink_shown == pytest.approx(n_shown / N_LINES)


@pytest.mark.parametrize(
    ("shown_px", "color", "grid", "ways"),
    [
        (200, 230, 0.1, ["page"]),
        (60, 230, 0.0, ["page", "upright"]),
        (200, 20, 0.5, ["page", "negative"]),
        (60, 20, 0.0, ["page", "upright", "negative"]),
        (200, 230, 0.5, ["page", "pale"]),
        (60, 230, 0.5, ["page", "upright", "pale"]),
    ],
)
def test_a_part_of_a_page_is_seen_upright_a_dark_one_as_a_negative_one_with_a_grid_as_if_pale(
    monkeypatch, shown_px, color, grid, ways
):
    page = seen(shown_px=shown_px, color=color, grid=grid)
    monkeypatch.setattr(page_image, "see_page", lambda *_: page)
    monkeypatch.setattr(page_image, "see_negative", lambda *_: "negative")
    monkeypatch.setattr(page_image, "see_pale", lambda *_: "pale")
    found = [see() for see in sights(page.photo, None)]
    assert found[0].flat is page.flat
    # Only a page that is seen so next may leave ways round for it.
    assert found[0].may_be_pale == ("pale" in ways)
    assert len(found) == len(ways)
    if "upright" in ways:
        assert not found[1].may_be_pale
        assert found[1].ink_shown == pytest.approx(1.0)
        assert found[1].photo is page.photo
    assert [way for way in found if isinstance(way, str)] == [*{"negative", "pale"} & {*ways}]


def test_a_page_that_is_not_found_is_not_seen_upright(monkeypatch):
    def fail(*_):
        raise RectifyError("no page")

    monkeypatch.setattr(page_image, "see_page", fail)
    ways = sights(seen(shown_px=60).photo, None)
    with pytest.raises(RectifyError, match="no page"):
        next(ways)()
    assert list(ways) == []


def test_a_page_seen_upright_lies_as_its_photo():
    page = seen(shown_px=60)
    assert page.upright().flat.image.shape == page.photo.shape
    assert replace(page, flat=page.upright().flat).ink_shown == pytest.approx(1.0)
