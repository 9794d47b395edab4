"""A store in memory, a state over it, and an application over that."""

# ruff: noqa: D102 - IncidentReads says what each does

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from fastapi import FastAPI
from fastapi.testclient import TestClient

from correlator.incidents.errors import InvalidQueryError
from correlator.incidents.lifecycle import Event, TransitionKind
from correlator.incidents.query import EpisodeQuery, IncidentQuery, Page
from correlator.model.finding import Evidence, Finding, Verdict
from correlator.model.incident import Episode, Feedback, Incident, Moment
from correlator.model.logs import LogEvidence
from correlator.model.series import SeriesReads
from correlator.model.snapshot import Snapshot
from correlator.model.topology import PodRef
from correlator.publish.status import EngineStatus
from correlator.web.app import create_app
from correlator.web.state import WebState
from tests.factories import STARTED, make_episode, make_evidence, make_finding, make_incident
from tests.kept import KeptSeries
from tests.snapshots import make_snapshot

NOW = STARTED + timedelta(minutes=6, seconds=20)


class FakeIncidents:
    """What the store's read side does, in memory. `fail_with` makes every call raise."""

    def __init__(
        self,
        incidents: Sequence[Incident] = (),
        evidence: Mapping[str, Evidence] | None = None,
        episodes: Sequence[Episode] = (),
    ) -> None:
        self._incidents = {incident.id: incident for incident in incidents}
        self._evidence = dict(evidence or {})
        self._episodes = {episode.id: episode for episode in episodes}
        self.logs_of: dict[str, LogEvidence] = {}
        self._events: list[Event] = []
        self.fail_with: Exception | None = None
        self.queries: list[IncidentQuery | EpisodeQuery | None] = []
        for incident in incidents:
            self.happen(TransitionKind.OPENED, incident)

    def happen(self, kind: TransitionKind, incident: Incident) -> None:
        """Store an incident and log it."""
        self._incidents[incident.id] = incident
        self._events.append(Event(sequence=len(self._events) + 1, at=incident.updated_at, kind=kind, incident=incident))

    def search(
        self, query: IncidentQuery | None = None, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Incident]:
        self._check(query)
        kept = [each for each in self._incidents.values() if _matches(each, query or IncidentQuery())]
        kept.sort(key=lambda each: (each.detected_at, each.id), reverse=True)
        return _page(kept, limit, cursor)

    def every(self, query: IncidentQuery | None = None) -> Iterator[Incident]:
        yield from self.search(query, limit=10_000).items

    def get(self, identity: str) -> Incident | None:
        self._check()
        return self._incidents.get(identity)

    def evidence(self, identity: str) -> Evidence | None:
        self._check()
        return self._evidence.get(identity)

    def logs(self, identity: str) -> LogEvidence | None:
        self._check()
        return self.logs_of.get(identity)

    def episodes(
        self, query: EpisodeQuery | None = None, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Episode]:
        self._check(query)
        return _page(list(self._episodes.values()), limit, cursor)

    def episode(self, identity: str) -> Episode | None:
        self._check()
        return self._episodes.get(identity)

    def events_after(self, sequence: int, *, limit: int = 100) -> Sequence[Event]:
        self._check()
        return [event for event in self._events if event.sequence > sequence][:limit]

    def moments(self, identity: str) -> Sequence[Moment]:
        self._check()
        return [Moment(event.at, event.kind) for event in self._events if event.incident.id == identity]

    def last_sequence(self) -> int:
        self._check()
        return len(self._events)

    def counts(self, cluster: str | None = None) -> Mapping[Verdict, int]:
        self._check()
        of_cluster = [each for each in self._incidents.values() if cluster in {None, each.cluster}]
        return {verdict: sum(each.verdict is verdict for each in of_cluster) for verdict in Verdict}

    def add_feedback(self, identity: str, feedback: Feedback) -> Incident | None:
        self._check()
        if identity in self._incidents:
            self._incidents[identity] = replace(self._incidents[identity], feedback=feedback)
        return self._incidents.get(identity)

    def _check(self, query: IncidentQuery | EpisodeQuery | None = None) -> None:
        self.queries.append(query)
        if self.fail_with:
            raise self.fail_with


def _matches(incident: Incident, query: IncidentQuery) -> bool:
    return (
        query.state in {None, incident.state}
        and query.verdict in {None, incident.verdict}
        and query.cluster in {None, incident.cluster}
        and query.namespace in {None, incident.victim.namespace}
        and query.pod in {None, incident.victim.pod}
        and query.suspect in {None, *(suspect.name for suspect in incident.suspects)}
        and query.volume in {None, *((incident.volume.id, incident.volume.name) if incident.volume else ())}
        and (query.min_confidence or 0.0) <= incident.confidence
    )


def _page(items: list[Any], limit: int, cursor: str | None) -> Page[Any]:
    if cursor is not None and not cursor.isdigit():
        raise InvalidQueryError("cursor", "a next_cursor of an earlier answer is expected")
    begin = int(cursor or 0)
    more = begin + limit < len(items)
    return Page(tuple(items[begin : begin + limit]), str(begin + limit) if more else None)


def make_status(**changes: Any) -> EngineStatus:  # noqa: ANN401 - a change may be of any field
    """An engine in good health."""
    status = EngineStatus(
        version="0.1.0",
        source="http://prometheus:9090",
        demo=False,
        started_at=STARTED - timedelta(hours=3),
        last_cycle_at=NOW - timedelta(seconds=4),
        last_step_at=STARTED + timedelta(minutes=6),
        cycle_duration_seconds=0.42,
        data_lag_seconds=20.0,
        step_seconds=15.0,
        signals=(("container_pressure_io", False), ("device_busy", True), ("ttft_buckets", True)),
        source_requests=(("failed", 2), ("ok", 4711)),
    )
    return replace(status, **changes)


def make_store() -> FakeIncidents:
    """One open incident with evidence and episode."""
    incident = make_incident()
    return FakeIncidents([incident], {incident.id: make_evidence()}, [make_episode()])


def make_state(
    *,
    snapshot: Snapshot | None = None,
    incidents: FakeIncidents | None = None,
    status: EngineStatus | None = None,
    explain: Callable[[PodRef, datetime | None], Finding | None] | None = None,
    series: SeriesReads | None = None,
    stopping: Callable[[], bool] = lambda: False,
) -> WebState:
    """A state over fakes; what is not given is the one contention of `tests.factories`."""
    return WebState(
        snapshot=lambda: snapshot or make_snapshot(),
        incidents=incidents or make_store(),
        status=lambda: status or make_status(),
        explain=explain or (lambda _victim, _at: make_finding()),
        series=series or KeptSeries(),
        stopping=stopping,
        now=lambda: NOW,
        stream_poll_seconds=0.01,
    )


def make_client(state: WebState | None = None) -> TestClient:
    """A client that gets what a browser would get: a crash is an answer, not an exception."""
    return TestClient(make_app(state), raise_server_exceptions=False, follow_redirects=False)


def make_app(state: WebState | None = None) -> FastAPI:
    """The application over a state."""
    return create_app(state or make_state())
