"""The examples in docstrings say what happens."""

import doctest
import importlib

import pytest

# What users call; other modules need no examples.
MODULES = [
    *("runtime.boundary", "runtime.bounds", "ecg", "page.scale", "files.records.challenge"),
    *("score.labels", "score.pooled", "score.signals"),
    *("simulate.record", "synth.generator", "synth.sample.page"),
    *("digitized.page", "page.geometry", "measure.measuring", "page.layouts", "page.raster"),
    *("classify.branches", "files.records.images"),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples_are_true(name):
    found = doctest.testmod(importlib.import_module(f"ecgpaper.{name}"))
    assert found.attempted > 0
    assert found.failed == 0
