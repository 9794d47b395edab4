"""The write side."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from correlator.incidents.book import KNOWN_FOR, Book, abandon, advance
from correlator.incidents.errors import StoreConflictError, StoreError
from correlator.incidents.lifecycle import TransitionKind
from correlator.incidents.query import IncidentQuery
from correlator.incidents.reader import Incidents
from correlator.incidents.store import Store
from correlator.model.finding import Evidence, Verdict
from correlator.model.incident import Feedback, State
from tests.unit.incidents.findings import BEGIN, EVIDENCE, culprit, finding, moment, story, tell

HOUR = int(KNOWN_FOR.total_seconds())
LIFE = [finding("vllm-0", 0), finding("vllm-0", 0, at=60), finding("vllm-0", 0, at=120, ended=105)]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the store is."""
    return tmp_path / "store.db"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """An empty store."""
    with Store.open(path) as opened:
        yield opened


@pytest.fixture
def incidents(path: Path) -> Iterator[Incidents]:
    """The read side of the same store."""
    with Incidents.open(path) as opened:
        yield opened


def test_an_empty_store_has_nothing_to_resume(store: Store) -> None:
    """Before the first step there is no step, no memory, no book."""
    assert store.resume("c") is None


def test_resume_gives_back_step_memory_and_book(store: Store) -> None:
    """What was committed is there after a restart: the book is the one that was carried along."""
    for step in story(LIFE[:2]):
        store.commit_step(step, b"memory of %d" % step.at)
    resumed = store.resume("c")
    assert resumed is not None
    assert (resumed.step, resumed.memory) == (BEGIN + 60, b"memory of %d" % (BEGIN + 60))
    assert resumed.book == story(LIFE[:2])[-1].book


def test_moments_are_what_happened_to_one_incident(store: Store, incidents: Incidents) -> None:
    """Oldest first, its own alone; none for an incident that nobody knows."""
    for step in story([LIFE[0], finding("vllm-1", 15), *LIFE[1:]]):
        store.commit_step(step, b"")
    identity = next(each.id for each in incidents.every() if each.victim.pod == "vllm-0")
    assert [(each.at, each.kind) for each in incidents.moments(identity)] == [
        (moment(0), "opened"),
        (moment(60), "updated"),
        (moment(120), "resolved"),
    ]
    assert incidents.moments("nobody") == ()


def test_a_step_without_findings_moves_on(store: Store) -> None:
    """A quiet step is committed too, with its memory."""
    step = advance(Book(cluster="c"), BEGIN, [])
    assert store.commit_step(step, b"quiet") == ()
    resumed = store.resume("c")
    assert resumed is not None
    assert (resumed.step, resumed.memory) == (BEGIN, b"quiet")


def test_a_life_is_logged_in_order(store: Store, incidents: Incidents) -> None:
    """Opened, updated, resolved: with rising sequences, and the returned entries are the stored ones."""
    returned = [event for step in story(LIFE) for event in store.commit_step(step, b"")]
    kinds = [TransitionKind.OPENED, TransitionKind.UPDATED, TransitionKind.RESOLVED]
    assert [(event.sequence, event.kind) for event in returned] == list(zip([1, 2, 3], kinds, strict=True))
    logged = incidents.events_after(0)
    assert [(each.sequence, each.kind, each.at) for each in logged] == [
        (each.sequence, each.kind, each.at) for each in returned
    ]
    assert {each.incident for each in logged} == {returned[-1].incident}


def test_a_step_that_was_committed_is_ignored(store: Store, incidents: Incidents) -> None:
    """Committing a step again, or an older one, changes nothing and logs nothing."""
    steps = story(LIFE)
    for step in steps:
        store.commit_step(step, b"first")
    assert [store.commit_step(step, b"second") for step in steps] == [(), (), ()]
    resumed = store.resume("c")
    assert resumed is not None
    assert resumed.memory == b"first"
    assert incidents.last_sequence() == 3


def test_a_step_that_follows_another_is_refused(store: Store) -> None:
    """Two daemons on one cluster: the one whose book is not the stored one is told to resume."""
    first, second, third = story(LIFE)
    store.commit_step(first, b"")
    with pytest.raises(StoreConflictError, match="resume from the store") as refused:
        store.commit_step(third, b"")
    assert refused.value.retriable
    with pytest.raises(StoreConflictError):
        store.commit_step(advance(Book(cluster="c"), BEGIN + 600, []), b"")
    store.commit_step(second, b"")


