from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.digitize.curves.read import RowReading
from ecgpaper.digitize.curves.strip import N_SUB_COLUMNS, STRIP_PX_PER_MM
from ecgpaper.digitize.rows.columns import (
    LIMITS,
    column_places,
    place_columns,
    with_margin,
)
from ecgpaper.digitize.rows.find import (
    READABLE,
    find_layout,
    layouts_of,
    layouts_of_alike,
    row_width_mm,
)
from ecgpaper.digitize.rows.ink_rows import rows_of
from ecgpaper.errors import LayoutError
from ecgpaper.page import LAYOUTS, PageLayout, PaperScale, Strip, strips_of
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import FlatPage, GridScale, PixelMaps

BASELINE_TOLERANCE_MM = 1.5
# Heights of rows that are about equally far from each other.
EVEN_MM = [140, 176, 212, 247]
ROWS = (40.0, 70.0, 100.0, 130.0, 160.0, 190.0)


def lay_out(name="3x4+1R", *, left_mm=20.0, paper=None):
    paper = paper or PaperScale()
    strips = tuple(
        Strip(segment, left_mm + paper.mm_from_s(segment.start_s), 40.0 + 35.0 * segment.row)
        for segment in LAYOUTS[name].segments
    )
    return PageLayout(name, (290.0, 210.0), paper, strips)


def curves_between(layout, start_mm, stop_mm, *, pulse_mm=None):
    """What a perfect network reads in rows of flat curves that begin and end there."""
    step_mm = 2 / N_SUB_COLUMNS / STRIP_PX_PER_MM
    x_mm = np.arange(0.0, 290.0, step_mm)
    present = (x_mm >= start_mm) & (x_mm <= stop_mm)
    if pulse_mm is not None:
        present |= (x_mm >= pulse_mm) & (x_mm <= pulse_mm + 5)
    presence = present.astype(float)
    return tuple(
        RowReading(
            *(x_mm, row[0].baseline_mm, np.zeros((0, 0)), np.zeros((0, 0)), presence),
            np.zeros((0, 0)),
            np.ones(len(x_mm), bool),
        )
        for row in layout.rows()
    )


def settled(layout, readings):
    return place_columns(layout, column_places(layout, readings)[0])


def left_of(layout):
    return min(strip.left_mm for strip in layout.strips)


@pytest.mark.parametrize("name", READABLE)
@pytest.mark.parametrize("seed", range(2))
def test_rows_of_a_clean_page_are_found_at_their_height(print_page, true_maps, name, seed):
    page = print_page(seed, layout=name, dpi=120.0)
    flat = FlatPage(page.image, Homography.identity())
    found = find_layout(flat, true_maps(page), page.truth.scale)
    assert found.name == name
    for answer, truth in zip(found.rows(), page.truth.layout.rows(), strict=True):
        assert [s.segment.lead for s in answer] == [s.segment.lead for s in truth]
        assert answer[0].baseline_mm == pytest.approx(
            truth[0].baseline_mm, abs=BASELINE_TOLERANCE_MM
        )


@pytest.mark.parametrize("seed", range(6))
def test_columns_are_near_their_place_before_the_traces_are_read(print_page, true_maps, seed):
    page = print_page(seed, dpi=120.0)
    flat = FlatPage(page.image, Homography.identity())
    found = find_layout(flat, true_maps(page), page.truth.scale)
    truth = page.truth.layout
    # With a pulse on the right the rows seem to end later; the second search reaches as far.
    is_left = truth.pulse_left_mm is None or truth.pulse_left_mm < left_of(truth)
    assert left_of(found) == pytest.approx(
        left_of(truth), abs=3.0 if is_left else LIMITS.max_shift_mm
    )


def test_lines_beside_some_rows_do_not_move_the_columns():
    px_per_mm = 4
    ink = np.zeros((200 * px_per_mm, 290 * px_per_mm), np.float32)
    for row, baseline_mm in enumerate((40, 80, 120, 160)):
        stop_mm = 285 if row else 270
        ink[baseline_mm * px_per_mm, 20 * px_per_mm : stop_mm * px_per_mm] = 1.0
    maps = PixelMaps(np.dstack([0 * ink, 1 - ink, ink, 0 * ink]))
    flat = FlatPage(np.zeros((*ink.shape, 3), np.uint8), Homography.identity())
    found = find_layout(flat, maps, GridScale((px_per_mm, px_per_mm)))
    assert left_of(found) == pytest.approx(20.0, abs=0.5)


