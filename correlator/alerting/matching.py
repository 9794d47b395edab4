"""Which incidents an alert belongs to: those about what it names, open when it began or about then."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from correlator.alerting.subject import Subject
from correlator.model.finding import Verdict
from correlator.model.incident import Incident, State


@dataclass(frozen=True, slots=True, kw_only=True)
class Slack:
    """How far an incident may lie from the moment at which an alert began to fire.

    `ended_before`: an alert fires its `for` late, and its rates look back. `begun_after`: an onset is dated by steps.
    """

    ended_before: timedelta = timedelta(minutes=10)
    begun_after: timedelta = timedelta(minutes=2)


class IncidentIndex:
    """Incidents by what they are about, so that thousands of alerts are matched at once."""

    def __init__(self, incidents: Iterable[Incident]) -> None:
        self._by_name: dict[tuple[str, str], list[_Indexed]] = defaultdict(list)
        for incident in incidents:
            indexed = _Indexed(incident, _names_of(incident))
            for kind, names in indexed.names.items():
                for name in names:
                    self._by_name[kind, name].append(indexed)

    def about(self, subject: Subject) -> Sequence[Incident]:
        """The incidents with which everything agrees that the subject names; none for one that names nothing."""
        asked = subject.named
        if not asked:
            return ()
        fewest = min((self._by_name.get(each, []) for each in asked), key=len)
        return [each.incident for each in fewest if each.agrees(subject, asked)]


@dataclass(frozen=True, slots=True)
class _Indexed:
    incident: Incident
    names: Mapping[str, frozenset[str]]

    def agrees(self, subject: Subject, asked: Iterable[tuple[str, str]]) -> bool:
        if subject.cluster and self.incident.cluster and subject.cluster != self.incident.cluster:
            return False
        return all(name in self.names[kind] for kind, name in asked)


def belonging(
    incidents: Iterable[Incident], starts_at: datetime | None, ends_at: datetime | None, slack: Slack
) -> Sequence[Incident]:
    """Those of the time of an alert, the most believable first; None begins now, or has not ended.

    Where one was open when the alert began, those that were open shortly before or after do not count.
    """
    near = [each for each in incidents if _is_near(each, starts_at, ends_at, slack)]
    then = [each for each in near if _is_open_at(each, starts_at)]
    return sorted(then or near, key=_doubt)


def _doubt(incident: Incident) -> tuple[bool, float, datetime, str]:
    """Least for the most believable: an undetermined cause comes after every known one."""
    return incident.verdict is Verdict.UNDETERMINED, -incident.confidence, incident.started_at, incident.id


def _is_near(incident: Incident, starts_at: datetime | None, ends_at: datetime | None, slack: Slack) -> bool:
    if starts_at is None:
        return incident.state is State.OPEN
    latest = starts_at + slack.begun_after
    if ends_at is not None and ends_at >= starts_at:
        latest = min(latest, ends_at)
    return incident.started_at <= latest and (
        incident.ended_at is None or incident.ended_at >= starts_at - slack.ended_before
    )


def _is_open_at(incident: Incident, at: datetime | None) -> bool:
    if at is None:
        return incident.state is State.OPEN
    return incident.started_at <= at and (incident.ended_at is None or at <= incident.ended_at)


def _names_of(incident: Incident) -> dict[str, frozenset[str]]:
    """What each kind of thing is called in an incident; nothing is called by an empty name."""
    victim, volume = incident.victim, incident.volume
    named = {
        "namespace": {victim.namespace},
        "pod": {victim.pod},
        "workload": {victim.workload.rpartition("/")[2]},
        "model": {victim.model_name},
        "node": {victim.node, *([volume.node] if volume else ())},
        "volume": {volume.id, volume.name} if volume else set(),
        "claim": set(_claims(incident)),
        "device": {volume.device.rpartition("/")[2]} if volume else set(),
    }
    return {kind: frozenset(names - {""}) for kind, names in named.items()}


def _claims(incident: Incident) -> Iterator[str]:
    """As `namespace/claim`, and by name alone."""
    for claim in incident.volume.claims if incident.volume else ():
        yield from (claim, claim.rpartition("/")[2])
