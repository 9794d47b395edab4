"""The life of incidents as a state machine: whatever is told, in whatever order, with restarts and replays."""

from collections import defaultdict
from dataclasses import dataclass, replace
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from correlator.incidents.book import Book, Step, advance
from correlator.incidents.lifecycle import TransitionKind
from correlator.incidents.reader import Incidents
from correlator.incidents.store import Store
from correlator.model.finding import Finding, Verdict
from correlator.model.incident import Feedback, Incident, State
from tests.unit.incidents.findings import BEGIN, culprit, finding, swift_folder

VICTIMS = ("vllm-0", "vllm-1", "vllm-2", "vllm-3")
VOLUMES = (None, "disk:n1:sda", "disk:n2:sda", "disk:n3:sda")
CULPRITS = ((), ("rag/a",), ("rag/b",), ("rag/a", "rag/b"))
GAPS = (15, 30, 105, 3600, 7200)

volumes = st.sampled_from(VOLUMES)
culprits = st.sampled_from(CULPRITS)
verdicts = st.sampled_from(Verdict)
pauses = st.sampled_from((0, *GAPS))  # 0: more is told in the same step


@dataclass
class Regression:
    """What the engine follows: a victim's regression, and where it is in its life."""

    victim: str
    detected: int
    is_over: bool = False


