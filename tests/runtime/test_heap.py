import gc
import os
import sys
import traceback
import weakref
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


def failing(faults, held):
    """Fail for two reasons, and keep the error where its own traceback knows it."""
    big = np.zeros(10)
    held.append(weakref.ref(big))
    try:
        raise LookupError("the first reason")
    except LookupError as first:
        fault = ValueError("the second reason")
        faults.append(fault)
        raise fault from first


def giving_back(held):
    faults = []
    try:
        failing(faults, held)
    finally:
        give_back()


def test_error_that_is_kept_keeps_no_array():
    held = []
    gc.disable()
    try:
        with pytest.raises(ValueError, match="second") as caught:
            giving_back(held)
        assert held[0]() is None
    finally:
        gc.enable()
    told = "".join(traceback.format_exception(caught.value))
    assert "in failing" in told
    assert "the first reason" in told


def test_what_the_user_has_set_wins(monkeypatch):
    name = "ONEDNN_PRIMITIVE_CACHE_CAPACITY"
    monkeypatch.delenv(name, raising=False)
    bound_caches()
    assert os.environ[name] == "32"
    monkeypatch.setenv(name, "7")
    bound_caches()
    assert os.environ[name] == "7"
