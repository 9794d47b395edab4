"""Notifications of Alertmanager: durable before they are answered, and told in the transaction that says so."""

import zlib
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Connection, Update, delete, func, insert, select, update

from correlator.incidents.database import BUSY_SECONDS, Database
from correlator.incidents.instants import from_microseconds, microseconds
from correlator.incidents.tables import FingerprintRow, NotificationRow, OutboxRow

NOBODY_TOLD = -1
"""The revision of a notification of which nothing was told yet."""
NEVER = -1
"""How often what was never said was said before, less one."""
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
        told = list(arrivals)
        with self._database.write() as connection:
            last = self._said_last(connection, told)
            fresh: list[tuple[Arrival, int]] = []
            is_new: list[bool] = []
            for each in told:
                at, repeat = last.get((each.group, each.content), (None, NEVER))
                is_new.append(at is None or each.received_at - at > doubles_within)
                if is_new[-1]:
                    last[each.group, each.content] = each.received_at, repeat + 1
                    fresh.append((each, repeat + 1))
            if fresh:
                self._insert(connection, fresh)
        return tuple(is_new)

    def _said_last(
        self, connection: Connection, arrivals: Sequence[Arrival]
    ) -> dict[tuple[str, str], tuple[datetime | None, int]]:
        """When the groups said the same last, and how often."""
        statement = (
            select(
                NotificationRow.order_group,
                NotificationRow.content,
                func.max(NotificationRow.received_us).label("last_us"),
                func.max(NotificationRow.repeat).label("repeat"),
            )
            .where(
                self._ours,
                NotificationRow.order_group.in_({each.group for each in arrivals}),
                NotificationRow.content.in_({each.content for each in arrivals}),
            )
            .group_by(NotificationRow.order_group, NotificationRow.content)
        )
        rows = connection.execute(statement)
        return {(row.order_group, row.content): (from_microseconds(row.last_us), row.repeat) for row in rows}

    def _insert(self, connection: Connection, fresh: Sequence[tuple[Arrival, int]]) -> None:
        made = connection.scalars(
            insert(NotificationRow).returning(NotificationRow.sequence, sort_by_parameter_order=True),
            [
                {
                    "cluster": self._cluster,
                    "order_group": each.group,
                    "content": each.content,
                    "repeat": repeat,
                    "received_us": microseconds(each.received_at),
                    "progress": Progress.WAITING.value,
                    "revision": NOBODY_TOLD,
                    "told": "",
                    "body": zlib.compress(each.body, _LEVEL),
                }
                for each, repeat in fresh
            ],
        ).all()
        marks = [
            {"cluster": self._cluster, "fingerprint": fingerprint, "sequence": sequence}
            for sequence, (each, _) in zip(made, fresh, strict=True)
            for fingerprint in set(each.fingerprints)
        ]
        if marks:
            connection.execute(insert(FingerprintRow), marks)

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

    def tell(self, tellings: Sequence[Telling], sinks: Collection[str]) -> None:
        """Put tellings into the outboxes of all sinks, and remember them: all or nothing.

        What was told already, by whomever, is not told again. Of a group only the newest that was told stays watched.
        """
        with self._database.write() as connection:
            new = self._news(connection, tellings)
            for statement in self._advances(new):
                connection.execute(statement)
            if new and sinks:
                connection.execute(insert(OutboxRow), [self._row(each, sink) for each in new for sink in sinks])

    def _advances(self, new: Sequence[Telling]) -> Iterator[Update]:
        """Few statements for many: others wait for the end of the transaction."""
        newest = {each.group: each.sequence for each in sorted(new, key=lambda each: each.sequence)}
        alike: dict[tuple[str, int, str], list[int]] = {}
        for each in new:
            progress = each.progress if newest[each.group] == each.sequence else Progress.DONE
            alike.setdefault((progress.value, each.revision, each.told), []).append(each.sequence)
        for (progress_value, revision, told), sequences in alike.items():
            values = {"progress": progress_value, "revision": revision, "told": told}
            yield update(NotificationRow).where(NotificationRow.sequence.in_(sequences)).values(values)
        if newest:
            yield (
                update(NotificationRow)
                .where(
                    self._ours,
                    NotificationRow.order_group.in_(newest),
                    NotificationRow.sequence.not_in(newest.values()),
                    NotificationRow.sequence < max(newest.values()),
                    NotificationRow.progress == Progress.WATCHED.value,
                )
                .values(progress=Progress.DONE.value)
            )

    def _news(self, connection: Connection, tellings: Sequence[Telling]) -> list[Telling]:
        """Those that nobody told of yet."""
        statement = select(NotificationRow.sequence, NotificationRow.revision).where(
            NotificationRow.sequence.in_([each.sequence for each in tellings])
        )
        told = {row.sequence: row.revision for row in connection.execute(statement)}
        return [each for each in tellings if told.get(each.sequence, each.revision) < each.revision]

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

    def finish(self, sequences: Collection[int]) -> None:
        """Watch these no more."""
        with self._database.write() as connection:
            connection.execute(
                update(NotificationRow)
                .where(NotificationRow.sequence.in_(sequences))
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
