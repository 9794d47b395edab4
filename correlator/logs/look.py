"""Whose logs are looked at for an incident, and when. Pure: the same incident always asks the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from correlator.model.finding import SuspectKind
from correlator.model.incident import Incident, State
from correlator.model.logs import LogEvidence, LogRole

BUCKET_SECONDS = 60
"""Lines are counted by the minute: whole minutes since 1970, so that a server that aligns its steps answers alike."""

BEFORE_SECONDS = 30 * BUCKET_SECONDS
AFTER_SECONDS = 10 * BUCKET_SECONDS
"""Longest span after the onset: a burst that began with the incident would drown in a whole night."""

GUARD_SECONDS = 60
"""An onset is dated to a scrape or two: the minute before it counts as after."""

MOST_PODS = 5


@dataclass(frozen=True, slots=True)
class Subject:
    """A pod whose logs are looked at."""

    role: LogRole
    namespace: str
    pod: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What is asked: instants are epoch seconds, whole buckets; [before_from, onset_from) and [onset_from, until)."""

    subjects: tuple[Subject, ...]
    before_from: int
    onset_from: int
    until: int
    is_final: bool

    def is_news(self, stored: LogEvidence | None) -> bool:
        """Whether this look may say more than the stored one: it failed, the incident is over, another is accused."""
        if stored is None or not stored.pods or (self.is_final and not stored.is_final):
            return True
        seen = {(pod.namespace, pod.pod) for pod in stored.pods}
        return any(
            subject.role is LogRole.ACCUSED and (subject.namespace, subject.pod) not in seen
            for subject in self.subjects
        )


def look_of(incident: Incident) -> Look:
    """The look at an incident as it is known by now."""
    onset = _floor(incident.started_at - timedelta(seconds=GUARD_SECONDS))
    end = _ceiling(incident.ended_at or incident.updated_at)
    return Look(
        subjects=tuple(_subjects(incident)),
        before_from=onset - BEFORE_SECONDS,
        onset_from=onset,
        until=min(max(end, onset + BUCKET_SECONDS), onset + AFTER_SECONDS),
        is_final=incident.state is State.RESOLVED,
    )


def _subjects(incident: Incident) -> Iterator[Subject]:
    """The victim, those accused, then the other suspects in their order; each pod once."""
    victim = incident.victim
    pods = [suspect for suspect in incident.suspects if suspect.kind is SuspectKind.POD]
    named = [(LogRole.VICTIM, victim.namespace, victim.pod)]
    named += [(LogRole.ACCUSED, each.namespace, each.pod) for each in pods if each.accused]
    named += [(LogRole.SUSPECT, each.namespace, each.pod) for each in pods if not each.accused]
    roles: dict[tuple[str, str], LogRole] = {}
    for role, namespace, pod in named:
        roles.setdefault((namespace, pod), role)
    for (namespace, pod), role in list(roles.items())[:MOST_PODS]:
        yield Subject(role, namespace, pod)


def _floor(at: datetime) -> int:
    return int(at.timestamp() // BUCKET_SECONDS) * BUCKET_SECONDS


def _ceiling(at: datetime) -> int:
    return -int(-at.timestamp() // BUCKET_SECONDS) * BUCKET_SECONDS
