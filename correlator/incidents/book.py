"""What is known of recent incidents, and how a step's findings move it on. Pure: daemon and backtest share it."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from correlator.incidents.episodes import Ties, by_detection, causes_of, episode_of, left_episode, own_episode
from correlator.incidents.instants import instant
from correlator.incidents.lifecycle import (
    Transition,
    abandoned,
    incident_id,
    incident_of,
    transitions_of,
    victim_key,
)
from correlator.model.finding import Finding
from correlator.model.incident import Episode, Incident, State

KNOWN_FOR = timedelta(hours=1)
"""How long a resolved incident is kept in the book: late joins to its episode and replays are recognized until then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grouping:
    """How incidents join. `join_gap_seconds`: incidents of one cause that lie no further apart are one episode."""

    join_gap_seconds: int = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Book:
    """The incidents of one cluster that may still change, with all others of their episodes, after step `at`.

    It depends on nothing but the stored incidents and `at`, so that one read from the store equals one kept in memory.
    """

    cluster: str
    at: int | None = None
    incidents: Mapping[str, Incident] = field(default_factory=dict)

    @classmethod
    def of(cls, cluster: str, at: int, incidents: Iterable[Incident]) -> "Book":
        """What is worth keeping of `incidents` after step `at`: whole episodes, while one of theirs may change."""
        episodes: dict[str, list[Incident]] = defaultdict(list)
        for incident in sorted(incidents, key=by_detection):
            episodes[incident.episode_id].append(incident)
        oldest = instant(at) - KNOWN_FOR
        kept = [members for members in episodes.values() if any(_may_change(member, oldest) for member in members)]
        return cls(cluster=cluster, at=at, incidents={member.id: member for members in kept for member in members})

    def open_incidents(self) -> tuple[Incident, ...]:
        """Those that are not over, in order of detection."""
        return tuple(
            sorted((known for known in self.incidents.values() if known.state is State.OPEN), key=by_detection)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """What one step changes: the unit that is committed. `follows` is the step that the book was at before."""

    at: int
    follows: int | None
    transitions: tuple[Transition, ...]
    episodes: tuple[Episode, ...]
    book: Book


def advance(book: Book, at: int, findings: Iterable[Finding], grouping: Grouping | None = None) -> Step:
    """The step from `book` to `at` (later than `book.at`) by these findings, whatever their order.

    Findings that say nothing new change nothing: replays, and those of resolved incidents. A victim has one open
    incident: a new one resolves the old as `gone`.
    """
    draft = _Draft(book, at, grouping or Grouping())
    for finding in sorted(
        findings, key=lambda each: (each.detected_at, victim_key(book.cluster, each.victim), each.at)
    ):
        draft.take(finding)
    return draft.step()


def abandon(book: Book, at: int, reason: str, grouping: Grouping | None = None) -> Step:
    """The step that resolves all that is open, for when the engine no longer remembers what it followed."""
    draft = _Draft(book, at, grouping or Grouping())
    for incident in book.open_incidents():
        draft.record(abandoned(incident, instant(at), reason))
    return draft.step()


def _may_change(incident: Incident, oldest: datetime) -> bool:
    return incident.state is State.OPEN or incident.updated_at >= oldest


class _Draft:
    """A step in the making."""

    def __init__(self, book: Book, at: int, grouping: Grouping) -> None:
        if book.at is not None and at <= book.at:
            raise ValueError(f"step {at} is not later than the book's {book.at}")
        self._book = book
        self._at = at
        self._known = dict(book.incidents)
        self._ties = Ties(timedelta(seconds=grouping.join_gap_seconds))
        for incident in self._known.values():
            self._ties.put(incident)
        self._open_by_victim = {_victim(incident): incident.id for incident in book.open_incidents()}
        self._members: dict[str, set[str]] = defaultdict(set)
        for incident in self._known.values():
            self._members[incident.episode_id].add(incident.id)
        self._transitions: list[Transition] = []
        self._touched: dict[str, Incident] = {}

    def take(self, finding: Finding) -> None:
        """Apply one finding, unless it says nothing new."""
        identity = incident_id(self._book.cluster, finding.victim, finding.detected_at)
        previous = self._known.get(identity)
        if previous is None and finding.detected_at < instant(self._at) - KNOWN_FOR:
            return  # known once and forgotten since: an incident is first heard of when it is detected
        incident = incident_of(finding, self._book.cluster, previous)
        if incident is previous:
            return
        if previous is None:
            self._close_predecessor(incident)
        incident = replace(incident, episode_id=self._episode_for(incident, previous))
        for transition in transitions_of(finding, previous, incident):
            self.record(transition)

    def _close_predecessor(self, incident: Incident) -> None:
        predecessor = self._open_by_victim.get(_victim(incident))
        if predecessor is not None:
            self.record(abandoned(self._known[predecessor], incident.updated_at, "superseded"))

    def _episode_for(self, incident: Incident, previous: Incident | None) -> str:
        """An incident stays in its episode, but one that nothing tied to others may move at its first tie."""
        if previous is None:
            return self._ties.episode_for(incident) or own_episode(incident)
        is_alone = self._members[previous.episode_id] == {previous.id}
        if is_alone and not causes_of(previous):
            return self._ties.episode_for(incident) or previous.episode_id
        return previous.episode_id

    def record(self, transition: Transition) -> None:
        """Take one change into the draft."""
        incident = transition.incident
        previous = self._known.get(incident.id)
        for version in (previous, incident):
            if version is not None:
                self._members[version.episode_id].discard(incident.id)
                self._touched[version.episode_id] = version
        self._members[incident.episode_id].add(incident.id)
        self._ties.put(incident, previous)
        self._known[incident.id] = incident
        if incident.state is State.OPEN:
            self._open_by_victim[_victim(incident)] = incident.id
        elif self._open_by_victim.get(_victim(incident)) == incident.id:
            del self._open_by_victim[_victim(incident)]
        self._transitions.append(transition)

    def step(self) -> Step:
        """All that was taken in, with the episodes that it changed."""
        return Step(
            at=self._at,
            follows=self._book.at,
            transitions=tuple(self._transitions),
            episodes=tuple(self._episode(identity) for identity in sorted(self._touched)),
            book=Book.of(self._book.cluster, self._at, self._known.values()),
        )

    def _episode(self, identity: str) -> Episode:
        members = [self._known[member] for member in self._members[identity]]
        if members:
            return episode_of(identity, self._book.cluster, members)
        return left_episode(identity, self._touched[identity], instant(self._at))


def _victim(incident: Incident) -> tuple[str, ...]:
    return victim_key(incident.cluster, incident.victim)
