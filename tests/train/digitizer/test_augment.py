"""Crops that are seen again are other pictures of the same curves."""

import numpy as np

from ecgpaper.digitize.curves.strip import sub_columns_px
from ecgpaper.train.digitizer.augment import seen_again
from ecgpaper.train.digitizer.pages import StripCrop


def curve_on_paper(rng, height=384, width=384):
    """A dark curve, three pixels thick, where the truth says."""
    at_px = sub_columns_px(width)
    rows = height / 2 + 60 * np.sin(at_px / 40 + rng.uniform(0, 6)) + rng.normal(0, 10)
    is_present = at_px < 0.8 * width
    image = np.full((height, width, 3), 230, np.uint8)
    for column in range(round(0.8 * width)):
        row = round(np.interp(column, at_px, rows))
        image[row - 1 : row + 2, column] = 40
    return StripCrop(image, np.where(is_present, rows, 0).astype(np.float32), is_present)


def test_curve_that_is_seen_again_runs_where_the_truth_says():
    rng = np.random.default_rng(0)
    n_changed = 0
    for _ in range(40):
        crop = curve_on_paper(rng)
        seen = seen_again(crop, rng)
        n_changed += not np.array_equal(seen.rows, crop.rows)
        at_px = sub_columns_px(seen.image.shape[1])
        whole = np.flatnonzero(seen.is_present & (np.abs(at_px - np.rint(at_px)) < 0.11))
        dark = 255 - seen.image[:, np.rint(at_px[whole]).astype(int)].mean(axis=-1)
        found = np.argmax(dark + np.roll(dark, 1, axis=0) + np.roll(dark, -1, axis=0), axis=0)
        assert np.median(np.abs(found - seen.rows[whole])) < 1.5
        assert (seen.rows[~seen.is_present] == 0).all()
    assert 5 < n_changed < 30