class Life(RuleBasedStateMachine):
    """Tells findings, commits steps, restarts; what the store says must always make one story."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = swift_folder()
        self._path = Path(self._folder.name) / "store.db"
        self._store = Store.open(self._path)
        self._incidents = Incidents.open(self._path)
        self._book = Book(cluster="c")
        self._now = 0
        self._pending: list[Finding] = []
        self._told: list[Finding] = []
        self._regressions: dict[str, Regression] = {}
        self._resolved: dict[str, Incident] = {}
        self._feedback: dict[str, Feedback] = {}
        self._identities: dict[tuple[str, int], str] = {}
        self._last: Step | None = None
        self._is_checked = True

    def teardown(self) -> None:
        """Leave nothing behind."""
        self._store.close()
        self._incidents.close()
        self._folder.cleanup()

    @initialize(gap=st.sampled_from(GAPS))
    def begin(self, gap: int) -> None:
        """The first step comes some time after the epoch of the story."""
        self._now = gap

    @rule(victim=st.sampled_from(VICTIMS), volume=volumes, names=culprits, verdict=verdicts, pause=pauses)
    def detect(self, victim: str, volume: str | None, names: tuple[str, ...], verdict: Verdict, pause: int) -> None:
        """A victim that is well regresses."""
        known = self._regressions.get(victim)
        if known is not None and (not known.is_over or known.detected == self._now):
            return
        self._regressions[victim] = Regression(victim, self._now)
        self._tell(victim, volume, names, verdict, ended=None)
        self._go_on(pause)

    @precondition(lambda self: any(not each.is_over for each in self._regressions.values()))
    @rule(data=st.data(), volume=volumes, names=culprits, verdict=verdicts, over=st.booleans(), pause=pauses)
    def look_again(
        self,
        data: st.DataObject,
        volume: str | None,
        names: tuple[str, ...],
        verdict: Verdict,
        pause: int,
        *,
        over: bool,
    ) -> None:
        """A regression is looked at again, or ends."""
        going_on = sorted(each.victim for each in self._regressions.values() if not each.is_over)
        regression = self._regressions[data.draw(st.sampled_from(going_on))]
        regression.is_over = over
        self._tell(regression.victim, volume, names, verdict, ended=self._now if over else None)
        self._go_on(pause)

    @precondition(lambda self: any(each.is_over for each in self._regressions.values()))
    @rule(data=st.data(), pause=pauses)
    def speak_of_the_dead(self, data: st.DataObject, pause: int) -> None:
        """Something new is said of a regression that is over."""
        over = sorted(each.victim for each in self._regressions.values() if each.is_over)
        self._tell(data.draw(st.sampled_from(over)), "disk:n1:sda", (), Verdict.CONTENTION, ended=None)
        self._go_on(pause)

    @rule(victim=st.sampled_from(VICTIMS), pause=pauses)
    def forget_and_detect_anew(self, victim: str, pause: int) -> None:
        """The engine lost its memory: what went on is detected as if it were new."""
        known = self._regressions.get(victim)
        if known is None or known.is_over or known.detected == self._now:
            return
        self._regressions[victim] = Regression(victim, self._now)
        self._tell(victim, "disk:n1:sda", (), Verdict.CONTENTION, ended=None)
        self._go_on(pause)

    @precondition(lambda self: self._told)
    @rule(data=st.data(), pause=pauses)
    def replay(self, data: st.DataObject, pause: int) -> None:
        """Something that was told before is told again, now."""
        self._pending.append(data.draw(st.sampled_from(self._told)))
        self._go_on(pause)

    @precondition(lambda self: self._pending)
    @rule()
    def tell_twice(self) -> None:
        """All that is told in this step is told twice."""
        self._pending += self._pending

    @rule(pause=st.sampled_from(GAPS))
    def commit(self, pause: int) -> None:
        """A step is over in which nothing more happened."""
        self._go_on(pause)

    def _go_on(self, pause: int) -> None:
        """Commit what was told, and wait; without a pause the step goes on."""
        if not pause:
            return
        step = advance(self._book, BEGIN + self._now, self._pending)
        events = self._store.commit_step(step, str(self._now).encode())
        assert [(each.kind, each.incident.id) for each in events] == [
            (each.kind, each.incident.id) for each in step.transitions
        ]
        for transition in step.transitions:
            self._remember(transition.incident)
        self._told += self._pending
        self._pending = []
        self._book, self._last = step.book, step
        self._now += pause
        self._is_checked = False

    @precondition(lambda self: self._last)
    @rule()
    def commit_again(self) -> None:
        """A step that is committed twice changes nothing."""
        assert self._last is not None
        assert self._store.commit_step(self._last, b"other") == ()

    @precondition(lambda self: self._last)
    @rule()
    def restart(self) -> None:
        """The daemon starts again: memory and book are those of the last step."""
        assert self._last is not None
        self._store.close()
        self._store = Store.open(self._path)
        resumed = self._store.resume("c")
        assert resumed is not None
        assert resumed.step == self._last.at
        assert resumed.memory == str(self._last.at - BEGIN).encode()
        assert _without_feedback(resumed.book) == _without_feedback(self._book)
        self._book = resumed.book

    @precondition(lambda self: self._resolved or self._book.incidents)
    @rule(data=st.data(), right=st.booleans())
    def give_feedback(self, data: st.DataObject, *, right: bool) -> None:
        """Somebody says what they think of an incident, open or not."""
        identity = data.draw(st.sampled_from(sorted(self._resolved.keys() | self._book.incidents.keys())))
        self._feedback[identity] = Feedback(verdict_right=right)
        answered = self._incidents.add_feedback(identity, self._feedback[identity])
        assert answered is not None
        assert answered.feedback == self._feedback[identity]
        self._is_checked = False

    @invariant()
    def the_store_tells_one_story(self) -> None:
        """Whenever it has changed, all that must hold holds."""
        if self._is_checked:
            return
        stored = {each.id: each for each in self._incidents.every()}
        self._a_victim_has_one_open_incident(stored)
        self._resolved_stays_as_it_is(stored)
        self._the_log_is_a_story(stored)
        self._every_incident_has_one_episode(stored)
        self._is_checked = True

    def _a_victim_has_one_open_incident(self, stored: dict[str, Incident]) -> None:
        victims = [each.victim.pod for each in stored.values() if each.state is State.OPEN]
        assert len(victims) == len(set(victims))

    def _resolved_stays_as_it_is(self, stored: dict[str, Incident]) -> None:
        """But for what a person says of it."""
        for identity, incident in self._resolved.items():
            assert stored[identity] == replace(incident, feedback=self._feedback.get(identity))

    def _the_log_is_a_story(self, stored: dict[str, Incident]) -> None:
        """Sequences have no gap; each incident is opened first and once, resolved last and at most once."""
        log = self._incidents.events_after(0, limit=500)
        assert [each.sequence for each in log] == list(range(1, len(log) + 1))
        kinds: dict[str, list[TransitionKind]] = defaultdict(list)
        for event in log:
            kinds[event.incident.id].append(event.kind)
        for identity, told in kinds.items():
            assert told[0] is TransitionKind.OPENED
            assert (told[-1] is TransitionKind.RESOLVED) == (identity in self._resolved)
            assert set(told[1:-1]) <= {TransitionKind.UPDATED}
        assert kinds.keys() == stored.keys()

    def _every_incident_has_one_episode(self, incidents: dict[str, Incident]) -> None:
        """Episodes share out the incidents among them, and are open while one of theirs is."""
        episodes = self._incidents.episodes(limit=500).items
        members = [(episode.id, identity) for episode in episodes for identity in episode.incident_ids]
        assert sorted(members) == sorted((each.episode_id, each.id) for each in incidents.values())
        for episode in episodes:
            states = {incidents[identity].state for identity in episode.incident_ids}
            assert episode.state is (State.OPEN if State.OPEN in states else State.RESOLVED)
            assert (episode.ended_at is None) == (episode.state is State.OPEN)

    def _tell(
        self, victim: str, volume: str | None, names: tuple[str, ...], verdict: Verdict, *, ended: int | None
    ) -> None:
        accused = [culprit(name) for name in names]
        detected = self._regressions[victim].detected
        self._pending.append(
            finding(victim, detected, at=self._now, ended=ended, verdict=verdict, volume=volume, suspects=accused)
        )

    def _remember(self, incident: Incident) -> None:
        key = (incident.victim.pod, int(incident.detected_at.timestamp()))
        assert self._identities.setdefault(key, incident.id) == incident.id
        assert incident.id not in self._resolved
        if incident.state is State.RESOLVED:
            self._resolved[incident.id] = incident


def _without_feedback(book: Book) -> Book:
    return replace(book, incidents={key: replace(each, feedback=None) for key, each in book.incidents.items()})


Life.TestCase.settings = settings(max_examples=40, stateful_step_count=50)
TestLife = Life.TestCase