@pytest.mark.parametrize(("wave_mm", "name"), [(8, "3x4+1R"), (0, "3x4")])
def test_row_at_the_edge_of_the_image_is_one_if_it_has_waves(wave_mm, name):
    px_per_mm = 4
    ink = np.zeros((163 * px_per_mm, 290 * px_per_mm), np.float32)
    for baseline_mm, height_mm in ((40, 8), (80, 8), (120, 8), (160, wave_mm)):
        bottom = baseline_mm * px_per_mm
        ink[bottom - 1 : bottom + 1, 20 * px_per_mm : 270 * px_per_mm] = 1.0
        for left_mm in range(30, 270, 20):
            top, left = bottom - height_mm * px_per_mm, left_mm * px_per_mm
            ink[top:bottom, left : left + px_per_mm] = 1.0
    maps = PixelMaps(np.dstack([0 * ink, 1 - ink, ink, 0 * ink]))
    flat = FlatPage(np.zeros((*ink.shape, 3), np.uint8), Homography.identity())
    found = find_layout(flat, maps, GridScale((px_per_mm, px_per_mm)))
    assert found.name == name


@pytest.mark.parametrize("name", ["3x4+1R", "12x1"])
def test_stretched_page_has_its_rows_where_its_own_scale_says(print_page, true_maps, name):
    page = print_page(1, layout=name, dpi=120.0, stretch=(1.0, 1.03))
    px_per_mm = page.truth.scale.px_per_mm[0]
    scale = GridScale((px_per_mm, 1.03 * px_per_mm))
    flat = FlatPage(page.image, Homography.identity())
    found = find_layout(flat, true_maps(page), scale)
    for answer, truth in zip(found.rows(), page.truth.layout.rows(), strict=True):
        assert answer[0].baseline_mm == pytest.approx(
            truth[0].baseline_mm, abs=BASELINE_TOLERANCE_MM
        )


@pytest.mark.parametrize("shift_mm", [-7.0, -0.33, 0.0, 2.5, 8.0])
def test_columns_move_to_where_the_traces_begin(shift_mm):
    layout = lay_out(left_mm=20.0)
    curves = curves_between(layout, 20.0 + shift_mm, 270.0 + shift_mm)
    placed = settled(layout, curves)
    assert left_of(placed) == pytest.approx(20.0 + shift_mm, abs=0.05)
    for before, after in zip(layout.strips, placed.strips, strict=True):
        assert after == replace(before, left_mm=after.left_mm)
        assert after.left_mm - before.left_mm == pytest.approx(shift_mm, abs=0.05)


def test_all_places_where_the_columns_may_start_are_found():
    layout = lay_out(left_mm=20.0)
    curves = curves_between(layout, 20.0, 270.0)
    frayed = tuple(
        replace(curve, presence=curve.presence * np.where(curve.x_mm < 20.9, 0.6, 1.0))
        for curve in curves
    )
    found = column_places(layout, frayed)
    assert len(found) <= LIMITS.max_starts
    for start_mm in (20.0, 20.9):
        assert min(abs(place.start_mm - start_mm) for place in found) < 0.1


@pytest.mark.parametrize("stretch", [0.98, 0.995, 1.01])
def test_rows_that_are_a_little_longer_or_shorter_are_found_by_both_their_ends(stretch):
    layout = lay_out(left_mm=23.0)
    other = column_places(layout, curves_between(layout, 20.0, 20.0 + 250 * stretch))[-1]
    assert other.stretch == pytest.approx(stretch, abs=0.001)
    assert other.start_mm == pytest.approx(20.0, abs=0.05)
    placed = place_columns(layout, other)
    for before, after in zip(layout.strips, placed.strips, strict=True):
        ends_mm = (after.left_mm, after.right_mm(layout.scale))
        expected_mm = np.array([before.left_mm, before.right_mm(layout.scale)]) - 23.0
        assert np.array(ends_mm) - 20.0 == pytest.approx(stretch * expected_mm, abs=0.3)


@pytest.mark.parametrize("pulse_mm", [None, 14.5])
def test_rows_of_the_usual_length_are_not_stretched(pulse_mm):
    layout = lay_out(left_mm=23.0)
    places = column_places(layout, curves_between(layout, 20.0, 270.0, pulse_mm=pulse_mm))
    assert {place.stretch for place in places} == {1.0}


