from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.synth import draw_maps, synthesize


def with_ink(spec, **parts):
    return replace(spec, ink=replace(spec.ink, **parts))


def ink_of(ecg, spec):
    return draw_maps(ecg, spec).of("ink")


@pytest.mark.parametrize("dots_per_mm", [5.0, 8.0])
def test_true_points_lie_on_dots(ecg, share_on_ink, spec, dots_per_mm):
    assert share_on_ink(ecg, with_ink(spec, dots_per_mm=dots_per_mm, pen_mm=0.15)) > 0.99


def test_dots_are_whole(ecg, spec):
    assert len(np.unique(ink_of(ecg, spec))) > 10
    assert np.unique(ink_of(ecg, with_ink(spec, dots_per_mm=4.0))).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("dots_per_mm", [5.0, 8.0])
def test_dots_stand_where_the_solid_print_does(ecg, spec, dots_per_mm):
    solid, dotted = ink_of(ecg, spec), ink_of(ecg, with_ink(spec, dots_per_mm=dots_per_mm))
    apart = np.abs(solid - dotted).sum()
    for shift in ((0, 1), (0, -1), (1, 0), (-1, 0)):
        assert np.abs(solid - np.roll(dotted, shift, axis=(0, 1))).sum() > 1.5 * apart


def test_dead_dot_leaves_its_row_bare(ecg, spec):
    maps = draw_maps(ecg, with_ink(spec, dead_dots_mm=(15.0,)))
    assert maps.of("ink")[60].max() == 0
    assert maps.of("text")[60].max() == 0
    whole = ink_of(ecg, spec)
    assert whole[60].max() > 0.5
    assert np.array_equal(np.delete(maps.of("ink"), 60, axis=0), np.delete(whole, 60, axis=0))


def test_halo_surrounds_print_and_leaves_it(ecg, spec):
    sharp, spread = ink_of(ecg, spec), ink_of(ecg, with_ink(spec, halo=0.5, halo_mm=0.4))
    assert (spread >= sharp - 1e-6).all()
    assert spread.sum() > 1.2 * sharp.sum()
    assert np.array_equal(spread[:20], sharp[:20])


def test_ghost_is_a_weaker_print_beside(ecg, spec):
    single, double = ink_of(ecg, spec), ink_of(ecg, with_ink(spec, ghost=0.4, ghost_mm=(0.5, 0.25)))
    shifted = 0.4 * np.roll(single, (1, 2), axis=(0, 1))
    assert np.abs(double - np.maximum(single, shifted)).max() < 0.01


def test_pen_that_thins_is_thin_where_it_is_quick(ecg, share_on_ink, spec):
    thin = with_ink(spec, slew_thinning=0.6, pen_mm=0.8)
    lost = ink_of(ecg, with_ink(spec, pen_mm=0.8)) - ink_of(ecg, thin)
    assert lost.min() > -0.01
    # The spikes of the rhythm strip, which point down.
    assert lost[4 * 65 : 4 * 69].sum() > 20
    assert share_on_ink(ecg, thin) > 0.99
    level = replace(ecg, signal_mv=np.zeros_like(ecg.signal_mv))
    even = with_ink(thin, slew_thinning=0.0)
    assert np.array_equal(synthesize(level, thin).image, synthesize(level, even).image)
