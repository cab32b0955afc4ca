"""Work shared out among processes of this machine, or among many machines.

Public: `by_workers`, `on_cluster`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from concurrent.futures import BrokenExecutor
from typing import TypeVar

from ecgpaper.errors import BatchError

Item = TypeVar("Item")
Result = TypeVar("Result")

# A scheduler that is there answers sooner.
_ANSWER_S = 10
_KILLED = (
    "the processes that work must last; one was killed, maybe for lack of memory: run the same "
    "command again, which goes on where this one stopped,"
)


def by_workers(
    task: Callable[[Item], Result], items: Sequence[Item], n_workers: int
) -> Generator[Result, None, None]:
    """Do a task for all items by so many processes, of one thread each; one is this process.

    Yields
    ------
    object
        What the task returns, in the order in which it is done.

    Raises
    ------
    BatchError
        If a process is killed.
    """
    from joblib import Parallel, delayed, parallel_config  # noqa: PLC0415

    try:
        with parallel_config("loky", inner_max_num_threads=1):
            jobs = Parallel(n_jobs=n_workers, return_as="generator_unordered")
        yield from jobs(delayed(task)(item) for item in items)
    except BrokenExecutor as error:
        raise BatchError(f"{_KILLED} with fewer --workers") from error
    except (KeyboardInterrupt, GeneratorExit):
        if n_workers > 1:
            _kill_workers()
        raise


def _kill_workers() -> None:
    """End the processes at once: what they do is not wanted any more."""
    from joblib.externals.loky import get_reusable_executor  # noqa: PLC0415

    get_reusable_executor().shutdown(wait=False, kill_workers=True)


def on_cluster(
    task: Callable[[Item], Result], items: Sequence[Item], address: str
) -> Generator[Result, None, None]:
    """Do a task for all items by the workers of a Dask scheduler.

    Not through joblib, which waits forever for what a killed worker was about to answer.

    Yields
    ------
    object
        What the task returns, in the order in which it is done.

    Raises
    ------
    BatchError
        If Dask is not installed, no scheduler answers, or a worker is killed.
    """
    try:
        from dask.distributed import Client, KilledWorker, as_completed  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise BatchError(
            f"--cluster needs Dask; {error}: pip install 'ecgpaper[cluster]', or use --workers"
        ) from error
    try:
        client = Client(address, timeout=_ANSWER_S)
    except (OSError, ValueError) as error:
        raise BatchError(
            f"a Dask scheduler must answer at {address}; {error}: start one, or use --workers"
        ) from error
    with client:
        try:
            for done in as_completed(client.map(task, items, pure=False)):
                yield done.result()
        except KilledWorker as error:
            raise BatchError(f"{_KILLED} with more memory for each worker") from error
