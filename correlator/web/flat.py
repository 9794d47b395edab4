"""Incidents as rows: what a table can show without unfolding anything."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from typing import Final

from correlator.model.finding import Suspect
from correlator.model.incident import Incident
from correlator.wording.words import moment, named

BEFORE: Final = timedelta(minutes=30)
AFTER: Final = timedelta(minutes=10)

_RATES = (
    "read_bytes_per_second",
    "write_bytes_per_second",
    "read_operations_per_second",
    "write_operations_per_second",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentShown(Incident):
    """An incident, with a `title` for lists and its instants in milliseconds since 1970 as well.

    `shown_from_ms` to `shown_to_ms` is a time range for charts: what was usual before, and how it ended.
    """

    title: str

    started_at_ms: int
    detected_at_ms: int
    updated_at_ms: int
    ended_at_ms: int | None
    shown_from_ms: int
    shown_to_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SuspectRow:
    """One suspect of one incident. `name` is `namespace/pod`, `node/NAME` or `unattributed`; null is not known.

    `victim_…` and what stands before it are the incident's, the rest is the suspect's own. Rates are before the onset
    (`_baseline`) and during the regression (`_observed`).
    """

    incident_id: str
    episode_id: str
    cluster: str
    state: str
    verdict: str
    started_at: datetime
    started_at_ms: int
    ended_at: datetime | None
    ended_at_ms: int | None
    volume: str
    victim_namespace: str
    victim_pod: str
    victim_model_name: str
    kind: str
    name: str
    namespace: str
    pod: str
    workload: str
    node: str
    tier: str
    confidence: float
    accused: bool
    direction: str
    share_ratio: float | None
    mean_excess_seconds: float | None
    lag_seconds: float | None
    p_value: float | None
    q_value: float | None
    read_bytes_per_second_baseline: float | None
    read_bytes_per_second_observed: float | None
    write_bytes_per_second_baseline: float | None
    write_bytes_per_second_observed: float | None
    read_operations_per_second_baseline: float | None
    read_operations_per_second_observed: float | None
    write_operations_per_second_baseline: float | None
    write_operations_per_second_observed: float | None


def milliseconds(at: datetime) -> int:
    """An instant in milliseconds since 1970."""
    return round(at.timestamp() * 1000)


def with_milliseconds(incident: Incident) -> IncidentShown:
    """The incident as lists show it."""
    place = f" on {incident.volume.name}" if incident.volume else ""
    return IncidentShown(
        **{field.name: getattr(incident, field.name) for field in fields(Incident)},
        title=f"{named(incident.verdict.value)}: {incident.victim.pod}{place}, {moment(incident.started_at)}",
        started_at_ms=milliseconds(incident.started_at),
        detected_at_ms=milliseconds(incident.detected_at),
        updated_at_ms=milliseconds(incident.updated_at),
        ended_at_ms=None if incident.ended_at is None else milliseconds(incident.ended_at),
        shown_from_ms=milliseconds(incident.started_at - BEFORE),
        shown_to_ms=milliseconds(incident.updated_at + AFTER),
    )


def suspect_rows(incidents: Iterable[Incident]) -> Iterator[SuspectRow]:
    """Every suspect of every incident, in their order."""
    return (_row(incident, suspect) for incident in incidents for suspect in incident.suspects)


def _row(incident: Incident, suspect: Suspect) -> SuspectRow:
    rates: dict[str, float | None] = {}
    for name in _RATES:
        change = getattr(suspect, name)
        rates |= {f"{name}_baseline": change.baseline, f"{name}_observed": change.observed}
    return SuspectRow(
        incident_id=incident.id,
        episode_id=incident.episode_id,
        cluster=incident.cluster,
        state=incident.state.value,
        verdict=incident.verdict.value,
        started_at=incident.started_at,
        started_at_ms=milliseconds(incident.started_at),
        ended_at=incident.ended_at,
        ended_at_ms=None if incident.ended_at is None else milliseconds(incident.ended_at),
        volume=incident.volume.name if incident.volume else "",
        victim_namespace=incident.victim.namespace,
        victim_pod=incident.victim.pod,
        victim_model_name=incident.victim.model_name,
        kind=suspect.kind.value,
        name=suspect.name,
        namespace=suspect.namespace,
        pod=suspect.pod,
        workload=suspect.workload,
        node=suspect.node,
        tier=suspect.tier,
        confidence=suspect.confidence,
        accused=suspect.accused,
        direction=suspect.direction,
        share_ratio=suspect.share_ratio,
        mean_excess_seconds=suspect.mean_excess_seconds,
        lag_seconds=suspect.lag_seconds,
        p_value=suspect.p_value,
        q_value=suspect.q_value,
        **rates,
    )
