import numpy as np
import pytest

from ecgpaper.digitize.calibration.printed_scale import (
    LETTERS,
    LIMITS,
    OCR,
    Said,
    find_lines,
    letters_of,
    read_said,
    said_in,
)
from ecgpaper.digitize.networks import load_network
from ecgpaper.nets.ocr import OcrNet
from ecgpaper.nets.stored.weights import shipped_model
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import PIXEL_CLASSES, FlatPage, GridScale, PixelMaps
from ecgpaper.synth.print.text import box_mm, draw_text
from ecgpaper.synth.spec.print import TextLine

MODEL = shipped_model()
SCALE = GridScale((8.0, 8.0))


def sure(text):
    return text, np.ones(len(text), np.float32)


@pytest.mark.parametrize(
    ("lines", "speed", "gain"),
    [
        (["25 mm/s 10 mm/mv"], 25.0, 10.0),
        (["????? 50mm/s??", "5mm/mv  0.05?150??"], 50.0, 5.0),
        (["?????? 20 mm/mv ??????20.0 mm/mv"], None, 20.0),
        # Limbs and chest at two gains; values that nobody prints; parts of other numbers.
        (["10 mm/mv", "5 mm/mv"], None, None),
        (["35mm/s 12mm/mv"], None, None),
        (["125 mm/s 2.5mm/mv 4/10mm/mv"], None, None),
        (["25 ms 10 mv 10 mm"], None, None),
        ([], None, None),
    ],
)
def test_what_is_spelled_like_a_scale_is_one(lines, speed, gain):
    assert said_in([sure(line) for line in lines]) == Said(speed, gain)


def test_letter_that_is_doubted_is_not_believed():
    text, probable = sure("50mm/s 10mm/mv")
    probable[0] = LIMITS.min_probable - 0.01
    assert said_in([(text, probable)]) == Said(None, 10.0)


def test_letters_are_told_apart_as_far_as_a_scale_needs_them():
    def spell(text):
        return "".join(LETTERS[letter - 1] for letter in letters_of(text))

    assert spell("25 MM/S 10.0 mm/mV") == "25 mm/s 10.0 mm/mv"
    assert spell("Limb: 5,0 Hz") == "??m?? 5,0 ??"
    # 0 is no letter at all.
    assert min(letters_of(LETTERS)) == 1
    assert len(set(letters_of(LETTERS))) == len(LETTERS)


def printed(*lines, shape=(400, 1200)):
    """A sheet with lines, and maps that know where they are, half as fine."""
    layer = np.zeros(shape, np.uint8)
    likely = np.zeros((shape[0] // 2, shape[1] // 2, len(PIXEL_CLASSES)), np.float32)
    for line in lines:
        draw_text(layer, line, SCALE)
        left, top, right, bottom = (round(edge * 4) for edge in box_mm(line))
        likely[top:bottom, left:right, PIXEL_CLASSES.index("text")] = 1
    return np.repeat(255 - layer[..., None], 3, axis=-1), PixelMaps(likely, 2.0)


def whole(photo):
    """The sheet as it lies on the photo."""
    return FlatPage(photo, Homography.identity())


def part(photo, rows):
    """The page that is some rows of the photo only, and twice as fine."""
    page = np.repeat(np.repeat(photo[rows], 2, axis=0), 2, axis=1)
    to_photo = Homography.scaling(0.5).compose(Homography.translation((0.0, rows.start)))
    return FlatPage(page, to_photo)


def test_words_of_a_line_are_one_line_and_short_or_high_things_none():
    near = TextLine("25 mm/s", (20.0, 20.0), 2.5), TextLine("10 mm/mV", (37.0, 20.0), 2.5)
    name, title = TextLine("II", (20.0, 40.0), 2.5), TextLine("ECG", (90.0, 45.0), 14.0)
    photo, maps = printed(*near, name, title)
    ((left, top, right, bottom),) = find_lines(maps, whole(photo), SCALE)
    boxes_mm = np.array([box_mm(line) for line in near])
    assert boxes_mm[:, 0].min() - 10 < left < boxes_mm[:, 0].min() - 3
    assert boxes_mm[:, 2].max() + 3 < right < boxes_mm[:, 2].max() + 10
    assert top == pytest.approx(boxes_mm[:, 1].min(), abs=0.4)
    assert bottom == pytest.approx(boxes_mm[:, 3].max(), abs=0.4)


@pytest.fixture(scope="module")
def ocr():
    return load_network(MODEL, OCR, OcrNet)


@pytest.mark.parametrize("font", ["sans", "times-italic", "stroke"])
@pytest.mark.parametrize("height_mm", [1.8, 3.5])
@pytest.mark.parametrize(("speed", "gain"), [(25, 20), (50, 5), (50, 10)])
def test_print_is_read(ocr, font, height_mm, speed, gain):
    name = TextLine("Sinus rhythm, normal ECG", (5.0, 12.0), height_mm, font)
    texts = f"Speed: {speed} mm/sec", f"{gain}mm/mV"
    scales = (
        TextLine(text, (x_mm, 40.0), height_mm, font)
        for text, x_mm in zip(texts, (10.0, 85.0), strict=True)
    )
    photo, maps = printed(name, *scales)
    assert read_said(photo, maps, whole(photo), SCALE, ocr) == Said(speed, gain)


@pytest.mark.parametrize(
    ("rows", "height_mm"), [(slice(0, 200), 40.0), (slice(200, 400), 10.0), (slice(100, 400), 25.0)]
)
def test_print_is_read_beside_the_page_and_on_it(ocr, rows, height_mm):
    photo, maps = printed(TextLine("25 mm/s  20 mm/mV", (20.0, height_mm), 2.5))
    found = read_said(photo, maps, part(photo, rows), GridScale((16.0, 16.0)), ocr)
    assert found == Said(25.0, 20.0)


def test_page_without_print_says_nothing(ocr):
    photo, maps = printed()
    assert read_said(photo, maps, whole(photo), SCALE, ocr) == Said()


def test_line_at_the_very_edge_is_no_error(ocr):
    photo, maps = printed(
        TextLine("25 mm/s", (0.0, 3.0), 2.8), TextLine("5 mm/mV", (140.0, 50), 2.8)
    )
    said = read_said(photo, maps, whole(photo), SCALE, ocr)
    assert said.speed_mm_per_s in (None, 25.0)