def with_gaps(curves, places_mm):
    """Rows that lack presence for 0.8 mm around some places."""
    return tuple(
        replace(
            curve,
            presence=curve.presence
            * np.min([np.abs(curve.x_mm - at_mm) > 0.4 for at_mm in places_mm], axis=0),
        )
        for curve in curves
    )


@pytest.mark.parametrize("stretch", [1.0, 0.977])
def test_columns_of_a_cropped_page_are_found_by_the_gaps_between_them(stretch):
    """Where the photo ends a row says nothing."""
    layout = lay_out("3x4", left_mm=6.0)
    start_mm = 12.0
    curves = curves_between(layout, 14.0, 248.0)
    gaps_mm = start_mm + 62.5 * stretch * np.arange(1, 4)
    (place,) = column_places(layout, with_gaps(curves, gaps_mm))
    placed = place_columns(layout, place)
    found_mm = sorted({strip.left_mm for strip in placed.strips})[1:]
    assert found_mm == pytest.approx(gaps_mm, abs=0.3)


def test_breaks_at_other_distances_do_not_count():
    layout = lay_out("3x4", left_mm=20.0)
    curves = with_gaps(curves_between(layout, 20.0, 270.0), (70.0, 145.0, 200.0))
    assert column_places(layout, curves)[0].start_mm == pytest.approx(20.0, abs=0.05)


def test_pulse_that_was_read_as_a_trace_does_not_move_the_columns():
    layout = lay_out(left_mm=23.0)
    curves = curves_between(layout, 20.0, 270.0, pulse_mm=12.0)
    assert left_of(settled(layout, curves)) == pytest.approx(20.0, abs=0.05)


@pytest.mark.parametrize(("is_sure", "margin_mm"), [(True, 0.1), (False, 0.2)])
def test_rows_start_a_little_early_and_more_where_their_ends_are_not_sure(is_sure, margin_mm):
    found = with_margin(lay_out(left_mm=20.0), is_sure=is_sure)
    assert 20.0 - left_of(found) == pytest.approx(margin_mm, abs=1e-9)


def test_a_faint_pulse_beside_the_traces_does_not_count_as_a_part_of_them():
    layout = lay_out(left_mm=15.0)
    curves = tuple(
        replace(curve, presence=np.where(curve.x_mm < 20.0, 0.6, 1.0) * curve.presence)
        for curve in curves_between(layout, 20.0, 270.0, pulse_mm=15.0)
    )
    assert left_of(settled(layout, curves)) == pytest.approx(20.0, abs=0.05)


def test_columns_of_fast_paper_are_placed_as_well():
    paper = PaperScale(speed_mm_per_s=50.0)
    slow = lay_out(left_mm=5.0)
    strips = tuple(
        replace(
            strip,
            left_mm=5.0 + paper.mm_from_s(strip.segment.start_s / 2),
            segment=replace(
                strip.segment, start_s=strip.segment.start_s / 2, stop_s=strip.segment.stop_s / 2
            ),
        )
        for strip in slow.strips
    )
    layout = replace(slow, scale=paper, strips=strips)
    placed = settled(layout, curves_between(layout, 9.0, 259.0))
    assert left_of(placed) == pytest.approx(9.0, abs=0.05)


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_page_without_rows_is_refused_with_a_remedy(level):
    """No ink at all, and nothing but ink, which has no rows either."""
    page = FlatPage(np.full((600, 800, 3), 255, np.uint8), Homography.identity())
    probabilities = np.zeros((600, 800, 4), dtype=np.float32)
    probabilities[..., 2], probabilities[..., 0] = level, 1 - level
    with pytest.raises(LayoutError, match=r"expected at least 3 rows.*found [01].*check"):
        find_layout(page, PixelMaps(probabilities), GridScale((4.0, 4.0)))


@pytest.mark.parametrize("row_mm", [62.5, 125.0, 187.5, 250.0, 375.0, 500.0])
@pytest.mark.parametrize("beside_mm", [0.0, 6.0, 12.0])
def test_rows_of_any_usual_length_are_told_with_a_pulse_or_without(row_mm, beside_mm):
    map_px_per_mm, left = 2.0, 40
    right = left + round((row_mm + beside_mm) * map_px_per_mm)
    probabilities = np.zeros((400, right + 40, 4), dtype=np.float32)
    probabilities[..., 0] = 1
    for row in (60, 140, 220, 300):
        probabilities[row : row + 2, left:right, 2] = 1
    page = FlatPage(np.full((400, right + 40, 3), 255, np.uint8), Homography.identity())
    found = find_layout(page, PixelMaps(probabilities), GridScale((map_px_per_mm, map_px_per_mm)))
    assert found.scale == PaperScale(speed_mm_per_s=25.0 if row_mm <= 250 else 50.0)
    stop_mm = max(strip.right_mm(found.scale) for strip in found.strips)
    assert stop_mm - left_of(found) == pytest.approx(row_mm)
    assert stop_mm == pytest.approx(right / map_px_per_mm, abs=1)


