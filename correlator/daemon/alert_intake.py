"""Takes what Alertmanagers post: on disk before it is answered, as many at once as wait, in one transaction."""

import contextlib
import queue
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from correlator.alerting.payload import Notification, PayloadError, parse
from correlator.incidents.errors import StoreBusyError, StoreError, StoreFullError, StoreUnavailableError
from correlator.incidents.inbox import Arrival, Inbox
from correlator.publish.status import AlertsStatus

log = structlog.get_logger(__name__)

MOST_WAITING: Final = 10_000
"""Posts that wait for the disk; beyond that they are answered 5xx, and come again."""
MOST_AT_ONCE: Final = 500
GATHER_SECONDS: Final = 0.01
"""What comes within this time shares a transaction: a disk takes some hundred of them a second."""
_OUTCOMES: Final = ("kept", "double", "refused", "unstored")
_OF_THE_STORE: Final = (StoreBusyError, StoreFullError, StoreUnavailableError)
"""Failures that one at a time would not help with."""

Posted = tuple[Arrival, Future[bool]]


class AlertIntake:
    """One thread that writes, from `start` to `stop`; `post` may be called from any. `on_kept` must be quick."""

    def __init__(
        self,
        inbox: Callable[[], Inbox],
        doubles_within: timedelta,
        on_kept: Callable[[], None],
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`inbox` opens the store, once it can be opened."""
        self._open = inbox
        self._inbox: Inbox | None = None
        self._doubles_within = doubles_within
        self._on_kept = on_kept
        self._clock = clock
        self._queue: queue.Queue[Posted | None] = queue.Queue(MOST_WAITING)
        self._lock = threading.Lock()
        self._counts: Counter[str] = Counter()
        self._problem = ""
        self._thread = threading.Thread(target=self._run, name="alert-intake", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after what waits."""
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)
        self._thread.join(1.0)

    def post(self, body: bytes) -> "tuple[Notification, Future[bool]]":
        """Keep it; the future tells, once it is on disk, whether it was no double, or fails with StoreError.

        Raises PayloadError for what is no webhook, queue.Full where too much waits.
        """
        try:
            notification = parse(body)
        except PayloadError:
            self._count("refused")
            raise
        arrival = Arrival(
            group=notification.group,
            content=notification.content,
            received_at=datetime.fromtimestamp(self._clock(), UTC),
            fingerprints={each.fingerprint for each in notification.alerts},
            body=body,
        )
        future: Future[bool] = Future()
        future.set_running_or_notify_cancel()  # whoever waits no longer cancels nothing: it is kept all the same
        try:
            self._queue.put_nowait((arrival, future))
        except queue.Full:
            self._count("unstored")
            raise
        return notification, future

    def status(self) -> AlertsStatus:
        """How it goes."""
        with self._lock:
            outcomes = tuple((each, self._counts[each]) for each in _OUTCOMES)
            return AlertsStatus(outcomes=outcomes, problem=self._problem)

    def _run(self) -> None:
        is_ending = False
        while not is_ending:
            batch: list[Posted] = []
            each = self._queue.get()
            time.sleep(GATHER_SECONDS)
            while each is not None:
                batch.append(each)
                if len(batch) >= MOST_AT_ONCE or self._queue.empty():
                    break
                each = self._queue.get()
            is_ending = each is None
            if batch:
                self._keep(batch)
        if self._inbox is not None:
            self._inbox.close()

    def _keep(self, batch: Sequence[Posted]) -> None:
        """All of them; where one of them is at fault, each on its own."""
        try:
            self._inbox = self._inbox or self._open()
            kept = self._inbox.keep([arrival for arrival, _ in batch], self._doubles_within)
        except Exception as error:  # noqa: BLE001 - told to whoever waits
            if len(batch) > 1 and not isinstance(error, _OF_THE_STORE):
                for each in batch:
                    self._keep([each])
                return
            self._failed(batch, error)
            return
        self._problem = ""
        for (_, future), is_new in zip(batch, kept, strict=True):
            self._count("kept" if is_new else "double")
            future.set_result(is_new)
        if any(kept):
            self._on_kept()

    def _failed(self, batch: Sequence[Posted], error: Exception) -> None:
        if not isinstance(error, StoreError):
            log.error("alerts cannot be kept", exc_info=error)
        elif str(error) != self._problem:
            log.warning("alerts cannot be kept, and are answered 503", reason=str(error))
        self._problem = str(error)
        for _, future in batch:
            self._count("unstored")
            future.set_exception(error)

    def _count(self, outcome: str) -> None:
        with self._lock:
            self._counts[outcome] += 1
