from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.page.raster import GridScale
from ecgpaper.synth import Note, PaperSpec, draw_maps, sample_spec, synthesize
from ecgpaper.synth.sheet.paper import draw_grid


def with_ink(spec, **parts):
    return replace(spec, ink=replace(spec.ink, **parts))


@pytest.mark.parametrize("kind", ["writing", "ring", "line", "stamp", "box"])
def test_notes_are_text_in_their_own_colour(ecg, spec, kind):
    note = Note(kind, (70.0, 10.0), (20.0, 6.0), color=(20.0, 20.0, 200.0))
    noted = with_ink(spec, notes=(note,))
    before, after = synthesize(ecg, spec).image, synthesize(ecg, noted).image
    changed = (before.astype(int) - after)[..., 0] > 100
    assert changed.sum() > 50
    assert draw_maps(ecg, noted).of("text")[changed & (before.min(axis=2) > 150)].min() > 0.3
    assert after[changed][:, 2].mean() > after[changed][:, 0].mean() + 50


def test_uneven_ink_is_lighter_at_the_same_place(ecg, change_by_traces, spec):
    even = change_by_traces(ecg, spec)
    uneven = change_by_traces(ecg, with_ink(spec, unevenness=0.5))
    assert uneven.sum() < 0.95 * even.sum()
    assert even[uneven > 0].min() > 0


def test_halftone_breaks_up_the_grid_and_leaves_the_traces(ecg, change_by_traces, spec):
    dots = replace(spec, paper=replace(spec.paper, halftone_mm=0.7, halftone_depth=0.8))
    solid, broken = (draw_maps(ecg, each).of("ink") for each in (spec, dots))
    assert np.array_equal(solid, broken)
    pale = synthesize(ecg, dots).image.astype(float) - synthesize(ecg, spec).image
    assert pale.min() >= -1
    assert pale.mean() > 2
    assert (change_by_traces(ecg, dots) > 0).sum() >= (change_by_traces(ecg, spec) > 0).sum()


def test_official_pages_are_common_but_not_alone():
    firsts_mm = [
        sample_spec("clean", rng=np.random.default_rng(seed)).layout.baselines_mm[0]
        for seed in range(60)
    ]
    official = [abs(first_mm - 89.7) < 1.6 for first_mm in firsts_mm]
    assert 20 < sum(official) < 50
    assert np.std(firsts_mm) > 5


def test_lines_of_a_plotted_grid_stand_on_whole_pixels_next_to_their_place():
    scale, px_mm = GridScale((50.0, 50.0), (0.0, 0.0)), 0.27
    paper = PaperSpec(small_contrast=0, large_mm=0.1, plot_px_mm=px_mm, grid_origin_mm=(0.1, 0.0))
    across = draw_grid((40, 3900), scale, paper)[20]
    edges = np.flatnonzero(np.diff((across > 127).astype(int)))
    # The first line stands on the edge of the sheet.
    lines_mm = edges[edges > 10].reshape(-1, 2).mean(axis=1) / 50 + 0.01 - 0.1
    whole_px = lines_mm / px_mm
    assert len(lines_mm) == 15
    assert np.abs(whole_px - np.rint(whole_px)).max() < 0.05
    off_mm = lines_mm - 5 * np.arange(1, 16)
    assert 0.1 < np.ptp(off_mm) < px_mm + 0.01
    assert np.abs(off_mm).max() <= px_mm / 2 + 0.01


def test_official_pages_are_plots_of_which_the_clean_ones_show_each_pixel():
    specs = [sample_spec("clean", rng=np.random.default_rng(seed)) for seed in range(40)]
    plots_px = [
        spec.paper.plot_px_mm * spec.camera.dpi / 25.4
        for spec in specs
        if spec.paper.plot_px_mm is not None
    ]
    assert 10 < len(plots_px) < 40
    assert np.allclose(plots_px, 1)
