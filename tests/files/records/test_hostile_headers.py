"""Headers that nobody should write: each costs, at most, its own record."""

# ruff: noqa: ARG002  toys take what the models take

import logging
import shutil
import tempfile
from pathlib import Path

import cv2
import numpy as np
import pytest
import wfdb
from hypothesis import given, settings
from hypothesis import strategies as st

import helper_code
import run_model
import team_code
from benchmarks import fuzz_headers as fuzz
from ecgpaper import score
from ecgpaper.ecg import STANDARD_ORDER
from ecgpaper.errors import EcgPaperError, OutputError, RecordError
from ecgpaper.files.records.challenge import read_ecg, read_header
from ecgpaper.simulate import simulate_ecg
from tests.hostile_headers import (
    FS_HZ,
    GOOD,
    HIDDEN,
    HOSTILE,
    KINDS,
    N_SAMPLES,
    NAME,
    READ,
    REFUSED,
    TOYS,
    TWELVE,
    Mutation,
    ToyClassifier,
    as_bytes,
    both,
    header,
    line,
    mutate,
    write_record,
)

# These say what GOOD says, in another way.
SAME = (
    "hidden",
    "tabs",
    "tabs in the record line",
    "hidden with tabs",
    "two blanks in the record line",
    "two blanks before the frequency",
    "two blanks in a signal line",
    "two blanks everywhere",
    "hidden with one blank",
    "blank first line",
    "three blank first lines",
    "comment first",
    "blank lines between",
    "indented",
    "comment between the signals",
    "lines end in CR LF",
    "lines end in CR",
    "no final newline",
    "Latin-1 comment",
    "UTF-8 comment",
    "UTF-8 with a mark",
    "UTF-16",
    "time and date",
)


def run(folder, *flags):
    options = ["-d", str(folder / "data"), "-m", "none", "-o", str(folder / "output"), *flags]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_model, "load_models", lambda *_: TOYS)
        run_model.run(run_model.get_parser().parse_args(options))


# --- reading ---


@pytest.mark.parametrize("name", SAME)
def test_an_odd_header_says_what_the_plain_one_says(name, tmp_path):
    odd = read_header(write_record(tmp_path / "odd", HOSTILE[name]))
    plain = read_header(write_record(tmp_path / "plain", GOOD))
    for field in ("name", "fs", "n_samples", "lead_names", "units", "image_names", "limits_mv"):
        assert getattr(odd, field) == getattr(plain, field)
    if not name.startswith("hidden"):
        assert (odd.age_years, odd.sex) == (plain.age_years, plain.sex)


@pytest.mark.parametrize("name", [name for name in SAME if name != "UTF-16"])
def test_the_signals_under_an_odd_header_are_those_under_the_plain_one(name, tmp_path):
    odd = read_ecg(write_record(tmp_path / "odd", HOSTILE[name]))
    plain = read_ecg(write_record(tmp_path / "plain", GOOD))
    np.testing.assert_array_equal(odd.signal_mv, plain.signal_mv)
    assert odd.lead_names == plain.lead_names


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_header_is_read_or_refused_with_its_name(name, tmp_path):
    record = write_record(tmp_path, HOSTILE[name])
    for read in (read_header, read_ecg):
        try:
            read(record)
        except RecordError as error:
            assert NAME in str(error)  # noqa: PT017 - it need not be raised


