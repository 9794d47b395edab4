"""What was not delivered, and a second chance for what was given up."""

import base64
import binascii
import re
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from sqlalchemy import and_, delete, insert, literal, null, select, tuple_

from correlator.incidents.database import BUSY_SECONDS, Database
from correlator.incidents.errors import InvalidQueryError
from correlator.incidents.instants import from_microseconds, microseconds
from correlator.incidents.query import Page, checked_limit
from correlator.incidents.tables import DeadLetterRow, OutboxRow

_ID = re.compile(r"(.{1,200})~(\d{1,18})~(\d{1,9})")


class DeliveryState(StrEnum):
    """Whether it is still tried."""

    WAITING = "waiting"
    DEAD = "dead"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undelivered:
    """A delivery that has not arrived. `at` is when what it tells happened, `group` what it is in order with.

    Of one that waits, `due_at` is when it is tried next, None: now. Of one that was given up, `died_at` and `reason`
    say when and why.
    """

    id: str
    sink: str
    state: DeliveryState
    group: str
    at: datetime
    attempts: int
    due_at: datetime | None = None
    died_at: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Key:
    """What tells a delivery from all others, as an id for the world outside."""

    sink: str
    sequence: int
    part: int

    def encode(self) -> str:
        plain = f"{self.sink}~{self.sequence}~{self.part}"
        return base64.urlsafe_b64encode(plain.encode()).decode().rstrip("=")

    @classmethod
    def decode(cls, told: str) -> "_Key | None":
        try:
            plain = base64.b64decode(told + "=" * (-len(told) % 4), altchars=b"-_", validate=True).decode()
        except (binascii.Error, ValueError):
            return None
        parts = _ID.fullmatch(plain)
        return cls(parts[1], int(parts[2]), int(parts[3])) if parts else None


class DeliveryLog:
    """The undelivered of one cluster, of all sinks. Every method may raise StoreError."""

    def __init__(self, database: Database, cluster: str) -> None:
        self._database = database
        self._cluster = cluster

    @classmethod
    def open(cls, location: str | Path, cluster: str, *, busy_seconds: float = BUSY_SECONDS) -> Self:
        """In the store at a path (SQLite) or SQLAlchemy URL."""
        return cls(Database.open(location, busy_seconds=busy_seconds), cluster)

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()

    def search(
        self, state: DeliveryState, sink: str | None = None, *, limit: int = 100, cursor: str | None = None
    ) -> Page[Undelivered]:
        """A page, by sink and then the oldest first. Raises InvalidQueryError for a bad limit or cursor."""
        table: type[OutboxRow | DeadLetterRow] = DeadLetterRow if state is DeliveryState.DEAD else OutboxRow
        own: tuple[Any, ...] = (
            (DeadLetterRow.died_us, DeadLetterRow.reason, null().label("due_us"))
            if state is DeliveryState.DEAD
            else (null().label("died_us"), literal("").label("reason"), OutboxRow.due_us)
        )
        keys = (table.sink, table.sequence, table.part)
        statement = (
            select(*keys, table.order_group, table.at_us, table.attempts, *own)
            .where(table.cluster == self._cluster)
            .order_by(*keys)
            .limit(checked_limit(limit) + 1)
        )
        if sink is not None:
            statement = statement.where(table.sink == sink)
        if cursor is not None:
            after = _Key.decode(cursor)
            if after is None:
                raise InvalidQueryError("cursor", "a next_cursor of an earlier answer is expected")
            statement = statement.where(tuple_(*keys) > tuple_(after.sink, after.sequence, after.part))
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        items = tuple(
            Undelivered(
                id=_Key(row.sink, row.sequence, row.part).encode(),
                sink=row.sink,
                state=state,
                group=row.order_group,
                at=from_microseconds(row.at_us),
                attempts=row.attempts,
                due_at=from_microseconds(row.due_us) if row.due_us else None,
                died_at=from_microseconds(row.died_us) if row.died_us else None,
                reason=row.reason,
            )
            for row in rows[:limit]
        )
        return Page(items, items[-1].id if len(rows) > limit else None)

    def retry(self, identity: str, now: datetime) -> bool:
        """Have one that was given up tried again, as if what it tells happened now; False where it is not there."""
        key = _Key.decode(identity)
        if key is None:
            return False
        told = and_(
            DeadLetterRow.cluster == self._cluster,
            DeadLetterRow.sink == key.sink,
            DeadLetterRow.sequence == key.sequence,
            DeadLetterRow.part == key.part,
        )
        anew = {"at_us": literal(microseconds(now)), "due_us": literal(0), "attempts": literal(0)}
        names = [column.name for column in OutboxRow.__table__.columns]
        columns = [anew[name] if name in anew else getattr(DeadLetterRow, name) for name in names]
        with self._database.write() as connection:
            connection.execute(insert(OutboxRow).from_select(names, select(*columns).where(told)))
            return bool(connection.execute(delete(DeadLetterRow).where(told)).rowcount)
