import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import evaluate_model
from ecgpaper import score

ROOT = Path(__file__).parent.parent
GOLDEN = json.loads((Path(__file__).parent / "golden" / "challenge.json").read_text())["end_to_end"]

# The lead of the end-to-end cases: three waves and a drift, and the same with a ripple.
SAMPLE = np.arange(1000)
S = (
    np.exp(-(((SAMPLE - 300) / 20) ** 2))
    - 0.3 * np.exp(-(((SAMPLE - 345) / 12) ** 2))
    + 0.4 * np.exp(-(((SAMPLE - 470) / 45) ** 2))
    + 0.0002 * SAMPLE
)
E = S + 0.01 * np.sin(SAMPLE)
ZEROS = np.zeros(1000)


def late(lead, n_samples):
    if n_samples < 0:
        return np.concatenate([lead[-n_samples:], np.zeros(-n_samples)])
    return np.concatenate([np.zeros(n_samples), lead[: len(lead) - n_samples]])


def window(lead, start, stop):
    kept = np.full(len(lead), np.nan)
    kept[start:stop] = lead[start:stop]
    return kept


# Golden case -> (reference, estimate, fs); a name that ends in " -n" is scored without alignment.
CASES = {
    "E": (S, E, 100),
    **{f"shift(E,{k})": (S, late(E, k), 100) for k in (3, 10, 49, 50, 51)},
    **{f"shift(E,-{k})": (S, late(E, -k), 100) for k in (3, 10, 49, 50, 51)},
    **{f"E+{mv}": (S, E + mv, 100) for mv in (0.25, 0.5, 0.99, 1.05)},
    **{f"E-{mv}": (S, E - mv, 100) for mv in (0.25, 1.05)},
    "shift10 +0.3": (S, late(E, 10) + 0.3, 100),
    "shift60 +0.3 (both rejected)": (S, late(E, 60) + 0.3, 100),
    "NaN from 500": (S, window(E, 0, 500), 100),
    "only 250..499": (S, window(E, 250, 500), 100),
    "only 250..499 shifted +10": (S, late(window(E, 250, 500), 10), 100),
    "est 500 samples": (S, E[:500], 100),
    "est 1200 samples": (S, np.concatenate([E, np.zeros(200)]), 100),
    "est 200-sample lead-in (1200)": (S, np.concatenate([np.zeros(200), E]), 100),
    "est 30-sample lead-in (1030)": (S, np.concatenate([np.zeros(30), E]), 100),
    "zeros": (S, ZEROS, 100),
    "const 0.1": (S, ZEROS + 0.1, 100),
    "identical": (S, S, 100),
    "identical+0.25": (S, S + 0.25, 100),
    "0.9E": (S, 0.9 * E, 100),
    "-E": (S, -E, 100),
    **{f"fs25 shift{k}": (S, late(E, k), 25) for k in (12, 13, 14)},
    "ref masked 250..499": (window(S, 250, 500), E, 100),
    "all nan est": (S, np.full(1000, np.nan), 100),
    "ref zeros": (ZEROS, E, 100),
    "ref nan": (np.full(1000, np.nan), E, 100),
}
# Round-off decides the offset of a flat lead; its score does not depend on it.
FLAT = {"zeros", "const 0.1", "ref zeros"}


def digitized(lead_mv):
    """Return what a format 16 file holds at a gain of 1000 per mV."""
    return np.where(np.isnan(lead_mv), -32768, np.round(1000 * lead_mv)).astype("<i2")


