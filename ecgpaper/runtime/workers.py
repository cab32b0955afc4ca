"""Work shared out among processes of this machine, or among many machines.

Public: `by_workers`, `on_cluster`, `end_with`.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from typing import Any, TypeVar

from ecgpaper.errors import BatchError

Item = TypeVar("Item")
Result = TypeVar("Result")

# A scheduler that is there answers sooner.
_ANSWER_S = 10
# How often a process that works for another looks whether that one is still there.
_LOOK_EVERY_S = 1.0
_KILLED = (
    "the processes that work must last; one was killed, maybe for lack of memory: run the same "
    "command again, which goes on where this one stopped,"
)


def by_workers(
    task: Callable[[Item], Result],
    items: Sequence[Item],
    n_workers: int,
    lost: Callable[[Item], Result] | None = None,
) -> Generator[Result, None, None]:
    """Do a task for all items by so many processes, of one thread each; one is this process.

    Parameters
    ----------
    task : callable
    items : sequence
    n_workers : int
    lost : callable, optional
        Gives the result of an item whose process is killed, also when it is done once more with
        no other beside it. Such items cost themselves only.

    Yields
    ------
    object
        What the task returns, in the order in which it is done.

    Raises
    ------
    BatchError
        If a process is killed, and `lost` is not given.
    """
    left = dict(enumerate(items))
    try:
        while left:
            begun: list[int] = []
            try:
                for number, result in _all_at_once(task, left, n_workers, begun):
                    del left[number]
                    yield result
            except BrokenExecutor as error:
                if lost is None:
                    raise BatchError(f"{_KILLED} with fewer --workers") from error
                suspects = [left.pop(number) for number in begun if number in left]
                yield from _one_by_one(task, suspects, lost)
    except (KeyboardInterrupt, GeneratorExit):
        if n_workers > 1:
            _kill_workers()
        raise


def _all_at_once(
    task: Callable[[Item], Result], items: Mapping[int, Item], n_workers: int, begun: list[int]
) -> Generator[tuple[int, Result], None, None]:
    """Yield results by the numbers of items; `begun` gets those that were handed to processes."""
    from joblib import Parallel, delayed, parallel_config  # noqa: PLC0415

    def handed_out() -> Iterator[Any]:
        for number, item in list(items.items()):
            begun.append(number)
            yield delayed(_numbered)(task, number, item)

    begin = {"initializer": end_with, "initargs": (os.getpid(),)}
    with parallel_config("loky", inner_max_num_threads=1, **begin):
        jobs = Parallel(n_jobs=n_workers, return_as="generator_unordered")
    yield from jobs(handed_out())


def _numbered(task: Callable[[Item], Result], number: int, item: Item) -> tuple[int, Result]:
    return number, task(item)


def _one_by_one(
    task: Callable[[Item], Result], items: Sequence[Item], lost: Callable[[Item], Result]
) -> Iterator[Result]:
    """Do a task for items in a process of their own, while no other works."""
    from joblib.externals.loky import ProcessPoolExecutor  # noqa: PLC0415

    left = list(items)
    while left:
        with ProcessPoolExecutor(1, initializer=end_with, initargs=(os.getpid(),)) as process:
            is_alive = True
            while left and is_alive:
                item = left.pop(0)
                try:
                    result = process.submit(task, item).result()
                except BrokenExecutor:
                    is_alive, result = False, lost(item)
                yield result


def end_with(parent: int) -> None:
    """Have this process end when its parent does, however that one ends.

    One that waits for work, or for room in a queue, would not see for minutes that nobody is there.

    Parameters
    ----------
    parent : int
        The parent's process number.
    """
    threading.Thread(target=_watch, args=(parent,), daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_LOOK_EVERY_S)
    os._exit(1)


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
