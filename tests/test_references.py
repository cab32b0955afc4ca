"""What benchmarks measure against, and on: plain ways to draw and read, and pages of one kind."""

import numpy as np

from benchmarks.handwritten import draw_spec
from benchmarks.plain_pages import draw_plainly, read_plainly
from ecgpaper.simulate import simulate_record
from ecgpaper.synth import sample_spec, synthesize


def test_a_page_is_read_plainly_where_it_shows_something_and_roughly():
    rng = np.random.default_rng([5, 0])
    page = synthesize(simulate_record(rng=rng).ecg, sample_spec("clean", rng=rng))
    truth_mv, found_mv = page.truth.ecg.signal_mv, read_plainly(page)
    is_shown = np.isfinite(truth_mv)
    assert (np.isfinite(found_mv) <= is_shown).all()
    assert np.isfinite(found_mv)[is_shown].mean() > 0.95
    both = np.isfinite(found_mv)
    likeness = [
        np.corrcoef(truth[known], found[known])[0, 1]
        for truth, found, known in zip(truth_mv.T, found_mv.T, both.T, strict=True)
    ]
    assert np.median(likeness) > 0.8


def test_a_page_is_drawn_plainly_at_the_challenges_size(healthy_ecg):
    page = draw_plainly(healthy_ecg)
    assert page.shape == (1700, 2200, 3)
    assert 0.002 < (page.max(axis=2) < 60).mean() < 0.1


def test_every_handwritten_page_has_all_that_the_papers_pages_had():
    for seed in range(10):
        spec = draw_spec(np.random.default_rng(seed))
        relief = spec.paper.relief
        assert any(note.kind == "writing" for note in spec.ink.notes)
        assert min(len(relief.folds), relief.n_creases, relief.crumple_slope) > 0
        assert spec.camera.scene is not None
