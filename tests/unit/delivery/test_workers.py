"""Threads that work is handed to."""

import threading
import time

import pytest

from correlator.delivery.workers import OverloadedError, Workers


def later(seconds: float = 30.0) -> float:
    """A moment of `time.monotonic`."""
    return time.monotonic() + seconds


def test_work_is_done_and_failures_are_told() -> None:
    """To whoever holds the future."""
    workers: Workers[int] = Workers("w", 1, 8)
    assert workers.submit(lambda: 7, later()).result(10) == 7
    with pytest.raises(ZeroDivisionError):
        workers.submit(lambda: 1 // 0, later()).result(10)
    assert workers.submit(lambda: 8, later()).result(10) == 8
    workers.stop()


def test_work_whose_turn_comes_too_late_is_not_done() -> None:
    """It has been answered for by then."""
    workers: Workers[bool] = Workers("w", 1, 8)
    blocked, done = threading.Event(), threading.Event()
    workers.submit(lambda: blocked.wait(30), later())

    def work() -> bool:
        done.set()
        return True

    late = workers.submit(work, later(0))
    blocked.set()
    with pytest.raises(TimeoutError):
        late.result(10)
    assert not done.is_set()
    workers.stop()


def test_no_more_waits_than_may() -> None:
    """What hangs keeps a thread, not the memory."""
    workers: Workers[bool] = Workers("w", 1, 2)
    blocked, begun = threading.Event(), threading.Event()

    def work() -> bool:
        begun.set()
        return blocked.wait(30)

    workers.submit(work, later())
    assert begun.wait(10)
    for _ in range(2):
        workers.submit(lambda: True, later())
    assert workers.waiting == 2
    with pytest.raises(OverloadedError):
        workers.submit(lambda: True, later())
    workers.stop()
    blocked.set()
