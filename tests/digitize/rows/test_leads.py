from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.digitize.curves.strip import STRIP_HEIGHT_MM
from ecgpaper.digitize.rows.find import READABLE
from ecgpaper.digitize.rows.fit import Curve, agreement, fits_of, leaning_fits
from ecgpaper.digitize.rows.leads import name_leads
from ecgpaper.ecg import UNKNOWN_LEAD
from ecgpaper.errors import LayoutError
from ecgpaper.page import LAYOUTS, PageLayout, PaperScale, Strip, continued
from ecgpaper.page.raster import GridScale
from ecgpaper.simulate import simulate_record

SCALE = GridScale((8.0, 8.0))
TWELVE = [name for name, layout in LAYOUTS.items() if len(layout.rows) > 1]


def renamed(traces, names):
    """The same curves under the names of other leads."""

    def other(strip):
        segment = replace(strip.segment, lead=names.get(strip.segment.lead, strip.segment.lead))
        return replace(strip, segment=segment)

    return tuple(replace(trace, strip=other(trace.strip)) for trace in traces)


@pytest.mark.parametrize("name", ["3x4", "3x4+1R", "6x2+1R", "12x1"])
def test_true_curves_agree_and_misnamed_ones_do_not(print_page, name):
    """Rows upside down: I, aVL and aVF stand where III, aVF and aVL were."""
    truth = print_page(0, layout=name, dpi=100.0).truth
    assert agreement(fits_of(truth.traces, truth.layout, truth.scale)) > 0.99
    other = renamed(truth.traces, {"I": "II", "II": "I", "aVR": "aVF", "aVF": "aVR"})
    flipped = [
        replace(trace, y_px=-trace.y_px) for trace in other if trace.strip.segment.lead == "II"
    ]
    rest = [trace for trace in other if trace.strip.segment.lead != "II"]
    assert agreement(fits_of((*flipped, *rest), truth.layout, truth.scale)) < 0.8


def test_curves_that_never_meet_say_nothing(print_page):
    truth = print_page(0, layout="3x4", dpi=100.0).truth
    precordial = tuple(t for t in truth.traces if t.strip.segment.lead.startswith("V"))
    assert agreement(fits_of(precordial, truth.layout, truth.scale)) is None


def lay_out(leads):
    """The strips of a layout at 25 mm/s, its rows 30 mm apart."""
    paper = PaperScale()
    column_mm = paper.mm_from_s(leads.column_s)
    strips = tuple(
        Strip(
            segment,
            20.0 + column_mm * segment.column,
            40.0 + 30.0 * segment.row,
            -1 if segment.lead in leads.inverted else 1,
        )
        for segment in leads.segments
    )
    return PageLayout(leads.name, (290.0, 420.0), paper, strips)


def read_perfectly(reading, ecg, layout):
    """What a perfect network reads in the rows of a page."""
    x_mm = np.arange(10.0, 280.0, 0.05)
    time_s = np.arange(ecg.n_samples) / ecg.fs
    readings = []
    for strips in layout.rows():
        y_mm = np.full_like(x_mm, strips[0].baseline_mm)
        for strip in strips:
            here = (x_mm >= strip.left_mm) & (x_mm < strip.right_mm(layout.scale))
            at_s = strip.segment.start_s + layout.scale.s_from_mm(x_mm[here] - strip.left_mm)
            height_mv = np.interp(at_s, time_s, ecg.lead(strip.segment.lead))
            y_mm[here] -= strip.polarity * layout.scale.mm_from_mv(height_mv)
        top_mm = strips[0].baseline_mm - STRIP_HEIGHT_MM / 2
        readings.append(reading(x_mm, y_mm, np.ones_like(x_mm), top_mm))
    return tuple(readings)


def usual_for(leads):
    """The layout that the number of rows alone suggests."""
    return next(LAYOUTS[name] for name in READABLE if LAYOUTS[name].n_rows == leads.n_rows)


@pytest.mark.parametrize(
    ("name", "seed"),
    [
        *((name, 0) for name in TWELVE),
        *(("3x4+2R", 1), ("6x2-simultaneous", 1), ("12x1-cabrera", 1)),
    ],
)
def test_every_layout_is_told_from_those_with_as_many_rows(reading, name, seed):
    ecg = simulate_record(rng=np.random.default_rng([5, seed])).ecg
    readings = read_perfectly(reading, ecg, lay_out(LAYOUTS[name]))
    named = name_leads(lay_out(usual_for(LAYOUTS[name])), readings, SCALE)
    assert named.layout.name == name
    expected = [(strip.segment, strip.polarity) for strip in lay_out(LAYOUTS[name]).strips]
    assert [(strip.segment, strip.polarity) for strip in named.layout.strips] == expected
    assert [trace.strip for trace in named.traces] == list(named.layout.strips)


