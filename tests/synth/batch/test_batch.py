"""Records of other databases, and records that are no good: a page or a reason for each."""

import struct

import numpy as np
import pytest
import wfdb

from ecgpaper.__main__ import main
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.errors import BatchError
from ecgpaper.files.records.challenge import read_ecg, read_header, write_record
from ecgpaper.synth.batch import BatchOptions, claim_folder, print_record


def draw_mv(n_samples=1500, n_leads=12):
    phase = np.arange(n_samples) % 75 / 75
    beat = np.exp(-(((phase - 0.4) / 0.03) ** 2)) + 0.2 * np.sin(2 * np.pi * phase)
    return np.outer(beat, np.linspace(-0.5, 1, n_leads))


def write_wfdb(folder, signal, leads, *, fs=100, unit="mV", comments=(), **options):
    folder.mkdir(parents=True, exist_ok=True)
    wfdb.wrsamp(
        "r1",
        fs=fs,
        units=[unit] * len(leads),
        sig_name=list(leads),
        p_signal=signal,
        fmt=["16"] * len(leads),
        comments=list(comments),
        write_dir=str(folder),
        **options,
    )


def write_matlab(folder, signal_mv, leads, *, gain="1000/mV", head="", comments=()):
    """A record of the Challenges of 2020 and 2021: a MATLAB 4 matrix of one row per lead."""
    folder.mkdir(parents=True, exist_ok=True)
    digital = np.rint(signal_mv * 1000).astype("<i2")
    matlab = struct.pack("<5i", 30, *digital.T.shape, 0, 4) + b"val\0" + digital.tobytes()
    (folder / "r1.mat").write_bytes(matlab)
    lines = [f"r1 {len(leads)} 100 {len(digital)}{head}"]
    for lead, samples in zip(leads, digital.T, strict=True):
        checksum = int(samples.sum(dtype=np.int64)) % 65536
        lines.append(f"r1.mat 16+24 {gain} 16 0 {samples[0]} {checksum} 0 {lead}")
    (folder / "r1.hea").write_text("\n".join([*lines, *comments]) + "\n")


def printed(folder, **options):
    """Print record r1; return what became of it, what it now is, and its header."""
    outcome = print_record(folder / "in", "r1", folder / "out", BatchOptions(**options))
    assert outcome.fault is None
    return outcome, read_ecg(folder / "out/r1"), read_header(folder / "out/r1")


def test_matlab_records_of_the_challenges_are_printed(tmp_path):
    comments = ["#Age: 74", "#Sex: Male", "#Dx: 59118001,426783006", "#Rx: Unknown", "#no colon"]
    date = " 05-Feb-2020 11:39:16"
    write_matlab(tmp_path / "in", draw_mv(), STANDARD_ORDER, head=date, comments=comments)
    _, ecg, header = printed(tmp_path)
    np.testing.assert_allclose(ecg.signal_mv, draw_mv(), atol=0.001)
    assert header.image_names == ("r1-0.png", "r1-1.png")
    assert header.comments[:5] == tuple(line[1:] for line in comments)
    assert header.age_years == 74


@pytest.mark.parametrize(
    ("unit", "factor"), [("mV", 1.0), ("uV", 1000.0), ("V", 1e-3), ("MV", 1.0), ("µV", 1000.0)]
)
def test_units_do_not_change_the_page(tmp_path, unit, factor):
    write_wfdb(tmp_path / "in", factor * draw_mv(1000), STANDARD_ORDER, unit=unit)
    np.testing.assert_allclose(printed(tmp_path)[1].signal_mv, draw_mv(1000), atol=0.001)


@pytest.mark.parametrize("gain", ["1000", "1000.0(0)/mV", "1/uV", "1000(0)"])
def test_gains_are_read_as_they_are_written(tmp_path, gain):
    write_matlab(tmp_path / "in", draw_mv(1000), STANDARD_ORDER, gain=gain)
    np.testing.assert_allclose(printed(tmp_path)[1].signal_mv, draw_mv(1000), atol=0.001)


