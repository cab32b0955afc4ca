from dataclasses import replace

import numpy as np
import pytest

from ecgpaper.page.raster import GridScale
from ecgpaper.synth import Note, sample_spec, synthesize
from ecgpaper.synth.sample.sheet.notes import sample_notes
from ecgpaper.synth.sheet.handwriting import GLYPHS, write
from ecgpaper.synth.sheet.notes import draw_note, opaque_notes

SCALE = GridScale((8.0, 8.0), (-0.5, -0.5))
SHAPE = (320, 640)


def noted(spec, *notes):
    return replace(spec, ink=replace(spec.ink, notes=notes))


def coverage(note):
    layer = np.zeros(SHAPE, dtype=np.uint8)
    draw_note(layer, note, SCALE)
    return layer


def written(seed, text="AF new\n76 y, 120/80", **parts):
    return Note("writing", (10.0, 30.0), (60.0, 20.0), seed=seed, text=text, **parts)


@pytest.mark.parametrize("kind", ["writing", "signature"])
@pytest.mark.parametrize("seed", range(4))
def test_writing_fills_its_box_and_stays_inside(kind, seed):
    note = replace(written(seed), kind=kind)
    rows, columns = np.nonzero(coverage(note) > 30)
    assert rows.min() >= 10 * 8 - 1
    assert rows.max() <= 30 * 8
    assert columns.min() >= 10 * 8 - 1
    assert columns.max() <= 70 * 8
    filled = np.ptp(rows) / (20 * 8), np.ptp(columns) / (60 * 8)
    assert max(filled) > 0.93


def test_hands_differ_by_their_seed_alone():
    first, again, other = (coverage(written(seed)) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert ((first > 100) != (other > 100)).mean() > 0.01


def test_different_words_look_different_in_one_hand():
    assert not np.array_equal(coverage(written(1, "LBBB")), coverage(written(1, "RBBB")))


def test_every_character_of_a_sampled_note_has_a_glyph(spec):
    rng = np.random.default_rng(0)
    notes = [note for _ in range(300) for note in sample_notes(spec.layout, rng=rng)]
    written_text = {letter for note in notes if note.kind == "writing" for letter in note.text}
    assert len(written_text) > 50
    assert written_text <= set(GLYPHS) | {" ", "\n"}


def test_a_longer_word_is_wider():
    widths = []
    for text in ("ok", "okok", "okokokok"):
        lines = write(text, rng=np.random.default_rng(3))
        widths.append(np.ptp(np.concatenate(lines)[:, 0]))
    assert widths[0] * 1.5 < widths[1] < widths[2] / 1.5


def test_pencil_is_paler_than_a_ball_pen():
    dark = [
        coverage(written(1, tool=tool)).max(initial=0).astype(int) for tool in ("ball", "pencil")
    ]
    assert dark[1] < 0.9 * dark[0]


def test_pen_is_as_wide_as_it_says():
    thin, wide = (
        (coverage(Note("line", (10.0, 10.0), (50.0, 3.0), stroke_mm=mm, tool="felt")) / 255).sum()
        for mm in (0.3, 0.9)
    )
    assert 0.8 * 50 * 0.3 * 64 < thin < 1.2 * 50 * 0.3 * 64
    assert wide == pytest.approx(3 * thin, rel=0.1)


def test_highlighter_colours_the_paper_and_leaves_the_trace(ecg, change_by_traces, spec):
    stripe = Note("highlight", (5.0, 50.0), (110.0, 24.0), color=(255.0, 245.0, 70.0), stroke_mm=5)
    before, after = (synthesize(ecg, each).image for each in (spec, noted(spec, stripe)))
    covered = np.zeros(before.shape[:2], dtype=np.uint8)
    draw_note(covered, stripe, GridScale((4.0, 4.0), (-0.5, -0.5)))
    marked = covered > 150
    assert (after[marked][:, 2] < 150).mean() > 0.9
    assert np.array_equal(before[covered == 0], after[covered == 0])
    plain, seen = change_by_traces(ecg, spec), change_by_traces(ecg, noted(spec, stripe))
    trace = marked & (plain > 200)
    assert trace.sum() > 300
    assert (seen[trace] > 150).all()


@pytest.mark.parametrize("kind", ["box", "marker", "white-out"])
def test_opaque_notes_hide_what_they_say_they_hide(ecg, change_by_traces, spec, kind):
    white = (250.0, 250.0, 250.0)
    note = Note(kind, (20.0, 50.0), (60.0, 20.0), color=white, stroke_mm=6, seed=3)
    hidden = opaque_notes((note,), GridScale((4.0, 4.0), (-0.5, -0.5)), (320, 480))
    change = change_by_traces(ecg, noted(spec, note))
    assert 0.9 * 60 * 20 * 16 < (hidden == 255).sum() < 1.15 * 60 * 20 * 16
    assert change[hidden == 255].max() == 0
    assert np.array_equal(change[hidden == 0], change_by_traces(ecg, spec)[hidden == 0])


def test_only_opaque_notes_hide():
    kinds = ("writing", "ring", "highlight", "stamp", "arrow", "bracket", "tick", "underline")
    notes = tuple(Note(kind, (20.0, 50.0), (60.0, 20.0)) for kind in kinds)
    assert opaque_notes(notes, SCALE, SHAPE) is None


def test_stamps_say_something():
    stamp = Note("stamp", (10.0, 10.0), (40.0, 16.0), color=(60.0, 50.0, 150.0), seed=1)
    texts = [coverage(replace(stamp, text=text)) for text in ("COPY", "SEEN")]
    assert ((texts[0] > 100) != (texts[1] > 100)).mean() > 0.002
    assert (texts[0][: 10 * 8 - 2] == 0).all()


@pytest.mark.parametrize("seed", range(3))
def test_notes_of_presets_survive_drawing(ecg, seed):
    rng = np.random.default_rng(seed)
    page = sample_spec("clean", rng=rng)
    page = replace(page, camera=replace(page.camera, dpi=60.0))
    notes = tuple(note for _ in range(6) for note in sample_notes(page.layout, rng=rng))
    image = synthesize(ecg, noted(page, *notes)).image
    assert (image != synthesize(ecg, page).image).any()
