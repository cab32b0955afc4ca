import numpy as np
import pytest

from ecgpaper.classify.picture import look_at
from ecgpaper.digitize import Digitizer
from ecgpaper.digitize.page.negative import is_dark, negative
from ecgpaper.errors import GridError, LayoutError, MirrorError

GREEN, BLACK = (40, 220, 60), (8, 8, 8)


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


@pytest.mark.parametrize("step_px", [4, 8, 12])
def test_lines_of_a_grid_do_not_tell_whether_its_ground_is_dark(step_px):
    picture = np.full((360, 480, 3), 255, np.uint8)
    picture[::step_px] = picture[:, ::step_px] = 30
    assert not is_dark(picture)
    assert is_dark(255 - picture)


@pytest.mark.slow
def test_light_traces_on_a_dark_ground_are_read_as_dark_ones_on_paper(shipped, print_page):
    page = print_page(3, dpi=150.0, paper={"color": (255.0,) * 3, "grid_color": (150.0,) * 3})
    printed = shipped.digitize(page.image)
    as_printed = printed.ecg.signal_mv
    dark = 255 - page.image
    dark[..., [0, 2]] = (dark[..., [0, 2]] * 0.6).astype(np.uint8)
    negative_of_it = shipped.digitize(dark)
    found = negative_of_it.ecg.signal_mv
    both = np.isfinite(as_printed) & np.isfinite(found)
    assert both.sum() > 0.95 * np.isfinite(as_printed).sum()
    assert np.corrcoef(as_printed[both], found[both])[0, 1] > 0.99
    # The classifier sees it as a print, too.
    assert (printed.is_negative, negative_of_it.is_negative) == (False, True)
    seen, expected = (
        look_at(photo, read).picture.astype(float)
        for photo, read in ((dark, negative_of_it), (page.image, printed))
    )
    assert np.corrcoef(seen.ravel(), expected.ravel())[0, 1] > 0.7


def refuse_both(monkeypatch, first_error):
    """Make a digitizer refuse all; return it and what it was shown."""
    seen = []

    def refuse(_, page, __):
        seen.append(page.photo)
        raise first_error if len(seen) == 1 else GridError("as a negative")

    monkeypatch.setattr(Digitizer, "read_page", refuse)
    return seen


@pytest.mark.slow
def test_what_is_no_negative_either_is_refused_for_what_it_is(shipped, monkeypatch):
    photo = np.full((500, 700, 3), 20, np.uint8)
    seen = refuse_both(monkeypatch, LayoutError("as it is"))
    with pytest.raises(LayoutError, match="as it is"):
        shipped.digitize(photo)
    assert [int(shown.mean()) for shown in seen] == [20, 235]


@pytest.mark.slow
def test_neither_paper_nor_a_mirrored_page_is_read_as_a_negative(shipped, monkeypatch):
    seen = refuse_both(monkeypatch, LayoutError("as it is"))
    with pytest.raises(LayoutError):
        shipped.digitize(np.full((500, 700, 3), 230, np.uint8))
    assert len(seen) == 1
    seen = refuse_both(monkeypatch, MirrorError("mirrored"))
    with pytest.raises(MirrorError):
        shipped.digitize(np.full((500, 700, 3), 20, np.uint8))
    assert len(seen) == 1
