"""An Alertmanager that alerts are passed on to: as many requests at once as it takes, none waited for for long."""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import UTC, datetime
from functools import partial

import requests

from correlator.delivery.errors import DeliveryError, RefusedError, TransientError
from correlator.delivery.http import Receiver
from correlator.delivery.workers import OverloadedError, Workers
from correlator.publish.status import SinkStatus

AT_ONCE = 8
"""Requests: more than Prometheus send to it. Each of them sends one batch after the other."""

MOST_WAITING = 256
MOST_HELD_BYTES = 64_000_000
"""Of bodies on their way to one of them. Prometheus sends 256 alerts at once: less than a megabyte."""

ALERTS = "/api/v2/alerts"


class Alertmanager:
    """One of those that are told. `make_receiver` is called once for each thread; `clock` gives seconds since 1970."""

    def __init__(self, name: str, make_receiver: Callable[[], Receiver], clock: Callable[[], float]) -> None:
        self.name = name
        self._clock = clock
        self._receivers = _Receivers(make_receiver)
        self._workers: Workers[bytes] = Workers(name, AT_ONCE, MOST_WAITING)
        self._lock = threading.Lock()
        self._held_bytes = 0
        self._outcomes: Counter[str] = Counter()
        self._last_success_at: datetime | None = None
        self._problem = ""

    def post(self, body: bytes, headers: Mapping[str, str], by: float) -> "Future[bytes]":
        """Pass alerts on; the future fails with a DeliveryError. `by` as of `time.monotonic`."""
        with self._lock:
            has_room = self._held_bytes + len(body) <= MOST_HELD_BYTES
            self._held_bytes += len(body)
        future = self._ask(partial(self._post, body, headers), by) if has_room else self._full()
        future.add_done_callback(partial(self._count, len(body)))
        return future

    def get(self, path: str, by: float) -> "Future[bytes]":
        """Ask for something."""
        return self._ask(lambda: self._receivers.mine().ask("GET", path)[1], by)

    def status(self) -> SinkStatus:
        """How it goes."""
        with self._lock:
            return SinkStatus(
                name=self.name,
                outcomes=tuple(sorted(self._outcomes.items())),
                backlog=self._workers.waiting,
                last_success_at=self._last_success_at,
                problem=self._problem,
            )

    def stop(self) -> None:
        """Send nothing any more."""
        self._workers.stop()

    def _ask(self, work: Callable[[], bytes], by: float) -> "Future[bytes]":
        try:
            return self._workers.submit(work, by)
        except OverloadedError:
            return self._full()

    def _full(self) -> "Future[bytes]":
        failed: Future[bytes] = Future()
        failed.set_exception(TransientError(f"{self.name}: too much is on its way to it already"))
        return failed

    def _post(self, body: bytes, headers: Mapping[str, str]) -> bytes:
        """Once more where a connection broke: a kept one may have been closed meanwhile, and the same alert is one."""
        receiver = self._receivers.mine()
        try:
            return receiver.ask("POST", ALERTS, body=body, headers=headers)[1]
        except TransientError as error:
            if not isinstance(error.__cause__, requests.ConnectionError) or isinstance(
                error.__cause__, requests.ConnectTimeout
            ):
                raise
        return receiver.ask("POST", ALERTS, body=body, headers=headers)[1]

    def _count(self, size: int, future: "Future[bytes]") -> None:
        error = None if future.cancelled() else future.exception()
        with self._lock:
            self._held_bytes -= size
            if error is None:
                self._outcomes["delivered"] += 1
                self._last_success_at = datetime.fromtimestamp(self._clock(), UTC)
                self._problem = ""
            else:
                self._outcomes["refused" if isinstance(error, RefusedError) else "failed"] += 1
                self._problem = str(error) if isinstance(error, DeliveryError) else f"{self.name}: {error}"


class _Receivers:
    """A receiver for each thread: a session is for one at a time."""

    def __init__(self, make: Callable[[], Receiver]) -> None:
        self._make = make
        self._local = threading.local()

    def mine(self) -> Receiver:
        """This thread's."""
        if not hasattr(self._local, "receiver"):
            self._local.receiver = self._make()
        receiver: Receiver = self._local.receiver
        return receiver
