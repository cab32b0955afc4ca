import os
import sys
from pathlib import Path

import numpy as np
import pytest

from ecgpaper.runtime.heap import bound_caches, give_back


def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 / 1e6


@pytest.mark.skipif(sys.platform != "linux", reason="only glibc keeps what was freed")
def test_what_is_free_between_blocks_in_use_is_given_back():
    """Blocks below the size that glibc maps by itself; every tenth stays in use."""
    blocks = [np.ones(12_000) for _ in range(4_000)]
    kept = blocks[::10]
    del blocks
    before_mb = resident_mb()
    give_back()
    assert resident_mb() < before_mb - 100
    assert len(kept) == 400


def test_what_the_user_has_set_wins(monkeypatch):
    name = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
    monkeypatch.delenv(name, raising=False)
    bound_caches()
    assert os.environ[name] == "32"
    monkeypatch.setenv(name, "7")
    bound_caches()
    assert os.environ[name] == "7"
