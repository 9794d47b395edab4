"""Carries what happened from the store's log of events to one sink: hears, keeps, sends, forgets what has arrived.

What is heard is kept in the outbox in the transaction that says that it was heard, so that nothing is lost whenever the
process ends. What was sent and could not be forgotten any more is sent again after a restart.
"""

import random
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Protocol

import structlog

from correlator.delivery.errors import DeliveryError, PointlessError, RefusedError, TransientError
from correlator.delivery.outcome import LOST, Outcome
from correlator.delivery.pause import pause_seconds
from correlator.delivery.sink import Sink
from correlator.incidents.errors import StoreError
from correlator.incidents.lifecycle import Event, TransitionKind
from correlator.incidents.outbox import Kept, Number, Outbox, Postponed
from correlator.publish.status import SinkStatus

log = structlog.get_logger(__name__)

MOST_KEPT = 1_000
"""Deliveries in the outbox. Beyond that the log of events is not read on: it is durable, and keeps the rest."""

AT_ONCE = 50
LONGEST_BATCH_SECONDS = 2.0
"""Deliveries that are sent before they are forgotten together: so many may be sent again after a kill -9."""


class EventLog(Protocol):
    """The store's log of events. Both may raise StoreError."""

    def events_after(self, sequence: int, *, limit: int = 100) -> Sequence[Event]:
        """What happened after a sequence, oldest first."""
        ...

    def last_sequence(self) -> int:
        """The sequence of the newest event."""
        ...


class Courier:
    """Serves one sink, from one thread; `status` may be asked from any. `clock` is in epoch seconds."""

    def __init__(
        self, sink: Sink, events: EventLog, outbox: Callable[[], Outbox], cluster: str, clock: Callable[[], float]
    ) -> None:
        """`outbox` opens the store, once it can be opened."""
        self._sink = sink
        self._events = events
        self._open = outbox
        self._outbox: Outbox | None = None
        self._cluster = cluster
        self._clock = clock
        self._rng = random.Random()  # noqa: S311 - it spreads repetitions, and guards nothing
        self._stopping = False
        self._cursor: int | None = None
        self._unsettled: set[Number] = set()
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
        return self._sink.name

    def stop(self) -> None:
        """Send no more after the delivery in hand."""
        self._stopping = True

    def close(self) -> None:
        """Give back what was opened."""
        self._sink.close()
        if self._outbox is not None:
            self._outbox.close()

    def status(self) -> SinkStatus:
        """How it goes."""
        return SinkStatus(
            name=self._sink.name,
            outcomes=tuple((outcome.value, self._counts[outcome]) for outcome in Outcome),
            backlog=self._backlog,
            last_success_at=self._last_success_at,
            problem=self._store_problem or self._problem,
            last_lost=self._lost,
        )

    def turn(self) -> None:
        """Hear what happened, and send what is due. Raises StoreError."""
        try:
            self._turn()
        except StoreError as error:
            self._store_problem = f"the store does not answer: {error}"
            self._cursor = None  # whether it was moved before the failure, the store alone knows
            raise
        self._store_problem = ""

    def _turn(self) -> None:
        outbox = self._outbox = self._outbox or self._open()
        self._hear(outbox)
        while not self._stopping and self._clock() >= self._not_before:
            self._settle(outbox, None)
            batch = outbox.due(self._now(), AT_ONCE)
            if not batch:
                return
            self._settle(outbox, self._send(batch))
            self._hear(outbox)

    def _hear(self, outbox: Outbox) -> None:
        if self._cursor is None:
            self._cursor = outbox.cursor()
        if self._cursor is None:  # a new sink: what was before is not its business
            newest = self._events.last_sequence()
            outbox.take_in(newest, ())
            self._cursor = newest
        kept = outbox.waiting()
        while kept < MOST_KEPT and (events := self._events.events_after(self._cursor)):
            taken = [each for event in self._news(events) for each in self._prepared(event)]
            outbox.take_in(events[-1].sequence, taken)
            self._cursor = events[-1].sequence
            kept += len(taken)
        unheard = max(0, self._events.last_sequence() - self._cursor) if kept >= MOST_KEPT else 0
        self._backlog = kept + unheard

    def _news(self, events: Sequence[Event]) -> Sequence[Event]:
        """Those of our cluster that are not too old, without updates that a later event of their incident made old."""
        last = {event.incident.id: event.sequence for event in events}
        ours = [event for event in events if event.incident.cluster == self._cluster]
        told = [
            event
            for event in ours
            if event.kind is not TransitionKind.UPDATED or event.sequence == last[event.incident.id]
        ]
        news = [event for event in told if self._now() - event.at <= self._sink.patience]
        self._counts[Outcome.SUPERSEDED] += len(ours) - len(told)
        self._counts[Outcome.OUTDATED] += len(told) - len(news)
        if len(news) < len(told):
            log.info("too old to be told", sink=self._sink.name, count=len(told) - len(news), until=events[-1].sequence)
        return news

    def _prepared(self, event: Event) -> Sequence[Kept]:
        try:
            parcels = self._sink.prepare(event)
        except Exception as error:
            log.exception("an event could not be told", sink=self._sink.name)
            self._end(Outcome.REFUSED, f"event {event.sequence}: {type(error).__name__}: {error}")
            return ()
        return [
            Kept(number=Number(event.sequence, part), group=parcel.group, at=event.at, body=parcel.body)
            for part, parcel in enumerate(parcels)
        ]

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
            self._end(outcome, said)
        return None

    def _try(self, kept: Kept) -> tuple[Outcome, str]:
        named = f"event {kept.number.sequence} of incident {kept.group}"
        if self._now() - kept.at > self._sink.patience:
            return Outcome.EXPIRED, f"{named}: not delivered within {self._sink.patience}"
        try:
            self._sink.send(kept.body)
        except TransientError:
            raise
        except PointlessError as error:
            self._answered()
            return Outcome.POINTLESS, f"{named}: {error}"
        except RefusedError as error:
            self._answered()
            return Outcome.REFUSED, f"{named}: {error}"
        except Exception as error:
            log.exception("a delivery failed", sink=self._sink.name)
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
        self._not_before = now + pause_seconds(self._failures, asked, self._rng)
        until = now + pause_seconds(kept.attempts + 1, asked, self._rng)
        return Postponed(kept.number, datetime.fromtimestamp(until, UTC))

    def _settle(self, outbox: Outbox, postponed: Postponed | None) -> None:
        if self._unsettled or postponed is not None:
            outbox.settle(self._unsettled, postponed)
            self._backlog = max(0, self._backlog - len(self._unsettled))
            self._unsettled.clear()

    def _end(self, outcome: Outcome, said: str) -> None:
        self._counts[outcome] += 1
        if outcome in LOST:
            self._lost = said
            log.warning("not delivered", sink=self._sink.name, outcome=outcome.value, reason=said)

    def _trouble(self, error: DeliveryError) -> None:
        if str(error) != self._problem:
            log.warning("deliveries wait", sink=self._sink.name, reason=str(error))
        self._problem = str(error)

    def _answered(self) -> None:
        if self._problem:
            log.info("delivered again", sink=self._sink.name, after=self._problem)
        self._problem = ""
        self._failures = 0

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)
