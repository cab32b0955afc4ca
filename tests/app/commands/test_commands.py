import subprocess
import sys

import numpy as np
import pytest

import ecgpaper
from ecgpaper import __main__ as program
from ecgpaper.app.commands import simulate
from ecgpaper.errors import RecordError
from ecgpaper.files.records.challenge import find_records, read_ecg, read_header


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def test_simulate_writes_records_with_everything_a_header_has(tmp_path):
    assert program.main(["simulate", str(tmp_path), "--records", "3", "--seed", "5"]) == 0
    assert find_records(tmp_path) == ["sim00001_hr", "sim00002_hr", "sim00003_hr"]
    header = read_header(tmp_path / "sim00001_hr")
    keys = [comment.split(":")[0] for comment in header.comments]
    assert keys[:4] == ["Age", "Sex", "Height", "Weight"]
    assert header.labels
    assert header.age_years is not None
    ecg = read_ecg(tmp_path / "sim00001_hr")
    assert ecg.signal_mv.shape == (5000, 12)
    assert np.isfinite(ecg.signal_mv).all()


def test_same_seed_same_files_whatever_their_number(tmp_path):
    program.main(["simulate", str(tmp_path / "a"), "--records", "1"])
    program.main(["simulate", str(tmp_path / "a"), "--records", "3"])  # goes on
    program.main(["simulate", str(tmp_path / "b"), "--records", "3"])
    program.main(["simulate", str(tmp_path / "c"), "--records", "3", "--seed", "2"])
    assert contents(tmp_path / "a") == contents(tmp_path / "b")
    assert contents(tmp_path / "a") != contents(tmp_path / "c")


def test_another_seed_replaces_the_records(tmp_path):
    program.main(["simulate", str(tmp_path / "a"), "--records", "1", "--seed", "1"])
    program.main(["simulate", str(tmp_path / "a"), "--records", "1", "--seed", "2"])
    program.main(["simulate", str(tmp_path / "b"), "--records", "1", "--seed", "2"])
    assert contents(tmp_path / "a") == contents(tmp_path / "b")


def test_unusable_data_is_one_line_and_status_one(monkeypatch, capsys):
    def fail(_):
        raise RecordError("expected a record; found none")

    monkeypatch.setattr(simulate, "run", fail)
    assert program.main(["simulate", "anywhere"]) == 1
    assert capsys.readouterr().err == "error: expected a record; found none\n"


def test_every_command_has_help(capsys):
    for verb in program.make_parser()._subparsers._group_actions[0].choices:
        with pytest.raises(SystemExit, match="0"):
            program.main([verb, "--help"])
        assert f"ecgpaper {verb}" in capsys.readouterr().out


def test_help_tells_defaults_that_are_values(capsys):
    for verb in program.make_parser()._subparsers._group_actions[0].choices:
        with pytest.raises(SystemExit, match="0"):
            program.main([verb, "--help"])
        shown = capsys.readouterr().out
        assert "default: None" not in shown
        assert "default: False" not in shown
        assert ("(default: 0)" in shown) == (verb == "crossval")
        assert ("500.0)" in shown) == (verb in ("digitize", "serve"))


def test_version_is_one_line(capsys):
    with pytest.raises(SystemExit, match="0"):
        program.main(["--version"])
    assert capsys.readouterr().out == f"ecgpaper {ecgpaper.__version__}\n"


@pytest.mark.parametrize(
    ("called", "shown"),
    [
        ("/usr/lib/python3/ecgpaper/__main__.py", "python -m ecgpaper"),
        ("/bin/ecgpaper", "ecgpaper"),
    ],
)
def test_help_names_what_was_called(called, shown, monkeypatch):
    monkeypatch.setattr(sys, "argv", [called])
    assert program.make_parser().prog == shown


def test_help_imports_nothing_slow():
    code = (
        "import sys; from ecgpaper.__main__ import make_parser; make_parser().format_help(); "
        "slow = {'torch', 'wfdb', 'scipy', 'pandas', 'numpy', 'cv2', 'tqdm', 'joblib', 'dask'}; "
        "print(*sorted(slow & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
