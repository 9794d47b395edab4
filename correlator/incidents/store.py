"""The write side: one transaction for each step, so that a kill -9 at any moment loses and doubles nothing."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Connection, delete, or_, select, text, update

from correlator.incidents.book import KNOWN_FOR, Book, Step
from correlator.incidents.database import BUSY_SECONDS, Database
from correlator.incidents.errors import StoreConflictError
from correlator.incidents.instants import instant, microseconds
from correlator.incidents.lifecycle import Event
from correlator.incidents.rows import read_incident
from correlator.incidents.tables import (
    BodyRow,
    EpisodeRow,
    EventRow,
    EvidenceRow,
    IncidentRow,
    KeyRow,
    LogsRow,
    ProgressRow,
    SequenceRow,
)
from correlator.incidents.writing import Writing
from correlator.model.incident import State

PRUNED_AT_ONCE = 200
"""Incidents that one transaction of `prune` deletes, or one episode: others wait for a moment at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed:
    """Where a cluster was left: the last committed step, the engine's memory of it, and the book after it."""

    step: int
    memory: bytes
    book: Book


class Store:
    """Keeps what the engine found. One process writes the steps of a cluster; any number read (`Incidents`)."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, location: str | Path, *, busy_seconds: float = BUSY_SECONDS) -> "Store":
        """The store at a path (SQLite) or SQLAlchemy URL, made or migrated where needed. Raises StoreError."""
        return cls(Database.open(location, busy_seconds=busy_seconds))

    def close(self) -> None:
        """Give the connections back; nothing is pending."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def database(self) -> Database:
        """What it is kept in, for those that keep something beside it."""
        return self._database

    def resume(self, cluster: str) -> Resumed | None:
        """Where this cluster was left; None when no step was ever committed. Raises StoreError."""
        with self._database.read() as connection:
            row = connection.execute(
                select(ProgressRow.step, ProgressRow.memory).where(ProgressRow.cluster == cluster)
            ).one_or_none()
            if row is None:
                return None
            return Resumed(step=row.step, memory=row.memory, book=self._book(connection, cluster, row.step))

    def commit_step(
        self, step: Step, memory: bytes, beside: Callable[[Connection], None] | None = None
    ) -> tuple[Event, ...]:
        """Make a step durable with the engine's memory of it, all or nothing, and return its log entries.

        What `beside` writes belongs to the same transaction.

        A step that was committed before changes nothing and has no entries. Raises StoreConflictError when the stored
        step is not the one that this follows; any StoreError leaves the last committed step as it was.
        """
        with self._database.write() as connection:
            sequence = connection.execute(select(SequenceRow.last).with_for_update()).scalar_one()
            stored = connection.execute(
                select(ProgressRow.step).where(ProgressRow.cluster == step.book.cluster).with_for_update()
            ).scalar_one_or_none()
            if stored is not None and step.at <= stored:
                return ()
            if stored != step.follows:
                raise StoreConflictError(
                    self._database.where,
                    f"step {step.at} follows {step.follows}, but {stored} is stored",
                    "resume from the store; let one daemon write a cluster",
                )
            events = Writing(connection, self._database.where).write(step, memory, sequence)
            if beside is not None:
                beside(connection)
            return events

    def prune(self, before: datetime) -> int:
        """Delete what was over before an instant, and return how many incidents that was.

        Whole episodes go, and only those that no later step can touch. It works in short transactions, so that a
        failure (StoreError) leaves whole episodes deleted or kept.
        """
        pruned = 0
        for cluster, step in self._progress().items():
            oldest = min(microseconds(before), microseconds(instant(step) - KNOWN_FOR))
            while episodes := self._long_over(cluster, oldest):
                pruned += self._delete(episodes)
        self._analyze()
        return pruned

    def check_writable(self) -> None:
        """Raise the StoreError that a commit would meet for lack of a lock, permission, or a sound database."""
        with self._database.write_or_undo() as connection:
            connection.execute(update(SequenceRow).values(last=SequenceRow.last))

    def _book(self, connection: Connection, cluster: str, step: int) -> Book:
        may_change = select(EpisodeRow.id).where(
            EpisodeRow.cluster == cluster,
            or_(
                EpisodeRow.state == State.OPEN.value,
                EpisodeRow.updated_us >= microseconds(instant(step) - KNOWN_FOR),
            ),
        )
        rows = connection.execute(
            select(IncidentRow.id, BodyRow.body, BodyRow.feedback)
            .join(BodyRow, BodyRow.incident_id == IncidentRow.id)
            .where(IncidentRow.episode_id.in_(may_change))
        )
        where = self._database.where
        return Book.of(cluster, step, [read_incident(where, row.id, row.body, row.feedback) for row in rows])

    def _progress(self) -> dict[str, int]:
        with self._database.read() as connection:
            rows = connection.execute(select(ProgressRow.cluster, ProgressRow.step))
            return {row.cluster: row.step for row in rows}

    def _long_over(self, cluster: str, before_us: int) -> list[str]:
        """The oldest episodes that were over before an instant: as many as one transaction may delete."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(EpisodeRow.id, EpisodeRow.size)
                .where(
                    EpisodeRow.cluster == cluster,
                    EpisodeRow.state == State.RESOLVED.value,
                    EpisodeRow.updated_us < before_us,
                )
                .order_by(EpisodeRow.updated_us, EpisodeRow.id)
                .limit(PRUNED_AT_ONCE)
            ).all()
        sizes = accumulate(row.size for row in rows)
        return [row.id for row, size in zip(rows, sizes, strict=True) if size <= PRUNED_AT_ONCE or row is rows[0]]

    def _delete(self, episodes: list[str]) -> int:
        """Delete episodes with all that belongs to them; returns how many incidents they had."""
        with self._database.write() as connection:
            members = select(IncidentRow.id).where(IncidentRow.episode_id.in_(episodes))
            for row in (EventRow, KeyRow, EvidenceRow, LogsRow, BodyRow):
                connection.execute(delete(row).where(row.incident_id.in_(members)))
            deleted = connection.execute(delete(IncidentRow).where(IncidentRow.episode_id.in_(episodes)))
            connection.execute(delete(EpisodeRow).where(EpisodeRow.id.in_(episodes)))
            return deleted.rowcount

    def _analyze(self) -> None:
        """Let SQLite look at a sample of each index, so that it takes the selective one; a server does so itself."""
        if self._database.is_sqlite:
            with self._database.write() as connection:
                connection.execute(text("PRAGMA analysis_limit=1000"))
                connection.execute(text("ANALYZE"))
