"""The network that finds ends learns from curves whose ends are known."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from ecgpaper.digitize.curves.refine import BEYOND_POINTS, N_FEATURES
from ecgpaper.digitize.rows.ends import END_POINTS
from ecgpaper.train.digitizer import ends
from ecgpaper.train.digitizer.curves import Curves
from ecgpaper.train.digitizer.ends import ENDS_LEARNER, EndBatch, EndSource
from ecgpaper.train.span import Span

# A feature that is the same upside down.
CONFIDENCE = N_FEATURES - 5


def page(*true_ends, length=400, seed=0):
    """Curves that have a mark where they begin and where they end, to a point."""
    rng = np.random.default_rng(seed)
    n_all = length + 2 * BEYOND_POINTS
    features = rng.normal(0, 0.1, (len(true_ends), n_all, N_FEATURES))
    for curve, (start, stop) in zip(features, true_ends, strict=True):
        for place in (BEYOND_POINTS + start, BEYOND_POINTS + length - 1 + stop):
            if np.isfinite(place):
                curve[int(place), CONFIDENCE] = 5.0
    n_points = len(true_ends) * n_all
    return Curves(
        features.reshape(n_points, N_FEATURES).astype(np.float16),
        np.zeros(n_points, np.float32),
        np.ones(n_points, bool),
        np.full(len(true_ends), n_all),
        np.array(true_ends, np.float32),
    )


def test_ends_are_seen_from_inside_and_those_of_no_curve_are_left_out(monkeypatch):
    windows = replace(ends.WINDOWS, most_shift_points=0, blind_share=0.0)
    monkeypatch.setattr(ends, "WINDOWS", windows)
    source = EndSource([page((3, -2), (np.nan, 5)), page((40, 7), seed=1)], 0)
    assert len(source) == 5
    places = {float(place) for step in range(4) for place in source.batch(step).place}
    # Behind the last point is before the first one when seen backwards. The end beyond what is
    # looked at is none.
    assert {place for place in places if np.isfinite(place)} == {3.0, 2.0, -5.0, -7.0}
    assert any(np.isnan(place) for place in places)


def test_where_no_end_is_seen_only_the_spread_learns():
    """Whatever place is said there is as far off as can be seen: the surer, the worse."""

    class Says(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.place = torch.nn.Parameter(torch.zeros(2))
            self.log_spread = torch.nn.Parameter(torch.zeros(2))

        def forward(self, _):
            return self.place, self.log_spread

    says = Says()
    batch = EndBatch(np.zeros((2, 1, 1), np.float32), np.array([np.nan, 4.0], np.float32))
    torch.autograd.backward(ends._loss(says, batch))
    assert says.place.grad[0] == 0
    assert says.place.grad[1] < 0
    assert says.log_spread.grad[0] < says.log_spread.grad[1] < 0


def test_some_are_looked_at_where_no_end_is():
    source = EndSource([page((3, -2), (1, 5))], 0)
    places = np.concatenate([source.batch(step).place for step in range(8)])
    assert 0.08 < np.isnan(places).mean() < 0.2


def test_place_is_where_the_end_is_seen_wherever_one_looks():
    source, places = EndSource([page((3, -2), (1, 5))], 0), set()
    for step in range(4):
        batch = source.batch(step)
        assert batch.features.shape[1:] == (N_FEATURES, END_POINTS)
        is_seen = np.isfinite(batch.place)
        marked = batch.features[is_seen, CONFIDENCE].argmax(axis=1)
        assert (marked - END_POINTS // 2 == batch.place[is_seen]).all()
        places |= set(batch.place[is_seen].tolist())
    assert len(places) > 12


def test_batch_depends_on_its_step_alone():
    pages = [page((3, -2), (1, 5))]
    one, other = EndSource(pages, 3), EndSource(pages, 3)
    other.batch(4)
    assert (one.batch(5).features == other.batch(5).features).all()
    assert not (one.batch(5).place == one.batch(6).place).all()
    assert not (one.batch(5).place == EndSource(pages, 4).batch(5).place).all()


def test_pages_without_an_end_are_refused():
    with pytest.raises(ValueError, match="expected pages with ends; none of 1 shows any"):
        EndSource([page((np.nan, np.nan))], 0)


def test_training_writes_a_network_and_goes_on_from_given_weights(tmp_path, monkeypatch):
    """Without a step to train, what comes out is what went in."""
    monkeypatch.setattr(ends, "BATCH_SIZE", 8)
    source = EndSource([page((3, -2), (1, 5))], 0)
    first, then = tmp_path / "first", tmp_path / "then"
    ENDS_LEARNER.train(source, first, span=Span(2), seed=0)
    assert {file.name for file in first.iterdir()} == {"ends.json", "ends.safetensors"}
    ENDS_LEARNER.train(source, then, span=Span(0), seed=5, start=first)
    before, after = (load_file(folder / "ends.safetensors") for folder in (first, then))
    assert all(torch.equal(before[key], after[key]) for key in before)
    origin, training = (json.loads((folder / "ends.json").read_text()) for folder in (first, then))
    assert training["training"]["start"] == f"weights {origin['sha256']}"
