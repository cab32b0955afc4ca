"""The refiner learns how far off the tracer is, from pages whose curves are known."""

import numpy as np
import pytest
import torch

from ecgpaper.digitize.refine import N_FEATURES
from ecgpaper.digitize.trace import N_SUB_COLUMNS
from ecgpaper.nets.unet import StripNet, UNetConfig
from ecgpaper.train import datasets, refiner
from ecgpaper.train.refiner import N_POINTS, Curves, CurveSource, read_curves

# Where the offset of the row is found, among the features.
WITHIN_ROW = N_FEATURES - 6


@pytest.fixture(scope="module")
def tracer():
    torch.manual_seed(0)
    return StripNet(UNetConfig(4, (16, 16), N_SUB_COLUMNS)).eval()


def curves(*lengths, seed=0):
    """Curves that are off by as much as one of their features says."""
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(sum(lengths), N_FEATURES)).astype(np.float16)
    offset = features[:, WITHIN_ROW].astype(np.float32)
    is_known = rng.random(len(offset)) < 0.9
    return Curves(features, offset * is_known, is_known, np.array(lengths))


def test_offset_leads_from_where_the_tracer_saw_a_curve_to_where_it_runs(
    tracer, healthy_ecg, tmp_path, monkeypatch
):
    """A tracer that has learned nothing is off by millimetres; the truth is found again."""
    seen = []

    def remember(trace, reading, scale):
        course = course_of(trace, reading, scale)
        seen.append((trace, course, scale))
        return course

    course_of = refiner.course_of
    monkeypatch.setattr(refiner, "course_of", remember)
    monkeypatch.setattr(refiner, "_FARTHEST_ROWS", 400.0)
    monkeypatch.setattr(refiner, "_START_JITTER_MM", 0.0)
    monkeypatch.setattr(datasets, "SCALE_JITTER", 0.0)
    monkeypatch.setattr(refiner, "PRESETS", ("clean",))
    monkeypatch.setattr(refiner, "MOST_ROWS", 1)
    found = read_curves(tracer, [healthy_ecg], 0, seed=0, kept=tmp_path)
    assert len(seen) == len(found.lengths)
    starts = np.cumsum(found.lengths) - found.lengths
    assert found.is_known.mean() > 0.9
    for (trace, course, scale), start, length in zip(seen, starts, found.lengths, strict=True):
        part = slice(start, start + length)
        known = found.is_known[part]
        y_mm = course.y_mm(found.offset[part])[known]
        strip = trace.strip
        x_mm = scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px]))[known, 0]
        time_s = strip.segment.start_s + (x_mm - strip.left_mm) / 25.0
        lead_mv = healthy_ecg.lead(strip.segment.lead)
        expected = np.interp(time_s, np.arange(len(lead_mv)) / healthy_ecg.fs, lead_mv)
        assert np.corrcoef(expected, -strip.polarity * y_mm)[0, 1] > 0.99


def test_page_that_was_read_is_not_read_again(tracer, healthy_ecg, tmp_path, monkeypatch):
    monkeypatch.setattr(refiner, "MOST_ROWS", 1)
    first = read_curves(tracer, [healthy_ecg], 2, seed=0, kept=tmp_path)
    monkeypatch.setattr(refiner, "synthesize", None)
    again = read_curves(tracer, [healthy_ecg], 2, seed=0, kept=tmp_path)
    for name, values in vars(first).items():
        assert (vars(again)[name] == values).all()


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
        np.zeros((0, N_FEATURES), np.float16), np.zeros(0), np.zeros(0, bool), np.zeros(0, int)
    )
    with pytest.raises(ValueError, match="expected pages with curves; none of 1 shows any"):
        CurveSource([nothing], 0)


def test_training_writes_a_refiner_and_nothing_else(healthy_ecg, tmp_path, monkeypatch):
    monkeypatch.setattr(refiner, "load_network", lambda folder, *_: _tracer(folder))
    monkeypatch.setattr(refiner, "PRESETS", ("clean",))
    monkeypatch.setattr(refiner, "MOST_ROWS", 1)
    refiner.train_refiner([healthy_ecg], tmp_path, n_pages=1, n_steps=2, seed=0)
    assert {file.name for file in tmp_path.iterdir()} == {"refiner.json", "refiner.safetensors"}


def _tracer(folder):
    assert folder.exists()
    return StripNet(UNetConfig(4, (16, 16), N_SUB_COLUMNS)).eval()
