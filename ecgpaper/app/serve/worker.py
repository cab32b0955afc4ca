"""A process apart that does one thing at a time, so that nothing it meets harms the server.

Public: `Worker`.

What takes too long is ended with its process, and so is what takes all memory; the next thing gets
a new one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Any, Protocol, TypeVar

from ecgpaper.errors import BusyError, OverdueError

T = TypeVar("T")

# Pages take some 10 s of a core, and the first one the time to load the weights; a busy machine may
# take twenty times that.
LIMIT_S = 600.0
# Forty pages of a file, and some more.
MOST_WAITING = 64


class Process(Protocol):
    """What does tasks: an executor of one process, or of one thread in tests."""

    def submit(self, task: Callable[..., T], /, *args: Any) -> Future[T]:
        """Begin a task."""

    def shutdown(self, wait: bool, **how: Any) -> None:
        """End it."""


def start_process() -> Process:
    """Start a process that can be killed."""
    from joblib.externals.loky import ProcessPoolExecutor  # noqa: PLC0415

    process: Process = ProcessPoolExecutor(max_workers=1)
    process.shutdown = partial(process.shutdown, kill_workers=True)  # type: ignore[method-assign]
    return process


class Worker:
    """Does tasks one after another in a process of its own.

    Parameters
    ----------
    limit_s : float, in s
        Longer no task may take.
    most_waiting : int
        More tasks are not taken.
    start : callable
        Starts the process.
    """

    def __init__(
        self,
        limit_s: float = LIMIT_S,
        most_waiting: int = MOST_WAITING,
        start: Callable[[], Process] = start_process,
    ) -> None:
        self.limit_s, self.most_waiting, self._start = limit_s, most_waiting, start
        self._turns = ThreadPoolExecutor(1)
        self._lock = threading.Lock()
        self._n_waiting = 0
        self._process: Process | None = None

    def submit(self, task: Callable[..., T], *args: Any) -> Future[T]:
        """Queue a task for the process.

        Returns
        -------
        Future
            Of its result; of an `OverdueError` where it took too long or its process died.

        Raises
        ------
        BusyError
            If too many wait.
        """
        with self._lock:
            if self._n_waiting >= self.most_waiting:
                raise BusyError(
                    f"at most {self.most_waiting} pages may wait; so many do: try again later"
                )
            self._n_waiting += 1
        future = self._turns.submit(self._done, task, args)
        future.add_done_callback(self._leave)
        return future

    def close(self) -> None:
        """End what is done, and forget what waits."""
        self._turns.shutdown(wait=False, cancel_futures=True)
        self._end()

    def _done(self, task: Callable[..., T], args: tuple[Any, ...]) -> T:
        if self._process is None:
            self._process = self._start()
        try:
            return self._process.submit(task, *args).result(self.limit_s)
        except TimeoutError:
            self._end()
            raise OverdueError(
                f"a page may take {self.limit_s:g} s; this one took longer: scan it again, or save "
                "it smaller"
            ) from None
        except BrokenExecutor as error:
            self._end()
            raise OverdueError(
                "a process must last that reads this page; it was killed, maybe for lack of "
                "memory: scan the page again, or save it smaller"
            ) from error

    def _leave(self, _: Future[Any]) -> None:
        with self._lock:
            self._n_waiting -= 1

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            with suppress(OSError):
                process.shutdown(wait=False)
