"""What several test folders share: one simulated record, and pages of it with their truth."""

import logging
from collections import Counter
from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from ecgpaper.digitize import Digitizer
from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.curves.strip import STRIP_HEIGHT_MM, STRIP_PX_PER_MM
from ecgpaper.digitize.segment import working_image
from ecgpaper.page.raster import PixelMaps
from ecgpaper.simulate import simulate_ecg
from ecgpaper.synth import draw_maps, sample_spec, synthesize

# Those whose levels the commands and entry points set.
LOGGERS = ("ecgpaper", "ecgpaper.digitize", "ecgpaper.digitized.reader")
# Files whose fixtures train networks or read pages, whatever their tests take.
LONG_FILES = ("test_challenge.py", "test_roundtrip.py")


def pytest_collection_modifyitems(items):
    """Begin with the files that take long, so that the processes end at about one time."""
    n_slow = Counter(item.path for item in items if item.get_closest_marker("slow"))
    items.sort(key=lambda item: (item.path.name not in LONG_FILES, -n_slow[item.path]))


@pytest.fixture(autouse=True, scope="session")
def _one_thread():
    """Small tensors are slower on several threads than on one, and tests run in processes."""
    torch.set_num_threads(1)
    cv2.setNumThreads(1)


@pytest.fixture(autouse=True)
def _log_levels():
    """Commands set log levels for the rest of their process, and fixtures of files run commands."""
    for name in LOGGERS:
        logging.getLogger(name).setLevel(logging.NOTSET)


@pytest.fixture(scope="session")
def healthy_ecg():
    """Ten seconds of twelve leads at 500 Hz."""
    return simulate_ecg(("NORM",), rng=np.random.default_rng(5))


@pytest.fixture(scope="session")
def shipped():
    """Return the digitizer with the shipped weights, which take a second to read."""
    return Digitizer.load()


@pytest.fixture(scope="session")
def print_page(healthy_ecg):
    """Return a function that prints the record: seed, layout, paper, camera -> SyntheticPage."""

    def print_page(seed=0, layout=None, paper=None, **camera):
        spec = sample_spec("clean", rng=np.random.default_rng(seed), layout=layout)
        spec = replace(spec, paper=replace(spec.paper, **(paper or {})))
        return synthesize(healthy_ecg, replace(spec, camera=replace(spec.camera, **camera)))

    return print_page


@pytest.fixture(scope="session")
def true_maps(healthy_ecg):
    """Return a function that gives a page's true maps at the resolution of the segmenter."""

    def true_maps(page):
        small, px_per_map_px = working_image(page.image)
        maps = draw_maps(healthy_ecg, page.spec).probabilities
        shrunk = cv2.resize(maps, small.shape[1::-1], interpolation=cv2.INTER_AREA)
        return PixelMaps(shrunk, px_per_map_px)

    return true_maps


@pytest.fixture
def reading():
    """Make what a network that is sure of a curve reads in its row."""

    def make(x_mm, y_mm, presence, top_mm):
        rows = np.arange(round(STRIP_HEIGHT_MM * STRIP_PX_PER_MM), dtype=np.float32)
        at = ((np.asarray(y_mm) - top_mm) * STRIP_PX_PER_MM - 0.5).astype(np.float32)
        log_probability = -0.5 * ((rows - at[:, None]) / np.float32(1.5)) ** 2
        probability = np.exp(log_probability)
        total = probability.sum(axis=1, keepdims=True)
        log_probability -= np.log(total)
        return RowReading(
            *(x_mm, top_mm, log_probability, np.ones_like(probability), presence),
            probability / total,
            np.ones(len(x_mm), bool),
        )

    return make
