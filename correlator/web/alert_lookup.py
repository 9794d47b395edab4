"""What is known of one alert, looked up in the store: for links in notifications, however old."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlencode

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from correlator.alerting.fingerprint import fingerprint
from correlator.alerting.subject import Subject, subject_of
from correlator.incidents.query import IncidentQuery
from correlator.model.incident import Incident, State
from correlator.web.flat import IncidentShown, with_milliseconds
from correlator.web.problems import field_fault
from correlator.web.state import WebState

MOST_INCIDENTS = 20
NOTHING_YET = "nothing found yet: no incident fits this alert"
NOT_SEEN = "nothing found yet: no alert of this fingerprint came by lately, so that its labels are not known"
_MOST_ASKED = 200
_DETECTION = timedelta(hours=6)
"""How long after it began an incident is detected at the latest."""

_INSTANT: TypeAdapter[datetime] = TypeAdapter(AwareDatetime)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertLinks:
    """Paths below the daemon's address; `page` leads on to the incident, once there is one."""

    self: str
    page: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertShown:
    """What is known of an alert: `found` with its incidents, the most believable first, or why nothing is.

    `annotations` are those that a notification gets. `is_final`: there is a verdict, and waiting brings nothing else.
    """

    fingerprint: str
    labels: Mapping[str, str]
    starts_at: datetime | None
    ends_at: datetime | None
    found: bool
    is_final: bool
    detail: str
    annotations: Mapping[str, str]
    incident_count: int
    incidents: tuple[IncidentShown, ...]
    links: AlertLinks


def by_fingerprint(state: WebState, sought: str, starts_at: datetime | None) -> AlertShown:
    """The alert that came by with this fingerprint; one that did not has no labels that it could be looked up by."""
    seen = state.alerts.seen(sought)
    if seen is None:
        return _nothing(sought, {}, starts_at, NOT_SEEN)
    return _look(state, seen.labels, starts_at or seen.starts_at, seen.ends_at)


def by_labels(state: WebState, labels: Mapping[str, str], starts_at: datetime | None) -> AlertShown:
    """The alert with these labels. Without a time: of the one that came by last, else what is known now."""
    seen = None if starts_at else state.alerts.seen(fingerprint(labels))
    return _look(state, labels, seen.starts_at if seen else starts_at, seen.ends_at if seen else None)


def read_question(parameters: Iterable[tuple[str, str]]) -> tuple[dict[str, str], datetime | None]:
    """Labels and `starts_at` of an address. Raises a Problem for what comes twice, and for no instant."""
    labels: dict[str, str] = {}
    for name, value in parameters:
        if name in labels:
            raise field_fault("query", name, "a label has one value")
        labels[name] = value
    return labels, _instant(labels.pop("starts_at", ""))


def _instant(said: str) -> datetime | None:
    if not said:
        return None
    try:
        return _INSTANT.validate_python(said)
    except ValidationError:
        raise field_fault("query", "starts_at", "an instant such as 2026-11-23T02:04:15Z is expected") from None


def _look(
    state: WebState, labels: Mapping[str, str], starts_at: datetime | None, ends_at: datetime | None
) -> AlertShown:
    known = {each.id: each for each in _candidates(state, subject_of(labels, state.alerts.names), starts_at)}
    enricher = state.alerts.enricher(known.values())
    enriched = enricher.latest(labels) if starts_at is None else enricher.of(labels, starts_at, ends_at)
    incidents = [known[each] for each in enriched.incident_ids]
    shown = _nothing(fingerprint(labels), labels, starts_at, "" if incidents else NOTHING_YET)
    return replace(
        shown,
        ends_at=ends_at,
        found=bool(incidents),
        is_final=enriched.is_final,
        annotations=enriched.annotations,
        incident_count=len(incidents),
        incidents=tuple(with_milliseconds(each) for each in incidents[:MOST_INCIDENTS]),
    )


def _nothing(sought: str, labels: Mapping[str, str], starts_at: datetime | None, detail: str) -> AlertShown:
    asked = urlencode({**labels, **({"starts_at": starts_at.isoformat()} if starts_at else {})})
    path = f"?{asked}" if labels else f"/{sought}"
    return AlertShown(
        fingerprint=sought,
        labels=labels,
        starts_at=starts_at,
        ends_at=None,
        found=False,
        is_final=False,
        detail=detail,
        annotations={},
        incident_count=0,
        incidents=(),
        links=AlertLinks(self=f"/api/v1/alerts{path}", page=f"/alerts{path}"),
    )


def _candidates(state: WebState, subject: Subject, starts_at: datetime | None) -> Iterable[Incident]:
    """Those that the store can tell by what the alert names; the open ones, however long they are."""
    if not subject.named:
        return
    for asked in (State.OPEN, None):
        query = IncidentQuery(
            state=asked,
            cluster=state.status().cluster,
            namespace=subject.namespace or None,
            pod=subject.pod or None,
            node=subject.node or None,
            volume=subject.volume or None,
            until=starts_at + _DETECTION if starts_at and asked is None else None,
        )
        yield from state.incidents.search(query, limit=_MOST_ASKED).items
