"""What stands in files that are exchanged while we run: certificates, tokens."""

import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Generic, TypeVar

import structlog

from correlator.access.errors import AccessError

log = structlog.get_logger(__name__)

Value = TypeVar("Value")
EVERY_SECONDS = 1.0


class Watched(Generic[Value]):
    """The value of some files, read anew when one of them changes; what cannot be used leaves the last good one.

    Secrets of Kubernetes are exchanged by a link to another folder: it is the file behind all links that is looked at.
    They are looked at when the value is asked for, at most every `every_seconds`. Safe to ask from several threads.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        read: Callable[[], Value],
        *,
        every_seconds: float = EVERY_SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Raises AccessError where the files cannot be used now."""
        self._paths = tuple(paths)
        self._read = read
        self._every_seconds = every_seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._marks = self._look()  # before reading: what changes meanwhile is seen next time
        self._value = read()
        self._looked_at = clock()

    def __call__(self) -> Value:
        """The value now."""
        with self._lock:
            now = self._clock()
            if now - self._looked_at >= self._every_seconds:
                self._looked_at = now
                self._refresh()
            return self._value

    def _refresh(self) -> None:
        marks = self._look()
        if marks == self._marks:
            return
        self._marks = marks
        try:
            self._value = self._read()
            log.info("a changed file is in force", files=[str(path) for path in self._paths])
        except AccessError as error:
            log.warning("a changed file cannot be used: what it said before stays in force", reason=str(error))

    def _look(self) -> list[tuple[int, ...]]:
        return [_mark(path) for path in self._paths]


def _mark(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return (found.st_mtime_ns, found.st_ctime_ns, found.st_ino, found.st_dev, found.st_size)
