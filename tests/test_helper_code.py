import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import helper_code

ROOT = Path(__file__).parent.parent
GOLDEN = json.loads((Path(__file__).parent / "golden" / "challenge.json").read_text())
SIGNAL_FUNCTIONS = {  # their arguments are numbers, so that the text "NaN" stands for one
    "compute_snr",
    "compute_ks_metric",
    "compute_asci_metric",
    "compute_weighted_absolute_difference",
    "align_signals",
    "convert_signal",
}
HEADER = (
    "r1 2 100 4\n"
    "r1.dat 16 1000.0(0)/mV 16 0 -119 1508 0 I\n"
    "r1.dat 16 1000.0(0)/mV 16 0 -55 723 0 II\n"
    "# Image: r1-0.png\n"
)


def numbers(value):
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return float(value) if isinstance(value, str) else value


def assert_equal(actual, expected):
    if isinstance(expected, list):
        assert len(actual) == len(expected)
        for left, right in zip(actual, expected, strict=True):
            assert_equal(left, right)
    elif isinstance(expected, bool | str):
        assert actual == expected
    else:
        assert actual == pytest.approx(expected, rel=1e-9, abs=1e-12, nan_ok=True)


def by_id(cases):
    return [pytest.param(case, id=case["id"]) for case in cases]


@pytest.mark.parametrize("case", by_id(GOLDEN["unit_cases"]))
def test_each_function_returns_what_the_organizers_does(case):
    function = getattr(helper_code, case["function"])
    expected = case.get("expected_competition", case["expected_head"])
    args = case["args"]
    if case["function"] in SIGNAL_FUNCTIONS:
        args = numbers(args)
        expected = expected if isinstance(expected, dict) else numbers(expected)
    if case["id"] == "G26":
        # The one wanted difference: nothing to compare is no crash.
        assert np.isnan(function(*args))
    elif isinstance(expected, dict):
        with pytest.raises(Exception) as failure:  # noqa: PT011 - the type is checked exactly
            function(*args, **case["kwargs"])
        assert failure.type.__name__ == expected["raises"]
    else:
        assert_equal(function(*args, **case["kwargs"]), expected)


# wfdb casts an infinite sample to an integer before it refuses it.
@pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")
@pytest.mark.parametrize("case", by_id(GOLDEN["save_cases"]))
def test_saving_writes_the_files_that_the_organizers_would(case, tmp_path):
    name = case["header_before"].split(" ")[0]
    record = str(tmp_path / name)
    helper_code.save_header(record, case["header_before"])
    signal = np.array(numbers(case["signal"]))
    if "raises" in case:
        with pytest.raises(Exception) as failure:  # noqa: PT011 - the type is checked exactly
            helper_code.save_signals(record, signal, case["comments"])
        assert failure.type.__name__ == case["raises"]
        return

    helper_code.save_signals(record, signal, case["comments"])
    if case["labels"] is not None:
        text = helper_code.save_labels(record, case["labels"])
        assert text == case["header_after"]
    assert Path(record + ".hea").read_text() == case["header_after"]
    digital = np.fromfile(record + ".dat", dtype="<i2")
    np.testing.assert_array_equal(digital, case["digital_samples_le_int16"])
    read_back, fields = helper_code.load_signals(record)
    np.testing.assert_array_equal(read_back, numbers(case["read_back"]))
    assert fields["sig_name"] == ["I", "II"]


def test_a_kept_label_line_is_united_with_the_new_one(tmp_path):
    record = str(tmp_path / "r1")
    helper_code.save_header(record, HEADER + "# Labels: NORM\n")
    helper_code.save_labels(record, ["STTC", "CD"])
    assert helper_code.load_labels(record) == ["NORM", "STTC", "CD"]


def test_labels_are_glued_to_a_header_without_a_final_newline(tmp_path):
    record = str(tmp_path / "lab9")
    helper_code.save_header(record, "lab9 0 100 4\n# Image: lab9-0.png")
    helper_code.save_labels(record, ["CD", "HYP"])
    lines = helper_code.load_header(record).split("\n")
    assert lines[-2:] == ["# Image: lab9-0.png# Labels: CD, HYP", ""]


