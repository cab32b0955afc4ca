"""The Challenge's contract, end to end: hidden headers in, valid records out, whatever comes."""

import os
import runpy
import shutil
import subprocess
import sys
from pathlib import Path

import cv2
import numpy as np
import pytest
import wfdb

import helper_code
import remove_hidden_data
import run_model
import team_code
from ecgpaper.classify.labels import CLASSES
from ecgpaper.digitize import Digitization
from ecgpaper.digitize.calibration.printed_scale import Said
from ecgpaper.digitize.request import UNSTATED, Request
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.errors import CheckpointError
from ecgpaper.files.records.challenge import read_header, write_record
from ecgpaper.page import LAYOUTS, PageLayout, PaperScale, Strip
from ecgpaper.page.geometry import Homography
from ecgpaper.page.raster import FlatPage, GridScale
from ecgpaper.runtime.bounds import Clock

ROOT = Path(__file__).parents[1]
MODEL = ROOT / "model"
MODEL_FILES = [
    f"{name}.{kind}"
    for name in (
        *("segmenter", "tracer", "ends", "refiner", "ocr", "quality"),
        *("classifier", "picture"),
    )
    for kind in ("json", "safetensors")
]
FS = 500
UPPER_BACKWARDS = tuple(lead.upper() for lead in reversed(STANDARD_ORDER))

# Record -> (its images, its length in s, sampling frequency in Hz, names of its leads). page.jpg
# and other.png are two pages; gone.png is missing; broken.png is cut off; empty.png is blank.
RECORDS = {
    "plain": (["page.jpg"], 10, FS, STANDARD_ORDER),
    "views": (["other.png", "page.jpg"], 10, FS, STANDARD_ORDER),
    "half": (["gone.png", "page.jpg"], 10, FS, STANDARD_ORDER),
    "frames": (["page.jpg", "other.png"], 20, FS, STANDARD_ORDER),
    "late": (["broken.png", "page.jpg"], 20, FS, STANDARD_ORDER),
    "upper": (["page.jpg"], 10, FS, UPPER_BACKWARDS),
    "some": (["page.jpg"], 10, FS, ("v5", "RESP", "Avf")),
    "slow": (["page.jpg"], 10, 100, STANDARD_ORDER),
    "short": (["page.jpg"], 5, FS, STANDARD_ORDER),
    "gone": (["gone.png"], 10, FS, STANDARD_ORDER),
    "broken": (["broken.png"], 10, FS, STANDARD_ORDER),
    "blank": (["empty.png"], 10, FS, STANDARD_ORDER),
    "dot": (["dot.png"], 10, FS, STANDARD_ORDER),
    "below/nameless": ([], 10, FS, STANDARD_ORDER),
}
UNREADABLE = ["gone", "broken", "blank", "dot", "below/nameless"]


class Remembering:
    """A digitizer that does not read the same picture twice: the tests have it often."""

    def __init__(self, digitizer):
        self.digitizer, self.known = digitizer, {}

    def digitize(self, photo, *, fs):
        key, request = photo.tobytes(), Request(fs, UNSTATED, Clock())
        if key not in self.known:
            self.known[key] = self.digitizer.trace_photo(photo, request)
        return self.digitizer.interpret(self.known[key], request)


@pytest.fixture(scope="module")
def models():
    digitizer, classifier = team_code.load_models(str(MODEL), False)
    return Remembering(digitizer), classifier


