import numpy as np
import pytest

from ecgpaper.classify.beats import N_BEAT_SAMPLES, typical_beats
from ecgpaper.classify.inputs import UNIT_MV, channels_from_leads, leads_from_ecg
from ecgpaper.classify.rhythm import find_beats
from ecgpaper.classify.wave_features import N_WAVE_MEASURES, wave_measures
from ecgpaper.ecg import STANDARD_ORDER
from ecgpaper.simulate import simulate_ecg

MIDDLE = 32
KINDS = (
    *("high", "low", "early", "st", "late_st", "t_high", "t_low", "p_high", "p_low"),
    *("mean", "height", "high_at", "low_at", "t_at", "q_width", "s_width", "rough"),
)
TOGETHER = (
    *("width", "steep_width", "sokolow", "cornell", "total", "right", "down"),
    *("sokolow_area", "cornell_area"),
)


def beat(**waves_mv):
    """A typical beat, (24, 80): a spike of 60 ms in all leads, and what else they show."""
    values_mv = np.zeros((12, N_BEAT_SAMPLES))
    time = np.arange(N_BEAT_SAMPLES) - MIDDLE
    values_mv += 1.0 * np.clip(1 - np.abs(time) / 3, 0, None)
    for lead, (at, height_mv) in waves_mv.items():
        row = STANDARD_ORDER.index(lead)
        values_mv[row] += height_mv * np.clip(1 - np.abs(time - at) / 3, 0, None)
    seen = np.ones_like(values_mv)
    return np.concatenate([values_mv / UNIT_MV, seen]).astype(np.float32)


def measured(beats):
    """Measures by their names: twelve of each kind, and those of all leads together."""
    values, known = np.split(wave_measures(beats), 2)
    assert len(values) == N_WAVE_MEASURES
    assert set(known.tolist()) <= {0.0, 1.0}
    kinds = dict(zip(KINDS, values[: 12 * len(KINDS)].reshape(-1, 12), strict=True))
    return kinds | dict(zip(TOGETHER, values[12 * len(KINDS) :], strict=True))


@pytest.mark.parametrize(
    ("kind", "at", "height_mv", "rises"),
    [
        ("high", 0, 0.5, True),
        ("low", 5, -0.8, False),
        ("early", -5, -0.5, False),
        ("st", 10, 0.3, True),
        ("late_st", 14, 0.3, True),
        ("t_high", 30, 0.4, True),
        ("t_low", 30, -0.4, False),
        ("p_high", -20, 0.2, True),
        ("p_low", -20, -0.2, False),
        ("mean", 3, 0.5, True),
        ("height", 0, 0.5, True),
        ("high_at", 5, 1.5, True),
        ("low_at", 6, -0.5, True),
        ("q_width", -5, -0.5, True),
        ("s_width", 6, -0.8, True),
        ("rough", 0, 1.0, True),
    ],
)
def test_each_wave_changes_its_measure_in_its_lead_only(kind, at, height_mv, rises):
    before, after = measured(beat())[kind], measured(beat(V2=(at, height_mv)))[kind]
    change = after - before
    assert (change[7] > 0.2) if rises else (change[7] < -0.2)
    assert not np.delete(change, 7).any()


def test_time_of_the_t_wave():
    early, late = (measured(beat(II=(at, 0.4)))["t_at"][1] for at in (20, 35))
    assert late - early == pytest.approx(0.15 / 0.06)


@pytest.mark.parametrize(
    ("name", "lead", "wave"),
    [
        ("sokolow", "V1", (6, -1.0)),
        ("sokolow", "V5", (0, 1.0)),
        ("sokolow", "V6", (0, 1.0)),
        ("cornell", "aVL", (0, 1.0)),
        ("cornell", "V3", (6, -1.0)),
        ("total", "V4", (0, 1.0)),
        ("right", "I", (0, 1.0)),
        ("down", "aVF", (0, 1.0)),
        ("width", "V2", (6, 2.0)),
    ],
)
def test_measures_of_all_leads(name, lead, wave):
    assert measured(beat(**{lead: wave}))[name] > measured(beat())[name] + 0.05
    other = "sokolow" if name == "cornell" else "cornell"
    if lead in {"V1", "aVL"}:
        assert measured(beat(**{lead: wave}))[other] == pytest.approx(measured(beat())[other])


def test_an_upright_axis_points_down_and_a_left_one_to_the_right():
    upright, left = measured(beat(I=(0, -0.9))), measured(beat(aVF=(0, -1.9)))
    assert upright["down"] > upright["right"] > 0
    assert left["right"] > 0 > left["down"]


def test_offset_changes_nothing():
    raised = beat(V2=(0, 1.0))
    raised[:12] += 3.0
    np.testing.assert_allclose(
        wave_measures(raised), wave_measures(beat(V2=(0, 1.0))), rtol=0, atol=1e-4
    )


def test_what_is_not_seen_is_not_known():
    beats = beat(V1=(6, -1.0))
    beats[[6, 18]] = 0
    values, known = np.split(wave_measures(beats), 2)
    kinds_known = known[: 12 * len(KINDS)].reshape(-1, 12)
    assert not kinds_known[:, 6].any()
    assert np.delete(kinds_known, 6, axis=1).all()
    assert not values[known == 0].any()
    together = dict(zip(TOGETHER, known[12 * len(KINDS) :], strict=True))
    unknown = {name for name, is_known in together.items() if not is_known}
    assert unknown == {"sokolow", "sokolow_area", "total"}


def test_no_beat_measures_nothing():
    assert not wave_measures(np.zeros((24, N_BEAT_SAMPLES), np.float32)).any()


def test_measures_are_of_the_order_of_their_units():
    """On simulated records, so that they count alike where they are compared."""
    rows = []
    for seed in range(20):
        label = ("NORM", "Old MI", "CD", "HYP", "STTC")[seed % 5]
        ecg = simulate_ecg((label,), rng=np.random.default_rng(seed))
        channels = channels_from_leads(leads_from_ecg(ecg)[0])
        rows.append(wave_measures(typical_beats(channels, find_beats(channels))))
    values, known = np.split(np.array(rows), 2, axis=1)
    assert known.all()
    per_kind = values[:, : 12 * len(KINDS)].reshape(20, -1, 12)
    assert (per_kind.std(axis=0).mean(axis=1) < 3).all()
    assert np.median(per_kind.std(axis=0)) > 0.2