def test_a_bare_string_is_written_letter_by_letter_and_no_label_as_an_empty_name(tmp_path):
    record = str(tmp_path / "r1")
    helper_code.save_header(record, "")
    assert helper_code.save_labels(record, "NORM") == "# Labels: N, O, R, M\n"
    helper_code.save_header(record, "")
    assert helper_code.save_labels(record, []) == "# Labels: \n"
    assert helper_code.load_labels(record) == [""]


def test_records_are_found_in_the_order_of_their_text(tmp_path):
    names = ["9", "10", "a", "B", "b/x", "b/c/a", "v.1"]
    others = [".hea", "c.HEA", "d.hea.txt", "e.dat"]
    for name in [name + ".hea" for name in names] + others:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    assert helper_code.find_records(str(tmp_path)) == ["10", "9", "B", "a", "b/c/a", "b/x", "v.1"]
    assert helper_code.find_records(str(tmp_path / "missing")) == []


def test_a_record_without_all_its_files_has_no_signal(tmp_path):
    record = str(tmp_path / "r1")
    assert helper_code.load_signals(record) == (None, None)
    assert helper_code.get_signal_files(record) == []
    helper_code.save_header(record, HEADER)
    assert helper_code.load_signals(record) == (None, None)
    helper_code.save_header(record, "r1 0 100 4\n")
    assert helper_code.load_signals(record) == (None, None)


def test_signal_files_are_named_once_and_end_at_the_first_comment():
    header = "r 4 100 4\nb.dat 16\na.dat 16\nb.dat 16\n# c.dat\nd.dat 16\n"
    assert helper_code.get_signal_files_from_header(header) == ["b.dat", "a.dat"]
    assert helper_code.get_signal_files_from_header("r 1 100 4\na.dat 16\nb.dat 16\n") == ["a.dat"]


def test_images_come_in_header_order_without_the_missing_ones(tmp_path):
    record = str(tmp_path / "r1")
    assert helper_code.load_images(record) == []
    helper_code.save_header(record, "r1 0 100 4\n# Image: r1-1.png, gone.png, r1-0.png\n")
    for number, size in enumerate([(3, 2), (5, 4)]):
        Image.new("RGBA", size).save(tmp_path / f"r1-{number}.png")
    images = helper_code.load_images(record)
    assert [(image.size, image.mode) for image in images] == [((5, 4), "RGBA"), ((3, 2), "RGBA")]
    for image in images:
        image.close()
    helper_code.save_header(record, "r1 0 100 4\n# Image: \n")
    assert helper_code.load_images(record) == []


@pytest.mark.parametrize("load", [helper_code.load_images, helper_code.load_labels])
def test_a_header_without_the_line_raises(load, tmp_path):
    record = str(tmp_path / "r1")
    helper_code.save_header(record, "r1 0 100 4\n")
    with pytest.raises(Exception, match="the header names no"):
        load(record)


@pytest.mark.parametrize("load", [helper_code.load_header, helper_code.load_labels])
def test_a_missing_header_is_not_found(load, tmp_path):
    with pytest.raises(FileNotFoundError):
        load(str(tmp_path / "r1"))


def test_a_header_file_is_named_with_or_without_its_extension():
    assert helper_code.get_header_file("a/r1") == helper_code.get_header_file("a/r1.hea")


@pytest.mark.parametrize(
    ("record_line", "n_signals", "fs", "n_samples"),
    [
        ("r/2 12 500.5/1 5000 09:17:34 09/11/1984 ", 12, 500.5, 5000),
        ("r x y z", None, None, None),
        ("r  12 500 5000", None, 12.0, 500),
        ("r 1e1x 500 4.5", None, 500.0, None),
    ],
)
def test_the_record_line_is_split_at_single_blanks(record_line, n_signals, fs, n_samples):
    assert helper_code.get_record_name(record_line) == "r"
    assert helper_code.get_num_signals(record_line) == n_signals
    assert helper_code.get_sampling_frequency(record_line) == fs
    assert helper_code.get_num_samples(record_line) == n_samples