@pytest.fixture(scope="module")
def images(print_page, tmp_path_factory):
    """Return a folder of pictures that records share."""
    folder = tmp_path_factory.mktemp("images")
    page, other = (print_page(seed, layout="3x4", dpi=120.0).image for seed in (11, 12))
    pictures = {
        "page.png": page,
        "page.jpg": page,
        "other.png": other,
        "empty.png": np.full((600, 800, 3), 255, np.uint8),
        "dot.png": np.zeros((1, 1, 3), np.uint8),
    }
    for name, picture in pictures.items():
        cv2.imwrite(str(folder / name), picture[..., ::-1])
    whole = (folder / "page.png").read_bytes()
    (folder / "broken.png").write_bytes(whole[: len(whole) // 3])
    return folder


def write(folder, name, images):
    """Write a hidden copy of a record of `RECORDS` with its images."""
    image_names, duration_s, fs, lead_names = RECORDS[name]
    n_samples = duration_s * fs
    signal_mv = np.random.default_rng(len(name)).normal(0, 0.3, (n_samples, len(lead_names)))
    original = folder.parent / f"{folder.name}-original"
    below, stem = (original / name).parent, Path(name).name
    write_record(
        below,
        stem,
        Ecg(signal_mv, float(fs), lead_names),
        comments=["Age: 56", "Sex: Female"],
        labels=["NORM"],
        image_names=[f"{stem}-{image}" for image in image_names or ["none.png"]],
    )
    for image in image_names:
        if (images / image).exists():
            shutil.copy(images / image, below / f"{stem}-{image}")


def hide(folder):
    """Strip the records as the organizers do, and their headers of images that are not to be."""
    original = folder.parent / f"{folder.name}-original"
    options = ["-i", str(original), "-o", str(folder), "--include_images"]
    remove_hidden_data.run(remove_hidden_data.get_parser().parse_args(options))
    for name, (image_names, *_) in RECORDS.items():
        header = folder / f"{name}.hea"
        if header.exists() and not image_names:
            lines = header.read_text().splitlines(keepends=True)
            header.write_text("".join(line for line in lines if "Image" not in line))


def run_folder(folder, output, models):
    """Run the organizers' second script in this process, with models that are there already."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(run_model, "load_models", lambda *_: models)
        options = ["-d", str(folder), "-m", str(MODEL), "-o", str(output)]
        run_model.run(run_model.get_parser().parse_args(options))


@pytest.fixture(scope="module")
def folders(models, images, tmp_path_factory):
    """Return (data, output) of one run over all records of `RECORDS`, data being read-only."""
    data = tmp_path_factory.mktemp("all") / "data"
    for name in RECORDS:
        write(data, name, images)
    hide(data)
    before = {file: file.read_bytes() for file in data.rglob("*") if file.is_file()}
    everything = [data, *data.rglob("*")]
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    output = data.with_name("output")
    run_folder(data, output, models)
    for path in everything:
        path.chmod(0o755 if path.is_dir() else 0o644)
    assert {file: file.read_bytes() for file in data.rglob("*") if file.is_file()} == before
    return data, output


def signal_of(folders, name):
    return wfdb.rdsamp(str(folders[1] / name))[0]


# --- what every record gets ---


@pytest.mark.parametrize("name", RECORDS)
def test_output_is_a_valid_record_like_its_header(folders, name):
    data, output = folders
    _, duration_s, fs, lead_names = RECORDS[name]
    record = wfdb.rdrecord(str(output / name))
    assert tuple(record.sig_name) == lead_names
    assert record.p_signal.shape == (duration_s * fs, len(lead_names))
    assert record.fs == fs
    assert record.units == ["mV"] * len(lead_names)
    assert not np.isinf(record.p_signal).any()
    assert tuple(read_header(data / name).raw_lead_names) == tuple(record.sig_name)


@pytest.mark.parametrize("name", RECORDS)
def test_output_names_at_least_one_class(folders, name):
    labels = helper_code.load_labels(str(folders[1] / name))
    assert labels
    assert set(labels) <= set(CLASSES)


def test_headers_that_were_run_on_are_hidden(folders):
    for name in RECORDS:
        text = (folders[0] / f"{name}.hea").read_text()
        header = read_header(folders[0] / name)
        assert header.labels == ()
        assert header.age_years is None
        assert not (folders[0] / f"{name}.dat").exists()
        assert all("    " in line for line in text.splitlines()[1:] if ".dat" in line)


def has_one_sample_of_0_mv(lead):
    """Tell whether a lead was not read: the organizers' extra scores need a sample of each."""
    return lead[np.isfinite(lead)].tolist() == [0.0]


@pytest.mark.parametrize("name", UNREADABLE)
def test_record_without_a_usable_image_has_one_sample_of_0_mv_per_lead(folders, name):
    assert all(has_one_sample_of_0_mv(lead) for lead in signal_of(folders, name).T)


def test_bad_records_leave_the_others_as_they_are(folders, images, models, tmp_path):
    write(tmp_path / "data", "plain", images)
    hide(tmp_path / "data")
    run_folder(tmp_path / "data", tmp_path / "output", models)
    for kind in ("hea", "dat"):
        alone = (tmp_path / "output" / f"plain.{kind}").read_bytes()
        assert (folders[1] / f"plain.{kind}").read_bytes() == alone


# --- what the images and the headers mean; all these records show the page of "plain" ---


def test_missing_image_costs_only_itself(folders):
    np.testing.assert_array_equal(signal_of(folders, "half"), signal_of(folders, "plain"))


def test_images_of_a_long_record_are_successive_frames(folders):
    frames, plain = signal_of(folders, "frames"), signal_of(folders, "plain")
    np.testing.assert_array_equal(frames[:5000], plain)


def test_damaged_frame_leaves_its_time_empty(folders):
    late, plain = signal_of(folders, "late"), signal_of(folders, "plain")
    assert np.isnan(late[:5000]).all()
    np.testing.assert_array_equal(late[5000:], plain)


def test_leads_come_in_the_order_and_case_of_the_header(folders):
    upper, plain = signal_of(folders, "upper"), signal_of(folders, "plain")
    np.testing.assert_array_equal(upper[:, ::-1], plain)


def test_lead_that_is_none_of_the_twelve_is_not_read(folders):
    some, plain = signal_of(folders, "some"), signal_of(folders, "plain")
    np.testing.assert_array_equal(some[:, 0], plain[:, STANDARD_ORDER.index("V5")])
    np.testing.assert_array_equal(some[:, 2], plain[:, STANDARD_ORDER.index("aVF")])
    assert has_one_sample_of_0_mv(some[:, 1])


def test_short_record_gets_the_beginning_of_the_page(folders):
    short, plain = signal_of(folders, "short"), signal_of(folders, "plain")[:2500]
    is_shown = np.isfinite(plain).any(axis=0)
    np.testing.assert_array_equal(short[:, is_shown], plain[:, is_shown])
    assert is_shown.any()
    assert all(has_one_sample_of_0_mv(lead) for lead in short[:, ~is_shown].T)


def test_record_at_100_hz_gets_the_same_curves_with_fewer_samples(folders):
    slow, plain = signal_of(folders, "slow"), signal_of(folders, "plain")[::5]
    both = np.isfinite(slow) & np.isfinite(plain)
    assert both.sum() == np.isfinite(slow).sum()
    if both.any():
        assert np.abs(slow - plain)[both].max() < 0.002


# --- run_models by itself, with a digitizer that knows its answer ---


class Knowing:
    """Answers every picture with the same levels, one for all leads or one for each."""

    def __init__(self, level_mv):
        self.level_mv = level_mv

    def digitize(self, photo, *, fs):
        shape = (round(10 * fs), 12)
        ecg = Ecg(np.full(shape, self.level_mv), fs, STANDARD_ORDER)
        page = FlatPage(photo, Homography.identity())
        strip = Strip(LAYOUTS["3x4+1R"].segments[-1], 10.0, 60.0)
        layout = PageLayout("3x4+1R", (1.0, 1.0), PaperScale(), (strip,))
        scale, nothing = GridScale((1.0, 1.0)), np.zeros(12)
        return Digitization(
            ecg, np.ones(shape), page, scale, layout, (), 1.0, (), None, Said(), nothing, nothing
        )


@pytest.mark.parametrize(
    ("level_mv", "expected_mv"), [(1.5, 1.5), (99.0, 32.767), (-99.0, -32.767)]
)
def test_signals_fit_the_files_of_the_challenge(folders, models, level_mv, expected_mv):
    record = str(folders[0] / "plain")
    signals, labels = team_code.run_models(record, Knowing(level_mv), models[1], False)
    assert signals.dtype == np.float64
    assert signals.shape == (5000, 12)
    assert (signals == expected_mv).all()
    assert isinstance(labels, list)
    assert all(isinstance(label, str) for label in labels)


@pytest.mark.parametrize(
    ("name", "expected_mv"), [("plain", range(12)), ("upper", reversed(range(12)))]
)
def test_each_lead_stands_in_the_column_of_its_name(folders, models, name, expected_mv):
    knowing = Knowing(np.arange(12.0))
    signals, _ = team_code.run_models(str(folders[0] / name), knowing, models[1], False)
    assert signals[0].tolist() == list(expected_mv)


@pytest.mark.parametrize("message", ["gone.png", "it is not there"])
def test_missing_image_is_named_in_the_log(folders, models, caplog, message):
    team_code.run_models(str(folders[0] / "gone"), models[0], models[1], False)
    assert message in caplog.text


# --- the model folder ---


@pytest.mark.parametrize("missing", MODEL_FILES)
def test_missing_model_file_is_named_with_a_remedy(tmp_path, missing):
    for name in MODEL_FILES:
        if name != missing:
            shutil.copy(MODEL / name, tmp_path)
    with pytest.raises(CheckpointError, match=rf"expected .*{missing}.*train again"):
        team_code.load_models(str(tmp_path), False)


def test_empty_model_folder_falls_back_to_the_weights_beside_it_and_says_so(
    tmp_path, monkeypatch, caplog
):
    for network in ("Digitizer", "PageClassifier"):
        monkeypatch.setattr(getattr(team_code, network), "load", lambda folder: folder)
    assert team_code.load_models(str(tmp_path), False) == (MODEL, MODEL)
    assert f"{tmp_path} is empty: the weights of {MODEL} are used" in caplog.text
    with pytest.raises(CheckpointError, match="nowhere"):
        team_code.load_models(str(tmp_path / "nowhere"), False)


# --- the scripts ---


def script(name, *options):
    command = [sys.executable, str(ROOT / name), *map(str, options)]
    one_thread = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT, env=one_thread
    )


def run_here(monkeypatch, name, *options):
    """Run a script in this process, which is quicker: its errors come out."""
    monkeypatch.setattr(sys, "argv", [name, *map(str, options)])
    runpy.run_path(str(ROOT / name), run_name="__main__")


@pytest.mark.slow
def test_scripts_run_and_score_a_hidden_folder(folders, tmp_path):
    data, reference, output = (tmp_path / name for name in ("data", "reference", "output"))
    for source, target in ((folders[0], data), (folders[0].parent / "data-original", reference)):
        target.mkdir()
        for file in source.glob("plain*"):
            shutil.copy(file, target)
    done = script("run_model.py", "-d", data, "-m", MODEL, "-o", output, "-v")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("1/1: plain...\nDone.\n")
    assert wfdb.rdsamp(str(output / "plain"))[0].shape == (5000, 12)
    done = script("evaluate_model.py", "-d", reference, "-o", output)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("SNR: ")
    assert "\nF-measure: " in done.stdout


def test_empty_folder_is_said_to_be_empty(tmp_path, monkeypatch):
    data, out = tmp_path / "data", tmp_path / "out"
    data.mkdir()
    with pytest.raises(Exception, match=f"no record was found in {data}"):
        run_here(monkeypatch, "run_model.py", "-d", data, "-m", MODEL, "-o", out)
    assert not out.exists()


def test_model_folder_is_said_to_lack_the_files_that_it_lacks(folders, tmp_path, monkeypatch):
    """As the text with which the script ends: status 1, no traceback."""
    shutil.copy(MODEL / "segmenter.json", tmp_path)
    out = tmp_path / "out"
    with pytest.raises(SystemExit) as stop:
        run_here(monkeypatch, "run_model.py", "-d", folders[0], "-m", tmp_path, "-o", out)
    assert "not there: segmenter.safetensors, tracer.json, tracer.saf" in stop.value.code
    assert "picture.safetensors: train again" in stop.value.code
    assert not out.exists()


@pytest.mark.parametrize("fs", [20, 5000])
def test_a_page_is_not_read_at_a_frequency_that_no_page_has(models, images, tmp_path, caplog, fs):
    shutil.copy(images / "page.png", tmp_path)
    silence = Ecg(np.zeros((10 * fs, 12)), fs, STANDARD_ORDER)
    write_record(tmp_path, "odd", silence, image_names=["page.png"])
    signals, labels = team_code.run_models(str(tmp_path / "odd"), *models, False)
    assert np.count_nonzero(np.nan_to_num(signals)) == 0
    assert labels
    assert f"expected a sampling frequency of 50 to 2000 Hz; got {fs}: mend" in caplog.text
