"""Work shared out among processes, of which some are killed."""

import os
import signal

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
