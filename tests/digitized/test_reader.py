"""The library's own way: a file in, one result out; with a toy instead of the networks."""

import numpy as np
import pytest
from PIL import Image

import ecgpaper
from ecgpaper.digitized import reader as page_reader
from ecgpaper.errors import LayoutError, RecordError
from ecgpaper.runtime.boundary import PageFault


class Toy:
    """Answers with the picture's brightness; white pages are refused."""

    def read(self, photo, settings, source):
        if photo.mean() > 250:
            raise LayoutError("expected rows; found none: scan it again")
        return round(float(photo.mean())), settings.fs_hz, source.page


@pytest.fixture
def scan(tmp_path, monkeypatch):
    monkeypatch.setattr(page_reader, "loaded", lambda _: Toy())
    sheets = [Image.fromarray(np.full((20, 30), level, np.uint8)) for level in (90, 255, 110)]
    sheets[0].save(tmp_path / "scan.tif", save_all=True, append_images=sheets[1:])
    sheets[0].save(tmp_path / "one.png")
    return tmp_path / "scan.tif"


def test_a_page_of_several_has_to_be_named(scan):
    assert ecgpaper.digitize(scan.with_name("one.png")) == (90, 500.0, 1)
    settings = ecgpaper.Settings(fs_hz=250.0)
    assert ecgpaper.digitize(str(scan), page=3, settings=settings) == (110, 250.0, 3)
    with pytest.raises(RecordError, match="has 3: name one"):
        ecgpaper.digitize(scan)
    with pytest.raises(RecordError, match=r"from 1 to 3 of .*; got 4"):
        ecgpaper.digitize(scan, page=4)
    with pytest.raises(LayoutError):
        ecgpaper.digitize(scan, page=2)


def test_all_pages_come_with_a_result_or_the_reason(scan):
    pages = list(ecgpaper.digitize_all(scan))
    assert [source.page for source, _ in pages] == [1, 2, 3]
    assert [found for _, found in pages] == [
        (90, 500.0, 1),
        PageFault("expected rows; found none: scan it again"),
        (110, 500.0, 3),
    ]


@pytest.mark.parametrize(
    "wrong", [{"fs_hz": 1.0}, {"layout": "9x9"}, {"gain_mm_per_mv": 0.0}, {"speed_mm_per_s": 1e9}]
)
def test_settings_that_cannot_be_are_refused(wrong):
    with pytest.raises(ValueError, match=r"expected|must be"):
        ecgpaper.Settings(**wrong)
