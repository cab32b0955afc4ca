"""Work apart: one thing at a time, ended where it takes too long; curves are read once."""

import os
import time
from dataclasses import dataclass, field

import numpy as np
import pytest

from ecgpaper.app.commands import serve
from ecgpaper.app.serve.remember import MOST_REMEMBERED, RememberingReader
from ecgpaper.app.serve.worker import Worker
from ecgpaper.digitize import Stated, StatedBox, StatedLead
from ecgpaper.digitize.request import Request
from ecgpaper.errors import MissingPackageError, OverdueError
from ecgpaper.files.inputs import PageSource
from ecgpaper.runtime.bounds import Clock


def test_what_takes_too_long_or_dies_is_ended_and_the_next_is_done():
    worker = Worker(limit_s=60.0)
    try:
        assert worker.submit(os.getpid).result() != os.getpid()
        with pytest.raises(OverdueError, match="was killed"):
            worker.submit(os._exit, 1).result()
        worker.limit_s = 0.5
        late = worker.submit(time.sleep, 600)
        worker.limit_s = 60.0 if late.done() else 0.5
        with pytest.raises(OverdueError, match=r"may take 0\.5 s"):
            late.result()
        worker.limit_s = 60.0
        assert worker.submit(abs, -1).result() == 1
    finally:
        worker.close()


@dataclass
class ToyDigitizer:
    seen: list = field(default_factory=list)

    def trace_photo(self, photo, request):
        self.seen.append((float(photo.mean()), request.stated))
        return object()


def test_another_gain_speed_name_or_box_needs_no_reading_and_other_corners_do(tmp_path):
    file = tmp_path / "a.png"
    file.write_text("a")
    source = PageSource(file, 1, 1, "picture")
    reader = RememberingReader(ToyDigitizer(), None)
    photo = np.zeros((2, 2, 3), np.uint8)

    def n_read(stated, page=1):
        before = len(reader.digitizer.seen)
        where = PageSource(file, page, 3, "picture")
        reader.trace(photo, Request(500.0, stated, Clock()), where)
        return len(reader.digitizer.seen) - before

    corners = ((0.0, 0.0), (0.9, 0.0), (0.9, 0.9), (0.0, 0.9))
    assert n_read(Stated()) == 1
    for stated in (Stated(gain_mm_per_mv=5.0), Stated(speed_mm_per_s=50.0), Stated()):
        assert n_read(stated) == 0
    assert n_read(Stated(leads=(StatedLead(3, 0, "V1"),))) == 0
    assert n_read(Stated(boxes=(StatedBox(1, 0, 0.1, 0.1, 0.4, 0.2),))) == 0
    assert n_read(Stated(corners=corners)) == 1
    assert n_read(Stated(layout="3x4")) == 1
    assert len(reader.remembered) == MOST_REMEMBERED
    assert n_read(Stated()) == 1
    assert n_read(Stated(), page=2) == 1
    file.write_text("another one")
    assert n_read(Stated(), page=2) == 1
    assert source.file.exists()


def test_a_package_that_is_missing_is_named_with_what_installs_it():
    serve._require("json")
    with pytest.raises(MissingPackageError, match=r"no_such_package.*ecgpaper\[serve\]"):
        serve._require("json", "no_such_package")
