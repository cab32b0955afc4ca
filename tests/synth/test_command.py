import filecmp

import numpy as np
import pytest
from dask.distributed import LocalCluster

from ecgpaper import synth
from ecgpaper.__main__ import main
from ecgpaper.ecg import Ecg
from ecgpaper.files.records.challenge import read_ecg, read_header, read_image, write_record
from ecgpaper.page import PaperScale
from ecgpaper.runtime import workers
from ecgpaper.synth.truth.picture import Origin
from ecgpaper.synth.truth.truth_file import read_truth


@pytest.fixture
def folder(tmp_path, ecg):
    """Three records: twelve leads, two leads at 1000 Hz, 25 s at 100 Hz."""
    write_record(tmp_path / "in", "a_1", ecg, comments=["Age: 50", "odd comment"], labels=["NORM"])
    two = Ecg(np.repeat(ecg.signal_mv[:1500, :2], 4, axis=0), 1000.0, ("MLII", "V5"))
    write_record(tmp_path / "in", "b-2", two)
    long = Ecg(np.tile(ecg.signal_mv, (2, 1))[:2500], 100.0, ecg.lead_names)
    write_record(tmp_path / "in", "c3", long, image_names=["old.png"])
    return tmp_path


def synthesize_folder(folder, out, *options):
    return main(["synthesize", str(folder / "in"), str(folder / out), *options])


def test_folder_names_its_pictures(folder):
    assert synthesize_folder(folder, "out") == 0
    images = {name: read_header(folder / "out" / name).image_names for name in ("a_1", "b-2", "c3")}
    assert images == {
        "a_1": ("a_1-0.png",),
        "b-2": ("b-2-0.png",),
        "c3": ("c3-0.png", "c3-1.png", "c3-2.png"),
    }
    header = read_header(folder / "out" / "a_1")
    assert header.labels == ("NORM",)
    assert header.age_years == 50
    assert read_image(folder / "out" / "c3-2.png").shape == (1700, 2200, 3)


def test_signals_stay_or_are_masked(folder, ecg):
    for name in ("b-2", "c3"):
        (folder / "in" / f"{name}.hea").unlink()
    synthesize_folder(folder, "whole")
    assert np.allclose(read_ecg(folder / "whole" / "a_1").signal_mv, ecg.signal_mv, atol=1e-3)
    synthesize_folder(folder, "masked", "--mask-unplotted")
    masked = read_ecg(folder / "masked" / "a_1")
    assert np.isfinite(masked.signal_mv).sum() == 11 * 625 + 2500
    assert np.isfinite(masked.lead("II")).all()
    assert np.isfinite(masked.lead("aVR")[625:1250]).all()


def test_files_hold_what_the_generator_makes(folder):
    for name in ("a_1", "c3"):
        (folder / "in" / f"{name}.hea").unlink()
    for preset, ending in (("scan-bw", "jpg"), ("clean", "png")):
        synthesize_folder(folder, preset, "--preset", preset, "--truth", "light")
        picture = folder / preset / f"b-2-0.{ending}"
        page = synth.synthesize(read_ecg(folder / "in" / "b-2"), read_truth(picture).spec)
        assert np.array_equal(read_image(picture), page.image)


@pytest.mark.slow
def test_workers_do_not_change_the_pictures(folder):
    (folder / "in" / "c3.hea").unlink()
    options = ["--preset", "wild", "--per-record", "2", "--seed", "3"]
    synthesize_folder(folder, "one", *options)
    synthesize_folder(folder, "two", *options, "--workers", "2")
    names = sorted(path.name for path in (folder / "one").iterdir())
    assert len(names) == 2 * (2 + 2) + 1
    assert filecmp.cmpfiles(folder / "one", folder / "two", names, shallow=False)[0] == names


def test_finished_records_are_not_done_again(folder):
    (folder / "in" / "c3.hea").unlink()
    synthesize_folder(folder, "out")
    (folder / "out" / "b-2.hea").unlink()
    (folder / "out" / "a_1-0.png").write_bytes(b"kept")
    synthesize_folder(folder, "out")
    assert (folder / "out" / "b-2.hea").exists()
    assert (folder / "out" / "a_1-0.png").read_bytes() == b"kept"


def test_half_written_records_are_done_again(folder):
    (folder / "in" / "c3.hea").unlink()
    options = ["--preset", "wild", "--truth", "light"]
    synthesize_folder(folder, "whole", *options)
    synthesize_folder(folder, "out", *options)
    names = sorted(path.name for path in (folder / "whole").iterdir())
    for name in ("a_1.hea", "b-2.hea", "b-2-0.truth.npz"):
        (folder / "out" / name).unlink()
    (folder / "out" / "a_1.dat").write_bytes(b"half")
    (folder / "out" / "a_1-0.png.partial-77").write_bytes(b"half")
    synthesize_folder(folder, "out", *options)
    assert sorted(path.name for path in (folder / "out").iterdir()) == names
    assert filecmp.cmpfiles(folder / "whole", folder / "out", names, shallow=False)[0] == names


