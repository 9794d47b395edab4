"""Which incidents belong together: same volume or same culprit, overlapping in time."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TypeAlias

from correlator.incidents.lifecycle import stable_id
from correlator.model.finding import STRENGTH, Suspect, SuspectKind, Verdict
from correlator.model.incident import Episode, Incident, State

Cause: TypeAlias = tuple[str, ...]

BLAMELESS = frozenset({Verdict.LOAD, Verdict.OTHER})
"""Verdicts that do not blame the volume: it ties such an incident to nothing."""


def causes_of(incident: Incident) -> frozenset[Cause]:
    """What ties an incident to others: the volume it blames and its culprits. Pods of one workload are one culprit."""
    culprits = {_culprit(suspect) for suspect in incident.suspects if suspect.accused}
    if incident.volume is not None and incident.verdict not in BLAMELESS:
        culprits.add(("volume", incident.volume.id))
    return frozenset(culprits - {()})


def _culprit(suspect: Suspect) -> Cause:
    if suspect.kind is SuspectKind.NODE:
        return ("node", suspect.node)
    if suspect.kind is SuspectKind.UNATTRIBUTED:
        return ()
    return ("pod", suspect.namespace, suspect.workload or suspect.pod)


def overlap(first: Incident, second: Incident, gap: timedelta) -> bool:
    """Whether two incidents overlap in time or lie no more than `gap` apart; an open one has no end yet."""
    return _reaches(first.ended_at, second.started_at, gap) and _reaches(second.ended_at, first.started_at, gap)


def _reaches(ended_at: datetime | None, started_at: datetime, gap: timedelta) -> bool:
    return ended_at is None or started_at <= ended_at + gap


@dataclass(slots=True)
class Ties:
    """A working index of incidents by cause, to find what a new one belongs to."""

    gap: timedelta
    _by_cause: dict[Cause, dict[str, Incident]] = field(default_factory=lambda: defaultdict(dict))

    def put(self, incident: Incident, previous: Incident | None = None) -> None:
        """Add an incident, or replace what it was before."""
        for cause in causes_of(previous) if previous is not None else ():
            self._by_cause[cause].pop(incident.id, None)
        for cause in causes_of(incident):
            self._by_cause[cause][incident.id] = incident

    def episode_for(self, incident: Incident) -> str | None:
        """The episode of the first detected incident that shares a cause and overlaps; None where there is none."""
        related = [
            other
            for cause in causes_of(incident)
            for other in self._by_cause[cause].values()
            if other.id != incident.id and overlap(incident, other, self.gap)
        ]
        return min(related, key=by_detection).episode_id if related else None


def own_episode(incident: Incident) -> str:
    """The identity of the episode that begins with this incident."""
    return stable_id("episode", incident.cluster, incident.id)


def by_detection(incident: Incident) -> tuple[datetime, str]:
    """The order of incidents in an episode."""
    return incident.detected_at, incident.id


def episode_of(identity: str, cluster: str, members: Iterable[Incident]) -> Episode:
    """The episode that these incidents (one or more) make."""
    incidents = sorted(members, key=by_detection)
    verdicts = {incident.verdict for incident in incidents}
    ends = [incident.ended_at for incident in incidents if incident.ended_at is not None]
    is_open = any(incident.state is State.OPEN for incident in incidents)
    return Episode(
        id=identity,
        cluster=cluster,
        state=State.OPEN if is_open else State.RESOLVED,
        verdict=next(verdict for verdict in STRENGTH if verdict in verdicts),
        started_at=min(incident.started_at for incident in incidents),
        ended_at=None if is_open else max(ends),
        volume_ids=tuple(sorted(_volume_ids(incidents))),
        culprits=tuple(sorted(_culprits(incidents))),
        incident_ids=tuple(incident.id for incident in incidents),
        victim_tiers=tuple(sorted({incident.victim.tier for incident in incidents} - {""})),
        culprit_tiers=tuple(sorted({one.tier for one in _accused(incidents)} - {""})),
    )


def left_episode(identity: str, incident: Incident, at: datetime) -> Episode:
    """What remains of an episode whose only incident has moved to another: resolved at `at`, without incidents."""
    return Episode(
        id=identity,
        cluster=incident.cluster,
        state=State.RESOLVED,
        verdict=incident.verdict,
        started_at=incident.started_at,
        ended_at=at,
        volume_ids=(),
        culprits=(),
        incident_ids=(),
    )


def _volume_ids(incidents: Iterable[Incident]) -> set[str]:
    return {cause[1] for incident in incidents for cause in causes_of(incident) if cause[0] == "volume"}


def _culprits(incidents: Iterable[Incident]) -> set[str]:
    return {f"{suspect.namespace}/{suspect.pod}" for suspect in _accused(incidents)}


def _accused(incidents: Iterable[Incident]) -> Iterator[Suspect]:
    """The accused pods of all incidents."""
    for incident in incidents:
        yield from (one for one in incident.suspects if one.accused and one.kind is SuspectKind.POD)
