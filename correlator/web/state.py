"""All that the web reads: values and questions that the daemon hands in."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from typing import Annotated, Protocol, cast

from fastapi import Depends, Request

from correlator.alerting.annotate import AlertSeen
from correlator.alerting.enrichment import Enricher
from correlator.alerting.passed import Passed
from correlator.alerting.payload import Notification
from correlator.alerting.subject import LabelNames
from correlator.incidents.delivery_log import DeliveryLog
from correlator.incidents.errors import StoreError
from correlator.incidents.lifecycle import Event
from correlator.incidents.query import EpisodeQuery, IncidentQuery, Page
from correlator.model.finding import Evidence, Finding, Verdict
from correlator.model.incident import Episode, Feedback, Incident, Moment
from correlator.model.logs import LogEvidence
from correlator.model.series import SeriesReads
from correlator.model.snapshot import Snapshot
from correlator.model.topology import PodRef
from correlator.publish.status import EngineStatus
from correlator.web.door import Door
from correlator.web.problems import Problem


class IncidentReads(Protocol):
    """The read side of the store, and the one thing that people add to it. Every method may raise StoreError."""

    def search(
        self, query: IncidentQuery | None = None, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Incident]:
        """A page of incidents, newest first."""
        ...

    def every(self, query: IncidentQuery | None = None) -> Iterator[Incident]:
        """All incidents asked for, newest first."""
        ...

    def get(self, identity: str) -> Incident | None:
        """One incident; None where nobody knows it."""
        ...

    def evidence(self, identity: str) -> Evidence | None:
        """The series behind an incident; None where there are none."""
        ...

    def logs(self, identity: str) -> LogEvidence | None:
        """What logs say of an incident; None where nobody looked."""
        ...

    def episodes(
        self, query: EpisodeQuery | None = None, *, limit: int = 50, cursor: str | None = None
    ) -> Page[Episode]:
        """A page of episodes, newest first."""
        ...

    def episode(self, identity: str) -> Episode | None:
        """One episode; None where nobody knows it."""
        ...

    def events_after(self, sequence: int, *, limit: int = 100) -> Sequence[Event]:
        """What happened after a sequence, oldest first."""
        ...

    def moments(self, identity: str) -> Sequence[Moment]:
        """What happened to one incident, oldest first."""
        ...

    def last_sequence(self) -> int:
        """The sequence of the newest event; 0 where there is none."""
        ...

    def counts(self, cluster: str | None = None) -> Mapping[Verdict, int]:
        """Incidents ever opened, by verdict."""
        ...

    def add_feedback(self, identity: str, feedback: Feedback) -> Incident | None:
        """Keep what a person said; None where nobody knows the incident."""
        ...


class AlertsProxied(Protocol):
    """What stands between Prometheus and its Alertmanagers."""

    async def post(self, body: bytes, headers: Mapping[str, str]) -> Passed:
        """Annotate alerts and pass them on; `headers` say how the body is to be read."""
        ...

    async def get(self, path: str) -> Passed:
        """What an Alertmanager answers."""
        ...


class AlertsTaken(Protocol):
    """What keeps that which Alertmanagers post to the webhook."""

    def post(self, body: bytes) -> tuple[Notification, Future[bool]]:
        """Keep it; the future tells whether it was no double, once it is on disk, or fails with StoreError.

        Raises PayloadError for what is no webhook, queue.Full where too much waits.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertsKnown:
    """What alerts are looked up with. `seen` gives the alert of a fingerprint, None where it did not come by."""

    names: LabelNames
    enricher: Callable[[Iterable[Incident]], Enricher]
    seen: Callable[[str], AlertSeen | None] = lambda _fingerprint: None


UNMAPPED = AlertsKnown(names=LabelNames(), enricher=partial(Enricher, mapping=LabelNames()))
"""With the usual labels, without links, and without alerts that came by."""


def _nowhere() -> DeliveryLog:
    raise StoreError("deliveries", "there is no store of them", "")


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebState:
    """What the web answers from. All callables are quick but `explain`, and safe to call from several threads.

    `snapshot` gives None until the first cycle has finished. `explain` gives None where nothing is to be said of that
    victim at that time (None: now), and raises SourceError where the source fails. `stopping` ends open streams.
    `alerts_proxy` is None where no Alertmanager is set, `alert_webhook` where nothing keeps what is posted.
    `deliveries` opens what was not delivered; it may raise StoreError.
    `door` says who may ask; by itself everybody.
    """

    snapshot: Callable[[], Snapshot | None]
    incidents: IncidentReads
    status: Callable[[], EngineStatus]
    explain: Callable[[PodRef, datetime | None], Finding | None]
    series: SeriesReads
    stopping: Callable[[], bool] = lambda: False
    now: Callable[[], datetime] = _now
    alerts: AlertsKnown = UNMAPPED
    alerts_proxy: AlertsProxied | None = None
    alert_webhook: AlertsTaken | None = None
    deliveries: Callable[[], DeliveryLog] = _nowhere
    stream_poll_seconds: float = 1.0
    door: Door = field(default_factory=Door)


async def _web_state(request: Request) -> WebState:
    return cast("WebState", request.app.state.web)


async def _snapshot(state: Annotated[WebState, Depends(_web_state)]) -> Snapshot:
    snapshot = state.snapshot()
    if snapshot is None:
        raise Problem(HTTPStatus.SERVICE_UNAVAILABLE, NOT_YET)
    return snapshot


NOT_YET = "no cycle of the engine has finished yet; try again in a moment"
Web = Annotated[WebState, Depends(_web_state)]
Newest = Annotated[Snapshot, Depends(_snapshot)]