def test_clusters_share_a_store_without_meeting(store: Store, incidents: Incidents) -> None:
    """Each cluster has its own progress and book; the log is one, with one sequence."""
    for cluster in ("blue", "green"):
        store.commit_step(advance(Book(cluster=cluster), BEGIN, [finding()]), cluster.encode())
    blue, green = store.resume("blue"), store.resume("green")
    assert blue is not None
    assert green is not None
    assert (blue.memory, green.memory) == (b"blue", b"green")
    assert {each.cluster for each in blue.book.incidents.values()} == {"blue"}
    assert [each.sequence for each in incidents.events_after(0)] == [1, 2]
    assert len(incidents.search(IncidentQuery(cluster="green")).items) == 1


def test_feedback_survives_later_steps(store: Store, incidents: Incidents) -> None:
    """What a person says while an incident is open is there when it is over, and goes out with its events."""
    first, *rest = story(LIFE)
    (opened,) = store.commit_step(first, b"")
    feedback = Feedback(verdict_right=False, culprits=("rag/other",), note="no", given_at=moment(30))
    incidents.add_feedback(opened.incident.id, feedback)
    events = [event for step in rest for event in store.commit_step(step, b"")]
    assert {event.incident.feedback for event in events} == {feedback}
    stored = incidents.get(opened.incident.id)
    assert stored is not None
    assert (stored.state, stored.feedback) == (State.RESOLVED, feedback)


def test_evidence_is_that_of_the_newest_look(store: Store, incidents: Incidents) -> None:
    """A look replaces the series, one without series leaves them."""
    newer = replace(EVIDENCE, ended_at=moment(60))
    looks = [finding(), finding(at=60, evidence=newer), finding(at=120, ended=105, evidence=Evidence())]
    seen = []
    for step in story(looks):
        (event,) = store.commit_step(step, b"")
        seen.append(incidents.evidence(event.incident.id))
    assert seen == [EVIDENCE, newer, newer]


def test_a_suspect_of_a_former_look_is_no_longer_found(store: Store, incidents: Incidents) -> None:
    """Incidents are found by the suspects of the newest look."""
    looks = [finding(suspects=[culprit("rag/a")]), finding(at=60, suspects=[culprit("rag/b")])]
    for step in story(looks):
        store.commit_step(step, b"")
    found = {name: len(incidents.search(IncidentQuery(suspect=name)).items) for name in ("rag/a", "a", "rag/b", "b")}
    assert found == {"rag/a": 0, "a": 0, "rag/b": 1, "b": 1}


def test_counts_never_fall(store: Store, incidents: Incidents) -> None:
    """An incident counts once for each verdict that it had, also when it comes back to one, and after it is pruned."""
    looks = [
        finding("vllm-0", 0, verdict=Verdict.UNDETERMINED),
        finding("vllm-0", 0, at=15),
        finding("vllm-0", 0, at=30, verdict=Verdict.UNDETERMINED),
        finding("vllm-0", 0, at=45, ended=45),
        finding("vllm-1", 60, verdict=Verdict.LOAD, volume=None),
    ]
    steps = story(looks)
    for step in steps:
        store.commit_step(step, b"")
    expected = dict.fromkeys(Verdict, 0) | {
        Verdict.CONTENTION: 1,
        Verdict.UNDETERMINED: 1,
        Verdict.LOAD: 1,
    }
    assert incidents.counts() == incidents.counts("c") == expected
    assert sum(incidents.counts("other").values()) == 0
    store.commit_step(abandon(steps[-1].book, BEGIN + 2 * HOUR, "test"), b"")
    store.commit_step(advance(Book(cluster="c", at=BEGIN + 2 * HOUR), BEGIN + 9 * HOUR, []), b"")
    assert store.prune(moment(9 * HOUR)) == 2
    assert incidents.counts() == expected


def test_prune_deletes_what_is_long_over(store: Store, incidents: Incidents) -> None:
    """Incidents that were over before the instant are gone with all that belongs to them; others are whole."""
    steps = story([*LIFE, finding("vllm-1", 3 * HOUR), finding("vllm-1", 3 * HOUR, at=3 * HOUR + 60, ended=3 * HOUR)])
    for step in [*steps, advance(steps[-1].book, BEGIN + 8 * HOUR, [])]:
        store.commit_step(step, b"")
    old, young = (step.transitions[0].incident for step in (steps[0], steps[-1]))
    assert store.prune(moment(2 * HOUR)) == 1
    assert incidents.search().items == (young,)
    assert incidents.get(old.id) is None
    assert incidents.evidence(old.id) is None
    assert incidents.episode(old.episode_id) is None
    assert {event.incident.id for event in incidents.events_after(0)} == {young.id}
    assert incidents.evidence(young.id) == EVIDENCE
    assert store.prune(moment(2 * HOUR)) == 0