def test_stated_layout_is_taken_and_needs_its_rows(print_page, true_maps):
    page = print_page(1, layout="3x4+1R", dpi=120.0)
    flat, maps, scale = (
        FlatPage(page.image, Homography.identity()),
        true_maps(page),
        page.truth.scale,
    )
    cabrera = LAYOUTS["3x4+1R-cabrera"]
    found = find_layout(flat, maps, scale, cabrera)
    assert [strip.segment.lead for strip in found.strips] == [s.lead for s in cabrera.segments]
    assert [s.segment.lead for s in found.strips if s.polarity < 0] == ["aVR"]
    with pytest.raises(LayoutError, match=r"expected at least 12 rows of traces; found \d+"):
        find_layout(flat, maps, scale, LAYOUTS["12x1"])


def test_columns_of_one_time_stand_side_by_side():
    strips = strips_of(LAYOUTS["6x2-simultaneous"], PaperScale(), 20.0, range(6))
    assert {(s.left_mm, s.segment.start_s) for s in strips} == {(20.0, 0.0), (145.0, 0.0)}
    layout = PageLayout("6x2-simultaneous", (290.0, 210.0), PaperScale(), strips)
    assert left_of(settled(layout, curves_between(layout, 23.0, 273.0))) == pytest.approx(
        23.0, abs=0.05
    )


def test_rows_of_no_usual_length_are_as_long_as_they_look():
    """Two columns of some five and a half seconds."""
    layout = lay_out("6x2", left_mm=4.0)
    layout = replace(
        layout, strips=strips_of(LAYOUTS["6x2"].lasting(11.6), PaperScale(), 4.0, ROWS)
    )
    curves = curves_between(layout, 12.0, 284.0)
    (place,) = column_places(layout, curves)
    assert place.start_mm == pytest.approx(12.0, abs=0.2)
    assert place.stretch * 290 == pytest.approx(272.0, abs=0.3)


@pytest.mark.parametrize("faint_mm", [80, 120, 160])
@pytest.mark.parametrize(("faint", "name"), [(0.3, "3x4+1R"), (0.02, "3x4")])
def test_row_that_is_inked_in_part_is_one_if_the_rest_is_faint(faint, name, faint_mm):
    px_per_mm = 4
    ink = np.zeros((200 * px_per_mm, 290 * px_per_mm), np.float32)
    for baseline_mm in (40, 80, 120, 160):
        at = slice(baseline_mm * px_per_mm - 2, baseline_mm * px_per_mm + 2)
        ink[at, 20 * px_per_mm : 270 * px_per_mm] = 1.0
    around = slice((faint_mm - 2) * px_per_mm, (faint_mm + 2) * px_per_mm)
    ink[around, 100 * px_per_mm : 270 * px_per_mm] *= faint
    maps = np.stack([1 - ink, 0 * ink, ink, 0 * ink], axis=-1)
    image = np.zeros((*ink.shape, 3), np.uint8)
    flat = FlatPage(image, Homography.identity())
    assert find_layout(flat, PixelMaps(maps), GridScale((4.0, 4.0))).name == name


def test_a_frame_around_the_rows_is_no_part_of_them():
    """Its lines are aslant, and nearer to the rows than a break in a trace is wide."""
    px_per_mm = 4
    ink = np.zeros((200 * px_per_mm, 290 * px_per_mm), np.float32)
    for baseline_mm in (40, 80, 120, 160):
        at = slice(baseline_mm * px_per_mm - 2, baseline_mm * px_per_mm + 2)
        ink[at, 22 * px_per_mm : 272 * px_per_mm] = 1.0
    for left_mm in (8, 282):
        for y in range(len(ink)):
            x = round(left_mm * px_per_mm + 0.02 * y)
            ink[y, x : x + 3] = 1.0
    maps = np.stack([1 - ink, 0 * ink, ink, 0 * ink], axis=-1)
    assert row_width_mm(PixelMaps(maps), GridScale((4.0, 4.0))) == pytest.approx(250, abs=1)


