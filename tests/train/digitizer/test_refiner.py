"""The refiner learns how far off the tracer is, from curves that are known."""

import json

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ecgpaper.digitize.curves.refine import N_FEATURES
from ecgpaper.train.digitizer.curves import Curves
from ecgpaper.train.digitizer.refiner import N_POINTS, REFINER_LEARNER, CurveSource
from ecgpaper.train.span import Span

# Where the offset of the row is found, among the features.
WITHIN_ROW = N_FEATURES - 7


def curves(*lengths, seed=0):
    """Curves that are off by as much as one of their features says."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(sum(lengths), N_FEATURES)).astype(np.float16)
    offset = features[:, WITHIN_ROW].astype(np.float32)
    is_known = rng.random(len(offset)) < 0.9
    ends = np.zeros((len(lengths), 2), np.float32)
    return Curves(features, offset * is_known, is_known, np.array(lengths), ends)


def test_stretches_keep_features_and_offsets_together_however_they_are_turned():
    source = CurveSource([curves(1250, 5000), curves(300, seed=1)], 3)
    signs = set()
    for step in range(12):
        batch = source.batch(step)
        assert batch.features.shape[1:] == (N_FEATURES, N_POINTS)
        own = np.where(batch.is_known, batch.features[:, WITHIN_ROW], 0)
        assert batch.offset == pytest.approx(own, abs=1e-3)
        signs |= {bool(part.any()) for part in batch.is_known[:, 400:]}
    # Curves shorter than a stretch are filled up with what is not known.
    assert signs == {True, False}


def test_batch_depends_on_its_step_alone():
    pages = [curves(1250, 5000)]
    one, other = CurveSource(pages, 3), CurveSource(pages, 3)
    other.batch(4)
    assert (one.batch(5).features == other.batch(5).features).all()
    assert not (one.batch(5).features == one.batch(6).features).all()
    assert not (one.batch(5).features == CurveSource(pages, 4).batch(5).features).all()


def test_pages_without_a_curve_are_refused():
    nothing = Curves(
        np.zeros((0, N_FEATURES), np.float16),
        np.zeros(0),
        np.zeros(0, bool),
        np.zeros(0, int),
        np.zeros((0, 2)),
    )
    with pytest.raises(ValueError, match="expected pages with curves; none of 1 shows any"):
        CurveSource([nothing], 0)


def test_training_writes_a_network_and_goes_on_from_given_weights(tmp_path):
    """Without a step to train, what comes out is what went in."""
    source = CurveSource([curves(1250)], 0, batch_size=2)
    first, then = tmp_path / "first", tmp_path / "then"
    REFINER_LEARNER.train(source, first, span=Span(2), seed=0)
    assert {file.name for file in first.iterdir()} == {"refiner.json", "refiner.safetensors"}
    REFINER_LEARNER.train(source, then, span=Span(0), seed=5, start=first)
    before, after = (load_file(folder / "refiner.safetensors") for folder in (first, then))
    assert all(torch.equal(before[key], after[key]) for key in before)
    origin, training = (
        json.loads((folder / "refiner.json").read_text()) for folder in (first, then)
    )
    assert training["training"]["start"] == f"weights {origin['sha256']}"
