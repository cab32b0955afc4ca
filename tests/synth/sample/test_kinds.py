import numpy as np
import pytest

from ecgpaper.synth.sample.kinds import KINDS, sample_kind


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_drawn_alike_from_the_same_seed_and_in_another_way_from_another(kind):
    first, again, other = (sample_kind(kind, rng=np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_pages_without_a_grid_are_printed_without_lines():
    for seed in range(4):
        paper = sample_kind("no-grid", rng=np.random.default_rng(seed)).paper
        assert paper.small_contrast == paper.large_contrast == paper.heavy_contrast == 0


def test_an_unknown_kind_is_an_error():
    with pytest.raises(KeyError):
        sample_kind("no-such-kind", rng=np.random.default_rng(0))
