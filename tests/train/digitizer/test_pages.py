from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.digitize.curves.strip import (
    STRIP_HEIGHT_MM,
    STRIP_PX_PER_MM,
    sample_strip,
    sub_columns_px,
)
from ecgpaper.digitize.segment import darkness, working_image
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.page.raster import PIXEL_CLASSES
from ecgpaper.synth import InkSpec, sample_spec
from ecgpaper.train.digitizer import pages as datasets
from ecgpaper.train.digitizer.pages import (
    as_segment_batch,
    as_strip_batch,
    crops_of_page,
    segment_crop,
    segment_page,
)
from ecgpaper.train.digitizer.source import PageSource, without_gaps

MM_PX = STRIP_PX_PER_MM


class PlainSource(PageSource):
    """Pages whose every row is a thin black curve on blank paper, far from the others."""

    camera = {}  # noqa: RUF012

    def draw(self, rng):
        record = int(rng.integers(len(self.ecgs)))
        spec = sample_spec("clean", rng=rng)
        paper = replace(spec.paper, small_contrast=0.0, large_contrast=0.0, color=(255.0,) * 3)
        ink = InkSpec(color=(0.0,) * 3, name_offset_mm=None, pen_mm=0.4)
        baselines_mm = tuple(30.0 + 50.0 * row for row in range(4))
        layout = replace(
            spec.layout,
            baselines_mm=baselines_mm,
            size_mm=(290.0, 220.0),
            left_mm=25.0,
            pulse_left_mm=19.0,
        )
        camera = replace(spec.camera, **self.camera)
        page = replace(spec, paper=paper, ink=ink, layout=layout, camera=camera)
        return record, self.ecgs[record], page


def source_with(ecg, **camera):
    source = PlainSource((ecg,), seed=3)
    object.__setattr__(source, "camera", camera)
    return source


def strips_of(source, seed, n_crops):
    """Return crops of a page."""
    rng = np.random.default_rng([source.seed, seed])
    return as_strip_batch(crops_of_page(source, rng, STRIP_HEIGHT_MM, n_crops))


def segments_of(source, seed, n_crops):
    """Return crops of a page as the segmenter sees it."""
    rng = np.random.default_rng([source.seed, seed])
    page = segment_page(source, rng)
    dark = darkness(page.image)
    return as_segment_batch([segment_crop(dark, page.shares, rng) for _ in range(n_crops)])


@pytest.fixture(scope="module")
def quiet_ecg():
    """Slow waves: nowhere is the curve steep."""
    time_s = np.arange(5000) / 500
    waves = [0.3 * np.sin(2 * np.pi * 0.7 * time_s + lead) for lead in range(12)]
    return Ecg(np.stack(waves, axis=1), 500.0, STANDARD_ORDER)


def darkest_rows(strip, rows, columns):
    """Centroid of the darkness within 1 mm of the target, at whole columns."""
    dark = strip[:3].max(axis=0)
    reach = np.arange(-round(MM_PX), round(MM_PX) + 1)
    centroids = []
    for row, column in zip(rows, columns, strict=True):
        window = np.rint(row).astype(int) + reach
        levels = np.clip(dark[window, column], 0, None)
        centroids.append((levels * window).sum() / levels.sum())
    return np.array(centroids)


def offsets_px(batch):
    """Darkness minus target, in px of the strip, where sub-columns fall on a whole column."""
    at_px = sub_columns_px(batch.strips.shape[-1])
    whole = np.flatnonzero(np.abs(at_px - np.rint(at_px)) < 0.11)
    found = []
    for strip, rows, present in zip(batch.strips, batch.rows, batch.is_present, strict=True):
        inner = present[whole] & (rows[whole] > 2 * MM_PX)
        inner &= rows[whole] < strip.shape[1] - 2 * MM_PX
        # The very ends of a curve have round caps: keep a millimeter away.
        solid = np.array([present[max(0, i - 20) : i + 21].all() for i in whole])
        chosen = whole[inner & solid]
        columns = np.rint(at_px[chosen]).astype(int)
        found.append(darkest_rows(strip, rows[chosen], columns) - rows[chosen])
    return np.concatenate(found)


