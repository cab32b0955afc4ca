import contextlib

import cv2
import numpy as np
import pytest
import torch

from ecgpaper.digitize import Digitizer, Stated
from ecgpaper.digitize.answer.quality import FEATURES
from ecgpaper.digitize.calibration.printed_scale import LETTERS
from ecgpaper.digitize.curves.refine import N_FEATURES
from ecgpaper.digitize.request import Request
from ecgpaper.digitize.rows.ends import END_POINTS
from ecgpaper.errors import EcgPaperError
from ecgpaper.nets.ends import EndConfig, EndNet
from ecgpaper.nets.ocr import OcrConfig, OcrNet
from ecgpaper.nets.quality import QualityConfig, QualityNet
from ecgpaper.nets.refiner import Refiner, RefinerConfig
from ecgpaper.nets.segmenter import SegmentNet
from ecgpaper.nets.tracer import StripNet
from ecgpaper.nets.unet import UNetConfig
from ecgpaper.runtime.bounds import Clock

NOISE = np.random.default_rng(0).integers(0, 256, (2000, 400, 3)).astype(np.uint8)
ROWS, COLUMNS = np.mgrid[:450, :600]
LANDSCAPE = np.clip(128 + 100 * np.sin(COLUMNS / 90) + 60 * np.cos(ROWS / 70), 0, 255)
CHECKERS = 255 * ((COLUMNS // 5 + ROWS // 5) % 2)


def flat(height, width, level):
    return np.full((height, width, 3), level, np.uint8)


def gray(levels):
    return np.repeat(levels.astype(np.uint8)[..., None], 3, axis=2)


def read_one_way(digitizer, photo, **stated):
    """Read a photo whose time is over from the start, so that one way round is tried."""
    request = Request(500.0, Stated(**stated), Clock(0.0))
    return digitizer.interpret(digitizer.trace_photo(photo, request), request)


@pytest.fixture(scope="module")
def digitizer():
    """Networks that have learnt nothing: their answers are arbitrary."""
    torch.manual_seed(0)
    segmenter = SegmentNet(UNetConfig(3, (16, 16, 16), 4)).eval()
    tracer = StripNet(UNetConfig(4, (16, 16, 16), 5)).eval()
    refiner = Refiner(RefinerConfig(N_FEATURES)).eval()
    ends = EndNet(EndConfig(N_FEATURES, END_POINTS)).eval()
    judge = QualityNet(QualityConfig(len(FEATURES)))
    ocr = OcrNet(OcrConfig(1 + len(LETTERS))).eval()
    return Digitizer(segmenter, tracer, ends, refiner, ocr, judge)


@pytest.mark.parametrize(
    "photo",
    [
        pytest.param(flat(1, 1, 255), id="one pixel"),
        pytest.param(flat(2, 3, 0), id="a few pixels"),
        pytest.param(NOISE[:40, :60].copy(), id="a thumbnail"),
        pytest.param(flat(3, 3000, 255), id="a line"),
        pytest.param(NOISE[:, :5].copy(), id="a column"),
    ],
)
def test_image_that_can_hold_no_page_is_refused(digitizer, photo):
    with pytest.raises(EcgPaperError, match=r"expected an image of a page.*got \d+ x \d+.*scan"):
        digitizer.digitize(photo)


@pytest.mark.parametrize("shape", [(130, 100_000), (30_000, 130), (120, 2_050)])
def test_image_that_is_too_long_for_a_page_is_refused(digitizer, shape):
    with pytest.raises(EcgPaperError, match=r"at most 17 times as long as wide; got \d+ x \d+"):
        digitizer.digitize(flat(*shape, 255))


@pytest.mark.parametrize("fs", [0.0, -1.0, 1e6, np.nan, np.inf])
def test_no_answer_is_given_at_a_frequency_that_cannot_be(digitizer, fs):
    with pytest.raises(ValueError, match="expected a sampling frequency of 50 to 2000 Hz; got"):
        digitizer.digitize(flat(450, 600, 255), fs=fs)


@pytest.mark.parametrize(
    "photo",
    [
        pytest.param(flat(450, 600, 255), id="blank"),
        pytest.param(flat(450, 600, 0), id="black"),
        pytest.param(NOISE[:450], id="noise"),
        pytest.param(gray(LANDSCAPE), id="a landscape"),
        pytest.param(np.rot90(NOISE[:, :130]).copy(), id="a wide ribbon"),
    ],
)
def test_image_of_something_else_is_an_error_of_a_stage_or_an_answer(digitizer, photo):
    """Never another exception: it would cost a whole folder its outputs."""
    with contextlib.suppress(EcgPaperError):
        assert digitizer.digitize(photo).ecg.signal_mv.shape == (5000, 12)


@pytest.mark.slow
def test_checkers_are_an_error_of_a_stage_or_an_answer(digitizer):
    with contextlib.suppress(EcgPaperError):
        assert read_one_way(digitizer, gray(CHECKERS)).ecg.signal_mv.shape == (5000, 12)


def graph_paper(height, width):
    """A grid without a trace."""
    paper = flat(height, width, 255)
    for step, color in ((8, (245, 170, 170)), (40, (220, 90, 90))):
        paper[::step] = color
        paper[:, ::step] = color
    return paper


def waves(height, width, n_rows):
    """Sines in rows, which look like traces and are none of an ECG."""
    paper, x = flat(height, width, 255), np.arange(width)
    for row in range(n_rows):
        y = height * (row + 0.5) / n_rows + 0.3 * height / n_rows * np.sin(x / 30 + row)
        cv2.polylines(paper, [np.column_stack([x, y]).astype(np.int32)], False, (0, 0, 0), 2)
    return paper


def text(height, width):
    paper = flat(height, width, 255)
    for y in range(40, height, 34):
        cv2.putText(paper, "The quick brown fox 25 mm/s", (30, y), 0, 0.8, (0, 0, 0), 2)
    return paper


@pytest.mark.slow
@pytest.mark.parametrize(
    ("photo", "stated"),
    [
        pytest.param(graph_paper(600, 600), {}, id="a grid without a trace"),
        pytest.param(graph_paper(130, 2100), {}, id="a strip of graph paper"),
        pytest.param(text(700, 900), {}, id="text"),
        pytest.param(waves(1000, 1400, 6), {"layout": "6x2-simultaneous"}, id="waves"),
        pytest.param(gray(CHECKERS), {"layout": "12x1"}, id="checkers said to be a page"),
        pytest.param(NOISE[:450, :400], {"speed_mm_per_s": 5.0}, id="noise at 5 mm/s"),
    ],
)
def test_what_is_no_ecg_is_refused_by_the_shipped_networks(shipped, photo, stated):
    """Never an answer that holds not one sample, and never more memory than there is."""
    with pytest.raises(EcgPaperError, match="expected"):
        read_one_way(shipped, photo, **stated)


@pytest.mark.slow
def test_a_page_turned_far_and_cut_by_the_frame_is_read_or_refused(shipped, print_page):
    page = print_page(3, layout="3x4", dpi=150.0).image
    height, width = page.shape[:2]
    turn = cv2.getRotationMatrix2D((width / 2, height / 2), 22.0, 1.6)
    photo = cv2.warpAffine(page, turn, (width, height), borderValue=(90, 80, 70))
    with contextlib.suppress(EcgPaperError):
        assert np.isfinite(read_one_way(shipped, photo).ecg.signal_mv).any()