def test_leads_of_another_order_and_spelling_are_the_twelve(tmp_path):
    leads = ("DI", "DII", "DIII", "AVR", "AVL", "AVF", "v1", "v2", "v3", "v4", "v5", "v6")[::-1]
    write_wfdb(tmp_path / "in", draw_mv(1000), leads)
    outcome, ecg, _ = printed(tmp_path, mask_unplotted=True)
    assert outcome.unprinted == ()
    assert ecg.lead_names == STANDARD_ORDER[::-1]
    shown = np.isfinite(ecg.signal_mv).sum(axis=0)
    assert shown.tolist() == [250] * 10 + [1000, 250]


@pytest.mark.parametrize(
    ("fs", "seconds", "n_pages"),
    [(100, 5, 1), (100, 10, 1), (1000, 10.5, 1), (250, 12, 2), (500, 60, 6), (257, 30.3, 3)],
)
def test_pages_follow_one_another_every_ten_seconds(tmp_path, fs, seconds, n_pages):
    write_wfdb(tmp_path / "in", draw_mv(round(fs * seconds)), STANDARD_ORDER, fs=fs)
    _, ecg, header = printed(tmp_path, mask_unplotted=True)
    assert len(header.image_names) == n_pages
    rhythm = np.isfinite(ecg.lead("II"))
    assert rhythm[: 10 * fs * n_pages].all()
    if n_pages > 1:
        # The second page begins with lead I again.
        assert np.isfinite(ecg.lead("I")[[0, 10 * fs]]).all()
        assert np.isnan(ecg.lead("I")[[3 * fs, 10 * fs - 1]]).all()


def test_records_without_the_twelve_leads_get_a_row_per_lead(tmp_path):
    write_wfdb(tmp_path / "in", draw_mv(1000, 2), ("MLII", "V5"))
    outcome, ecg, _ = printed(tmp_path, layout="3x4", mask_unplotted=True)
    assert outcome.unprinted == ()
    assert np.isfinite(ecg.signal_mv).all()


def test_fifteen_leads_print_the_twelve_and_say_so(tmp_path, caplog):
    leads = (*STANDARD_ORDER, "V3R", "V4R", "V7")
    write_wfdb(tmp_path / "in", draw_mv(1000, 15), leads)
    with caplog.at_level("INFO"):
        assert main(["synthesize", str(tmp_path / "in"), str(tmp_path / "out")]) == 0
    assert "1 records have unprinted leads: V3R, V4R, V7" in caplog.text
    assert read_ecg(tmp_path / "out/r1").lead_names == leads


@pytest.mark.slow
@pytest.mark.parametrize("preset", ["clean", "photo-stained", "wild"])
@pytest.mark.parametrize("kind", ["gap", "flat", "offset", "missing lead", "spikes", "one sample"])
def test_odd_signals_are_printed(tmp_path, kind, preset):
    signal = draw_mv(1000)
    if kind == "gap":
        signal[200:700] = np.nan
    elif kind == "flat":
        signal[:, 2:] = 0.0
    elif kind == "offset":
        signal += np.linspace(-9, 9, 12)
    elif kind == "missing lead":
        signal[:, 1] = np.nan
    elif kind == "spikes":
        signal[::97] *= 30
    else:
        signal[:] = np.nan
        signal[100, 0] = 1.0
    write_record(tmp_path / "in", "r1", Ecg(signal, 100.0, STANDARD_ORDER))
    _, ecg, header = printed(tmp_path, preset=preset, truth="light")
    assert len(header.image_names) == 1
    assert np.array_equal(np.isnan(ecg.signal_mv), np.isnan(signal))


def short(folder):
    write_record(folder, "r1", Ecg(draw_mv(80), 100.0, STANDARD_ORDER))


def slow(folder):
    write_record(folder, "r1", Ecg(draw_mv(80), 10.0, STANDARD_ORDER))


def missing(folder):
    write_record(folder, "r1", Ecg(np.full((1000, 12), np.nan), 100.0, STANDARD_ORDER))


def without_signal(folder):
    short(folder)
    (folder / "r1.dat").unlink()


