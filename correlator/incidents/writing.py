"""The rows of one step, written within a transaction that somebody else holds."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

from sqlalchemy import Connection, bindparam, delete, insert, select, tuple_, update

from correlator.incidents.book import Step
from correlator.incidents.codec import from_json, pack
from correlator.incidents.errors import StoreError
from correlator.incidents.instants import instant, microseconds
from correlator.incidents.lifecycle import Event, Transition
from correlator.incidents.rows import episode_values, incident_values, keys_of, unreadable
from correlator.incidents.tables import (
    BodyRow,
    CountRow,
    EpisodeRow,
    EventRow,
    EvidenceRow,
    IncidentRow,
    KeyRow,
    ProgressRow,
    SequenceRow,
)
from correlator.model.finding import Evidence
from correlator.model.incident import Feedback, Incident

Row: TypeAlias = dict[str, object]
Item = TypeVar("Item")

AT_ONCE = 400
"""Identities in one IN list: below every database's limit of parameters."""


@dataclass(frozen=True, slots=True)
class _Stored:
    """What is known of an incident that is there already."""

    counted: frozenset[str]
    feedback: str | None


class Writing:
    """Writes one step. The caller has checked that it is the next one, and commits or rolls back."""

    def __init__(self, connection: Connection, where: str) -> None:
        self._connection = connection
        self._where = where

    def write(self, step: Step, memory: bytes, sequence: int) -> tuple[Event, ...]:
        """Write all of a step; `sequence` is the last one in the log. Returns the new entries of the log."""
        newest = {transition.incident.id: transition.incident for transition in step.transitions}
        stored = self._stored(newest)
        self._bodies(newest, stored)
        self._incidents(newest, stored, step)
        self._evidence(step.transitions)
        self._keys(newest, stored)
        self._episodes(step)
        self._progress(step, memory)
        return self._events(step, stored, sequence)

    def _stored(self, incidents: Iterable[str]) -> dict[str, _Stored]:
        stored: dict[str, _Stored] = {}
        for some in _batches(list(incidents)):
            rows = self._connection.execute(
                select(IncidentRow.id, IncidentRow.counted_verdicts, BodyRow.feedback)
                .join(BodyRow, BodyRow.incident_id == IncidentRow.id)
                .where(IncidentRow.id.in_(some))
            )
            stored |= {row.id: _Stored(frozenset(row.counted_verdicts.split(",")), row.feedback) for row in rows}
        return stored

    def _incidents(self, newest: dict[str, Incident], stored: dict[str, _Stored], step: Step) -> None:
        """Rows of incidents; each counts once under every verdict that it had."""
        had: dict[str, set[str]] = defaultdict(set)
        for transition in step.transitions:
            had[transition.incident.id].add(transition.incident.verdict.value)
        totals: Counter[str] = Counter()
        values = []
        for identity, incident in newest.items():
            counted = stored[identity].counted if identity in stored else frozenset()
            totals.update(had[identity] - counted)
            values.append({**incident_values(incident), "counted_verdicts": ",".join(sorted(had[identity] | counted))})
        self._put(IncidentRow, "id", values, set(stored))
        self._count(step.book.cluster, totals)

    def _count(self, cluster: str, totals: Counter[str]) -> None:
        if not totals:
            return
        rows = self._connection.execute(select(CountRow.verdict, CountRow.total).where(CountRow.cluster == cluster))
        known = {row.verdict: row.total for row in rows}
        for verdict, more in sorted(totals.items()):
            if verdict in known:
                self._connection.execute(
                    update(CountRow)
                    .where(CountRow.cluster == cluster, CountRow.verdict == verdict)
                    .values(total=known[verdict] + more)
                )
            else:
                self._connection.execute(insert(CountRow).values(cluster=cluster, verdict=verdict, total=more))

    def _bodies(self, newest: dict[str, Incident], stored: dict[str, _Stored]) -> None:
        """Whole incidents; what a person said of them has a column of its own, which is left alone."""
        values: list[Row] = [
            {"incident_id": identity, "body": self._packed(replace(incident, feedback=None))}
            for identity, incident in newest.items()
        ]
        self._put(BodyRow, "incident_id", values, set(stored))

    def _evidence(self, transitions: Iterable[Transition]) -> None:
        newest = {each.incident.id: each.evidence for each in transitions if each.evidence is not None}
        known: set[str] = set()
        for some in _batches(list(newest)):
            known |= set(
                self._connection.scalars(select(EvidenceRow.incident_id).where(EvidenceRow.incident_id.in_(some)))
            )
        values: list[Row] = [{"incident_id": key, "body": self._packed(value)} for key, value in newest.items()]
        self._put(EvidenceRow, "incident_id", values, known)

    def _keys(self, newest: dict[str, Incident], stored: dict[str, _Stored]) -> None:
        wanted = {
            (kind, key, microseconds(incident.detected_at), identity)
            for identity, incident in newest.items()
            for kind, key in keys_of(incident)
        }
        columns = (KeyRow.kind, KeyRow.key, KeyRow.detected_us, KeyRow.incident_id)
        present = {
            (row.kind, row.key, row.detected_us, row.incident_id)
            for some in _batches(list(stored))
            for row in self._connection.execute(select(*columns).where(KeyRow.incident_id.in_(some)))
        }
        for some in _batches(sorted(present - wanted)):
            self._connection.execute(delete(KeyRow).where(tuple_(*columns).in_(some)))
        new = [dict(zip(("kind", "key", "detected_us", "incident_id"), row, strict=True)) for row in wanted - present]
        if new:
            self._connection.execute(insert(KeyRow), new)

    def _episodes(self, step: Step) -> None:
        detected: dict[str, int] = {}
        for transition in step.transitions:
            incident = transition.incident
            at_us = microseconds(incident.detected_at)
            detected[incident.episode_id] = min(at_us, detected.get(incident.episode_id, at_us))
        known: dict[str, int] = {}
        for some in _batches([episode.id for episode in step.episodes]):
            rows = self._connection.execute(
                select(EpisodeRow.id, EpisodeRow.detected_us).where(EpisodeRow.id.in_(some))
            )
            known |= {row.id: row.detected_us for row in rows}
        updated_us = microseconds(instant(step.at))
        values = [
            episode_values(episode, known.get(episode.id, detected.get(episode.id, 0)), updated_us)
            for episode in step.episodes
            if episode.id in known or episode.incident_ids
        ]
        self._put(EpisodeRow, "id", values, set(known))

    def _progress(self, step: Step, memory: bytes) -> None:
        values = {"cluster": step.book.cluster, "step": step.at, "memory": memory}
        self._put(ProgressRow, "cluster", [values], {step.book.cluster} if step.follows is not None else set())

    def _events(self, step: Step, stored: dict[str, _Stored], last: int) -> tuple[Event, ...]:
        events = tuple(
            Event(
                sequence=last + number,
                at=transition.incident.updated_at,
                kind=transition.kind,
                incident=self._with_feedback(transition.incident, stored.get(transition.incident.id)),
            )
            for number, transition in enumerate(step.transitions, start=1)
        )
        if events:
            self._connection.execute(
                insert(EventRow),
                [
                    {
                        "sequence": event.sequence,
                        "at_us": microseconds(event.at),
                        "kind": event.kind.value,
                        "incident_id": event.incident.id,
                    }
                    for event in events
                ],
            )
            self._connection.execute(update(SequenceRow).values(last=events[-1].sequence))
        return events

    def _with_feedback(self, incident: Incident, stored: _Stored | None) -> Incident:
        if stored is None or stored.feedback is None:
            return incident
        try:
            return replace(incident, feedback=from_json(Feedback, stored.feedback))
        except ValueError as error:
            raise unreadable(self._where, f"feedback of incident {incident.id}", error) from error

    def _packed(self, value: Incident | Evidence) -> bytes:
        try:
            return pack(value)
        except ValueError as error:
            raise StoreError(self._where, f"not stored: {error}", "") from error

    def _put(self, table: type, key: str, values: Sequence[Row], known: set[str]) -> None:
        """Insert the rows whose key is new, update those whose key is known."""
        new = [row for row in values if row[key] not in known]
        old = [row for row in values if row[key] in known]
        if new:
            self._connection.execute(insert(table), new)
        if old:
            columns = [name for name in old[0] if name != key]
            statement = (
                update(table)
                .where(getattr(table, key) == bindparam("its_key"))
                .values({name: bindparam(f"its_{name}") for name in columns})
            )
            self._connection.execute(
                statement, [{"its_key": row[key], **{f"its_{name}": row[name] for name in columns}} for row in old]
            )


def _batches(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), AT_ONCE):
        yield items[start : start + AT_ONCE]
