"""Who asks for logs, when, and what happens meanwhile."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import pytest

from correlator.daemon.log_watch import ATTEMPTS, LONGEST_PAUSE_SECONDS, MOST_WAITING, SETTLE_SECONDS, LogWatch
from correlator.daemon.reading import LateIncidents
from correlator.incidents.book import Book, Step, advance
from correlator.incidents.errors import StoreError
from correlator.incidents.store import Store
from correlator.logs.asking import Asking, LogReader
from correlator.logs.client import Loki
from correlator.logs.look import Look
from correlator.model.finding import Finding
from correlator.model.incident import Incident
from correlator.model.logs import LogEvidence
from correlator.model.source import SourceError
from correlator.sources.session import Access
from tests.factories import make_logs, make_pod_logs
from tests.loki import FakeLoki, loki
from tests.unit.incidents.findings import BEGIN, culprit, finding, moment


@dataclass
class Place:
    """A store that steps are told to, a watch over it, and a Loki that is a function."""

    path: Path
    cluster: str = "c"
    now: float = BEGIN + 300.0
    looks: list[Look] = field(default_factory=list)
    fails: list[Exception | None] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Open it."""
        self.store = Store.open(self.path)
        self.incidents = LateIncidents(self.path)
        self.book = Book(cluster="c")

    def tell(self, *findings: Finding, at: int | None = None) -> Step:
        """Commit a step."""
        step = advance(self.book, at or max(int(each.at.timestamp()) for each in findings), findings)
        self.store.commit_step(step, b"")
        self.book = step.book
        return step

    def watch(self) -> LogWatch:
        """A new one, as after a start."""
        return LogWatch(self.incidents, self.ask, self.cluster, lambda: self.now)

    def ask(self, look: Look, asked_at: datetime) -> LogEvidence:
        """Answer as told."""
        self.looks.append(look)
        failure = self.fails.pop(0) if self.fails else None
        if failure is not None:
            raise failure
        pods = tuple(
            make_pod_logs(role=subject.role, namespace=subject.namespace, pod=subject.pod) for subject in look.subjects
        )
        return make_logs(pods=pods, asked_at=asked_at, is_final=look.is_final, until=moment(look.until - BEGIN))

    def incident(self) -> Incident:
        """The newest."""
        return self.incidents.search().items[0]

    def logs(self) -> LogEvidence | None:
        """Of the newest."""
        return self.incidents.logs(self.incident().id)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """An empty store."""
    made = Place(tmp_path / "store.db")
    yield made
    made.incidents.close()
    made.store.close()


def down() -> SourceError:
    """What a Loki that may come back says."""
    return SourceError("http://loki:3100 answered 503", retriable=True)


def test_incident_is_looked_at_once_it_is_there(place: Place) -> None:
    """Once, however often the watch turns, and the answer stands beside it."""
    watch = place.watch()
    watch.turn()
    place.tell(finding())
    for _ in range(5):
        watch.turn()
    assert len(place.looks) == 1
    logs = place.logs()
    assert logs is not None
    assert logs.pods[0].pod == "vllm-0"
    assert not logs.is_final


def test_lines_are_given_time_to_arrive(place: Place) -> None:
    """Agents send in batches: the look waits until its span is over, and some seconds more."""
    watch = place.watch()
    place.tell(finding())
    place.now = float(BEGIN)
    watch.turn()
    assert place.looks == []
    place.now = BEGIN + 60 + SETTLE_SECONDS
    watch.turn()
    assert len(place.looks) == 1
    assert place.looks[0].until + SETTLE_SECONDS <= place.now


def test_end_brings_a_second_look(place: Place) -> None:
    """With what was written until then."""
    watch = place.watch()
    place.tell(finding())
    watch.turn()
    place.tell(finding(at=60))
    watch.turn()
    assert len(place.looks) == 1
    place.tell(finding(at=120, ended=105))
    watch.turn()
    watch.turn()
    assert [look.is_final for look in place.looks] == [False, True]
    logs = place.logs()
    assert logs is not None
    assert logs.is_final


def test_newly_accused_is_looked_at(place: Place) -> None:
    """A later look of the engine that accuses somebody else asks for its logs too, once."""
    watch = place.watch()
    place.tell(finding())
    watch.turn()
    for at in (60, 75):
        place.tell(finding(at=at, suspects=[culprit("rag/reindex-1")]))
        watch.turn()
    assert [[subject.pod for subject in look.subjects] for look in place.looks] == [
        ["vllm-0"],
        ["vllm-0", "reindex-1"],
    ]


def test_restart_looks_at_what_nobody_looked_at(place: Place) -> None:
    """What is left to do follows from the store: neither forgotten nor done twice."""
    place.tell(finding("vllm-0"))
    place.watch().turn()
    place.tell(finding("vllm-1", 15))
    place.watch().turn()
    place.watch().turn()
    assert [look.subjects[0].pod for look in place.looks] == ["vllm-0", "vllm-1"]


def test_what_is_long_ago_is_left_alone(place: Place) -> None:
    """A Loki that is set today is not asked about last week."""
    place.tell(finding())
    place.now = BEGIN + 86_400.0
    place.watch().turn()
    assert place.looks == []