def test_resumed_run_with_other_options_is_refused(folder, capsys):
    synthesize_folder(folder, "out", "--seed", "4")
    before = {path.name: path.read_bytes() for path in (folder / "out").iterdir()}
    assert synthesize_folder(folder, "out", "--seed", "5") == 1
    assert "begun with seed 4, now it is seed 5" in capsys.readouterr().err
    assert {path.name: path.read_bytes() for path in (folder / "out").iterdir()} == before


def test_truth_lies_beside_each_picture(folder):
    (folder / "in" / "b-2.hea").unlink()
    synthesize_folder(folder, "out", "--truth", "full", "--preset", "scan-color")
    truths = [read_truth(folder / "out" / f"c3-{page}.jpg") for page in range(3)]
    assert [truth.origin.start_s for truth in truths] == [0.0, 10.0, 20.0]
    picture = read_image(folder / "out" / "c3-1.jpg")
    assert truths[1].origin == Origin("c3", "c3-1.jpg", 10.0, 100.0)
    assert truths[1].masks["trace"].shape == truths[1].photo_shape == picture.shape[:2]
    rhythm = truths[1].traces[-1]
    assert len(rhythm.x_px) == 1000
    # Ink is darker than the paper around it.
    seen = rhythm.confidence > 0
    x, y = np.rint([rhythm.x_px[seen], rhythm.y_px[seen]]).astype(int)
    assert np.median(picture[y, x]) < np.median(picture) - 60


@pytest.mark.parametrize(
    "options", [["--preset", "dirty"], ["--layout", "5x5"], ["--workers", "0"]]
)
def test_unknown_options_are_refused(folder, options, capsys):
    with pytest.raises(SystemExit, match="2"):
        synthesize_folder(folder, "out", *options)
    assert options[0] in capsys.readouterr().err
    assert not (folder / "out").exists()


@pytest.mark.slow
def test_cluster_gives_the_same_files(folder):
    (folder / "in" / "c3.hea").unlink()
    options = ["--preset", "wild", "--per-record", "2", "--seed", "3"]
    synthesize_folder(folder, "one", *options)
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        address = cluster.scheduler_address
        assert synthesize_folder(folder, "two", *options, "--cluster", address) == 0
        assert cluster.scheduler.transition_counter > 0
    names = sorted(path.name for path in (folder / "one").iterdir())
    assert len(names) == 2 * (2 + 2) + 1
    assert filecmp.cmpfiles(folder / "one", folder / "two", names, shallow=False)[0] == names


def test_cluster_that_does_not_answer_is_named(folder, capsys, monkeypatch):
    monkeypatch.setattr(workers, "_ANSWER_S", 1)
    assert synthesize_folder(folder, "out", "--cluster", "tcp://127.0.0.1:9") == 1
    assert "scheduler must answer at tcp://127.0.0.1:9" in capsys.readouterr().err


def test_unusable_records_are_named_and_skipped(folder, ecg, caplog):
    (folder / "in" / "a_1.dat").unlink()
    short = Ecg(ecg.signal_mv[:100], ecg.fs, ecg.lead_names)
    write_record(folder / "in", "short", short)
    (folder / "in" / "empty.hea").write_text("")
    # Other tests may have set the package's own level.
    with caplog.at_level("INFO", logger="ecgpaper"):
        assert synthesize_folder(folder, "out") == 1
    assert "skipped a_1" in caplog.text
    assert "skipped short: at least 1 s" in caplog.text
    assert "skipped empty" in caplog.text
    assert "2 of 5 records" in caplog.text
    assert (folder / "out" / "c3.hea").exists()


def test_folders_without_records_are_refused(tmp_path, capsys):
    assert synthesize_folder(tmp_path, "out") == 1
    assert "expected WFDB headers" in capsys.readouterr().err
    for out in ("in", "in/out"):
        assert synthesize_folder(tmp_path, out) == 1
        assert "another folder" in capsys.readouterr().err


def test_speed_and_gain_are_those_asked_for(folder):
    for name in ("b-2", "c3"):
        (folder / "in" / f"{name}.hea").unlink()
    synthesize_folder(folder, "out", "--speed", "50", "--gain", "5", "--truth", "light")
    scale = read_truth(folder / "out" / "a_1-0").layout.scale
    assert scale == PaperScale(speed_mm_per_s=50.0, gain_mm_per_mv=5.0)
    synthesize_folder(folder, "gain", "--gain", "20", "--truth", "light")
    scale = read_truth(folder / "gain" / "a_1-0").layout.scale
    assert scale == PaperScale(speed_mm_per_s=25.0, gain_mm_per_mv=20.0)