def test_a_number_of_samples_with_a_fraction_of_zero_is_refused():
    with pytest.raises(ValueError, match=r"5000\.0"):
        helper_code.get_num_samples("r 12 500 5000.0")


def test_the_signal_lines_are_read_item_by_item():
    header = "r 2 100 4\nr.dat 16+24 200(100)/uV 12 7 -3 9 5 V1\nr.dat 80:2 100 8 -4 1 2 3 V 2\n"
    assert helper_code.get_signal_formats(header) == ["16", "80"]
    assert helper_code.get_adc_gains(header) == [200.0, 100.0]
    assert helper_code.get_baselines(header) == [100, -4]
    assert helper_code.get_signal_units(header) == ["uV", "mV"]
    assert helper_code.get_adc_resolutions(header) == [12, 8]
    assert helper_code.get_adc_zeros(header) == [7, -4]
    assert helper_code.get_initial_values(header) == [-3, 1]
    assert helper_code.get_checksums(header) == [9, 2]
    assert helper_code.get_block_sizes(header) == [5, 3]
    assert helper_code.get_signal_names(header) == ["V1", "V"]


HEADER_FUNCTIONS = (
    "record_name num_signals sampling_frequency num_samples signal_formats adc_gains baselines "
    "signal_units adc_resolutions adc_zeros initial_values checksums block_sizes signal_names"
)


def test_header_and_number_functions_take_their_argument_by_the_organizers_name():
    header = "r 1 100 4\nr.dat 16 200(100)/uV 12 7 -3 9 5 V1\n"
    for name in HEADER_FUNCTIONS.split():
        function = getattr(helper_code, f"get_{name}")
        assert function(string=header) == function(header)
    assert helper_code.is_nan(x="nan")


def test_a_baseline_without_its_second_parenthesis_is_a_part_of_the_gain():
    header = "r 1 100 4\nr.dat 16 1000(3/mV 16 7 0 0 0 I\n"
    with pytest.raises(ValueError, match="1000"):
        helper_code.get_adc_gains(header)
    assert helper_code.get_baselines(header) == [7]


def test_the_first_of_names_that_are_equal_but_for_case_counts():
    assert helper_code.normalize_names(["AVR", "aVR", "I"], ["avr", "II"]) == ["AVR"]


def test_the_last_of_several_values_wins_and_an_indented_one_does_not_count():
    text = "# Age: 2\n # Age: 3\n# Age:  4 \n #Age: 5\n"
    assert helper_code.get_variable(text, "# Age:") == ("4", True)
    assert helper_code.get_variable(text, "# Sex:") == ("", False)


@pytest.mark.parametrize(
    ("value", "is_number", "is_integer", "is_finite", "is_nan"),
    [
        (" 1.0 ", True, True, True, False),
        ("1e3", True, True, True, False),
        (True, True, True, True, False),
        ("-0.5", True, False, True, False),
        ("nan", True, False, False, True),
        (float("nan"), True, False, False, True),
        ("inf", True, False, False, False),
        ("x", False, False, False, False),
        (None, False, False, False, False),
    ],
)
def test_numbers_are_told_apart(value, is_number, is_integer, is_finite, is_nan):
    assert helper_code.is_number(value) == is_number
    assert helper_code.is_integer(value) == is_integer
    assert helper_code.is_finite_number(value) == is_finite
    assert helper_code.is_nan(value) == is_nan


def test_a_number_keeps_its_fraction_only_if_it_has_one():
    assert str(helper_code.cast_int_float_unknown(63.0)) == "63"
    assert str(helper_code.cast_int_float_unknown(170.5)) == "170.5"


def test_correlating_images_finds_the_shift_of_the_second():
    image = np.zeros((4, 6))
    image[1, 2] = image[2, 3] = 1
    moved = np.roll(image, (1, 2), axis=(0, 1))
    correlation = helper_code.fft_correlate(image, moved)
    assert correlation.shape == (7, 11)
    assert np.unravel_index(np.argmax(correlation), correlation.shape) == (3 - 1, 5 - 2)