@pytest.mark.parametrize("lead", ["aVR", "V1", "V2"])
def test_rhythm_strip_is_named_after_the_short_strip_it_repeats(reading, lead):
    ecg = simulate_record(rng=np.random.default_rng([5, 0])).ecg
    readings = read_perfectly(reading, ecg, lay_out(LAYOUTS["3x4+1R"].with_rhythm((lead,))))
    named = name_leads(lay_out(LAYOUTS["3x4+1R"]), readings, SCALE)
    assert [s.segment.lead for s in named.layout.strips if s.segment.is_rhythm] == [lead]
    assert named.fit > 0.95


def test_rhythm_strip_that_looks_like_no_short_strip_is_kept_all_the_same(reading):
    """Without it all that is left would fit better; but it is a lead."""
    ecg, other = (simulate_record(rng=np.random.default_rng([5, seed])).ecg for seed in (0, 1))
    layout = lay_out(LAYOUTS["3x4+1R"])
    readings = read_perfectly(reading, ecg, layout)
    foreign = read_perfectly(reading, other, layout)
    named = name_leads(layout, (*readings[:-1], foreign[-1]), SCALE)
    assert named.layout.name == "3x4+1R"
    assert len(named.traces) == 13


@pytest.mark.parametrize("presence", [1.0, 0.2])
@pytest.mark.parametrize("seed", [0, 1, 4])
@pytest.mark.parametrize("is_above", [True, False])
def test_line_beside_the_rows_is_no_row(reading, is_above, seed, presence):
    """The edge of a plot, taken for a row, makes 3x4 with one strip look like one with two.

    Where it is hardly seen as a trace, the leads that it is taken for are compared with nothing,
    and rhythm strips alone fit well.
    """
    ecg = simulate_record(rng=np.random.default_rng([5, seed])).ecg
    layout = lay_out(LAYOUTS["3x4+1R"])
    readings = read_perfectly(reading, ecg, layout)
    x_mm = readings[0].x_mm
    edge_mm = 20.0 if is_above else 150.0
    seen = np.full_like(x_mm, presence)
    edge = reading(x_mm, np.full_like(x_mm, edge_mm), seen, edge_mm - 24)
    wrong = lay_out(LAYOUTS["3x4+2R"])
    heights_mm = [row[0].baseline_mm for row in layout.rows()]
    heights_mm = [edge_mm, *heights_mm] if is_above else [*heights_mm, edge_mm]
    strips = tuple(
        replace(strip, baseline_mm=heights_mm[strip.segment.row]) for strip in wrong.strips
    )
    found = (edge, *readings) if is_above else (*readings, edge)
    named = name_leads(replace(wrong, strips=strips), found, SCALE)
    assert named.layout.name == "3x4+1R"
    assert named.layout.strips == layout.strips


@pytest.mark.parametrize("seed", [0, 2, 3])
def test_lines_above_and_below_the_rows_are_none(reading, seed):
    """Both edges of a sheet make 3x4 with one strip look like 6x2."""
    ecg = simulate_record(rng=np.random.default_rng([5, seed])).ecg
    layout = lay_out(LAYOUTS["3x4+1R"])
    readings = read_perfectly(reading, ecg, layout)
    x_mm = readings[0].x_mm
    above, below = (
        reading(x_mm, np.full_like(x_mm, at_mm), np.full_like(x_mm, 0.4), at_mm - 24)
        for at_mm in (20.0, 150.0)
    )
    wrong = lay_out(LAYOUTS["6x2"])
    heights_mm = [20.0, *(row[0].baseline_mm for row in layout.rows()), 150.0]
    strips = tuple(
        replace(strip, baseline_mm=heights_mm[strip.segment.row]) for strip in wrong.strips
    )
    named = name_leads(replace(wrong, strips=strips), (above, *readings, below), SCALE)
    assert named.layout.name == "3x4+1R"
    assert named.layout.strips == layout.strips


@pytest.mark.parametrize(("presence", "name"), [(0.5, "3x4+1R"), (1.0, "3x4+2R")])
def test_last_row_is_a_rhythm_strip_only_if_it_is_surely_read_or_looks_like_a_lead(
    reading, presence, name
):
    """The edge of a sheet with shadows may look a little like any lead."""
    ecg = simulate_record(rng=np.random.default_rng([5, 0])).ecg
    layout = lay_out(LAYOUTS["3x4+2R"])
    readings = read_perfectly(reading, ecg, layout)
    x_mm = readings[0].x_mm
    v5_mm = 10.0 * np.interp((x_mm - 20) / 25, np.arange(ecg.n_samples) / ecg.fs, ecg.lead("V5"))
    shadows_mm = 1.3 * v5_mm.std() * np.sin(2 * np.pi * x_mm / 7)
    baseline_mm = layout.strips[-1].baseline_mm
    at_mm = baseline_mm - v5_mm - shadows_mm
    top_mm = baseline_mm - STRIP_HEIGHT_MM / 2
    edge = reading(x_mm, at_mm, np.full_like(x_mm, presence), top_mm)
    named = name_leads(layout, (*readings[:-1], edge), SCALE)
    assert named.layout.name == name
    kept = [
        strip
        for strip in layout.strips
        if strip.segment.row < named.layout.strips[-1].segment.row + 1
    ]
    assert list(named.layout.strips) == kept


