from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.page import LAYOUTS
from ecgpaper.synth import sample_spec
from ecgpaper.train.digitizer.collisions import with_collisions

FS = 250.0
# Where the tips stand in the record.
TIPS = (130, 830, 1530, 2230)


@pytest.fixture
def beating():
    """Ten seconds in which lead k shows a complex of k + 1 units, and a slow wave, at each tip."""
    time = np.arange(2500)
    sharp = sum(np.exp(-0.5 * ((time - tip) / 4) ** 2) for tip in TIPS)
    slow = sum(0.5 * np.exp(-0.5 * ((time - tip - 80) / 30) ** 2) for tip in TIPS)
    signal_mv = np.outer(sharp + slow, 1 + np.arange(12))
    return Ecg(signal_mv, FS, STANDARD_ORDER)


def spec_of(leads=LAYOUTS["3x4+1R"], **camera):
    spec = sample_spec("clean", rng=np.random.default_rng(0))
    page = replace(spec.layout, leads=leads)
    return replace(spec, layout=page, camera=replace(spec.camera, **camera))


@pytest.mark.parametrize("layout", ["3x4+1R", "6x2", "12x1", "3x4+1R-simultaneous"])
def test_every_strip_begins_with_a_complex(beating, layout):
    leads = LAYOUTS[layout.removesuffix("-simultaneous")]
    leads = leads.at_once() if layout.endswith("-simultaneous") else leads
    spec = spec_of(leads)
    starts_s = set()
    for seed in range(5):
        moved, _ = with_collisions(beating, spec, rng=np.random.default_rng(seed))
        assert moved.signal_mv.shape == beating.signal_mv.shape
        for segment in leads.segments:
            if segment.is_rhythm:
                continue
            first = round((segment.start_s - 0.03) * FS)
            near = np.take(moved.lead(segment.lead), np.arange(first, first + 90), mode="wrap")
            assert near.max() == pytest.approx(beating.lead(segment.lead).max(), rel=0.02)
            starts_s.add(int(near.argmax()))
    assert len(starts_s) > 5


def test_leads_keep_their_shape(beating):
    moved, _ = with_collisions(beating, spec_of(), rng=np.random.default_rng(1))
    np.testing.assert_allclose(np.sort(moved.signal_mv, axis=0), np.sort(beating.signal_mv, axis=0))
    assert not np.array_equal(moved.signal_mv, beating.signal_mv)


def test_names_move_onto_the_complexes(beating):
    offsets_mm = []
    for seed in range(60):
        _, spec = with_collisions(beating, spec_of(), rng=np.random.default_rng(seed))
        offsets_mm.append(spec.ink.name_offset_mm)
    right_mm, down_mm = np.array(offsets_mm).T
    assert right_mm.min() >= -1
    assert right_mm.max() <= 3
    assert down_mm.min() < -5
    assert 0.4 < ((down_mm > 4.5) & (down_mm < 8)).mean() < 0.9


def test_names_stay_away_where_there_are_none_or_traces_would_vanish(beating):
    nameless = replace(spec_of(), ink=replace(spec_of().ink, name_offset_mm=None))
    for spec in (nameless, spec_of(tone="binary")):
        _, found = with_collisions(beating, spec, rng=np.random.default_rng(0))
        assert found == spec


def test_a_flat_record_stays():
    flat = Ecg(np.zeros((2500, 12)), FS, STANDARD_ORDER)
    moved, _ = with_collisions(flat, spec_of(), rng=np.random.default_rng(0))
    assert not moved.signal_mv.any()


def test_same_seed_same_page(beating):
    first, second = (
        with_collisions(beating, spec_of(), rng=np.random.default_rng(3)) for _ in range(2)
    )
    np.testing.assert_array_equal(first[0].signal_mv, second[0].signal_mv)
    assert first[1] == second[1]
