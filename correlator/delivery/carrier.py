"""Carries what waits in an outbox to one sink: sends, forgets what has arrived, keeps apart what never will.

What was sent and could not be forgotten any more is sent again after a restart, the same to the last byte.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Protocol

import structlog

from correlator.delivery.errors import DeliveryError, PointlessError, RefusedError, TransientError
from correlator.delivery.outcome import LOST, Outcome
from correlator.delivery.pause import USUAL, Pace, pause_seconds
from correlator.incidents.errors import StoreError
from correlator.incidents.outbox import Dead, Kept, Number, Outbox, Postponed
from correlator.publish.status import SinkStatus

log = structlog.get_logger(__name__)

AT_ONCE = 50
LONGEST_BATCH_SECONDS = 2.0
"""Deliveries that are sent before they are forgotten together: so many may be sent again after a kill -9."""
DEAD_FOR = timedelta(days=30)
"""Age at which what was given up is deleted."""
_PRUNE_SECONDS = 3600.0
_COUNT_SECONDS = 10.0


class Carried(Protocol):
    """Where things are carried to. `patience` is how long after it happened something is still worth telling."""

    @property
    def name(self) -> str:
        """As in metrics and settings."""
        ...

    @property
    def patience(self) -> timedelta:
        """How long a delivery is tried."""
        ...

    def send(self, body: bytes) -> None:
        """Deliver a body of the outbox, maybe not for the first time. Raises DeliveryError."""
        ...

    def close(self) -> None:
        """Give connections back."""
        ...


class Carrier:
    """Serves one sink, from one thread; `status` may be asked from any. `clock` is in epoch seconds."""

    what = "delivery"

    def __init__(
        self, sink: Carried, outbox: Callable[[], Outbox], clock: Callable[[], float], pace: Pace = USUAL
    ) -> None:
        """`outbox` opens the store, once it can be opened."""
        self._carried = sink
        self._open = outbox
        self._outbox: Outbox | None = None
        self._clock = clock
        self._pace = pace
        self._rng = random.Random()  # noqa: S311 - it spreads repetitions, and guards nothing
        self._stopping = False
        self._unsettled: set[Number] = set()
        self._dead: list[Dead] = []
        self._dead_letters = 0
        self._pruned_at = 0.0
        self._counted_at = 0.0
        self._failures = 0
        self._not_before = 0.0
        self._counts: Counter[Outcome] = Counter()
        self._backlog = 0
        self._last_success_at: datetime | None = None
        self._problem = ""
        self._store_problem = ""
        self._lost = ""

    @property
    def name(self) -> str:
        """Its sink's."""
        return self._carried.name

    def stop(self) -> None:
        """Send no more after the delivery in hand."""
        self._stopping = True

    def close(self) -> None:
        """Give back what was opened."""
        self._carried.close()
        if self._outbox is not None:
            self._outbox.close()

    def status(self) -> SinkStatus:
        """How it goes."""
        return SinkStatus(
            name=self._carried.name,
            outcomes=tuple((outcome.value, self._counts[outcome]) for outcome in Outcome),
            backlog=self._backlog,
            dead_letters=self._dead_letters,
            last_success_at=self._last_success_at,
            problem=self._store_problem or self._problem,
            last_lost=self._lost,
        )

    def turn(self) -> None:
        """Send what is due. Raises StoreError."""
        try:
            self._turn()
        except StoreError as error:
            self._store_problem = f"the store does not answer: {error}"
            raise
        self._store_problem = ""

    def _turn(self) -> None:
        outbox = self._outbox = self._outbox or self._open()
        self._prune(outbox)
        self._hear(outbox)
        while not self._stopping and self._clock() >= self._not_before:
            self._settle(outbox, None)
            batch = outbox.due(self._now(), AT_ONCE)
            if not batch:
                return
            self._settle(outbox, self._send(batch))
            self._hear(outbox)

    def _hear(self, outbox: Outbox) -> None:
        """See what waits."""
        self._backlog = outbox.waiting()

    def _prune(self, outbox: Outbox) -> None:
        now = self._clock()
        if now - self._pruned_at > _PRUNE_SECONDS:
            outbox.prune(self._now() - DEAD_FOR)
            self._pruned_at = now
        if now - self._counted_at > _COUNT_SECONDS:
            self._dead_letters = outbox.dead()
            self._counted_at = now

    def _send(self, batch: Sequence[Kept]) -> Postponed | None:
        """Send one after the other until one fails or the time is up; what is done with stands in `_unsettled`."""
        began = self._clock()
        for kept in batch:
            if self._stopping or self._clock() - began > LONGEST_BATCH_SECONDS:
                return None
            try:
                outcome, said = self._try(kept)
            except TransientError as error:
                return self._postponed(kept, error)
            self._unsettled.add(kept.number)
            if outcome in LOST:
                self._dead.append(Dead(kept.number, self._now(), said))
            self._end(outcome, said)
        return None

    def _try(self, kept: Kept) -> tuple[Outcome, str]:
        named = f"{self.what} {kept.number.sequence} of {kept.group}"
        if self._now() - kept.at > self._carried.patience:
            return Outcome.EXPIRED, f"{named}: not delivered within {self._carried.patience}"
        try:
            self._carried.send(kept.body)
        except TransientError:
            raise
        except PointlessError as error:
            self._answered()
            return Outcome.POINTLESS, f"{named}: {error}"
        except RefusedError as error:
            self._answered()
            return Outcome.REFUSED, f"{named}: {error}"
        except Exception as error:
            log.exception("a delivery failed", sink=self._carried.name)
            return Outcome.REFUSED, f"{named}: {type(error).__name__}: {error}"
        self._answered()
        self._last_success_at = self._now()
        return Outcome.DELIVERED, named

    def _postponed(self, kept: Kept, error: TransientError) -> Postponed:
        """The receiver is left in peace for a while, and what it failed on for as long as that alone failed."""
        self._counts[Outcome.RETRIED] += 1
        self._failures += 1
        self._trouble(error)
        now, asked = self._clock(), error.retry_after_seconds
        self._not_before = now + pause_seconds(self._failures, asked, self._rng, self._pace)
        until = now + pause_seconds(kept.attempts + 1, asked, self._rng, self._pace)
        return Postponed(kept.number, datetime.fromtimestamp(until, UTC))

    def _settle(self, outbox: Outbox, postponed: Postponed | None) -> None:
        if self._unsettled or postponed is not None:
            outbox.settle(self._unsettled, postponed, self._dead)
            self._backlog = max(0, self._backlog - len(self._unsettled))
            self._dead_letters += len(self._dead)
            self._unsettled.clear()
            self._dead.clear()

    def _end(self, outcome: Outcome, said: str) -> None:
        self._counts[outcome] += 1
        if outcome in LOST:
            self._lost = said
            log.warning("not delivered", sink=self._carried.name, outcome=outcome.value, reason=said)

    def _trouble(self, error: DeliveryError) -> None:
        if str(error) != self._problem:
            log.warning("deliveries wait", sink=self._carried.name, reason=str(error))
        self._problem = str(error)

    def _answered(self) -> None:
        if self._problem:
            log.info("delivered again", sink=self._carried.name, after=self._problem)
        self._problem = ""
        self._failures = 0

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)
