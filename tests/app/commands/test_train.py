"""`ecgpaper train`: what train_model.py does, with the time as an option."""

import pytest

from ecgpaper import __main__ as program
from ecgpaper.train import challenge


@pytest.fixture
def asked(monkeypatch):
    asked = []
    monkeypatch.setattr(
        challenge, "train_all", lambda *folders, **how: asked.append((folders, how))
    )
    return asked


def test_time_and_seed_are_passed_on(asked, tmp_path):
    data, model = tmp_path / "data", tmp_path / "model"
    command = ["train", str(data), "-o", str(model), "--budget", "7.5", "--seed", "3"]
    assert program.main(command) == 0
    assert program.main(["train", str(data), "-o", str(model)]) == 0
    assert asked == [
        ((data, model), {"seed": 3, "minutes": 7.5}),
        ((data, model), {"seed": challenge.SEED, "minutes": None}),
    ]


@pytest.mark.parametrize("minutes", ["0", "-1", "nan", "soon"])
def test_time_that_is_none_is_refused(asked, tmp_path, minutes):
    with pytest.raises(SystemExit, match="2"):
        program.main(["train", str(tmp_path), "-o", str(tmp_path), "--budget", minutes])
    assert asked == []


def test_folder_without_records_is_one_line_and_status_one(tmp_path, capsys):
    assert program.main(["train", str(tmp_path), "-o", str(tmp_path / "model")]) == 1
    assert "error: expected records (*.hea) below" in capsys.readouterr().err
