"""Pages that are kept are seen again: other pictures, the same curves."""

from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.simulate import simulate_ecg
from ecgpaper.train.digitizer import feed as module
from ecgpaper.train.digitizer.feed import Feed, SegmentFeed, StripFeed
from ecgpaper.train.digitizer.source import PageSource


@pytest.mark.parametrize("fresh", [1.0, 0.5, 0.1])
def test_so_many_pages_are_new_and_the_others_were_drawn_before(fresh):
    feed, rng = Feed(n_pages=4, n_crops=1, fresh=fresh), np.random.default_rng(0)
    seen = set()
    for step in range(200):
        pages = feed.pages(step, rng)
        assert len(pages) == 4
        new = [page for page in pages if page not in seen]
        assert new == [*range(len(seen), len(seen) + len(new))]
        assert step or len(new) == 4
        seen |= set(new)
    assert len(seen) == pytest.approx(4 + 199 * 4 * fresh, abs=1)


def test_no_more_pages_are_kept_than_may_be(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "MOST_KEPT", 3)
    feed, rng = Feed(n_pages=1, n_crops=1, fresh=0.5), np.random.default_rng(0)
    for step in range(1, 40):
        page = feed.pages(step, rng)[0]
        assert page >= feed.n_drawn(step + 1) - 3
    for page in range(8):
        module._keep(tmp_path, "page", page, {"x": np.zeros(1)})
    assert len([*tmp_path.iterdir()]) == 3


@pytest.fixture(scope="module")
def source():
    return PageSource([simulate_ecg((), rng=np.random.default_rng(0))], seed=3, preset="clean")


@pytest.mark.parametrize("kind", [StripFeed, SegmentFeed])
def test_batches_depend_on_seed_and_step_alone_whatever_is_kept(
    kind, source, tmp_path, monkeypatch
):
    """Kept pages are JPEG files: what is taken from them differs a little."""
    feed = kind(source, Feed(1, 1, fresh=0.5), tmp_path / "a")
    first, second = feed.batch(0), feed.batch(1)
    drawn = list((tmp_path / "a").iterdir())
    assert len(drawn) == 1
    again = replace(feed, folder=tmp_path / "b").batch(1)
    for one, other in zip(vars(second).values(), vars(again).values(), strict=True):
        assert np.abs(one.astype(float) - other).mean() < 0.02
    # The second batch shows the page of the first, and draws none.
    for name in ("crops_of_page", "segment_page"):
        monkeypatch.setattr(module, name, None)
    for one, other in zip(vars(feed.batch(1)).values(), vars(second).values(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert [part.shape for part in vars(first).values()] == [
        part.shape for part in vars(second).values()
    ]