@pytest.mark.parametrize(
    "camera",
    [{}, {"dpi": 120.0}, {"dpi": 254.0}, {"skew_deg": 1.5}, {"stretch": (0.98, 1.01)}],
    ids=str,
)
def test_target_rows_are_the_middle_of_the_ink(quiet_ecg, camera):
    """A shift of half a pixel anywhere between paper, photo and strip would show here."""
    offsets = offsets_px(strips_of(source_with(quiet_ecg, **camera), 0, n_crops=6))
    assert len(offsets) > 500
    assert abs(offsets.mean()) < 0.1
    assert offsets.std() < 0.3


def test_target_columns_are_not_shifted_against_the_ink(quiet_ecg):
    """On slopes, up and down, a shift in x shows as an error in y of the slope's sign."""
    steep = replace(quiet_ecg, signal_mv=3 * quiet_ecg.signal_mv)
    batch = strips_of(source_with(steep), 1, n_crops=6)
    at_px = sub_columns_px(batch.strips.shape[-1])
    whole = np.flatnonzero(np.abs(at_px - np.rint(at_px)) < 0.11)
    shifts = []
    for strip, rows, present in zip(batch.strips, batch.rows, batch.is_present, strict=True):
        slope = np.gradient(rows, at_px)
        for index in whole[::12]:
            near = present[max(0, index - 20) : index + 21]
            inside = 2 * MM_PX < rows[index] < strip.shape[1] - 2 * MM_PX
            if near.all() and inside and 0.4 < abs(slope[index]) < 1.5:
                column = int(np.rint(at_px[index]))
                middle = darkest_rows(strip, rows[[index]], [column])[0]
                expected = np.interp(column, at_px, rows)
                shifts.append((middle - expected) / slope[index])
    assert len(shifts) > 100
    assert abs(np.mean(shifts)) < 0.1


@pytest.mark.parametrize("seed", range(2))
def test_wild_targets_lie_on_dark_pixels(healthy_ecg, seed):
    batch = strips_of(PageSource((healthy_ecg,), seed), 0, n_crops=4)
    at_px = np.rint(sub_columns_px(batch.strips.shape[-1])).astype(int)
    on, beside = [], []
    for strip, rows, present in zip(batch.strips, batch.rows, batch.is_present, strict=True):
        dark = strip[:3].max(axis=0)
        row, column = np.rint(rows[present]).astype(int), at_px[present]
        column = np.clip(column, 0, dark.shape[1] - 1)
        on.append(dark[row, column].mean() if present.any() else np.nan)
        moved = np.clip([row - round(1.5 * MM_PX), row + round(1.5 * MM_PX)], 0, dark.shape[0] - 1)
        beside.append(dark[moved, column].mean() if present.any() else np.nan)
    assert np.nanmean(on) > 1.5 * np.nanmean(beside) + 0.05


def test_presence_ends_with_the_curve_and_leaves_out_pulses(healthy_ecg):
    seen_before = seen_behind = False
    source = source_with(healthy_ecg)
    for step in range(2):
        batch = strips_of(source, step, n_crops=24)
        for strip, present in zip(batch.strips, batch.is_present, strict=True):
            edges = np.flatnonzero(np.diff(present.astype(int)))
            if not present[0] and len(edges):  # the crop begins before the row does
                seen_before = True
                # The pulse ends 1 mm before the row starts, and is dark all the same.
                before = strip[:3, :, : int((edges[0] + 1) * 0.4) - 2].max(axis=0)
                if before.shape[1] > 4 * MM_PX:
                    assert (before.max(axis=0) > 0.5).any()
            if present[0] and not present[-1]:
                seen_behind = True
                behind = strip[:3, :, int((edges[-1] + 1) * 0.4) + 6 :].max(axis=0)
                assert behind.size == 0 or behind.max() < 0.3
    assert seen_before
    assert seen_behind


def test_gap_in_a_record_is_a_gap_in_the_targets(quiet_ecg):
    signal_mv = quiet_ecg.signal_mv.copy()
    signal_mv[::2500] = signal_mv[1000:1500] = np.nan
    shown, is_there = datasets.height_at(
        np.array([1.0, 2.5, 5.0]), np.array([0.0, 1.0, 1.05, 2.0, 2.05, 3.0]), np.ones(6)
    )
    assert np.allclose(shown, 1)
    assert not is_there[1:].any()


