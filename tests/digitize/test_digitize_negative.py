from pathlib import Path

import numpy as np
import pytest

from ecgpaper.digitize import Digitizer
from ecgpaper.digitize.negative import is_dark, negative
from ecgpaper.errors import EcgPaperError

MODEL = Path(__file__).parents[2] / "model"
GREEN, BLACK = (40, 220, 60), (8, 8, 8)


@pytest.fixture(scope="module")
def digitizer():
    return Digitizer.load(MODEL)


def test_ground_becomes_paper_and_a_trace_of_any_color_ink():
    picture = np.full((20, 30, 3), BLACK, np.uint8)
    picture[10] = GREEN
    turned = negative(picture)
    assert turned.dtype == np.uint8
    assert (turned[10] == 255 - 220).all()
    assert (turned[0] == 255 - 8).all()


def test_pictures_of_paper_are_not_dark_but_those_on_black_are():
    paper = np.full((20, 30, 3), 230, np.uint8)
    paper[:4] = 0
    assert not is_dark(paper)
    assert is_dark(255 - paper)


def test_light_traces_on_a_dark_ground_are_read_as_dark_ones_on_paper(digitizer, print_page):
    page = print_page(3, dpi=150.0, paper={"color": (255.0,) * 3, "grid_color": (150.0,) * 3})
    as_printed = digitizer.digitize(page.image).ecg.signal_mv
    dark = 255 - page.image
    dark[..., [0, 2]] = (dark[..., [0, 2]] * 0.6).astype(np.uint8)
    found = digitizer.digitize(dark).ecg.signal_mv
    both = np.isfinite(as_printed) & np.isfinite(found)
    assert both.sum() > 0.95 * np.isfinite(as_printed).sum()
    assert np.corrcoef(as_printed[both], found[both])[0, 1] > 0.99


def test_dark_picture_without_traces_is_refused_for_what_it_is(digitizer):
    photo = np.full((500, 700, 3), 20, np.uint8)
    with pytest.raises(EcgPaperError) as as_it_is:
        digitizer._digitize(photo, 500.0, None)
    with pytest.raises(type(as_it_is.value), match="expected") as refused:
        digitizer.digitize(photo)
    assert str(refused.value) == str(as_it_is.value)