@pytest.mark.parametrize("number", ["-2", "1.5", "two", "300", "999999999999"])
def test_a_number_of_signals_is_a_whole_number_of_lines(number, tmp_path):
    content = header(record=f"{NAME} {number} {FS_HZ} {N_SAMPLES}")
    with pytest.raises(RecordError, match=r"must (begin with|describe)|may have"):
        read_header(write_record(tmp_path, content))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("r.dat 16 1000(0)/mV 16 0    V 1", "V 1"),
        ("r.dat 16 1000(0)/mV 16 0 7 8 0 V 1", "V 1"),
        ("r.dat 16 1000(0)/mV 16 0 0 0  0 I", "I"),
        ("r.dat 16 1000(0)/mV 16 0 aVR", "aVR"),
        ("r.dat 16 1000(0)/mV 16 0 -3 aVR", "aVR"),
        ("r.dat 16 1000(0)/mV aVR", "aVR"),
        ("r.dat\t16\t1000(0)/mV\t16\t0\t\t\t\t7", "7"),
        ("r.dat 16 1000(0)/mV 16 0 1 2 0", ""),
        ("r.dat 16 1000(0)/mV", ""),
        ("r.dat", ""),
    ],
)
def test_a_name_is_found_wherever_a_signal_line_has_it(text, name, tmp_path):
    content = header([text], record=f"{NAME} 1 {FS_HZ} {N_SAMPLES}")
    assert read_header(write_record(tmp_path, content)).raw_lead_names == (name,)


@pytest.mark.parametrize(
    ("options", "largest_mv"),
    [
        ({}, (-32.767, 32.767)),
        ({"gain": "200(0)/mV"}, (-163.835, 163.835)),
        ({"gain": "1000(767)/mV"}, (-33.534, 32.0)),
        ({"gain": "1(0)/uV"}, (-32.767, 32.767)),
        ({"gain": "-1000(767)/mV"}, (-32.0, 33.534)),
        ({"gain": "1000/mV", "rest": "16 767 0 0 0"}, (-33.534, 32.0)),
        ({"stored": "80"}, (-0.127, 0.127)),
        ({"stored": "212x1"}, (-2.047, 2.047)),
        ({"gain": "x(0)/mV"}, (-32.767, 32.767)),
    ],
)
def test_limits_are_what_format_gain_and_baseline_can_hold(options, largest_mv, tmp_path):
    limits_mv = read_header(write_record(tmp_path, both(**options))).limits_mv
    np.testing.assert_allclose(limits_mv, [largest_mv] * 2, rtol=1e-12)


# --- running: run_model.py as it is here ---


@pytest.fixture(scope="module")
def good_files(tmp_path_factory):
    """What is written for a good record alone."""
    folder = tmp_path_factory.mktemp("good")
    write_record(folder / "data", GOOD.replace(NAME, "good"), "good")
    run(folder)
    return {path.name: path.read_bytes() for path in (folder / "output").iterdir()}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_header_leaves_the_other_records_as_they_are(name, good_files, tmp_path, caplog):
    write_record(tmp_path / "data", HOSTILE[name])
    for good in ("a", "z"):  # one before, one after
        write_record(tmp_path / "data", GOOD.replace(NAME, good), good)
    if name in REFUSED:
        with pytest.raises(RecordError, match=f"1 of 3 records .*\n{NAME}: "):
            run(tmp_path)
        assert f"{NAME}.hea, answered without signals" in caplog.text.replace(
            f"{tmp_path}/data/", ""
        )
    else:
        run(tmp_path)
        saved, fields = wfdb.rdsamp(str(tmp_path / "output" / NAME))
        assert (len(saved), fields["fs"], len(fields["sig_name"])) == (
            N_SAMPLES,
            FS_HZ,
            12 if name == "twelve leads" else 2,
        )
    output = tmp_path / "output"
    assert helper_code.load_labels(str(output / NAME))[-1] == "NORM"
    for good in ("a", "z"):
        assert (output / f"{good}.dat").read_bytes() == good_files["good.dat"]
        as_good = (output / f"{good}.hea").read_text().replace(f"{good}.dat", "good.dat")
        as_good = as_good.replace(f"{good} 2", "good 2").replace(f"{good}-0", "good-0")
        assert as_good.encode() == good_files["good.hea"]


def test_a_refused_header_is_no_failure_where_failures_are_allowed(tmp_path, capsys):
    write_record(tmp_path / "data", REFUSED["gain x"])
    run(tmp_path, "-f")
    assert f"{NAME}: ValueError: could not convert string to float: 'x'" in capsys.readouterr().err


