"""Rows of one lead each are told from columns of several; pages of them: test_roundtrip."""

import numpy as np
import pytest
from scipy.ndimage import uniform_filter1d

from ecgpaper.digitize.rows.one_lead import FS, is_one_lead, repeat_of
from ecgpaper.digitize.rows.together import rows_beat_together
from ecgpaper.ecg import LIMB_LEADS, PRECORDIAL_LEADS, STANDARD_ORDER
from ecgpaper.page import LAYOUTS
from ecgpaper.simulate import simulate_ecg

LABELS = (("NORM",), ("AFIB/AFL",), ("CD",), ("PVC",))


def rows_of(layout, labels, seed):
    """What a page shows: of each row its columns."""
    ecg = simulate_ecg(labels, rng=np.random.default_rng(seed))
    mv = ecg.signal_mv[:: round(ecg.fs / FS)]
    mv = mv - uniform_filter1d(mv, 60, axis=0, mode="nearest")
    rows = {}
    for segment in layout.segments:
        part = mv[round(segment.start_s * FS) : round(segment.stop_s * FS)]
        rows.setdefault(segment.row, []).append(part[:, STANDARD_ORDER.index(segment.lead)])
    return [*rows.values()]


def halved(rows, n_columns):
    return [np.array_split(row[0], n_columns) for row in rows]


@pytest.mark.parametrize("labels", LABELS, ids=lambda labels: labels[0])
@pytest.mark.parametrize("name", ["6x1-limb", "6x1-precordial"])
def test_rows_of_one_lead_look_the_same_in_both_halves(name, labels):
    rows = halved(rows_of(LAYOUTS[name], labels, 1), 2)
    assert repeat_of(rows).is_likely


@pytest.mark.parametrize("labels", LABELS, ids=lambda labels: labels[0])
@pytest.mark.parametrize("name", ["3x4", "6x2", "6x2-cabrera", "4x3"])
def test_columns_of_other_leads_do_not(name, labels):
    assert not repeat_of(rows_of(LAYOUTS[name], labels, 1)).is_sure


def test_one_column_that_is_another_lead_is_enough():
    rows = rows_of(LAYOUTS["3x4"], ("NORM",), 1)
    same = [[row[0]] * 3 for row in rows]
    assert repeat_of(same).is_likely
    other = [[*three, -row[0]] for three, row in zip(same, rows, strict=True)]
    assert not repeat_of(other).is_sure


@pytest.mark.parametrize("seed", range(4))
def test_rhythm_strips_among_the_rows_do_not_make_all_rows_repeat(seed):
    columns = rows_of(LAYOUTS["3x4+3R"], ("NORM",), seed)
    as_two = [[np.concatenate(row[:2]), np.concatenate(row[2:])] for row in columns[:3]]
    assert not repeat_of(as_two + halved(columns[3:], 2)).is_sure


def test_what_shows_no_heartbeat_says_nothing():
    level = [[np.zeros(500), np.zeros(500)]]
    assert not repeat_of(level).is_sure


def test_six_rows_show_half_of_the_leads():
    shown = [
        {segment.lead for segment in LAYOUTS[name].segments} for name in LAYOUTS if "6x1" in name
    ]
    assert shown == [set(LIMB_LEADS), set(PRECORDIAL_LEADS)]


@pytest.mark.parametrize("labels", LABELS, ids=lambda labels: labels[0])
def test_parts_of_rows_of_one_lead_are_told_from_those_of_twelve(labels):
    rows = rows_of(LAYOUTS["3x4"], labels, 2)
    assert not is_one_lead(rows)
    assert is_one_lead([np.array_split(np.concatenate(rows[0][:1] * 4), 4)] * 3)


def test_no_rows_are_no_lead():
    assert not is_one_lead([])


@pytest.mark.parametrize("labels", LABELS, ids=lambda labels: labels[0])
@pytest.mark.parametrize("name", ["6x1-limb", "6x1-precordial"])
def test_rows_at_one_time_beat_together_and_those_of_one_lead_do_not(name, labels):
    rows = rows_of(LAYOUTS[name], labels, 3)
    assert rows_beat_together(halved(rows, 2))
    n_row = len(rows[0][0]) // 3
    one = [[rows[1][0][row * n_row : (row + 1) * n_row]] for row in range(3)]
    assert not rows_beat_together(one)


def test_rows_without_a_heartbeat_do_not_beat_together():
    assert not rows_beat_together([[np.zeros(500)], [np.zeros(500)]])
    assert not rows_beat_together([])
