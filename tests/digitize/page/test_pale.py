"""Curves that are paler than the grid stand out of the paper when they are darkened."""

import numpy as np
import pytest

from ecgpaper.digitize import Digitizer
from ecgpaper.digitize.page.pale import darkened
from ecgpaper.digitize.segment import segment
from ecgpaper.synth import synthesize
from ecgpaper.synth.sample.kinds import sample_kind


def test_paper_stays_white_and_pale_ink_becomes_dark():
    photo = np.full((40, 40, 3), (240, 230, 210), np.uint8)
    photo[20] = (204, 196, 178)
    seen = darkened(photo)
    assert seen.shape == photo.shape
    assert seen.dtype == np.uint8
    assert (np.delete(seen, 20, axis=0) == 255).all()
    np.testing.assert_allclose(seen[20], 255 * 0.85**4, atol=2)


@pytest.mark.parametrize("level", [0, 255])
def test_a_picture_of_one_color_stays_one(level):
    assert len(np.unique(darkened(np.full((20, 30, 3), level, np.uint8)))) == 1


def test_the_segmenter_sees_more_of_pale_curves(healthy_ecg):
    page = synthesize(healthy_ecg, sample_kind("pale-ink", rng=np.random.default_rng(7)))
    network = Digitizer.load().segmenter

    def share_seen(photo):
        maps = segment(photo, network)
        ink = maps.of("ink")
        shares = []
        for trace in page.truth.traces:
            on_page = np.column_stack([trace.x_px, trace.y_px])
            on_photo = page.truth.page_to_photo(on_page[np.isfinite(on_page).all(axis=1)])
            x, y = np.rint((on_photo + 0.5) / maps.px_per_map_px - 0.5).astype(int).T
            shares.append((ink[y, x] > 0.35).mean())
        return np.mean(shares)

    assert share_seen(page.image) < 0.5
    assert share_seen(darkened(page.image)) > 0.7
