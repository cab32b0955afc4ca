"""The formats that need nothing more: each read back by another library, sample by sample."""

import numpy as np
import pandas as pd
import pytest
import wfdb

from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.files.formats import FORMATS


@pytest.fixture
def ecg():
    signal_mv = np.random.default_rng(1).normal(size=(500, 12))
    signal_mv[100:, 3] = np.nan
    signal_mv[:, 7] = np.nan
    return Ecg(signal_mv, 360.0, STANDARD_ORDER)


def test_a_wfdb_record_has_the_samples_within_a_microvolt(ecg, tmp_path):
    written = FORMATS["wfdb"](ecg, tmp_path / "a.b" / "page")
    assert sorted(tmp_path.rglob("*.*")) == [tmp_path / "a.b", *written]
    record = wfdb.rdrecord(str(tmp_path / "a.b" / "page"))
    assert (record.sig_name, record.fs, record.units[0]) == (list(STANDARD_ORDER), 360, "mV")
    assert np.allclose(record.p_signal, ecg.signal_mv, atol=5.1e-4, equal_nan=True)


def test_a_table_has_time_units_and_empty_cells(ecg, tmp_path):
    (file,) = FORMATS["csv"](ecg, tmp_path / "page")
    table = pd.read_csv(file)
    assert list(table) == ["time_s", *(f"{lead}_mv" for lead in STANDARD_ORDER)]
    assert np.allclose(table.iloc[:, 1:], ecg.signal_mv, atol=5.1e-5, equal_nan=True)
    assert np.allclose(table["time_s"], np.arange(500) / 360, atol=5.1e-7)
    assert file.read_text().splitlines()[-1].count(",,") == 2


def test_arrays_are_the_very_numbers(ecg, tmp_path):
    (file,) = FORMATS["npz"](ecg, tmp_path / "page")
    with np.load(file) as arrays:
        assert set(arrays) == {"signal_mv", "time_s", "lead_names", "fs_hz"}
        assert np.array_equal(arrays["signal_mv"], ecg.signal_mv, equal_nan=True)
        assert tuple(arrays["lead_names"]) == STANDARD_ORDER
        assert arrays["fs_hz"] == 360.0


@pytest.mark.parametrize("name", FORMATS)
def test_files_have_the_name_and_are_equal_each_time(name, ecg, tmp_path):
    twice = [FORMATS[name](ecg, tmp_path / folder / "page") for folder in ("a", "b")]
    assert [file.name for file in twice[0]] == [file.name for file in twice[1]]
    assert all(file.name.startswith("page.") for file in twice[0])
    for first, second in zip(*twice, strict=True):
        assert first.read_bytes() == second.read_bytes()