def test_short_strip_of_one_lead_has_the_length_it_has():
    layout = lay_out("1x1", left_mm=20.0)
    leads = LAYOUTS["1x1"].lasting(3.6)
    layout = replace(layout, strips=strips_of(leads, PaperScale(), 20.0, ROWS[:1]))
    (place,) = column_places(layout, curves_between(layout, 26.0, 106.0))
    assert place.start_mm == pytest.approx(26.0, abs=0.2)
    assert place.stretch * 90 == pytest.approx(80.0, abs=0.3)


@pytest.mark.parametrize("edge_mm", [3.0, 12.0])
def test_a_thick_edge_of_the_sheet_hides_no_row_that_wanders(edge_mm):
    """Its ink is four times as thick as a trace; one whose baseline rises is nowhere as full."""
    px_per_mm = 4
    ink = np.zeros((200 * px_per_mm, 290 * px_per_mm), np.float32)
    columns = np.arange(20 * px_per_mm, 270 * px_per_mm)
    for baseline_mm, rise_mm in ((40, 0.0), (80, 14.0), (120, 0.0), (160, 0.0)):
        height_mm = baseline_mm + rise_mm * (np.arange(len(columns)) / len(columns) - 0.5)
        for x, y in zip(columns, np.rint(height_mm * px_per_mm).astype(int), strict=True):
            ink[y : y + 2, x] = 1.0
    edge = slice(len(ink) - round(edge_mm * px_per_mm) - 8, len(ink) - round(edge_mm * px_per_mm))
    ink[edge, 10 * px_per_mm : 280 * px_per_mm] = 1.0
    maps = np.stack([1 - ink, 0 * ink, ink, 0 * ink], axis=-1)
    found = [row.baseline_mm for row in rows_of(PixelMaps(maps), GridScale((4.0, 4.0)))]
    rows = sorted(baseline_mm for baseline_mm in found if baseline_mm < 180)
    assert rows == pytest.approx([40, 80, 120, 160], abs=6)


@pytest.mark.parametrize("n_rows", [1, 2])
def test_noise_is_no_row_of_a_page_with_few(n_rows):
    px_per_mm = 4
    ink = (np.random.default_rng(0).random((200 * px_per_mm, 290 * px_per_mm)) < 2e-4) * 1.0
    for baseline_mm in (60, 120)[:n_rows]:
        ink[baseline_mm * px_per_mm : baseline_mm * px_per_mm + 2, 80:1080] = 1.0
    maps = np.stack([1 - ink, 0 * ink, ink, 0 * ink], axis=-1).astype(np.float32)
    found = [row.baseline_mm for row in rows_of(PixelMaps(maps), GridScale((4.0, 4.0)))]
    assert sorted(found) == pytest.approx([60, 120][:n_rows], abs=2)


def rows_of_ink(spans_mm, height_mm=300, width_mm=370):
    """Return a flat page and maps with level lines of ink: at heights, from and to, all in mm."""
    px_per_mm = 4
    ink = np.zeros((height_mm * px_per_mm, width_mm * px_per_mm), np.float32)
    for baseline_mm, first_mm, last_mm in spans_mm:
        at = slice(baseline_mm * px_per_mm, baseline_mm * px_per_mm + 2)
        ink[at, first_mm * px_per_mm : last_mm * px_per_mm] = 1.0
    maps = PixelMaps(np.stack([1 - ink, 0 * ink, ink, 0 * ink], axis=-1))
    flat = FlatPage(np.zeros((*ink.shape, 3), np.uint8), Homography.identity())
    return flat, maps, GridScale((4.0, 4.0))


def test_rows_that_other_sheets_lengthen_may_be_of_the_usual_length():
    """Curves of sheets below this one run up to its edge, a break in a trace away."""
    heights_mm = (40, 80, 120, 160)
    rows = [(at_mm, 97, 347) for at_mm in heights_mm]
    rows += [(at_mm, 20 if at_mm > 100 else 0, 80) for at_mm in heights_mm]
    looks, usual = layouts_of(*rows_of_ink(rows))
    assert looks.right_mm - left_of(looks) > 300
    assert (usual.name, usual.scale) == ("3x4+1R", PaperScale())
    assert left_of(usual) == pytest.approx(97, abs=1)