def test_a_header_that_cannot_be_opened_costs_its_record(tmp_path):
    write_record(tmp_path / "data", GOOD.replace(NAME, "good"), "good")
    (tmp_path / "data" / f"{NAME}.hea").symlink_to(tmp_path / "nowhere")
    with pytest.raises(RecordError, match=f"{NAME}: .*No such file"):
        run(tmp_path)
    assert sorted(path.name for path in (tmp_path / "output").iterdir()) == ["good.dat", "good.hea"]


@pytest.mark.parametrize("name", ["a.b", "a b", "a'b", "\u00e4"])
def test_a_record_whose_name_wfdb_refuses_gets_its_labels(name, tmp_path):
    write_record(tmp_path / "data", GOOD, name)
    if name == "\u00e4":  # a letter, to wfdb
        run(tmp_path)
    else:
        with pytest.raises(RecordError, match=f"\n{name}: "):
            run(tmp_path)
    assert helper_code.load_labels(str(tmp_path / "output" / name)) == ["NORM"]


@pytest.mark.parametrize("below", ["", "below", "below/that"])
def test_an_output_folder_that_cannot_be_made_is_said_before_anything_is_loaded(below, tmp_path):
    (tmp_path / "file").touch()
    options = ["-d", "none", "-m", "none", "-o", str(tmp_path / "file" / below)]
    with pytest.raises(OutputError, match=f"output folder .*{tmp_path / 'file'} is no folder"):
        run_model.run(run_model.get_parser().parse_args(options))


def test_an_output_folder_with_too_long_a_name_is_said_before_the_first_record(tmp_path):
    write_record(tmp_path / "data", GOOD)
    with pytest.raises(OutputError, match="choose another"):
        run(tmp_path, "-o", str(tmp_path / ("x" * 300)))


# --- running: the organizers' scripts in the place of ours ---


@pytest.fixture
def strict(monkeypatch):
    """Take from helper_code.py what the organizers' file has not."""

    def load_text(filename):
        with open(filename) as file:  # noqa: PTH123 - as theirs
            return file.read()

    monkeypatch.setattr(helper_code, "load_text", load_text)
    monkeypatch.setattr(helper_code, "_fields_to_save", helper_code._plain_fields)


@pytest.mark.usefixtures("strict")
@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_answered_can_be_saved_by_scripts_that_forgive_nothing(name, tmp_path):
    record = write_record(tmp_path / "data", HOSTILE[name])
    signals, labels = team_code.run_models(record, *TOYS, False)
    assert labels == ["NORM"]
    if signals is not None:
        copy = str(tmp_path / NAME)
        helper_code.save_header(copy, helper_code.load_header(record))
        helper_code.save_signals(copy, signals)
        assert helper_code.load_signals(copy)[0].shape == signals.shape


@pytest.mark.usefixtures("strict")
def test_scripts_that_forgive_nothing_save_what_they_always_did(tmp_path):
    # Plain headers are not withheld from them: these are read item by item, at single blanks.
    for name in ("good", "hidden", "twelve leads", "UTF-8 comment", "baseline of 100", "format 80"):
        record = write_record(tmp_path / name, HOSTILE[name])
        assert team_code.run_models(record, *TOYS, False)[0] is not None


def test_a_machine_without_room_for_a_trial_is_no_reason_to_withhold_signals(
    tmp_path, monkeypatch, caplog
):
    def fail(*_, **__):
        raise OSError(28, "No space left on device")

    record = write_record(tmp_path, GOOD)
    monkeypatch.setattr(tempfile, "TemporaryDirectory", fail)
    assert team_code.run_models(record, *TOYS, False)[0] is not None
    assert "No space left" in caplog.text


# --- run_models: its answers ---


def test_signals_come_in_the_units_of_the_header(tmp_path):
    millivolts, microvolts, pressure = (
        team_code.run_models(write_record(tmp_path / name, HOSTILE[name]), *TOYS, False)[0]
        for name in ("good", "microvolts", "other units")
    )
    np.testing.assert_allclose(microvolts, millivolts * 1000)
    assert np.isnan(pressure).all()