def test_other_clusters_are_not_ours(place: Place) -> None:
    """A store that several share is looked at by each for its own."""
    place.cluster = "other"
    watch = place.watch()
    watch.turn()
    place.tell(finding())
    watch.turn()
    assert place.looks == []


def test_failure_is_said_and_tried_again(place: Place) -> None:
    """Why nobody looked stands beside the incident until somebody did."""
    watch = place.watch()
    place.tell(finding())
    place.fails = [down()]
    watch.turn()
    logs = place.logs()
    assert logs is not None
    assert [spot.reason for spot in logs.blind_spots] == ["http://loki:3100 answered 503"]
    watch.turn()
    assert len(place.looks) == 1
    place.now += LONGEST_PAUSE_SECONDS
    watch.turn()
    logs = place.logs()
    assert logs is not None
    assert logs.pods


def test_loki_that_is_down_is_left_in_peace(place: Place) -> None:
    """After a failure all incidents wait, and each is asked for a few times alone."""
    watch = place.watch()
    place.tell(*(finding(f"vllm-{number}") for number in range(20)))
    place.fails = [down() for _ in range(1000)]
    watch.turn()
    assert len(place.looks) == 1
    for _ in range(500):
        place.now += LONGEST_PAUSE_SECONDS
        watch.turn()
    assert len(place.looks) == 20 * ATTEMPTS


def test_newest_incident_is_looked_at_first(place: Place) -> None:
    """After a pause people wait for what happens now."""
    watch = place.watch()
    watch.turn()
    for number in range(3):
        place.tell(finding(f"vllm-{number}", 15 * number))
    watch.turn()
    assert [look.subjects[0].pod for look in place.looks] == ["vllm-2", "vllm-1", "vllm-0"]


def test_refusal_is_not_repeated(place: Place) -> None:
    """What Loki will never answer is asked once, and once more when the incident is over."""
    watch = place.watch()
    place.tell(finding())
    place.fails = [SourceError("no such tenant", retriable=False)]
    for _ in range(5):
        place.now += LONGEST_PAUSE_SECONDS
        watch.turn()
    assert len(place.looks) == 1
    place.tell(finding(at=120, ended=105))
    watch.turn()
    assert len(place.looks) == 2


def test_answer_that_breaks_the_reader_ends_nothing(place: Place) -> None:
    """It is a failure like any other: said, and the next incident is looked at."""
    watch = place.watch()
    place.tell(finding())
    place.fails = [ZeroDivisionError("of all things")]
    watch.turn()
    logs = place.logs()
    assert logs is not None
    assert logs.blind_spots[0].reason == "the answer could not be used: ZeroDivisionError"
    place.now += LONGEST_PAUSE_SECONDS
    place.tell(finding("vllm-1", 15))
    watch.turn()
    assert [look.subjects[0].pod for look in place.looks] == ["vllm-0", "vllm-1"]


def test_answer_that_cannot_be_stored_is_asked_for_again(place: Place) -> None:
    """A store that fails for a moment loses no look."""
    watch = place.watch()
    place.tell(finding())
    with closing(sqlite3.connect(place.path)) as other:
        other.execute("ALTER TABLE incident_logs RENAME TO elsewhere")
        other.commit()
        with pytest.raises(StoreError):
            watch.turn()
        other.execute("ALTER TABLE elsewhere RENAME TO incident_logs")
        other.commit()
    watch.turn()
    assert place.logs() is not None


def test_more_incidents_than_can_wait_are_told_so(place: Place) -> None:
    """The queue is bounded; the oldest is told why nobody looked, the others are looked at."""
    watch = place.watch()
    watch.turn()
    place.tell(*(finding(f"vllm-{number}", number // 50) for number in range(MOST_WAITING + 30)))
    watch.turn()
    assert len(place.looks) == MOST_WAITING
    kept = [place.incidents.logs(each.id) for each in place.incidents.search(limit=500).items]
    reasons = [logs.blind_spots[0].reason for logs in kept if logs is not None and not logs.pods]
    assert reasons == [f"not asked: more than {MOST_WAITING} incidents waited for Loki"] * 30


@contextmanager
def running(watch: LogWatch) -> Iterator[LogWatch]:
    """The watch in its thread."""
    watch.start()
    try:
        yield watch
    finally:
        watch.stop()


@pytest.fixture
def slow() -> Iterator[FakeLoki]:
    """A Loki that takes every request and answers none."""
    with loki() as server:
        server.faults = [server.hang] * 100
        yield server


def test_loki_that_hangs_delays_no_step(place: Place, slow: FakeLoki) -> None:
    """While the question about the first incident hangs, steps are committed, one after the other, and can be read."""
    reader = LogReader(Loki(slow.url, Access(read_timeout_seconds=60.0)), Asking(error_pattern="error"))
    place.tell(finding())
    with running(LogWatch(place.incidents, reader.look, "c", lambda: place.now)):
        assert slow.hanging.wait(30.0)
        for number in range(1, 50):
            place.tell(finding(f"vllm-{number}", 15 * number))
        assert len(place.incidents.search(limit=100).items) == 50
        assert not slow.released.is_set()
        assert len(slow.asked) == 1
        assert place.incidents.logs(place.incident().id) is None
