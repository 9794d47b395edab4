"""From findings to incidents: what opens, what changes, what is over."""

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

import orjson

from correlator.incidents.instants import microseconds
from correlator.model.finding import EndReason, Evidence, Finding, Victim
from correlator.model.incident import Incident, Links, State
from correlator.model.symptom import TTFT


class TransitionKind(StrEnum):
    """What happened to an incident; also the names of the events in the stream."""

    OPENED = "opened"
    UPDATED = "updated"
    RESOLVED = "resolved"


@dataclass(frozen=True, slots=True, kw_only=True)
class Transition:
    """One change of one incident. `evidence` is None where the change brought none: the stored one stays."""

    kind: TransitionKind
    incident: Incident
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A transition in the log. Sequences rise; `incident` is the newest state of the one that it happened to."""

    sequence: int
    at: datetime
    kind: TransitionKind
    incident: Incident


def stable_id(*parts: str | int) -> str:
    """16 hexadecimal digits that depend on nothing but the parts."""
    return hashlib.sha256(orjson.dumps(parts)).hexdigest()[:16]


def victim_key(cluster: str, victim: Victim) -> tuple[str, ...]:
    """What tells one watched victim from another."""
    key = (cluster, victim.namespace, victim.pod, victim.model_name)
    return key if victim.symptom == TTFT.name else (*key, victim.symptom)


def incident_id(cluster: str, victim: Victim, detected_at: datetime) -> str:
    """The identity of a regression: its victim and the step at which it was first detected."""
    return stable_id("incident", *victim_key(cluster, victim), microseconds(detected_at))


def incident_of(finding: Finding, cluster: str, previous: Incident | None, episode_id: str = "") -> Incident:
    """The incident after `finding`, given what it was before (None: not known yet).

    Nothing changes (`previous` itself is returned) when it is resolved already or when the finding is not newer than
    what is known. Feedback stays; so does the episode, unless `episode_id` names another.
    """
    if previous is not None and (previous.state is State.RESOLVED or finding.at <= previous.updated_at):
        return previous
    identity = incident_id(cluster, finding.victim, finding.detected_at)
    path = f"/api/v1/incidents/{identity}"
    return Incident(
        id=identity,
        episode_id=episode_id or (previous.episode_id if previous else ""),
        cluster=cluster,
        state=State.OPEN if finding.ended_at is None else State.RESOLVED,
        verdict=finding.verdict,
        confidence=finding.confidence,
        reasons=finding.reasons,
        started_at=finding.started_at,
        detected_at=finding.detected_at,
        updated_at=finding.at,
        ended_at=finding.ended_at,
        end_reason=finding.end_reason,
        victim=finding.victim,
        ttft=finding.ttft,
        volume=finding.volume,
        use=finding.use,
        suspects=finding.suspects,
        blind_spots=finding.blind_spots,
        explanation=finding.explanation,
        advice=finding.advice,
        symptom=finding.symptom,
        feedback=previous.feedback if previous else None,
        links=Links(self=path, plot=f"{path}/plot.svg", page=f"/incidents/{identity}", report=f"{path}/report"),
    )


def transitions_of(finding: Finding, previous: Incident | None, incident: Incident) -> tuple[Transition, ...]:
    """What the step from `previous` to `incident` is called.

    Usually one transition, none when nothing changed. A regression first heard of when it is over opens and resolves
    at once, so that every resolved incident was opened before.
    """
    if incident is previous:
        return ()
    evidence = finding.evidence if finding.evidence.times else None
    if previous is not None:
        kind = TransitionKind.UPDATED if incident.state is State.OPEN else TransitionKind.RESOLVED
        return (Transition(kind=kind, incident=incident, evidence=evidence),)
    if incident.state is State.OPEN:
        return (Transition(kind=TransitionKind.OPENED, incident=incident, evidence=evidence),)
    as_opened = replace(incident, state=State.OPEN, ended_at=None, end_reason=None)
    return (
        Transition(kind=TransitionKind.OPENED, incident=as_opened),
        Transition(kind=TransitionKind.RESOLVED, incident=incident, evidence=evidence),
    )


def abandoned(incident: Incident, at: datetime, reason: str) -> Transition:
    """Resolves an incident that nobody follows any more, at the last moment that is known of; `reason` is named."""
    closed = replace(
        incident,
        state=State.RESOLVED,
        updated_at=at,
        ended_at=max(at, incident.started_at),
        end_reason=EndReason.GONE,
        reasons=(*incident.reasons, reason),
    )
    return Transition(kind=TransitionKind.RESOLVED, incident=closed)