def test_signals_are_cut_to_what_their_format_holds(tmp_path):
    signals, _ = team_code.run_models(write_record(tmp_path, HOSTILE["format 80"]), *TOYS, False)
    assert np.nanmax(np.abs(signals)) == 0.127


def test_nothing_is_answered_where_even_0_mv_does_not_fit(tmp_path):
    record = write_record(tmp_path, HOSTILE["baseline out of range"])
    assert np.isnan(team_code.run_models(record, *TOYS, False)[0]).all()


@pytest.mark.parametrize(
    "name", ["no number of samples", "zero samples", "two blanks before the frequency, no length"]
)
def test_a_record_of_unknown_length_is_as_long_as_its_page(name, tmp_path):
    record = write_record(tmp_path, HOSTILE[name])
    assert team_code.run_models(record, *TOYS, False)[0].shape == (10 * FS_HZ, 2)


class Failing:
    """Both models, and what they raise."""

    def __init__(self, error):
        self.error = error

    def digitize(self, photo, *, fs):
        raise self.error

    def diagnose(self, ecg, sights, *, age_years=None, sex=None):
        if sights or np.isfinite(ecg.signal_mv).any():
            raise self.error
        return ToyClassifier.Diagnosis(("CD",))


ERRORS = [ZeroDivisionError("x"), MemoryError(), RecursionError("x"), KeyError("x"), OSError("x")]


@pytest.mark.parametrize("error", [*ERRORS, EcgPaperError("x")], ids=lambda e: type(e).__name__)
def test_whatever_the_digitizer_raises_costs_the_signals_only(error, tmp_path, caplog):
    record = write_record(tmp_path, GOOD)
    with caplog.at_level(logging.INFO, "ecgpaper"):
        signals, labels = team_code.run_models(record, Failing(error), TOYS[1], True)
    assert labels == ["NORM"]
    assert signals.shape == (N_SAMPLES, 2)
    assert np.isfinite(signals).sum() == 2  # see the tests of empty leads
    assert f"{NAME}, an image of (60, 80) pixels" in caplog.text
    is_bug = type(error) is not EcgPaperError
    assert ("Traceback" in caplog.text) == is_bug


@pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)
def test_whatever_the_classifier_raises_costs_what_it_was_raised_for(error, tmp_path):
    record = write_record(tmp_path, GOOD)
    signals, labels = team_code.run_models(record, TOYS[0], Failing(error), False)
    assert labels == ["CD"]
    assert np.isfinite(signals).any()


def test_an_interrupt_ends_the_run(tmp_path):
    record = write_record(tmp_path, GOOD)
    with pytest.raises(KeyboardInterrupt):
        team_code.run_models(record, Failing(KeyboardInterrupt()), TOYS[1], False)


@pytest.mark.parametrize("shape", [(1, 1), (1, 5000), (5000, 1), (2, 2)])
def test_a_picture_of_any_shape_is_answered(shape, tmp_path):
    record = write_record(tmp_path, GOOD)
    cv2.imwrite(str(tmp_path / f"{NAME}-0.png"), np.zeros((*shape, 3), np.uint8))
    assert team_code.run_models(record, *TOYS, False)[1] == ["NORM"]


# --- leads that could not be read: one sample, for the organizers' extra scores ---


def test_a_lead_that_could_not_be_read_has_one_sample_of_0_mv(tmp_path):
    signals, _ = team_code.run_models(write_record(tmp_path, TWELVE), *TOYS, False)
    assert np.isfinite(signals).sum(axis=0).tolist() == [1, *[N_SAMPLES] * 11]
    assert signals[round(1.25 * FS_HZ), 0] == 0


