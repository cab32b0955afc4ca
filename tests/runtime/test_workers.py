"""Work shared out among processes, of which some are killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ecgpaper.errors import BatchError
from ecgpaper.runtime.workers import by_workers

DEADLY = (3, 4)


def double(number):
    """Double a number; two kill whoever tries."""
    if number in DEADLY:
        os.kill(os.getpid(), signal.SIGKILL)
    return 2 * number


@pytest.mark.slow
def test_what_kills_its_process_costs_itself_only():
    results = list(by_workers(double, list(range(12)), 2, lost=lambda number: f"lost {number}"))
    done = [2 * number for number in range(12) if number not in DEADLY]
    assert sorted(each for each in results if isinstance(each, int)) == done
    assert sorted(each for each in results if isinstance(each, str)) == ["lost 3", "lost 4"]


@pytest.mark.slow
def test_without_a_result_for_what_is_lost_a_killed_process_ends_the_batch():
    with pytest.raises(BatchError, match="was killed"):
        list(by_workers(double, list(range(12)), 2))


def told_and_idle(folder):
    """Leave the number of the process that works, and be done."""
    (Path(folder) / str(os.getpid())).touch()
    time.sleep(0.3)


def is_there(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="processes are found by their numbers")
def test_processes_end_with_a_parent_that_is_killed(tmp_path):
    code = (
        "from ecgpaper.runtime.workers import by_workers; "
        "from tests.runtime.test_workers import told_and_idle; import time; "
        f"list(by_workers(told_and_idle, 6 * [{str(tmp_path)!r}], 2)); time.sleep(60)"
    )
    root = Path(__file__).parents[2]
    parent = subprocess.Popen([sys.executable, "-c", code], cwd=root)
    begun_s = time.monotonic()
    while len(list(tmp_path.iterdir())) < 2 and time.monotonic() < begun_s + 30:
        time.sleep(0.1)
    workers = [int(file.name) for file in tmp_path.iterdir()]
    assert len(workers) == 2
    parent.kill()
    parent.wait()
    begun_s = time.monotonic()
    while any(map(is_there, workers)) and time.monotonic() < begun_s + 10:
        time.sleep(0.1)
    assert not any(map(is_there, workers))
