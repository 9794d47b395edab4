"""The read side: what the web and publishers know of incidents. It sees whole steps, never a half one."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from sqlalchemy import Select, insert, select, update

from correlator.incidents.codec import pack, to_json, unpack
from correlator.incidents.database import BUSY_SECONDS, Database
from correlator.incidents.instants import from_microseconds
from correlator.incidents.lifecycle import Event, TransitionKind
from correlator.incidents.query import EpisodeQuery, IncidentQuery, Page, Position, checked_limit
from correlator.incidents.rows import read_episode, read_incident, unreadable
from correlator.incidents.statements import episodes_page, incidents_page
from correlator.incidents.tables import (
    BodyRow,
    EpisodeRow,
    EventRow,
    EvidenceRow,
    LogsRow,
    ProgressRow,
    SequenceRow,
)
from correlator.incidents.totals import totals
from correlator.model.finding import Evidence, Verdict
from correlator.model.incident import Episode, Feedback, Incident, Moment
from correlator.model.logs import LogEvidence

PAGE = 50
LONGEST_HISTORY = 1000


class Incidents:
    """Answers questions about stored incidents, over connections of its own. Every method may raise StoreError."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def open(cls, location: str | Path, *, busy_seconds: float = BUSY_SECONDS) -> "Incidents":
        """The store at a path (SQLite) or SQLAlchemy URL, made or migrated where needed."""
        return cls(Database.open(location, busy_seconds=busy_seconds))

    def close(self) -> None:
        """Give the connections back."""
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def search(
        self, query: IncidentQuery | None = None, *, limit: int = PAGE, cursor: str | None = None
    ) -> Page[Incident]:
        """A page of the incidents asked for, newest first. Raises InvalidQueryError for a bad limit or cursor."""
        after = Position.decode(cursor) if cursor else None
        statement = incidents_page(query or IncidentQuery(), after, checked_limit(limit) + 1)
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        where = self._database.where
        items = tuple(read_incident(where, row.id, row.body, row.feedback) for row in rows[:limit])
        return Page(items, _cursor([(row.detected_us, row.id) for row in rows], limit))

    def every(self, query: IncidentQuery | None = None) -> Iterator[Incident]:
        """All incidents asked for, newest first, page by page."""
        cursor: str | None = None
        while True:
            page = self.search(query, limit=PAGE, cursor=cursor)
            yield from page.items
            cursor = page.next_cursor
            if cursor is None:
                return

    def get(self, identity: str) -> Incident | None:
        """One incident; None when there is none of that identity."""
        with self._database.read() as connection:
            row = connection.execute(
                select(BodyRow.body, BodyRow.feedback).where(BodyRow.incident_id == identity)
            ).one_or_none()
        return None if row is None else read_incident(self._database.where, identity, row.body, row.feedback)

    def evidence(self, identity: str) -> Evidence | None:
        """The series behind an incident, of its newest look; None when there is no such incident, or no series."""
        with self._database.read() as connection:
            body = connection.scalar(select(EvidenceRow.body).where(EvidenceRow.incident_id == identity))
        try:
            return None if body is None else unpack(Evidence, body)
        except ValueError as error:
            raise unreadable(self._database.where, f"evidence of incident {identity}", error) from error

    def logs(self, identity: str) -> LogEvidence | None:
        """What logs say of an incident; None where nobody looked yet."""
        with self._database.read() as connection:
            return self._logs(identity, connection.scalar(_logs_of(identity)))

    def keep_logs(self, identity: str, logs: LogEvidence) -> bool:
        """Keep what logs say of an incident, unless more is known already; whether it was kept.

        It is a transaction of its own, later than the step's. The same again changes nothing; what is told of an
        incident that is not there (any more) is not kept.
        """
        with self._database.write() as connection:
            incident = select(BodyRow.incident_id).where(BodyRow.incident_id == identity).with_for_update()
            if connection.scalar(incident) is None:
                return False
            known = self._logs(identity, connection.scalar(_logs_of(identity)))
            if known is None:
                connection.execute(insert(LogsRow).values(incident_id=identity, body=pack(logs)))
                return True
            if not logs.replaces(known):
                return False
            connection.execute(update(LogsRow).where(LogsRow.incident_id == identity).values(body=pack(logs)))
            return True

    def _logs(self, identity: str, body: bytes | None) -> LogEvidence | None:
        try:
            return None if body is None else unpack(LogEvidence, body)
        except ValueError as error:
            raise unreadable(self._database.where, f"logs of incident {identity}", error) from error

    def episodes(
        self, query: EpisodeQuery | None = None, *, limit: int = PAGE, cursor: str | None = None
    ) -> Page[Episode]:
        """A page of the episodes asked for, newest first. Raises InvalidQueryError for a bad limit or cursor."""
        after = Position.decode(cursor) if cursor else None
        statement = episodes_page(query or EpisodeQuery(), after, checked_limit(limit) + 1)
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        items = tuple(read_episode(self._database.where, row.id, row.body) for row in rows[:limit])
        return Page(items, _cursor([(row.detected_us, row.id) for row in rows], limit))

    def episode(self, identity: str) -> Episode | None:
        """One episode; None when there is none. One whose only incident moved to another is resolved, without any."""
        with self._database.read() as connection:
            body = connection.scalar(select(EpisodeRow.body).where(EpisodeRow.id == identity))
        return None if body is None else read_episode(self._database.where, identity, body)

    def events_after(self, sequence: int, *, limit: int = 100) -> tuple[Event, ...]:
        """The oldest entries of the log beyond a sequence, in order; those of pruned incidents are gone."""
        statement = (
            select(
                EventRow.sequence, EventRow.at_us, EventRow.kind, EventRow.incident_id, BodyRow.body, BodyRow.feedback
            )
            .join(BodyRow, BodyRow.incident_id == EventRow.incident_id)
            .where(EventRow.sequence > sequence)
            .order_by(EventRow.sequence)
            .limit(checked_limit(limit))
        )
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        return tuple(
            Event(
                sequence=row.sequence,
                at=from_microseconds(row.at_us),
                kind=TransitionKind(row.kind),
                incident=read_incident(self._database.where, row.incident_id, row.body, row.feedback),
            )
            for row in rows
        )

    def moments(self, identity: str) -> tuple[Moment, ...]:
        """What happened to an incident, oldest first; empty when there is none of that identity."""
        statement = (
            select(EventRow.at_us, EventRow.kind)
            .where(EventRow.incident_id == identity)
            .order_by(EventRow.sequence)
            .limit(LONGEST_HISTORY)
        )
        with self._database.read() as connection:
            rows = connection.execute(statement).all()
        return tuple(Moment(from_microseconds(row.at_us), TransitionKind(row.kind)) for row in rows)

    def last_sequence(self) -> int:
        """The newest sequence of the log ever given: where a stream that wants no past begins. 0: none yet."""
        with self._database.read() as connection:
            return connection.execute(select(SequenceRow.last)).scalar_one()

    def last_step(self, cluster: str) -> int | None:
        """The last committed step of a cluster in epoch seconds; None when there is none."""
        with self._database.read() as connection:
            return connection.scalar(select(ProgressRow.step).where(ProgressRow.cluster == cluster))

    def counts(self, cluster: str | None = None) -> dict[Verdict, int]:
        """How many incidents ever had each verdict, pruned ones too: counters that never fall.

        One whose verdict changed at a later look counts under each that it had.
        """
        with self._database.read() as connection:
            return totals(connection, cluster)

    def add_feedback(self, identity: str, feedback: Feedback) -> Incident | None:
        """Keep what a person said of a verdict, in place of what was said before; None: there is no such incident."""
        with self._database.write() as connection:
            connection.execute(
                update(BodyRow).where(BodyRow.incident_id == identity).values(feedback=to_json(feedback).decode())
            )
        return self.get(identity)


def _logs_of(identity: str) -> Select[bytes]:
    return select(LogsRow.body).where(LogsRow.incident_id == identity)


def _cursor(places: Sequence[tuple[int, str]], limit: int) -> str | None:
    """Where the next page begins, when one place more than the page was found."""
    return Position(*places[limit - 1]).encode() if len(places) > limit else None