def write_record(folder, name, leads_mv=None, labels=None, *, fs=100, unit="mV"):
    """Write a header, and a signal file unless `leads_mv` has names only."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    leads_mv = leads_mv or {}
    n_samples = max((len(lead) for lead in leads_mv.values() if lead is not None), default=0)
    lines = [f"{path.name} {len(leads_mv)} {fs} {n_samples}"]
    lines += [f"{path.name}.dat 16 1000.0(0)/{unit} 16 0 0 0 0 {lead}" for lead in leads_mv]
    lines += [] if labels is None else [f"# Labels: {', '.join(labels)}"]
    path.with_name(path.name + ".hea").write_text("\n".join(lines) + "\n")
    if leads_mv and all(lead is not None for lead in leads_mv.values()):
        columns = np.column_stack([digitized(lead) for lead in leads_mv.values()])
        columns.tofile(path.with_name(path.name + ".dat"))


@pytest.fixture
def folders(tmp_path):
    for name in ("ref", "est"):
        (tmp_path / name).mkdir()
    return tmp_path / "ref", tmp_path / "est"


def evaluate(folders, **options):
    return evaluate_model.evaluate_model(str(folders[0]), str(folders[1]), n_jobs=1, **options)


def run(folders, *flags):
    args = ["--folder_ref", str(folders[0]), "--folder_est", str(folders[1]), *flags]
    evaluate_model.run(evaluate_model.get_parser().parse_args(args))


def test_the_lead_of_the_end_to_end_cases_is_the_organizers_lead():
    for name, lead in [("S", S), ("E", E)]:
        digest = hashlib.sha256(digitized(lead).tobytes()).hexdigest()
        assert digest == GOLDEN[f"sha256_int16_{name}"]


def test_each_end_to_end_case_is_tested():
    assert {name.removesuffix(" -n") for name in GOLDEN["cases"]} == CASES.keys()


@pytest.mark.parametrize("alignment", ["comp", "head"])
@pytest.mark.parametrize("name", GOLDEN["cases"])
def test_an_end_to_end_score_equals_the_organizers(folders, name, alignment):
    ref_mv, est_mv, fs = CASES[name.removesuffix(" -n")]
    write_record(folders[0], "r1", {"II": ref_mv}, fs=fs)
    write_record(folders[1], "r1", {"II": est_mv}, fs=fs)
    result = evaluate(folders, no_shift=name.endswith(" -n"), alignment=alignment)
    expected = float(GOLDEN["cases"][name][alignment])
    assert result[6] == pytest.approx({("r1", "II"): expected}, rel=1e-12, nan_ok=True)
    assert result[0] == pytest.approx(expected, rel=1e-12, nan_ok=True)
    assert np.isnan(result[1:5]).all()


@pytest.mark.parametrize("name", [name for name in CASES if name not in FLAT])
def test_an_end_to_end_shift_equals_the_organizers(name):
    ref_mv, est_mv, _ = CASES[name]
    leads = [np.where(np.isnan(lead), np.nan, digitized(lead) / 1000) for lead in (ref_mv, est_mv)]
    late_samples, high_mv = GOLDEN["cases"][name]["offsets"].split()
    # To the last digit: the table of -ta shows them all.
    assert score.find_shift(*leads) == (int(late_samples), float(high_mv))


@pytest.mark.parametrize("name", GOLDEN["summaries"])
def test_the_extra_scores_are_printed_like_the_organizers(folders, name, capsys):
    write_record(folders[0], "r1", {"II": S}, ["NORM"])
    write_record(folders[1], "r1", {"II": E}, ["NORM"])
    run(folders, *name.split())
    assert capsys.readouterr().out == GOLDEN["summaries"][name]


def test_a_missing_record_scores_zero_unless_all_are_missing(folders):
    for name in ("r1", "r2"):
        write_record(folders[0], name, {"I": S, "II": S})
    write_record(folders[1], "r1", {"I": None, "II": None})
    result = evaluate(folders)
    assert np.isnan(result[0])
    assert evaluate_model.format_summary(result[:6], extra_scores=False).startswith("SNR: nan\n")

    write_record(folders[1], "r2", {"I": E, "II": late(E, 60)})
    snr_db, *_, by_channel, _, _ = evaluate(folders)
    assert by_channel[("r1", "I")] == by_channel[("r1", "II")] == 0
    assert snr_db == pytest.approx(
        (by_channel[("r2", "I")] + by_channel[("r2", "II")]) / 4, rel=1e-12
    )
    assert by_channel[("r2", "I")] == pytest.approx(float(GOLDEN["cases"]["E"]["comp"]))


def test_the_mean_is_over_all_leads_of_all_records_and_skips_perfect_ones(folders):
    write_record(folders[0], "r1", {"I": S, "II": S, "V1": S})
    write_record(folders[1], "r1", {"I": E, "II": S, "V1": ZEROS})
    write_record(folders[0], "r2", {"I": S})
    write_record(folders[1], "r2", {"I": ZEROS})
    snr_db = evaluate(folders)[0]
    assert snr_db == pytest.approx(float(GOLDEN["cases"]["E"]["comp"]) / 3, rel=1e-12)


def test_the_extra_scores_pass_over_a_lead_with_nothing_to_compare(folders):
    for name in ("r1", "r2"):
        write_record(folders[0], name, {"II": S})
    write_record(folders[1], "r1", {"II": E})
    alone = evaluate((folders[1], folders[1]), extra_scores=True)
    assert np.isnan(alone[0])

    both = evaluate(folders, extra_scores=True)
    (folders[0] / "r2.hea").unlink()
    one = evaluate(folders, extra_scores=True)
    assert both[0] == pytest.approx(one[0] / 2)
    assert both[2:5] == one[2:5]
    # The mean over the ratio and both powers gains a ratio of 0 and no power.
    assert both[1] == pytest.approx(one[1] * 3 / 4)


def test_leads_are_matched_by_name_whatever_the_order_and_case(folders):
    write_record(folders[0], "r1", {"I": S, "aVR": -S})
    for leads in ({"I": E, "aVR": -E}, {"aVR": -E, "I": E}, {"i": E, "AVR": -E}):
        write_record(folders[1], "r1", leads)
        assert evaluate(folders)[0] > 28


@pytest.mark.parametrize(
    ("leads", "options", "error"),
    [
        ({"I": E, "II": E}, {"fs": 200}, (AssertionError, "must have the reference's fs")),
        ({"I": E, "II": E}, {"unit": "uV"}, (AssertionError, "must have the reference's units")),
        ({"I": E}, {}, (AssertionError, "must have the reference's units")),
        ({"I": E, "II": E, "III": E}, {}, (AssertionError, "must have the reference's units")),
        ({"I": E, "I ": E}, {}, (AssertionError, "must differ from each other")),
        ({"I": E, "X": E}, {}, (IndexError, "r1: .* it has no II but I, X")),
    ],
)
def test_an_estimate_that_does_not_fit_ends_the_evaluation(folders, leads, options, error):
    write_record(folders[0], "r1", {"I": S, "II": S})
    write_record(folders[1], "r1", leads, **options)
    with pytest.raises(error[0], match=error[1]):
        evaluate(folders)


def test_signals_that_are_not_in_millivolts_are_refused(folders):
    for folder in folders:
        write_record(folder, "r1", {"I": S}, unit="uV")
    with pytest.raises(AssertionError, match="mV"):
        evaluate(folders)


@pytest.fixture
def mixed(folders):
    """Write records of different leads and labels; as numbers their names sort otherwise."""
    write_record(folders[0], "r1", {"II": S, "I": S}, ["NORM"])
    write_record(folders[0], "r2", {"aVR": S, "V1": S}, ["Old MI", "STTC"])
    write_record(folders[0], "10", {"I": S}, ["STTC"])
    write_record(folders[0], "sub/9", {"I": S}, [])
    write_record(folders[1], "r1", {"II": E, "I": S}, ["NORM"])
    write_record(folders[1], "r2", {"aVR": late(E, 50), "V1": ZEROS}, ["STTC"])
    write_record(folders[1], "unasked", {"I": ZEROS}, ["CD"])
    return folders


@pytest.mark.slow
def test_the_tables_have_a_row_per_record_and_per_class(mixed, tmp_path, capsys):
    names = ("summary", "snr", "f")
    files = {name: tmp_path / name for name in names}
    for path in files.values():
        path.write_text("of an earlier run\n" * 9)
    flags = zip(("-s", "-ta", "-tb"), map(str, files.values()), strict=True)
    run(mixed, *(item for pair in flags for item in pair))

    assert capsys.readouterr().out == ""
    snr_db = {name: float(GOLDEN["cases"][name]["comp"]) for name in ("E", "shift(E,50)")}
    mean_db = sum(snr_db.values()) / 5
    assert files["summary"].read_text() == f"SNR: {mean_db:.3f}\nF-measure: 0.556\n"
    assert files["snr"].read_text().split("\n") == [
        "Record\tI\tII\tV1\taVR",
        "10\t0.0\tNone\tNone\tNone",
        f"r1\tnan\t{GOLDEN['cases']['E']['comp']}\tNone\tNone",
        f"r2\tNone\tNone\t0.0\t{GOLDEN['cases']['shift(E,50)']['comp']}",
        "sub/9\t0.0\tNone\tNone\tNone",
        "",
    ]
    assert files["f"].read_text() == "NORM\t1.0\nOld MI\t0.0\nSTTC\t0.6666666666666666\n"


def test_the_tables_of_records_without_signals_and_labels_are_empty(folders, tmp_path, capsys):
    write_record(folders[0], "r1")
    run(folders, "-ta", str(tmp_path / "snr"), "-tb", str(tmp_path / "f"))
    assert capsys.readouterr().out == "SNR: nan\nF-measure: nan\n\n"
    assert (tmp_path / "snr").read_text() == "Record\t\n"
    assert (tmp_path / "f").read_text() == ""


def test_more_processes_do_not_change_the_scores(mixed):
    assert_same = np.testing.assert_equal
    one, two = (evaluate_model.evaluate_model(*map(str, mixed), n_jobs=n) for n in (1, 2))
    assert_same(two, one)


@pytest.mark.parametrize(
    ("third", "macro_f", "per_class"), [("norm", 0.444, [2, 2, 0]), ("NORM", 0.778, [2, 2, 3])]
)
def test_labels_match_letter_by_letter_over_the_classes_of_the_reference(
    folders, third, macro_f, per_class
):
    references = {"r1": ["CD", "HYP"], "r2": ["HYP"], "r3": ["NORM"], "r4": []}
    estimates = {"r1": ["CD"], "r2": ["HYP", "CD", "TACHY"], "r3": [third], "r4": ["NORM"]}
    for folder, labels in zip(folders, (references, estimates), strict=True):
        for name, classes in labels.items():
            write_record(folder, name, labels=classes)
    *_, f, _, per_class_f, classes = evaluate(folders)
    assert round(f, 3) == macro_f
    np.testing.assert_allclose(per_class_f, np.array(per_class) / 3)
    assert classes == ["CD", "HYP", "NORM"]


def test_a_record_without_predicted_labels_counts_unless_none_has_any(folders):
    for name in ("r1", "r2", "r3"):
        write_record(folders[0], name, labels=["NORM"])
    write_record(folders[1], "r1", labels=[])
    *_, f, _, per_class_f, classes = evaluate(folders)
    assert np.isnan(f)
    assert (len(per_class_f), classes) == (0, [])

    write_record(folders[1], "r2", labels=["NORM"])
    write_record(folders[1], "r3")  # a header without a line of labels
    *_, f, _, _, classes = evaluate(folders)
    assert (f, classes) == (0.5, ["NORM"])


def test_a_folder_without_references_is_not_found(folders):
    with pytest.raises(FileNotFoundError):
        evaluate(folders)


def evaluate_by_command(folders, *flags):
    return subprocess.run(
        [sys.executable, "-W", "error", str(ROOT / "evaluate_model.py"), *flags],
        cwd=folders[0].parent,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_command_prints_two_scores_and_an_empty_line(folders):
    write_record(folders[0], "r1", {"II": S}, ["NORM"])
    write_record(folders[1], "r1", {"II": E}, ["NORM"])
    result = evaluate_by_command(folders, "-d", "ref", "-o", "est")
    assert result.stdout == "SNR: 28.826\nF-measure: 1.000\n\n"
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.slow
def test_the_command_scores_several_records_in_processes(mixed):
    result = evaluate_by_command(mixed, "-d", "ref", "-o", "est", "--no_shift")
    assert result.stdout.endswith("F-measure: 0.556\n\n")
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("flags", "status", "message"),
    [
        (["-d", "ref"], 2, "usage:"),
        (["-d", "ref", "-o", "est"], 1, "AssertionError"),
        (["-d", "est/none", "-o", "est"], 1, "FileNotFoundError"),
    ],
)
def test_a_failure_shows_in_the_exit_status(folders, flags, status, message):
    for number in range(2):
        write_record(folders[0], f"r{number}", {"I": S})
        write_record(folders[1], f"r{number}", {"I": E}, fs=200)
    result = evaluate_by_command(folders, *flags)
    assert result.returncode == status
    assert message in result.stderr
    assert result.stdout == ""
