"""Notifications of Alertmanager: durable before they are answered, and told in the transaction that says so."""

import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, delete, func, insert, select, update

from correlator.incidents.database import BUSY_SECONDS, Database
from correlator.incidents.instants import from_microseconds, microseconds
from correlator.incidents.tables import FingerprintRow, NotificationRow, OutboxRow

NOBODY_TOLD = -1
"""The revision of a notification of which nothing was told yet."""
MOST_PRUNED = 500
"""Notifications that one transaction deletes: others wait for a moment at most."""
_LEVEL = 1  # it is written before it is answered: time counts for more than room
_COLUMNS = (
    NotificationRow.sequence,
    NotificationRow.order_group,
    NotificationRow.content,
    NotificationRow.repeat,
    NotificationRow.received_us,
    NotificationRow.revision,
    NotificationRow.told,
    NotificationRow.body,
)


class Progress(StrEnum):
    """How far a notification is: nobody was told, told and watched for news, done with."""

    WAITING = "waiting"
    WATCHED = "watched"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What is to be kept. `group` orders, `content` says which alerts of it are in which state; `body` is JSON."""

    group: str
    content: str
    received_at: datetime
    fingerprints: Collection[str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptNotification:
    """One that was kept. `repeat` counts how often the group said the same before."""

    sequence: int
    group: str
    content: str
    repeat: int
    received_at: datetime
    revision: int
    told: str
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """What receivers are to be sent of a notification, and what is known of it from then on."""

    sequence: int
    group: str
    revision: int
    told: str
    progress: Progress
    at: datetime
    body: bytes


class Inbox:
    """The notifications of one cluster. Every method may raise StoreError."""

    def __init__(self, database: Database, cluster: str) -> None:
        self._database = database
        self._cluster = cluster
        self._ours = NotificationRow.cluster == cluster

    @classmethod
    def open(cls, location: str | Path, cluster: str, *, busy_seconds: float = BUSY_SECONDS) -> Self:
        """In the store at a path (SQLite) or SQLAlchemy URL."""
        return cls(Database.open(location, busy_seconds=busy_seconds), cluster)

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()

    def keep(self, arrivals: Iterable[Arrival], doubles_within: timedelta) -> tuple[bool, ...]:
        """Keep all of them or none; False for each that its group said within that time already.

        Two Alertmanagers that do not hear each other say the same twice, and one that missed our answer says it again.
        """
        with self._database.write() as connection:
            return tuple(self._keep(connection, each, doubles_within) for each in arrivals)

    def _keep(self, connection: Connection, arrival: Arrival, doubles_within: timedelta) -> bool:
        last = connection.execute(
            select(NotificationRow.received_us, NotificationRow.repeat)
            .where(self._ours, NotificationRow.order_group == arrival.group, NotificationRow.content == arrival.content)
            .order_by(NotificationRow.repeat.desc())
            .limit(1)
        ).one_or_none()
        if last is not None and arrival.received_at - from_microseconds(last.received_us) <= doubles_within:
            return False
        made = connection.execute(
            insert(NotificationRow).values(
                cluster=self._cluster,
                order_group=arrival.group,
                content=arrival.content,
                repeat=0 if last is None else last.repeat + 1,
                received_us=microseconds(arrival.received_at),
                progress=Progress.WAITING.value,
                revision=NOBODY_TOLD,
                told="",
                body=zlib.compress(arrival.body, _LEVEL),
            )
        )
        sequence = made.inserted_primary_key[0] if made.inserted_primary_key else 0
        marks = [
            {"cluster": self._cluster, "fingerprint": each, "sequence": sequence} for each in set(arrival.fingerprints)
        ]
        if marks:
            connection.execute(insert(FingerprintRow), marks)
        return True

    def pending(self, progress: Progress, after: int, limit: int) -> tuple[KeptNotification, ...]:
        """The oldest notifications that are so far, beyond a sequence."""
        statement = (
            select(*_COLUMNS)
            .where(self._ours, NotificationRow.progress == progress.value, NotificationRow.sequence > after)
            .order_by(NotificationRow.sequence)
            .limit(limit)
        )
        with self._database.read() as connection:
            return tuple(_kept(row) for row in connection.execute(statement))

    def count(self, progress: Progress) -> int:
        """How many are so far."""
        statement = select(func.count()).select_from(NotificationRow)
        with self._database.read() as connection:
            return connection.execute(
                statement.where(self._ours, NotificationRow.progress == progress.value)
            ).scalar_one()

    def tell(self, tellings: Sequence[Telling], sinks: Collection[str]) -> None:
        """Put tellings into the outboxes of all sinks, and remember them: all or nothing.

        What was told already, by whomever, is not told again. Of a group only the newest that was told stays watched.
        """
        with self._database.write() as connection:
            for each in tellings:
                if self._advance(connection, each) and sinks:
                    connection.execute(insert(OutboxRow), [self._row(each, sink) for sink in sinks])

    def _row(self, telling: Telling, sink: str) -> dict[str, object]:
        return {
            "cluster": self._cluster,
            "sink": sink,
            "sequence": telling.sequence,
            "part": telling.revision,
            "order_group": telling.group,
            "at_us": microseconds(telling.at),
            "due_us": 0,
            "attempts": 0,
            "body": telling.body,
        }

    def _advance(self, connection: Connection, telling: Telling) -> bool:
        moved = connection.execute(
            update(NotificationRow)
            .where(NotificationRow.sequence == telling.sequence, NotificationRow.revision < telling.revision)
            .values(progress=telling.progress.value, revision=telling.revision, told=telling.told)
        )
        connection.execute(
            update(NotificationRow)
            .where(
                self._ours,
                NotificationRow.order_group == telling.group,
                NotificationRow.sequence < telling.sequence,
                NotificationRow.progress == Progress.WATCHED.value,
            )
            .values(progress=Progress.DONE.value)
        )
        return bool(moved.rowcount)

    def finish(self, sequences: Collection[int]) -> None:
        """Watch these no more."""
        with self._database.write() as connection:
            for sequence in sequences:
                connection.execute(
                    update(NotificationRow)
                    .where(NotificationRow.sequence == sequence)
                    .values(progress=Progress.DONE.value)
                )

    def newest_of(self, fingerprint: str) -> KeptNotification | None:
        """The newest notification that speaks of an alert; None where none is kept."""
        statement = (
            select(*_COLUMNS)
            .join(FingerprintRow, FingerprintRow.sequence == NotificationRow.sequence)
            .where(FingerprintRow.cluster == self._cluster, FingerprintRow.fingerprint == fingerprint)
            .order_by(NotificationRow.sequence.desc())
            .limit(1)
        )
        with self._database.read() as connection:
            row = connection.execute(statement).one_or_none()
        return None if row is None else _kept(row)

    def prune(self, before: datetime) -> int:
        """Delete some that were received before an instant and are done with; how many."""
        old = (
            select(NotificationRow.sequence)
            .where(
                self._ours,
                NotificationRow.received_us < microseconds(before),
                NotificationRow.progress == Progress.DONE.value,
            )
            .limit(MOST_PRUNED)
        )
        with self._database.write() as connection:
            sequences = connection.scalars(old).all()
            connection.execute(delete(FingerprintRow).where(FingerprintRow.sequence.in_(sequences)))
            connection.execute(delete(NotificationRow).where(NotificationRow.sequence.in_(sequences)))
        return len(sequences)


def _kept(row: Any) -> KeptNotification:  # noqa: ANN401 - a row has the types of its statement
    return KeptNotification(
        sequence=row.sequence,
        group=row.order_group,
        content=row.content,
        repeat=row.repeat,
        received_at=from_microseconds(row.received_us),
        revision=row.revision,
        told=row.told,
        body=zlib.decompress(row.body),
    )