@pytest.mark.parametrize(
    ("row_mm", "lengths_mm"),
    [(90, (250, 90)), (110, (250,)), (64, (62.5,)), (32, (250,)), (1, (250,))],
)
def test_rows_that_are_short_may_be_as_long_as_they_look(row_mm, lengths_mm):
    """Those of one lead may have any length."""
    rows = [(at_mm, 40, 40 + row_mm) for at_mm in EVEN_MM]
    found = [looks.right_mm - left_of(looks) for looks in layouts_of(*rows_of_ink(rows))]
    assert found == pytest.approx(lengths_mm, abs=0.5)


def test_many_short_rows_are_no_rows_of_one_lead():
    """They would be twelve leads of four seconds, as joints of tiles are."""
    rows = [(at_mm, 40, 130) for at_mm in range(30, 270, 20)]
    (found,) = layouts_of(*rows_of_ink(rows))
    assert (found.name, found.right_mm - left_of(found)) == ("12x1", 250)


@pytest.mark.parametrize(
    ("edges_mm", "name"), [((50, 270), "6x2"), ((270,), "3x4+2R"), ((80,), "3x4+2R")]
)
def test_edges_of_sheets_that_look_like_rows_may_be_left_out(edges_mm, name):
    rows = [(at_mm, 40, 290) for at_mm in (*EVEN_MM, *edges_mm)]
    (looks,) = layouts_of(*rows_of_ink(rows))
    (alike,) = layouts_of_alike(*rows_of_ink(rows))
    assert (looks.name, alike.name) == (name, "3x4+1R")
    baselines_mm = [row[0].baseline_mm for row in alike.rows()]
    assert baselines_mm == pytest.approx(EVEN_MM, abs=1)


def test_mold_that_looks_like_a_faint_row_may_be_left_out():
    rows = [(at_mm, 40, 290) for at_mm in EVEN_MM] + [(104, 60, 140)]
    flat, maps, scale = rows_of_ink(rows)
    # What may be ink goes on as far as the rows do.
    share = maps.probabilities
    share[104 * 4 : 104 * 4 + 2, 140 * 4 : 290 * 4, 2] = 0.2
    (looks,) = layouts_of(flat, maps, scale)
    (alike,) = layouts_of_alike(flat, maps, scale)
    assert (looks.name, alike.name) == ("3x4+2R", "3x4+1R")


@pytest.mark.parametrize(
    ("own_mm", "others_mm"), [(EVEN_MM, (50, 84)), ((40, 76, 112, 148), (200, 230))]
)
def test_rows_of_a_sheet_above_or_below_may_be_left_out(own_mm, others_mm):
    """They are as far from each other as rows are, but a wide gap away."""
    rows = [(at_mm, 40, 290) for at_mm in own_mm] + [(at_mm, 60, 220) for at_mm in others_mm]
    (looks,) = layouts_of(*rows_of_ink(rows))
    (alike,) = layouts_of_alike(*rows_of_ink(rows))
    assert (looks.name, alike.name) == ("6x2", "3x4+1R")
    baselines_mm = [row[0].baseline_mm for row in alike.rows()]
    assert baselines_mm == pytest.approx(own_mm, abs=1)


def test_an_edge_as_far_away_as_the_next_row_is_a_row():
    rows = [(at_mm, 40, 290) for at_mm in (104, *EVEN_MM)]
    with pytest.raises(LayoutError, match="all 5 are alike"):
        next(layouts_of_alike(*rows_of_ink(rows)))


def test_a_layout_that_is_stated_counts_for_rows_that_are_alike_as_well():
    rows = [(at_mm, 40, 290) for at_mm in (50, *EVEN_MM)]
    (alike,) = layouts_of_alike(*rows_of_ink(rows), LAYOUTS["3x4+1R-cabrera"])
    assert alike.name == "3x4+1R-cabrera"
    with pytest.raises(LayoutError, match="at least 12 rows"):
        next(layouts_of_alike(*rows_of_ink(rows), LAYOUTS["12x1"]))


def test_ink_of_another_sheet_makes_rows_no_longer_than_they_are():
    rows = [(at_mm, 40, 290) for at_mm in EVEN_MM]
    (found,) = layouts_of(*rows_of_ink(rows + [(at_mm, 315, 345) for at_mm in EVEN_MM]))
    assert found.right_mm - left_of(found) == pytest.approx(250.0)