def test_strips_are_as_the_digitizer_cuts_them(healthy_ecg):
    batch = strips_of(PageSource((healthy_ecg,), 0), 0, n_crops=2)
    n_rows = round(STRIP_HEIGHT_MM * STRIP_PX_PER_MM)
    assert batch.strips.shape == (2, 4, n_rows, datasets.CROP_WIDTH_PX)
    assert batch.rows.shape == batch.is_present.shape
    assert batch.rows.shape == (2, len(sub_columns_px(datasets.CROP_WIDTH_PX)))
    assert (batch.rows[~batch.is_present] == 0).all()
    assert (batch.rows[batch.is_present] > 0).all()
    assert (batch.rows < n_rows - 1).all()


@pytest.mark.parametrize("seed", range(2))
def test_segmenter_learns_ink_where_pixels_are_dark(healthy_ecg, seed):
    batch = segments_of(PageSource((healthy_ecg,), seed), 0, n_crops=2)
    assert batch.images.shape == (2, 3, *datasets.SEGMENT_CROP_PX)
    assert batch.maps.shape == (2, len(PIXEL_CLASSES), *datasets.SEGMENT_CROP_PX)
    assert np.allclose(batch.maps.sum(axis=1), 1, atol=0.01)
    assert batch.maps.min() >= -1e-6
    ink = batch.maps[:, PIXEL_CLASSES.index("ink")] > 0.5
    paper = batch.maps[:, PIXEL_CLASSES.index("background")] > 0.9
    dark = batch.images.max(axis=1)
    assert ink.any()
    assert dark[ink].mean() > dark[paper].mean() + 0.1


def test_maps_of_the_segmenter_are_not_shifted_against_the_picture(quiet_ecg):
    """Ink is the only dark thing on these pages: its share and the darkness agree best in place."""
    batch = segments_of(source_with(quiet_ecg), 0, n_crops=4)
    dark = batch.images.max(axis=1)
    ink = batch.maps[:, PIXEL_CLASSES.index("ink")]

    def likeness(down, right):
        return float((dark * np.roll(ink, (down, right), (1, 2))).mean())

    here = likeness(0, 0)
    for down, right in ((1, 0), (-1, 0), (0, 3), (0, -3)):
        assert likeness(down, right) < here
    assert abs(likeness(1, 0) - likeness(-1, 0)) < 0.1 * here


def test_filling_gaps_keeps_what_is_known():
    rng = np.random.default_rng(0)
    signal_mv = rng.normal(size=(1000, 3))
    signal_mv[250:, 0] = np.nan
    signal_mv[:, 1] = np.nan
    signal_mv[:400, 2] = signal_mv[700:, 2] = np.nan
    gappy = Ecg(signal_mv, 500.0, ("I", "II", "III"))
    filled = without_gaps(gappy)
    known = np.isfinite(signal_mv)
    assert np.array_equal(filled.signal_mv[known], signal_mv[known])
    assert np.isfinite(filled.lead("I")).all()
    assert np.isfinite(filled.lead("III")).all()
    assert np.abs(np.diff(filled.lead("I")[[249, 250]])) == pytest.approx(0)
    assert np.isnan(filled.lead("II")).all()
    assert np.isnan(gappy.lead("I")[250:]).all()  # the original is as it was


def test_complete_record_is_left_alone(healthy_ecg):
    assert without_gaps(healthy_ecg) is healthy_ecg


def test_working_image_has_the_long_side_of_the_segmenter():
    image, px_per_map_px = working_image(np.zeros((1700, 2240, 3), np.uint8))
    assert image.shape == (850, 1120, 3)
    assert px_per_map_px == 2


def test_some_crops_show_where_a_strip_begins(quiet_ecg, monkeypatch):
    choices = replace(datasets.CHOICES, start_share=1.0, scale_jitter=0.0)
    monkeypatch.setattr(datasets, "CHOICES", choices)
    lefts_mm = []

    def remember(photo, page, scale, corner_mm, size_px):
        lefts_mm.append(corner_mm[0])
        return sample_strip(photo, page, scale, corner_mm, size_px)

    monkeypatch.setattr(datasets, "sample_strip", remember)
    strips_of(source_with(quiet_ecg), 1, n_crops=16)
    # The rows of `PlainSource` begin at 25 mm, their other columns each 62.5 mm later.
    starts_mm = 25.0 + 62.5 * np.arange(4)
    behind_mm = starts_mm - np.array(lefts_mm)[:, None]
    inside = (behind_mm > 1) & (behind_mm < datasets.CROP_WIDTH_PX / MM_PX - 1)
    assert inside.any(axis=1).all()
    assert inside.any(axis=0).sum() > 2