def test_prune_keeps_whatever_a_step_may_touch(store: Store, incidents: Incidents) -> None:
    """However late the instant, open incidents, their episodes, and what ended within the last hour stay."""
    steps = story([finding("vllm-0", 0), finding("vllm-1", 0, at=60, ended=45), finding("vllm-0", 0, at=HOUR)])
    other = tell(finding("vllm-2", HOUR, at=HOUR + 15, ended=HOUR, volume="disk:n2:sda"), book=steps[-1].book)
    for step in [*steps, other]:
        store.commit_step(step, b"")
    assert store.prune(moment(99 * HOUR)) == 0
    resumed = store.resume("c")
    assert resumed is not None
    assert resumed.book == other.book
    assert len(incidents.search().items) == 3


def test_prune_works_in_batches(store: Store, incidents: Incidents) -> None:
    """More episodes, and larger ones, than one transaction deletes are all deleted."""
    small = [finding(f"vllm-{n}", 0, at=15, ended=0, volume=f"disk:n{n}:sda") for n in range(250)]
    large = [finding(f"llama-{n}", 0, at=15, ended=0, volume=f"disk:m{n % 2}:sda") for n in range(500)]
    step = tell(*small, *large)
    store.commit_step(step, b"")
    store.commit_step(advance(step.book, BEGIN + 2 * HOUR, []), b"")
    assert store.prune(moment(2 * HOUR)) == 750
    assert incidents.search().items == ()


def test_sequences_are_not_used_again(store: Store, incidents: Incidents) -> None:
    """After all entries of the log are pruned, the next one has a new sequence."""
    steps = story(LIFE)
    for step in [*steps, advance(steps[-1].book, BEGIN + 9 * HOUR, [])]:
        store.commit_step(step, b"")
    store.prune(moment(8 * HOUR))
    assert incidents.events_after(0) == ()
    next_step = advance(Book(cluster="c", at=BEGIN + 9 * HOUR), BEGIN + 9 * HOUR + 15, [finding("x", 9 * HOUR + 15)])
    (event,) = store.commit_step(next_step, b"")
    assert event.sequence == 4


def test_what_could_not_be_read_again_is_not_written(store: Store) -> None:
    """An incident with a confidence that is no number fails its step, which leaves the last one as it was."""
    first = tell(finding())
    store.commit_step(first, b"good")
    bad = tell(replace(finding(at=60), confidence=float("nan")), book=first.book)
    with pytest.raises(StoreError, match="not a finite number"):
        store.commit_step(bad, b"bad")
    resumed = store.resume("c")
    assert resumed is not None
    assert (resumed.memory, resumed.book) == (b"good", first.book)


def test_a_trial_write_leaves_nothing(store: Store, path: Path) -> None:
    """Asking whether the store can be written changes nothing in it."""
    store.commit_step(tell(finding()), b"")
    before = path.read_bytes(), Path(f"{path}-wal").read_bytes()
    store.check_writable()
    assert (path.read_bytes(), Path(f"{path}-wal").read_bytes()) == before


def test_an_episode_that_was_left_is_answered_but_not_listed(store: Store, incidents: Incidents) -> None:
    """Whoever holds the identity of an episode whose incident moved away still learns that it is over."""
    alone = finding("vllm-1", 15, verdict=Verdict.UNDETERMINED, volume=None)
    steps = story([finding("vllm-0", 0), alone, finding("vllm-1", 15, at=60)])
    for step in steps:
        store.commit_step(step, b"")
    left = steps[1].episodes[0].id
    assert [each.id for each in incidents.episodes().items] == [steps[0].episodes[0].id]
    episode = incidents.episode(left)
    assert episode is not None
    assert (episode.state, episode.incident_ids) == (State.RESOLVED, ())


def test_an_episode_that_never_was_is_not_stored(store: Store, incidents: Incidents) -> None:
    """Opened and moved within one step, an incident leaves no episode behind."""
    together = [
        finding("vllm-0", 0),
        finding("vllm-1", 0, verdict=Verdict.UNDETERMINED, volume=None),
        finding("vllm-1", 0, at=15),
    ]
    step = tell(*together)
    store.commit_step(step, b"")
    assert len(step.episodes) == 2
    assert sum(incidents.episode(each.id) is not None for each in step.episodes) == 1


def test_instants_survive_to_the_microsecond(store: Store, incidents: Incidents) -> None:
    """An incident comes back equal, whatever fraction of a second its instants have."""
    told = replace(finding(), started_at=moment(-30) + timedelta(microseconds=1))
    (event,) = store.commit_step(tell(told), b"")
    assert incidents.get(event.incident.id) == event.incident
