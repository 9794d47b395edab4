"""The thread that has receivers told of what Alertmanagers posted."""

import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from correlator.delivery.dispatcher import Dispatcher
from correlator.incidents.errors import StoreError
from correlator.incidents.inbox import Inbox

log = structlog.get_logger(__name__)

POLL_SECONDS: Final = 1.0
"""Between looks at what is watched; what is new wakes it."""
WAITING_SECONDS: Final = 0.2
"""Between looks while something waits for its cause."""
PAUSE_SECONDS: Final = 5.0
GATHER_SECONDS: Final = 0.25
"""At least this long between turns: what comes one by one is told together, and the disk is left to the intake."""
_PRUNE_SECONDS: Final = 600.0


class AlertDesk:
    """Turns a dispatcher, from `start` to `stop`. `on_told` must be quick."""

    def __init__(
        self,
        inbox: Callable[[], Inbox],
        make: Callable[[Inbox], Dispatcher],
        retention: timedelta,
        on_told: Callable[[], None],
    ) -> None:
        """`inbox` opens the store, once it can be opened."""
        self._open = inbox
        self._make = make
        self._retention = retention
        self._on_told = on_told
        self._wake = threading.Event()
        self._is_stopping = False
        self._waiting = 0
        self._problem = ""
        self._pruned_at = 0.0
        self._thread = threading.Thread(target=self._run, name="alert-desk", daemon=True)

    @property
    def waiting(self) -> int:
        """What nobody is told of yet."""
        return self._waiting

    @property
    def problem(self) -> str:
        """Why nobody can be told; "" where they can."""
        return self._problem

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the turn in hand."""
        self._is_stopping = True
        self._wake.set()
        self._thread.join(1.0)

    def wake(self) -> None:
        """Something came."""
        self._wake.set()

    def _run(self) -> None:
        inbox: Inbox | None = None
        dispatcher: Dispatcher | None = None
        while not self._is_stopping:
            pause, began = PAUSE_SECONDS, time.monotonic()
            try:
                inbox = inbox or self._open()
                dispatcher = dispatcher or self._make(inbox)
                pause = self._turn(inbox, dispatcher)
                self._problem = ""
            except StoreError as error:
                if str(error) != self._problem:
                    log.warning("alerts wait for the store", reason=str(error))
                self._problem = str(error)
            except Exception as error:
                log.exception("alerts cannot be told")
                self._problem = f"{type(error).__name__}: {error}"
            self._wake.wait(pause)
            time.sleep(max(0.0, began + GATHER_SECONDS - time.monotonic()))
            self._wake.clear()
        if inbox is not None:
            inbox.close()

    def _turn(self, inbox: Inbox, dispatcher: Dispatcher) -> float:
        """Tell what is to be told; how long to wait then."""
        if dispatcher.turn():
            self._on_told()
        self._waiting = dispatcher.untold
        if time.monotonic() - self._pruned_at > _PRUNE_SECONDS:
            before = datetime.now(UTC) - self._retention
            while inbox.prune(before) and not self._is_stopping:
                pass
            self._pruned_at = time.monotonic()
        return WAITING_SECONDS if self._waiting else POLL_SECONDS
