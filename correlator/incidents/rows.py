"""Incidents and episodes as rows, and back."""

from collections.abc import Iterator
from dataclasses import replace

from correlator.incidents.codec import from_json, to_json, unpack
from correlator.incidents.errors import StoreCorruptError
from correlator.incidents.instants import microseconds
from correlator.model.finding import Suspect, SuspectKind
from correlator.model.incident import Episode, Feedback, Incident


def incident_values(incident: Incident) -> dict[str, object]:
    """The columns of `incidents` without the counted verdicts."""
    return {
        "id": incident.id,
        "episode_id": incident.episode_id,
        "cluster": incident.cluster,
        "state": incident.state.value,
        "verdict": incident.verdict.value,
        "confidence": incident.confidence,
        "namespace": incident.victim.namespace,
        "pod": incident.victim.pod,
        "detected_us": microseconds(incident.detected_at),
    }


def episode_values(episode: Episode, detected_us: int, updated_us: int) -> dict[str, object]:
    """The columns of `episodes`."""
    return {
        "id": episode.id,
        "cluster": episode.cluster,
        "state": episode.state.value,
        "verdict": episode.verdict.value,
        "detected_us": detected_us,
        "updated_us": updated_us,
        "size": len(episode.incident_ids),
        "body": to_json(episode).decode(),
    }


def keys_of(incident: Incident) -> frozenset[tuple[str, str]]:
    """The (kind, key) pairs under which an incident is found."""
    pairs = {("node", incident.victim.node)}
    if incident.volume is not None:
        pairs |= {("node", incident.volume.node), ("volume", incident.volume.id), ("volume", incident.volume.name)}
    pairs |= {("suspect", name) for suspect in incident.suspects for name in _names(suspect)}
    return frozenset(pair for pair in pairs if pair[1])


def _names(suspect: Suspect) -> Iterator[str]:
    """What a suspect may be called."""
    if suspect.kind is SuspectKind.POD:
        yield from (f"{suspect.namespace}/{suspect.pod}", suspect.pod, suspect.workload)
    elif suspect.kind is SuspectKind.NODE:
        yield suspect.node
    else:
        yield suspect.kind.value


def read_incident(where: str, identity: str, body: bytes, feedback: str | None) -> Incident:
    """The incident of a row of `incident_bodies`; raises StoreCorruptError when it cannot be read."""
    try:
        incident = unpack(Incident, body)
        if feedback is None:
            return incident
        return replace(incident, feedback=from_json(Feedback, feedback))
    except ValueError as error:
        raise unreadable(where, f"incident {identity}", error) from error


def read_episode(where: str, identity: str, body: str) -> Episode:
    """The episode of a row of `episodes`; raises StoreCorruptError when it cannot be read."""
    try:
        return from_json(Episode, body)
    except ValueError as error:
        raise unreadable(where, f"episode {identity}", error) from error


def unreadable(where: str, what: str, error: ValueError) -> StoreCorruptError:
    """Says which stored document cannot be read."""
    return StoreCorruptError(where, f"{what} cannot be read ({error})", "restore a copy of the store")