def test_of_an_unreadable_record_each_lead_has_a_sample_where_3x4_pages_show_it(tmp_path):
    signals, _ = team_code.run_models(
        write_record(tmp_path, TWELVE), Failing(ValueError("x")), TOYS[1], False
    )
    rows, columns = np.nonzero(np.isfinite(signals))
    assert (signals[rows, columns] == 0).all()
    at_s = rows[np.argsort(columns)] / FS_HZ
    assert at_s.tolist() == [t for t in (1.25, 3.75, 6.25, 8.75) for _ in range(3)]


@pytest.mark.parametrize("n_samples", [1, 7, 500])
def test_a_short_record_has_that_sample_too(n_samples, tmp_path):
    content = TWELVE.replace(f"{FS_HZ} {N_SAMPLES}", f"{FS_HZ} {n_samples}")
    signals, _ = team_code.run_models(
        write_record(tmp_path, content), Failing(ValueError("x")), TOYS[1], False
    )
    assert signals.shape == (n_samples, 12)
    assert np.isfinite(signals).sum(axis=0).tolist() == [1] * 12


@pytest.mark.parametrize("is_masked", [False, True])
def test_that_sample_can_be_compared_and_is_worth_nothing(is_masked, tmp_path):
    content = TWELVE.replace(f"{FS_HZ} {N_SAMPLES}", "500 5000")
    record = write_record(tmp_path, content)
    signals, _ = team_code.run_models(record, Failing(ValueError("x")), TOYS[1], False)
    ecg = simulate_ecg(("NORM",), rng=np.random.default_rng(3))
    for column, lead in list(enumerate(STANDARD_ORDER))[:: 1 if is_masked else 5]:
        ref_mv = np.round(ecg.lead(lead), 3)
        if is_masked:  # a 3x4 page shows 2.5 s of each lead
            shown = np.arange(5000) // 1250 == column // 3
            ref_mv[~shown] = np.nan
        for est_mv in (
            signals[:, column],
            score.align_within_limits(ref_mv, signals[:, column], 500),
        ):
            assert abs(score.snr(ref_mv, est_mv)[0]) < 0.05
            # NaN here is where the organizers' script ends.
            assert np.isfinite(score.kolmogorov_smirnov(ref_mv, est_mv))
            assert np.isfinite(score.asci(ref_mv, est_mv))
            assert np.isfinite(score.weighted_absolute_difference(ref_mv, est_mv, 500))


# --- fuzz: benchmarks/fuzz_headers.py tries more ---

MUTATIONS = st.lists(
    st.builds(
        Mutation,
        st.sampled_from(KINDS),
        st.floats(0, 1, exclude_max=True),
        st.integers(0, 255),
    ),
    max_size=4,
)


# Seeded, so that the suite does not find by chance what it should find always.
@pytest.mark.slow
@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(st.sampled_from([GOOD, HIDDEN, TWELVE]), MUTATIONS)
def test_a_damaged_header_is_read_or_refused_and_its_neighbor_written(content, mutations):
    damaged = mutate(as_bytes(content), mutations)
    folder = Path(tempfile.mkdtemp())
    try:
        record = write_record(folder / "data", damaged)
        write_record(folder / "data", GOOD.replace(NAME, "good"), "good")
        for outcome in (
            fuzz.try_to_read(read_header, record),
            fuzz.try_to_read(read_ecg, record),
            fuzz.try_to_run(folder),
        ):
            assert outcome in fuzz.OUTCOMES
    finally:
        shutil.rmtree(folder)


def test_the_fuzzer_counts_what_it_tried(monkeypatch):
    monkeypatch.setattr(fuzz, "HOSTILE", {"good": GOOD, "bad": REFUSED["gain x"]})
    counts = fuzz.fuzz_headers(3, 0)
    assert counts["run_model.py", "refused"] >= 1
    for what in ("read_header", "read_ecg", "run_model.py"):
        assert counts[what, "tried"] == 5
        assert counts[what, "read"] + counts[what, "refused"] == counts[what, "tried"]


def test_the_hostile_headers_are_many_and_differ():
    contents = [as_bytes(content) for content in HOSTILE.values()]
    assert len(set(contents)) == len(contents) == len(READ) + len(REFUSED)
    assert line("I") in GOOD