def test_one_hot_needs_one_column_per_class():
    labels = np.ones((3, 2), dtype=bool)
    matrices = helper_code.compute_one_vs_rest_confusion_matrix(labels, labels, ["A", "B"])
    np.testing.assert_array_equal(matrices, [[[3, 0], [0, 0]]] * 2)
    with pytest.raises(AssertionError):
        helper_code.compute_one_vs_rest_confusion_matrix(labels, labels, ["A"])


def test_alignment_without_smoothing_is_an_option():
    # Drawn so that smoothing decides: unsmoothed, a few exact hits 3 samples away win.
    ref = [-1.1, -1.8, -2.6, -2.3, -2.6, -2.5, -1.6, -0.8, -0.3, -0.7, -1.5, -2.3]
    est = [-1.4, -2.2, -3.4, -3.1, -3.0, -3.6, -2.0, -0.8, -0.7, -1.2, -2.0, -2.6]
    assert helper_code.align_signals(ref, est, 64)[1] == 0
    shifted, late_samples, high = helper_code.align_signals(ref, est, 64, smooth=False)
    assert late_samples == 3
    np.testing.assert_allclose(shifted[:9], np.array(est[3:]) - high)
    assert np.isnan(shifted[9:]).all()


def test_a_star_import_brings_the_modules_that_other_code_relies_on():
    names = {}
    exec("from helper_code import *", names)  # noqa: S102 - this is the import under test
    expected = "np os sp sys wfdb fftconvolve gaussian_filter substring_labels substring_images"
    assert set(expected.split()) <= names.keys()


# --- train_model.py and run_model.py, around a stand-in for team_code.py ---

TEAM_CODE = """
import json
import numpy as np

def train_models(data_folder, model_folder, verbose):
    print(json.dumps([data_folder, model_folder, verbose]))

def load_models(model_folder, verbose):
    return model_folder, None

def run_models(record, digitization_model, classification_model, verbose):
    assert (digitization_model, classification_model, verbose is True) == ("m", None, verbose)
    answers = {"nothing": (None, None), "labels": (None, ["NORM", "CD"]), "signal": (SIGNAL, None)}
    answers |= {"both": (SIGNAL, ["NORM"]), "large": (40 * SIGNAL, ["NORM"])}
    answers |= {"short": (None,)}
    return answers[record.split("-")[-1]]

SIGNAL = np.full((2, 1), 1.0)
"""


@pytest.fixture
def challenge(tmp_path):
    for name in ("train_model.py", "run_model.py", "helper_code.py"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / "team_code.py").write_text(TEAM_CODE)

    def add_records(*names):
        for name in names:
            header = f"{name} 1 100 4 09:17:34 09/11/1984 \n{name}.dat 16 1000(0)/mV 16 0    I\n"
            path = tmp_path / "data" / "sub" / f"{name}.hea"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(header + "#Age: 3\n")

    def run(script, *args):
        return subprocess.run(
            [sys.executable, "-W", "error", script, *args],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"},
            capture_output=True,
            text=True,
            check=False,
        )

    return tmp_path, add_records, run


RUN = ("run_model.py", "-d", "data", "-m", "m", "-o", "out/deep")


@pytest.mark.slow
def test_training_hands_its_arguments_on_and_prints_nothing(challenge):
    _, _, run = challenge
    for flags, verbose in [(["--verbose"], True), ([], False)]:
        result = run("train_model.py", "--data_folder", "d", "--model_folder", "m", *flags)
        assert json.loads(result.stdout) == ["d", "m", verbose]
        assert (result.returncode, result.stderr) == (0, "")


def test_a_record_s_files_are_those_that_the_models_returned(challenge):
    folder, add_records, run = challenge
    add_records("1-nothing", "2-labels", "3-signal", "4-both")
    result = run(*RUN)
    assert (result.returncode, result.stdout, result.stderr) == (0, "", "")

    output = folder / "out" / "deep" / "sub"
    assert sorted(path.name for path in output.glob("*.dat")) == ["3-signal.dat", "4-both.dat"]
    assert sorted(path.name for path in output.iterdir() if path.suffix != ".dat") == [
        f"{name}.hea" for name in ("1-nothing", "2-labels", "3-signal", "4-both")
    ]
    for name in ("1-nothing", "2-labels"):
        copied = (folder / "data" / "sub" / f"{name}.hea").read_text()
        written = (output / f"{name}.hea").read_text()
        assert written == copied + ("# Labels: NORM, CD\n" if name == "2-labels" else "")
    rewritten = "{0} 1 100 2\n{0}.dat 16 1000.0(0)/mV 16 0 1000 2000 0 I\n# Age: 3\n"
    assert (output / "3-signal.hea").read_text() == rewritten.format("3-signal")
    assert (output / "4-both.hea").read_text() == rewritten.format("4-both") + "# Labels: NORM\n"


