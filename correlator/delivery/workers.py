"""A few threads that work is handed to with a time by which it must have begun: what hangs in them holds up nobody."""

import queue
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Generic, TypeVar

Result = TypeVar("Result")


class OverloadedError(Exception):
    """As much waits as may wait."""


class Workers(Generic[Result]):
    """Threads that end with the process, whatever they wait for; that is why they are no ThreadPoolExecutor."""

    def __init__(self, name: str, size: int, most_waiting: int) -> None:
        self._queue: queue.Queue[tuple[Future[Result], Callable[[], Result], float] | None] = queue.Queue(most_waiting)
        self._threads = [
            threading.Thread(target=self._run, name=f"{name}-{number}", daemon=True) for number in range(size)
        ]
        for thread in self._threads:
            thread.start()

    @property
    def waiting(self) -> int:
        """How much waits for a thread."""
        return self._queue.qsize()

    def submit(self, work: Callable[[], Result], by: float) -> Future[Result]:
        """Do it in a thread, unless `by` (of `time.monotonic`) passes before: TimeoutError. Raises OverloadedError."""
        future: Future[Result] = Future()
        try:
            self._queue.put_nowait((future, work, by))
        except queue.Full:
            raise OverloadedError(f"{self._queue.maxsize} wait already") from None
        return future

    def stop(self) -> None:
        """Let idle threads end; what is in hand is not waited for."""
        for _ in self._threads:
            try:
                self._queue.put_nowait(None)
            except queue.Full:
                return

    def _run(self) -> None:
        while (task := self._queue.get()) is not None:
            _perform(*task)
            del task  # or its future and what it was given live until the next comes


def _perform(future: "Future[Result]", work: Callable[[], Result], by: float) -> None:
    if not future.set_running_or_notify_cancel():
        return
    if time.monotonic() >= by:
        future.set_exception(TimeoutError("its turn came too late"))
        return
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - told to whoever waits
        future.set_exception(error)