def cut_off(folder):
    write_matlab(folder, draw_mv(), STANDARD_ORDER)
    content = (folder / "r1.mat").read_bytes()
    (folder / "r1.mat").write_bytes(content[: len(content) // 3])


def of_pressure(folder):
    write_wfdb(folder, draw_mv(1000), STANDARD_ORDER, unit="mmHg")


def repeating(folder):
    write_matlab(folder, draw_mv(), ("I", "i", *STANDARD_ORDER[2:]))


def header(text):
    def write(folder):
        folder.mkdir()
        (folder / "r1.hea").write_text(text)

    return write


@pytest.mark.parametrize(
    ("write", "reason"),
    [
        (short, "at least 1 s"),
        (slow, "at least 50 Hz"),
        (missing, "all samples are missing"),
        (without_signal, "not there"),
        (cut_off, "copy the record again"),
        (of_pressure, "in mV, uV or V"),
        (repeating, "may occur once"),
        (header(""), "must begin with"),
        (header("r1 12 500 5000\n"), "must describe 12 signals"),
        (header("r1 0 500 5000\n"), "must describe a signal"),
        (header("r1/3 2 500 5000\na 2000\nb 3000\n"), "not there"),
        (header("r1 1 500 5000\nr1.dat 999 1000/mV 16 0 0 0 0 I\n"), "must be what its header"),
    ],
)
def test_unusable_records_cost_themselves_only(tmp_path, caplog, write, reason):
    write(tmp_path / "in")
    write_record(tmp_path / "in/b", "good", Ecg(draw_mv(1000), 100.0, STANDARD_ORDER))
    with caplog.at_level("INFO"):
        assert main(["synthesize", str(tmp_path / "in"), str(tmp_path / "out")]) == 1
    assert "skipped r1: " in caplog.text
    assert reason in caplog.text
    assert "1 of 2 records" in caplog.text
    names = {path.name for path in (tmp_path / "out").rglob("*.*")}
    assert names == {"synthesize.json", "good-0.png", "good.dat", "good.hea"}


def test_record_whose_name_the_challenge_forbids_is_skipped(tmp_path):
    write_record(tmp_path / "in", "r1", Ecg(draw_mv(1000), 100.0, STANDARD_ORDER))
    (tmp_path / "in/r1.hea").rename(tmp_path / "in/r.1.hea")
    fault = print_record(tmp_path / "in", "r.1", tmp_path / "out", BatchOptions()).fault
    assert "rename it" in fault


def test_damaged_headers_are_skipped_whatever_the_damage(tmp_path):
    rng = np.random.default_rng(2)
    write_matlab(tmp_path / "in", draw_mv(60), STANDARD_ORDER)
    whole = (tmp_path / "in/r1.hea").read_bytes()
    for _ in range(150):
        damaged = bytearray(whole)
        for at in rng.integers(len(damaged), size=3):
            damaged[at] = rng.integers(256)
        (tmp_path / "in/r1.hea").write_bytes(damaged)
        assert print_record(tmp_path / "in", "r1", tmp_path / "out", BatchOptions()).fault
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "other", [{"preset": "photo"}, {"seed": 2}, {"layout": "6x2"}, {"truth": "full"}]
)
def test_folder_of_other_options_is_refused(tmp_path, other):
    claim_folder(tmp_path, BatchOptions())
    claim_folder(tmp_path, BatchOptions())
    ((key, value),) = other.items()
    with pytest.raises(BatchError, match=rf"begun with {key} .*, now it is {key} {value}"):
        claim_folder(tmp_path, BatchOptions(**other))


def test_folder_of_another_origin_is_refused(tmp_path):
    write_record(tmp_path / "sub", "r1", Ecg(draw_mv(1000), 100.0, STANDARD_ORDER))
    with pytest.raises(BatchError, match="another origin"):
        claim_folder(tmp_path, BatchOptions())
    (tmp_path / "new").mkdir()
    (tmp_path / "new/synthesize.json").write_text("{")
    with pytest.raises(BatchError, match="must be JSON"):
        claim_folder(tmp_path / "new", BatchOptions())
