"""What a batch leaves behind when records, the program, the disk or a process fail in its midst."""

import os
import re
import resource
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import dask
import numpy as np
import pytest
from dask.distributed import LocalCluster

from ecgpaper.__main__ import main
from ecgpaper.ecg import STANDARD_ORDER, Ecg
from ecgpaper.errors import BatchError
from ecgpaper.files.records.challenge import write_record
from ecgpaper.runtime import files
from ecgpaper.synth.batch import BatchOptions, claim_folder, print_record, record

ROOT = Path(__file__).parents[3]


def write_ecg(folder, name="r1", *, n_samples=1000, height_mv=1.0):
    beat_mv = np.exp(-(((np.arange(n_samples) % 75 / 75 - 0.4) / 0.03) ** 2))
    signal_mv = height_mv * np.outer(beat_mv, np.linspace(-0.5, 1, 12))
    write_record(folder, name, Ecg(signal_mv, 100.0, STANDARD_ORDER))


def files_in(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_record_that_fails_half_way_leaves_nothing_and_costs_itself_only(tmp_path):
    write_ecg(tmp_path / "in", n_samples=2000)
    # No file can take the place of the second picture.
    (tmp_path / "out/r1-1.png/sub").mkdir(parents=True)
    outcome = print_record(tmp_path / "in", "r1", tmp_path / "out", BatchOptions(truth="light"))
    assert re.search(r"written to .*r1-1\.png; a folder is in its place", outcome.fault)
    assert files_in(tmp_path / "out") == {}


def test_record_that_fails_leaves_what_another_run_has_finished(tmp_path, monkeypatch):
    write_ecg(tmp_path / "in")
    print_record(tmp_path / "in", "r1", tmp_path / "finished", BatchOptions())
    finished = files_in(tmp_path / "finished")

    def finish_and_fail(*_, **__):
        for name, content in finished.items():
            (tmp_path / "out" / name).write_bytes(content)
        raise RuntimeError("odd")

    monkeypatch.setattr(record, "write_record", finish_and_fail)
    assert print_record(tmp_path / "in", "r1", tmp_path / "out", BatchOptions()).fault
    assert files_in(tmp_path / "out") == finished


def test_fault_of_the_program_costs_one_record_and_is_told_with_its_place(
    tmp_path, monkeypatch, caplog
):
    for name in ("r1", "r2"):
        write_ecg(tmp_path / "in", name)

    def fail_once(*_):
        monkeypatch.undo()
        raise ZeroDivisionError("odd")

    monkeypatch.setattr(record, "synthesize", fail_once)
    with caplog.at_level("DEBUG", "ecgpaper"):
        assert main(["synthesize", str(tmp_path / "in"), str(tmp_path / "out")]) == 1
    assert "skipped r1: a fault of the program while printing this record: ZeroDiv" in caplog.text
    assert "fail_once" in caplog.text
    assert set(files_in(tmp_path / "out")) == {"synthesize.json", "r2-0.png", "r2.dat", "r2.hea"}


def test_of_two_runs_that_claim_a_folder_at_once_one_is_refused(tmp_path):
    """The second run looks before the first has written, and writes after it."""
    faults = []

    def claim(seed):
        try:
            barrier.wait()
            claim_folder(tmp_path, BatchOptions(seed=seed))
        except BatchError as error:
            faults.append(error)

    for _ in range(20):
        (tmp_path / "synthesize.json").unlink(missing_ok=True)
        faults.clear()
        barrier = threading.Barrier(3)
        threads = [threading.Thread(target=claim, args=(seed,)) for seed in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(faults) == 2


def test_full_disk_ends_a_batch_with_one_line(tmp_path, monkeypatch, capsys, caplog):
    for name in ("r1", "r2"):
        write_ecg(tmp_path / "in", name)
    monkeypatch.setattr(files, "_PROBE_BYTES", 1000)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, before[1]))
    try:
        assert main(["synthesize", str(tmp_path / "in"), str(tmp_path / "out")]) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    told = capsys.readouterr().err
    assert re.fullmatch(r"error: a file of \d+ bytes must be written to .*r1-0\.png; .*\n", told)
    assert "skipped" not in caplog.text
    assert set(files_in(tmp_path / "out")) == {"synthesize.json"}


@pytest.mark.parametrize("out", ["file", "file/below", "x" * 300])
def test_folder_that_cannot_be_made_is_told_before_anything_is_printed(tmp_path, capsys, out):
    write_ecg(tmp_path / "in")
    (tmp_path / "file").touch()
    assert main(["synthesize", str(tmp_path / "in"), str(tmp_path / out)]) == 1
    assert re.match(r"error: .* must be a folder with room", capsys.readouterr().err)


# --- killed ---


N_RECORDS = 4


@contextmanager
def running(folder, *options):
    """A batch of its own process, which has begun a record when this returns."""
    for index in range(N_RECORDS):
        write_ecg(folder / "in", f"r{index}", height_mv=1 + index / 10)
    command = [sys.executable, "-m", "ecgpaper", "synthesize", folder / "in", folder / "out"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    options = [*options, "--truth", "light"]
    with subprocess.Popen(
        [*command, *options], env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        while not list((folder / "out").glob("*.png")):
            assert process.poll() is None
            time.sleep(0.002)
        yield process


def finish_and_compare(folder):
    """Run the batch again: it ends as if it had never been interrupted."""
    for out in ("out", "whole"):
        options = ("--truth", "light")
        assert main(["synthesize", str(folder / "in"), str(folder / out), *options]) == 0
    finished, whole = files_in(folder / "out"), files_in(folder / "whole")
    assert finished.keys() == whole.keys()
    assert [name for name in whole if finished[name] != whole[name]] == []


@pytest.mark.slow
def test_batch_that_was_killed_goes_on_where_it_stopped(tmp_path):
    with running(tmp_path) as process:
        process.kill()
    assert len(list((tmp_path / "out").glob("*.hea"))) < N_RECORDS
    (tmp_path / "out/.partial-0123456789abcdef").write_bytes(b"half")
    finish_and_compare(tmp_path)


def children_of(pid):
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.mark.slow
def test_batch_whose_worker_was_killed_says_so_and_goes_on_when_run_again(tmp_path):
    with running(tmp_path, "--workers", "2") as process:
        for child in children_of(process.pid):
            if b"LokyProcess" in Path(f"/proc/{child}/cmdline").read_bytes():
                os.kill(child, signal.SIGKILL)
        _, told = process.communicate()
    assert process.returncode == 1
    assert "error: the processes that work must last; one was killed" in told
    assert "Traceback" not in told
    finish_and_compare(tmp_path)


@pytest.mark.slow
def test_cluster_whose_worker_was_killed_is_no_endless_wait(tmp_path, capsys):
    for index in range(N_RECORDS):
        write_ecg(tmp_path / "in", f"r{index}")
    command = ["synthesize", str(tmp_path / "in"), str(tmp_path / "out"), "--cluster"]
    with (
        dask.config.set({"distributed.scheduler.allowed-failures": 0}),
        LocalCluster(n_workers=1, threads_per_worker=1, dashboard_address=None) as cluster,
    ):
        (worker,) = cluster.workers.values()

        def kill():
            while not list((tmp_path / "out").glob("*.png")):
                time.sleep(0.002)
            os.kill(worker.pid, signal.SIGKILL)

        killer = threading.Thread(target=kill)
        killer.start()
        assert main([*command, cluster.scheduler_address]) == 1
        killer.join()
    assert "error: the processes that work must last; one was killed" in capsys.readouterr().err