@pytest.mark.slow
def test_a_failed_record_is_passed_over_only_if_failures_are_allowed(challenge):
    folder, add_records, run = challenge
    add_records("1-labels", "2-fails", "3-short", "4-labels")
    result = run(*RUN, "--allow_failures", "--verbose")
    assert (result.returncode, result.stderr) == (0, "")
    lines = result.stdout.splitlines()
    assert lines[3:8] == [
        "- 1/4: sub/1-labels...",
        "- 2/4: sub/2-fails...",
        "... failed.",
        "- 3/4: sub/3-short...",
        "... failed.",
    ]
    assert lines[-1] == "Done."
    output = folder / "out" / "deep" / "sub"
    for name in ("2-fails", "3-short"):
        copied = (folder / "data" / "sub" / f"{name}.hea").read_text()
        assert (output / f"{name}.hea").read_text() == copied
    assert not list(output.glob("*.dat"))
    assert "# Labels: NORM, CD" in (output / "4-labels.hea").read_text()

    shutil.rmtree(folder / "out")
    result = run(*RUN)
    assert result.returncode == 1
    assert "KeyError" in result.stderr
    assert [path.name for path in output.iterdir()] == ["1-labels.hea"]


def test_a_signal_that_cannot_be_saved_ends_the_run_even_if_failures_are_allowed(challenge):
    folder, add_records, run = challenge
    add_records("1-labels", "2-large", "3-labels")
    result = run(*RUN, "-f")
    assert result.returncode == 1
    assert "IndexError" in result.stderr
    output = folder / "out" / "deep" / "sub"
    assert sorted(path.name for path in output.iterdir()) == ["1-labels.hea", "2-large.hea"]
    assert (output / "2-large.hea").read_text().startswith("2-large 1 100 2\n")


@pytest.mark.parametrize(("flags", "status"), [([], 1), (["-f"], 0)])
def test_a_header_that_nothing_can_be_saved_under_costs_its_record(challenge, flags, status):
    folder, add_records, run = challenge
    add_records("1-both", "2-both", "3-both")
    bad = folder / "data" / "sub" / "2-both.hea"
    bad.write_text(bad.read_text().replace("1000(0)", "x"))
    result = run(*RUN, *flags)
    assert (result.returncode, result.stdout) == (status, "")
    assert "sub/2-both: ValueError: could not convert string to float: 'x'\n" in result.stderr
    assert "Traceback" not in result.stderr
    output = folder / "out" / "deep" / "sub"
    assert (output / "2-both.hea").read_text() == bad.read_text() + "# Labels: NORM\n"
    assert sorted(path.name for path in output.glob("*.dat")) == ["1-both.dat", "3-both.dat"]


def test_an_output_folder_that_is_a_file_ends_the_run_in_one_line(challenge):
    folder, add_records, run = challenge
    add_records("1-both")
    (folder / "out").touch()
    result = run(*RUN)
    assert (result.returncode, result.stderr.count("\n")) == (1, 1)
    assert result.stderr.startswith("OutputError: expected an output folder that can be made")


def test_a_folder_without_records_ends_the_run_before_there_is_an_output_folder(challenge):
    folder, _, run = challenge
    result = run(*RUN)
    assert result.returncode == 1
    assert "Exception" in result.stderr
    assert not (folder / "out").exists()


@pytest.mark.parametrize("script", ["train_model.py", "run_model.py"])
def test_a_missing_option_is_an_error_of_usage(challenge, script):
    _, _, run = challenge
    result = run(script, "-d", "data")
    assert result.returncode == 2
    assert result.stderr.startswith("usage:")