def test_two_rhythm_strips_have_the_names_of_the_leads_they_repeat(reading):
    """V1 and II, where the usual two are II and V5; and II looks much like V5."""
    ecg = simulate_record(rng=np.random.default_rng([5, 0])).ecg
    readings = read_perfectly(reading, ecg, lay_out(LAYOUTS["3x4+2R"].with_rhythm(("V1", "II"))))
    named = name_leads(lay_out(LAYOUTS["3x4+2R"]), readings, SCALE)
    rhythm = [s.segment.lead for s in named.layout.strips if s.segment.is_rhythm]
    assert rhythm == ["V1", "II"]


@pytest.mark.parametrize("lean_mm", [-1.5, 1.5])
def test_leads_of_a_page_printed_at_a_slant_fit_each_other(reading, lean_mm):
    ecg = simulate_record(rng=np.random.default_rng([5, 0])).ecg
    layout = lay_out(LAYOUTS["6x2"])
    readings = tuple(
        replace(row, x_mm=row.x_mm + lean_mm * index / 5)
        for index, row in enumerate(read_perfectly(reading, ecg, layout))
    )
    named = name_leads(layout, readings, SCALE)
    assert named.fit < 0.7
    assert agreement(leaning_fits(named.traces, named.layout, SCALE)) > 0.85


def rows_of_leads(reading, leads, row_s):
    """Read rows of one lead each; of one lead, each goes on where the one before ends."""
    ecg = simulate_record(rng=np.random.default_rng([5, 1]), duration_s=40.0).ecg
    is_one = len(set(leads)) == 1
    rows = tuple((lead,) for lead in leads)
    shown = replace(continued(len(leads), row_s), rows=rows, is_continued=is_one)
    last_mm = 20.0 + PaperScale().mm_from_s(row_s) - 0.1
    readings = tuple(
        replace(row, presence=((row.x_mm > 20.02) & (row.x_mm < last_mm)).astype(float))
        for row in read_perfectly(reading, ecg, lay_out(shown))
    )
    usual = next(LAYOUTS[name] for name in READABLE if LAYOUTS[name].n_rows == len(leads))
    return lay_out(usual.lasting(row_s)), readings


@pytest.mark.parametrize("n_rows", [3, 4])
@pytest.mark.parametrize("row_s", [2.5, 10.0])
def test_rows_of_one_lead_are_one_lead_that_goes_on(reading, n_rows, row_s):
    """As watches print it: thirty seconds in rows of ten.

    Short rows are no columns of half a second. Ends are seen 0.1 mm too early, which must not add
    up from row to row.
    """
    named = name_leads(*rows_of_leads(reading, ["aVR"] * n_rows, row_s), SCALE)
    assert named.layout.name == f"{n_rows}x1-continued"
    assert {strip.segment.lead for strip in named.layout.strips} == {UNKNOWN_LEAD}
    starts_s = [strip.segment.start_s for strip in named.layout.strips]
    assert starts_s == pytest.approx(row_s * np.arange(n_rows))


def test_rows_of_several_leads_are_not_one(reading):
    """Three leads that look much alike beat at the same times."""
    for row_s in (2.5, 10.0):
        with pytest.raises(LayoutError, match="nobody knows which"):
            name_leads(*rows_of_leads(reading, ["V4", "V5", "V6"], row_s), SCALE)


def test_the_same_curve_in_twelve_rows_is_no_page(reading):
    """Joints of tiles: in Cabrera's order, the sums of one lead vanish as those of limb leads."""
    layout, rows = rows_of_leads(reading, ["V4"] * 12, 10.0 / 3)
    same = tuple(
        replace(rows[0], top_mm=strips[0].baseline_mm - STRIP_HEIGHT_MM / 2)
        for strips in layout.rows()
    )
    with pytest.raises(LayoutError, match="nobody knows which"):
        name_leads(layout, same, SCALE)


def test_a_curve_that_is_seen_late_keeps_its_time(print_page):
    """Else rows that are seen from other times on would not seem to beat at the same ones."""
    truth = print_page(0, layout="3x4+1R", dpi=100.0).truth
    trace = truth.traces[0]
    seen = replace(trace, confidence=np.where(np.arange(len(trace.x_px)) < 80, 0.0, 1.0))
    late, whole = (Curve(t, truth.layout, truth.scale) for t in (seen, trace))
    assert len(late.mv) < len(whole.mv) - 10
    n_hidden = len(whole.whole_mv) - len(late.mv)
    assert (late.whole_mv[:n_hidden] == 0).all()
    np.testing.assert_allclose(late.whole_mv[-60:-30], whole.whole_mv[-60:-30], atol=1e-6)


def test_single_strip_has_no_name(reading):
    ecg = simulate_record(rng=np.random.default_rng([5, 0])).ecg
    layout = lay_out(LAYOUTS["1x1"])
    named = name_leads(layout, read_perfectly(reading, ecg, layout), SCALE)
    assert [strip.segment.lead for strip in named.layout.strips] == [UNKNOWN_LEAD]
