"""What became of a case: plain values that go from worker to report."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.simulator.case import CULPRIT_SHARE, Family, VictimTruth

UNATTRIBUTED = "unattributed"
"""The name of I/O that no pod accounts for, among culprits and suspects alike."""

NOTHING = "none"
"""The verdict where nothing is reported, or nothing should be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """One suspect as some look listed it; `name` is `namespace/pod` or UNATTRIBUTED."""

    name: str
    confidence: float
    share: float
    accused: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentSeen:
    """One incident as the newest finding tells it; `accused` is whoever any look accused. Instants: epoch seconds."""

    started_at: float
    detected_at: float
    ended_at: float | None
    verdict: str
    reasons: tuple[str, ...]
    suspects: tuple[Named, ...]
    accused: frozenset[str]
    looks: int
    of_event: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What one method says when it is given an onset: all candidates best first, and whom it accuses."""

    ranking: tuple[str, ...]
    accused: frozenset[str] = frozenset()
    verdict: str | None = None
    milliseconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class VictimResult:
    """Everything about one victim of one case.

    `answers` maps a method and by how many seconds its onset was misdated to what it said; empty where nothing
    happened that could be dated. `candidates` are the other pods on the victim's volumes. `twentieth_seen_at` is the
    first step whose scrape of the victim came after its twentieth late first token; None where none did.
    """

    truth: VictimTruth
    incidents: tuple[IncidentSeen, ...]
    candidates: tuple[str, ...]
    answers: Mapping[tuple[str, int], Answer]
    twentieth_seen_at: float | None = None

    @property
    def guilty(self) -> frozenset[str]:
        """Who did it, whether or not it can be seen: the culprits, and unattributed I/O where its part makes it one."""
        unseen = self.truth.verdict is not None and self.truth.shares.get(UNATTRIBUTED, 0.0) >= CULPRIT_SHARE
        return frozenset(self.truth.culprits) | ({UNATTRIBUTED} if unseen else set())

    @property
    def targets(self) -> frozenset[str]:
        """Whom to name, where contention can be told."""
        return self.guilty if self.truth.verdict == "contention" else frozenset()

    @property
    def pods_to_name(self) -> frozenset[str]:
        """The culprits that are pods: whom a baseline could name."""
        return self.targets - {UNATTRIBUTED}

    @property
    def incident(self) -> IncidentSeen | None:
        """The incident of the event: the one that overlaps it longest, the earliest of equals."""
        found = [each for each in self.incidents if each.of_event]
        return max(found, key=self._overlap, default=None)

    @property
    def first(self) -> IncidentSeen | None:
        """The first incident of the event: of several bursts each may be one of its own."""
        found = [each for each in self.incidents if each.of_event]
        return min(found, key=lambda each: each.detected_at, default=None)

    @property
    def verdict(self) -> str:
        """What was said of the event, or where there was none, of anything at all; NOTHING without an incident."""
        first = next(iter(self.incidents), None) if self.truth.event_start_at is None else self.incident
        return NOTHING if first is None else first.verdict

    @property
    def right_verdict(self) -> str:
        """What should have been said."""
        return self.truth.verdict or NOTHING

    def _overlap(self, incident: IncidentSeen) -> float:
        begin, end = self.truth.event_start_at or 0.0, self.truth.event_end_at or 0.0
        ended_at = end if incident.ended_at is None else incident.ended_at
        return min(end, ended_at) - max(begin, incident.started_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseResult:
    """One judged case.

    `interval` is the slowest update interval of the required readings, in seconds. `tried` seeds were simulated until
    one had the impact that its kind claims. `records` are those of `tests.accuracy.records`.
    """

    kind: str
    family: Family
    seed: int
    step: int
    interval: int
    victims: tuple[VictimResult, ...]
    steps_judged: int
    milliseconds: float
    tried: int = 1
    records: tuple[Mapping[str, object], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """A case that could not be judged: it counts as a failure of ours, with its traceback."""

    kind: str
    seed: int
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NotValidated:
    """A slot for which no seed gave a case whose impact was as claimed."""

    kind: str
    seeds: tuple[int, ...]
