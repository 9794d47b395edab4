"""What is to be delivered, and how far each sink has heard the log of events: durable, so that a restart loses nothing.

A row is written in one transaction with the cursor that says that its event was heard, and deleted once it has
arrived. Whoever dies in between sends it again, the same to the last byte. What is given up becomes a dead letter.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, exists, func, insert, literal, select, update
from sqlalchemy.orm import aliased

from correlator.incidents.database import BUSY_SECONDS, Database
from correlator.incidents.instants import from_microseconds, microseconds
from correlator.incidents.tables import CursorRow, DeadLetterRow, OutboxRow


@dataclass(frozen=True, slots=True)
class Number:
    """What tells one delivery from another: its event in the log, and which of that event's parcels it is."""

    sequence: int
    part: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A delivery that waits. `at` is when what it tells happened; `attempts` have failed so far."""

    number: Number
    group: str
    at: datetime
    body: bytes
    attempts: int = 0


@dataclass(frozen=True, slots=True)
class Postponed:
    """A delivery that failed and is due again later."""

    number: Number
    until: datetime


@dataclass(frozen=True, slots=True)
class Dead:
    """A delivery that is given up, when and why."""

    number: Number
    at: datetime
    reason: str


class Outbox:
    """The deliveries of one cluster to one sink. Every method may raise StoreError."""

    def __init__(self, database: Database, cluster: str, sink: str) -> None:
        self._database = database
        self._cluster = cluster
        self._sink = sink
        self._ours = and_(OutboxRow.cluster == cluster, OutboxRow.sink == sink)
        self._our_cursor = and_(CursorRow.cluster == cluster, CursorRow.sink == sink)

    @classmethod
    def open(cls, location: str | Path, cluster: str, sink: str, *, busy_seconds: float = BUSY_SECONDS) -> Self:
        """In the store at a path (SQLite) or SQLAlchemy URL."""
        return cls(Database.open(location, busy_seconds=busy_seconds), cluster, sink)

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()

    def cursor(self) -> int | None:
        """The sequence of the last event that was heard; None where none ever was."""
        with self._database.read() as connection:
            return connection.scalar(select(CursorRow.sequence).where(self._our_cursor))

    def take_in(self, heard: int, deliveries: Sequence[Kept]) -> None:
        """Keep deliveries, and that all events up to `heard` were heard: both or neither."""
        rows = [
            {
                "cluster": self._cluster,
                "sink": self._sink,
                "sequence": each.number.sequence,
                "part": each.number.part,
                "order_group": each.group,
                "at_us": microseconds(each.at),
                "due_us": 0,
                "attempts": each.attempts,
                "body": each.body,
            }
            for each in deliveries
        ]
        with self._database.write() as connection:
            if rows:
                connection.execute(insert(OutboxRow), rows)
            moved = connection.execute(update(CursorRow).where(self._our_cursor).values(sequence=heard))
            if not moved.rowcount:
                connection.execute(insert(CursorRow).values(cluster=self._cluster, sink=self._sink, sequence=heard))

    def due(self, now: datetime, limit: int) -> tuple[Kept, ...]:
        """The oldest deliveries that may be tried now: none whose group waits for an earlier one."""
        earlier = aliased(OutboxRow)
        before = (earlier.sequence < OutboxRow.sequence) | (
            (earlier.sequence == OutboxRow.sequence) & (earlier.part < OutboxRow.part)
        )
        is_held_up = exists().where(
            earlier.cluster == self._cluster,
            earlier.sink == self._sink,
            earlier.order_group == OutboxRow.order_group,
            earlier.due_us > microseconds(now),
            before,
        )
        statement = (
            select(
                OutboxRow.sequence,
                OutboxRow.part,
                OutboxRow.order_group,
                OutboxRow.at_us,
                OutboxRow.body,
                OutboxRow.attempts,
            )
            .where(self._ours, OutboxRow.due_us <= microseconds(now), ~is_held_up)
            .order_by(OutboxRow.sequence, OutboxRow.part)
            .limit(limit)
        )
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        return tuple(
            Kept(
                number=Number(row.sequence, row.part),
                group=row.order_group,
                at=from_microseconds(row.at_us),
                body=row.body,
                attempts=row.attempts,
            )
            for row in rows
        )

    def settle(self, done: Collection[Number], postponed: Postponed | None = None, dead: Collection[Dead] = ()) -> None:
        """Forget what has arrived or never will, keep the `dead` of these apart, say when a failed one is due again."""
        with self._database.write() as connection:
            for each in dead:
                self._bury(connection, each)
            if done:
                gone = [{"b_sequence": each.sequence, "b_part": each.part} for each in done]
                connection.execute(delete(OutboxRow).where(self._ours, *_IS), gone)
            if postponed is not None:
                connection.execute(
                    update(OutboxRow)
                    .where(self._ours, *_is(postponed.number))
                    .values(due_us=microseconds(postponed.until), attempts=OutboxRow.attempts + 1)
                )

    def _bury(self, connection: Connection, dead: Dead) -> None:
        said = {"died_us": literal(microseconds(dead.at)), "reason": literal(dead.reason)}
        names = [column.name for column in DeadLetterRow.__table__.columns]
        columns: list[Any] = [said[name] if name in said else getattr(OutboxRow, name) for name in names]
        source = select(*columns).where(self._ours, *_is(dead.number))
        connection.execute(insert(DeadLetterRow).from_select(names, source))

    def dead(self) -> int:
        """How many were given up and are kept."""
        ours = and_(DeadLetterRow.cluster == self._cluster, DeadLetterRow.sink == self._sink)
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(DeadLetterRow).where(ours)).scalar_one()

    def prune(self, before: datetime) -> None:
        """Delete those that were given up before an instant."""
        ours = and_(DeadLetterRow.cluster == self._cluster, DeadLetterRow.sink == self._sink)
        with self._database.write() as connection:
            connection.execute(delete(DeadLetterRow).where(ours, DeadLetterRow.died_us < microseconds(before)))

    def waiting(self) -> int:
        """How many deliveries wait."""
        with self._database.read() as connection:
            return connection.execute(select(func.count()).select_from(OutboxRow).where(self._ours)).scalar_one()


_IS = OutboxRow.sequence == bindparam("b_sequence"), OutboxRow.part == bindparam("b_part")


def _is(number: Number) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return OutboxRow.sequence == number.sequence, OutboxRow.part == number.part
