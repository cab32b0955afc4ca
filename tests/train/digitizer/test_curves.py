"""Curves of generated pages are kept with where they truly run, begin and end."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from ecgpaper.digitize.curves.refine import BEYOND_POINTS
from ecgpaper.digitize.curves.strip import N_SUB_COLUMNS
from ecgpaper.nets.segmenter import SegmentNet
from ecgpaper.nets.tracer import StripNet
from ecgpaper.nets.unet import UNetConfig
from ecgpaper.page.raster import PIXEL_CLASSES
from ecgpaper.train.digitizer import curves
from ecgpaper.train.digitizer import pages as datasets
from ecgpaper.train.digitizer.curves import forget_pages, read_curves, read_pages
from ecgpaper.train.span import Span


@pytest.fixture(scope="module")
def segmenter():
    torch.manual_seed(0)
    return SegmentNet(UNetConfig(3, (8, 8), len(PIXEL_CLASSES))).eval()


@pytest.fixture(scope="module")
def tracer():
    torch.manual_seed(0)
    return StripNet(UNetConfig(4, (16, 16), N_SUB_COLUMNS)).eval()


def test_offset_leads_from_where_the_tracer_saw_a_curve_to_where_it_runs(
    segmenter, tracer, healthy_ecg, tmp_path, monkeypatch
):
    """A tracer that has learned nothing is off by millimeters; the truth is found again."""
    seen = []

    def remember(trace, reading, scale):
        course = course_of(trace, reading, scale)
        seen.append((trace, course, scale))
        return course

    course_of = curves.course_of
    monkeypatch.setattr(curves, "course_of", remember)
    errors = replace(curves.ERRORS, farthest_rows=400.0, least_end_mm=1e-9, most_end_mm=1e-9)
    monkeypatch.setattr(curves, "ERRORS", errors)
    monkeypatch.setattr(datasets, "CHOICES", replace(datasets.CHOICES, scale_jitter=0.0))
    monkeypatch.setattr(curves, "PRESETS", ("clean",))
    monkeypatch.setattr(curves, "MOST_ROWS", 1)
    found = read_curves(segmenter, tracer, [healthy_ecg], 0, seed=0, kept=tmp_path)
    assert len(seen) == len(found.lengths)
    starts = np.cumsum(found.lengths) - found.lengths
    assert found.is_known.mean() > 0.9
    for (trace, course, scale), start, length in zip(seen, starts, found.lengths, strict=True):
        part = slice(start + BEYOND_POINTS, start + length - BEYOND_POINTS)
        known = found.is_known[part]
        y_mm = course.y_mm(found.offset[part])[known]
        strip = trace.strip
        x_mm = scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px]))[known, 0]
        time_s = strip.segment.start_s + (x_mm - strip.left_mm) / 25.0
        lead_mv = healthy_ecg.lead(strip.segment.lead)
        expected = np.interp(time_s, np.arange(len(lead_mv)) / healthy_ecg.fs, lead_mv)
        assert np.corrcoef(expected, -strip.polarity * y_mm)[0, 1] > 0.99


@pytest.mark.slow
def test_ends_lead_from_the_points_that_were_cut_to_where_the_curve_begins_and_ends(
    segmenter, tracer, healthy_ecg, tmp_path, monkeypatch
):
    seen = []

    def remember(trace, reading, scale):
        seen.append((trace, scale))
        return course_of(trace, reading, scale)

    course_of = curves.course_of
    true_mm = {}

    def moved(layout, end_mm, rng):
        true_mm.update({s.segment: s.left_mm for s in layout.strips})
        true_mm["scale"] = layout.scale
        return move(layout, end_mm, rng)

    move = curves._moved
    monkeypatch.setattr(curves, "course_of", remember)
    monkeypatch.setattr(curves, "_moved", moved)
    errors = replace(curves.ERRORS, width_mm=1e12, least_end_mm=0.3, most_end_mm=0.3)
    monkeypatch.setattr(curves, "ERRORS", errors)
    monkeypatch.setattr(curves, "PRESETS", ("clean",))
    monkeypatch.setattr(curves, "MOST_ROWS", 2)
    found = read_curves(segmenter, tracer, [healthy_ecg], 0, seed=0, kept=tmp_path)
    errors_mm = []
    for (trace, scale), ends in zip(seen, found.ends, strict=True):
        x_mm = scale.mm_from_px(np.column_stack([trace.x_px, trace.y_px]))[[0, -1], 0]
        segment = trace.strip.segment
        width_mm = true_mm["scale"].mm_from_s(segment.duration_s)
        left_mm = true_mm[segment]
        assert x_mm + 0.05 * ends == pytest.approx([left_mm, left_mm + width_mm], abs=1e-3)
        errors_mm.append(trace.strip.left_mm - left_mm)
    assert max(np.abs(errors_mm)) > 0.1


def test_pages_are_kept_until_they_are_forgotten(
    segmenter, tracer, healthy_ecg, tmp_path, monkeypatch
):
    networks = {StripNet: tracer, SegmentNet: segmenter}
    monkeypatch.setattr(curves, "load_network", lambda _folder, _name, kind: networks[kind])
    tracers = ["a" * 64]
    monkeypatch.setattr(curves, "load_info", lambda *_: SimpleNamespace(sha256=tracers[-1]))
    monkeypatch.setattr(curves, "PRESETS", ("clean",))
    monkeypatch.setattr(curves, "MOST_ROWS", 1)
    (page,) = read_pages([healthy_ecg], tmp_path, span=Span(1), seed=0)
    monkeypatch.setattr(curves, "synthesize", None)
    (again,) = read_pages([healthy_ecg], tmp_path, span=Span(1), seed=0)
    for name, values in vars(page).items():
        assert (vars(again)[name] == values).all()
    # Those of another seed, or read by another tracer, are of no use.
    with pytest.raises(TypeError, match="not callable"):
        read_pages([healthy_ecg], tmp_path, span=Span(1), seed=1)
    tracers.append("b" * 64)
    with pytest.raises(TypeError, match="not callable"):
        read_pages([healthy_ecg], tmp_path, span=Span(1), seed=0)
    forget_pages(tmp_path)
    assert not list(tmp_path.iterdir())


def test_some_pages_are_placed_where_no_curve_begins(print_page, monkeypatch):
    layout = print_page(0, dpi=60.0).truth.layout
    off_mm = []
    for share in (0.0, 1.0):
        monkeypatch.setattr(curves, "ERRORS", replace(curves.ERRORS, lost_share=share))
        rng = np.random.default_rng(3)
        placed = [curves._moved(layout, 0.1, rng).strips for _ in range(20)]
        off_mm.append([[strip.left_mm for strip in strips] for strips in placed])
    off_mm = np.array(off_mm) - [strip.left_mm for strip in layout.strips]
    assert np.abs(off_mm[0]).max() < 0.5
    # Nowhere on the page does a strip stand where its curve begins.
    assert (np.abs(off_mm[1]).min(axis=1) > 0.5).sum() > 10


def test_pages_are_read_until_something_can_be_learned_from_them(
    segmenter, tracer, healthy_ecg, tmp_path, monkeypatch
):
    """Whatever the time: with a tracer that has just begun a page may show no curve at all."""
    nothing = curves.Curves(
        np.zeros((9, 1), np.float16),
        np.zeros(9, np.float32),
        np.zeros(9, np.bool_),
        np.array([9]),
        np.array([[1.0, 2.0]], np.float32),
    )
    something = replace(nothing, is_known=~nothing.is_known)
    monkeypatch.setattr(
        curves, "read_curves", lambda *rest, **_: something if rest[3] == 3 else nothing
    )
    networks = {"segmenter": segmenter, "tracer": tracer}
    monkeypatch.setattr(curves, "load_network", lambda _, name, __: networks[name])
    monkeypatch.setattr(curves, "load_info", lambda *_: SimpleNamespace(sha256="0" * 64))
    pages = read_pages([healthy_ecg], tmp_path, span=Span(100, seconds=1e-9), seed=0)
    assert len(pages) == 4
