"""Carries what happened from the store's log of events to one sink: hears, keeps, and has it sent.

What is heard is kept in the outbox in the transaction that says that it was heard, so that nothing is lost whenever the
process ends.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import structlog

from correlator.delivery.carrier import Carrier
from correlator.delivery.outcome import Outcome
from correlator.delivery.sink import Sink
from correlator.incidents.errors import StoreError
from correlator.incidents.lifecycle import Event, TransitionKind
from correlator.incidents.outbox import Kept, Number, Outbox

log = structlog.get_logger(__name__)

MOST_KEPT = 1_000
"""Deliveries in the outbox. Beyond that the log of events is not read on: it is durable, and keeps the rest."""


class EventLog(Protocol):
    """The store's log of events. Both may raise StoreError."""

    def events_after(self, sequence: int, *, limit: int = 100) -> Sequence[Event]:
        """What happened after a sequence, oldest first."""
        ...

    def last_sequence(self) -> int:
        """The sequence of the newest event."""
        ...


class Courier(Carrier):
    """Serves one sink, from one thread; `status` may be asked from any. `clock` is in epoch seconds."""

    what = "event"

    def __init__(
        self, sink: Sink, events: EventLog, outbox: Callable[[], Outbox], cluster: str, clock: Callable[[], float]
    ) -> None:
        """`outbox` opens the store, once it can be opened."""
        super().__init__(sink, outbox, clock)
        self._sink = sink
        self._events = events
        self._cluster = cluster
        self._cursor: int | None = None

    def turn(self) -> None:
        """Hear what happened, and send what is due. Raises StoreError."""
        try:
            super().turn()
        except StoreError:
            self._cursor = None  # whether it was moved before the failure, the store alone knows
            raise

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
