"""What a courier delivers, how often, in which order, and what becomes of the rest."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from correlator.daemon.reading import LateIncidents
from correlator.delivery.carrier import AT_ONCE
from correlator.delivery.courier import MOST_KEPT, Courier
from correlator.delivery.errors import PointlessError, RefusedError, TransientError
from correlator.delivery.pause import LONGEST_ASKED_SECONDS, LONGEST_SECONDS
from correlator.delivery.sink import Parcel
from correlator.incidents.book import Book, advance
from correlator.incidents.errors import StoreError, StoreUnavailableError
from correlator.incidents.lifecycle import Event
from correlator.incidents.outbox import Kept, Outbox
from correlator.incidents.store import Store
from correlator.model.finding import Finding
from tests.unit.incidents.findings import BEGIN, finding, swift_folder

Failure = Callable[[bytes], Exception | None]


class Killed(BaseException):
    """What ends a process is no exception that anything catches."""


@dataclass
class Recorder:
    """A sink that keeps what arrives. `fails` says for each body what goes wrong, None: nothing."""

    name: str = "recorder"
    patience: timedelta = timedelta(hours=24)
    parts: int = 1
    arrived: list[str] = field(default_factory=list)
    tried: list[str] = field(default_factory=list)
    fails: Failure = lambda _: None
    dies_after: int | None = None

    def prepare(self, event: Event) -> Sequence[Parcel]:
        """Its sequence, kind and pod."""
        told = f"{event.sequence} {event.kind.value} {event.incident.victim.pod}"
        return [Parcel(event.incident.id, f"{told}{'+' * part}".encode()) for part in range(self.parts)]

    def send(self, body: bytes) -> None:
        """Keep it."""
        self.tried.append(body.decode())
        failure = self.fails(body)
        if failure is not None:
            raise failure
        self.arrived.append(body.decode())
        if self.dies_after is not None and len(self.arrived) >= self.dies_after:
            raise Killed

    def close(self) -> None:
        """Nothing to give back."""


@dataclass
class Place:
    """A store that steps are told to, and a courier that can be killed and started again."""

    path: Path
    cluster: str = "c"
    now: float = BEGIN + 60.0
    sink: Recorder = field(default_factory=Recorder)

    def __post_init__(self) -> None:
        """Open it."""
        self.store = Store.open(self.path)
        self.incidents = LateIncidents(self.path)
        self.book = Book(cluster="c")
        self.couriers: list[Courier] = []
        self.start()
        self.courier.turn()

    def start(self) -> None:
        """A courier anew: what the old one knew, and did not keep, is gone."""
        self.courier = Courier(
            self.sink,
            self.incidents,
            lambda: self.outbox(self.sink.name),
            self.cluster,
            lambda: self.now,
        )
        self.couriers.append(self.courier)

    def outbox(self, sink: str) -> Outbox:
        """Of a sink."""
        return Outbox.open(self.path, self.cluster, sink)

    def tell(self, *findings: Finding) -> None:
        """Commit a step."""
        step = advance(self.book, max(int(each.at.timestamp()) for each in findings), findings)
        self.store.commit_step(step, b"")
        self.book = step.book

    def count(self, outcome: str) -> int:
        """How often it came, to the present courier."""
        return dict(self.courier.status().outcomes)[outcome]

    def turns(self, number: int, seconds: float) -> None:
        """So many, each so much later."""
        for _ in range(number):
            self.now += seconds
            self.courier.turn()


@pytest.fixture
def place() -> Iterator[Place]:
    """An empty store, with a courier that has looked once."""
    with swift_folder() as folder:
        made = Place(Path(folder) / "store.db")
        yield made
        for courier in made.couriers:
            courier.close()
        made.incidents.close()
        made.store.close()


def life(place: Place) -> None:
    """An incident from its beginning to its end."""
    place.tell(finding())
    place.tell(finding(at=30))
    place.courier.turn()
    place.tell(finding(at=60, ended=45))


def down(_: bytes) -> Exception:
    """A receiver that may come back."""
    return TransientError("http://there answered 503")


def test_every_change_arrives_once_and_in_order(place: Place) -> None:
    """However often the courier turns."""
    place.tell(finding())
    place.courier.turn()
    place.tell(finding(at=30))
    place.courier.turn()
    place.tell(finding(at=60, ended=45))
    place.turns(5, 1.0)
    assert place.sink.arrived == ["1 opened vllm-0", "2 updated vllm-0", "3 resolved vllm-0"]
    assert place.sink.tried == place.sink.arrived
    status = place.courier.status()
    assert (place.count("delivered"), status.backlog, status.problem) == (3, 0, "")
    assert status.last_success_at is not None


def test_what_was_before_a_sink_is_not_told(place: Place) -> None:
    """A sink that is set today is not told of last week; from then on of everything, also of what comes between."""
    place.tell(finding("old"))
    place.sink = Recorder(name="new")
    place.start()
    place.courier.turn()
    place.tell(finding("young", 15))
    place.start()
    place.courier.turn()
    assert place.sink.arrived == ["2 opened young"]


def test_updates_that_a_later_one_makes_old_are_left_out(place: Place) -> None:
    """The log has the newest state of an incident: three times over it is no news. What began and ended is told."""
    place.tell(finding())
    for at in (30, 60, 90):
        place.tell(finding(at=at))
    place.tell(finding(at=120, ended=105))
    place.courier.turn()
    assert place.sink.arrived == ["1 opened vllm-0", "5 resolved vllm-0"]
    assert place.count("superseded") == 3


def test_receiver_that_is_down_for_long_misses_nothing(place: Place) -> None:
    """It is tried less and less often, and gets everything, in order, when it is back."""
    place.sink.fails = down
    life(place)
    place.turns(600, 10.0)
    assert place.sink.arrived == []
    assert len(place.sink.tried) < 100
    assert place.courier.status().backlog == 3
    assert place.courier.status().problem == "http://there answered 503"
    place.sink.fails = lambda _: None
    place.turns(40, 10.0)
    assert place.sink.arrived == ["1 opened vllm-0", "2 updated vllm-0", "3 resolved vllm-0"]
    assert place.courier.status().problem == ""
    assert place.count("retried") + place.count("delivered") == len(place.sink.tried)


def test_receiver_that_is_down_is_left_in_peace(place: Place) -> None:
    """However many deliveries wait, it is tried as often as if there were one."""
    place.sink.fails = down
    place.tell(*(finding(f"vllm-{number:02}") for number in range(40)))
    place.turns(60, 1.0)
    assert 4 <= len(place.sink.tried) <= 8  # 1, 2, 4, 8, 16, 32 s, half of them at least


def test_pause_that_is_asked_for_is_kept(place: Place) -> None:
    """Retry-After is honoured, within reason."""
    place.sink.fails = lambda _: TransientError("busy", retry_after_seconds=120.0)
    place.tell(finding())
    place.courier.turn()
    place.turns(119, 1.0)
    assert len(place.sink.tried) == 1
    place.turns(3, 1.0)
    assert len(place.sink.tried) == 2
    place.sink.fails = lambda _: TransientError("busy", retry_after_seconds=1e9)
    place.turns(1, LONGEST_SECONDS)
    place.sink.fails = lambda _: None
    place.turns(1, LONGEST_ASKED_SECONDS)
    assert place.sink.arrived == ["1 opened vllm-0"]


def test_what_is_refused_is_counted_named_and_passed_over(place: Place) -> None:
    """One that the receiver will never take does not hold up the next."""
    place.sink.fails = lambda body: RefusedError("400: line too long") if b"vllm-0" in body else None
    place.tell(finding("vllm-0"), finding("vllm-1"), finding("vllm-2"))
    place.courier.turn()
    assert len(place.sink.arrived) == 2
    assert len(place.sink.tried) == 3
    assert place.count("refused") == 1
    assert "400: line too long" in place.courier.status().last_lost


def test_error_of_our_own_ends_nothing(place: Place) -> None:
    """It is counted as refused, and the next is delivered."""
    place.sink.fails = lambda body: ZeroDivisionError("of all things") if b"vllm-0" in body else None
    place.tell(finding("vllm-0"), finding("vllm-1"))
    place.courier.turn()
    assert place.count("refused") == 1
    assert "ZeroDivisionError" in place.courier.status().last_lost
    assert len(place.sink.arrived) == 1


def test_what_speaks_of_something_gone_is_no_loss(place: Place) -> None:
    """It has an outcome of its own."""
    place.sink.fails = lambda _: PointlessError("the pod is gone")
    place.tell(finding())
    place.courier.turn()
    assert (place.count("pointless"), place.courier.status().last_lost) == (1, "")


def test_one_that_always_fails_holds_up_its_own_group_alone(place: Place) -> None:
    """Later changes of the same incident wait for it, other incidents go on; after its time it is given up."""
    place.sink.fails = lambda body: TransientError("500") if body.endswith(b"opened vllm-0") else None
    place.tell(finding("vllm-0"))
    place.tell(finding("vllm-1", 15), finding("vllm-0", at=15))
    place.turns(300, 10.0)
    assert [each for each in place.sink.arrived if "vllm-0" in each] == []
    assert [each for each in place.sink.arrived if "vllm-1" in each] != []
    place.now += 24 * 3600.0
    place.turns(2, 1.0)
    assert place.count("expired") == 2
    assert place.courier.status().backlog == 0
    assert "not delivered within" in place.courier.status().last_lost


@pytest.mark.parametrize("after", [1, 2, 3, 4])
def test_kill_loses_nothing_and_repeats_the_same(place: Place, after: int) -> None:
    """Whenever the process ends, everything arrives at least once; what arrives twice is the same to the last byte."""
    place.tell(finding("vllm-0"), finding("vllm-1"))
    place.tell(finding("vllm-0", at=60, ended=45), finding("vllm-1", at=60, ended=45))
    place.sink.dies_after = after
    with pytest.raises(Killed):
        place.courier.turn()
    place.sink.dies_after = None
    place.start()
    place.tell(finding("vllm-2", 75))
    place.courier.turn()
    assert len(set(place.sink.arrived)) == 5
    assert len(place.sink.arrived) == 5 + after
    assert list(dict.fromkeys(place.sink.arrived)) == sorted(place.sink.arrived[after:])


def test_repetition_tells_what_was_told_though_the_incident_went_on(place: Place) -> None:
    """What is sent was settled when the event was heard: it does not depend on when it arrives."""
    place.sink.fails = down
    place.tell(finding())
    place.courier.turn()
    first = place.sink.tried[0]
    place.tell(finding(at=60, ended=45))
    place.sink.fails = lambda _: None
    place.start()
    place.turns(3, 5.0)
    assert place.sink.arrived[0] == first


def test_store_that_takes_nothing_makes_no_flood(place: Place) -> None:
    """What has arrived and could not be forgotten is not sent again by the same process, and is forgotten later."""
    place.tell(finding())
    with closing(sqlite3.connect(place.path)) as other:
        other.execute("CREATE TRIGGER no BEFORE DELETE ON outbox BEGIN SELECT RAISE(ABORT, 'full'); END")
        other.commit()
        for _ in range(5):
            with pytest.raises(StoreError):
                place.courier.turn()
        other.execute("DROP TRIGGER no")
        other.commit()
    place.courier.turn()
    assert place.sink.tried == ["1 opened vllm-0"]
    assert place.courier.status().backlog == 0


class Doubtful(Outbox):
    """Keeps what it is given, and fails to say so, once."""

    has_failed = False

    def take_in(self, heard: int, deliveries: Sequence[Kept]) -> None:
        """A connection that breaks after the commit."""
        super().take_in(heard, deliveries)
        if deliveries and not Doubtful.has_failed:
            Doubtful.has_failed = True
            raise StoreUnavailableError("postgresql://there", "connection lost", "")


def test_commit_that_nobody_heard_of_is_not_made_twice(place: Place) -> None:
    """After any failure the store is asked how far it was heard."""
    courier = Courier(
        place.sink,
        place.incidents,
        lambda: Doubtful.open(place.path, "c", place.sink.name),
        "c",
        lambda: place.now,
    )
    place.couriers.append(courier)
    place.tell(finding("vllm-0"), finding("vllm-1"))
    with pytest.raises(StoreError, match="connection lost"):
        courier.turn()
    courier.turn()
    assert len(place.sink.arrived) == len(set(place.sink.arrived)) == 2


def test_outbox_is_bounded_and_nothing_is_dropped(place: Place) -> None:
    """Beyond its bound the log of events keeps the rest, which the backlog counts."""
    place.sink.fails = down
    place.sink.parts = 20
    pods = 3 * MOST_KEPT // 20
    place.tell(*(finding(f"vllm-{number:03}") for number in range(pods)))
    place.courier.turn()
    with closing(place.outbox(place.sink.name)) as outbox:
        assert MOST_KEPT <= outbox.waiting() < MOST_KEPT + 100 * 20
        assert place.courier.status().backlog > outbox.waiting()
    place.sink.fails = lambda _: None
    place.turns(3, LONGEST_SECONDS)
    assert len(place.sink.arrived) == pods * 20 == len(set(place.sink.arrived))


def test_other_clusters_are_not_ours(place: Place) -> None:
    """A store that several share is told of by each for its own."""
    place.cluster = "other"
    place.start()
    place.courier.turn()
    place.tell(finding())
    place.courier.turn()
    assert place.sink.arrived == []
    assert place.courier.status().backlog == 0


def test_two_sinks_have_cursors_of_their_own(place: Place) -> None:
    """One that is down holds up no other."""
    other = Recorder(name="other", fails=down)
    second = Courier(other, place.incidents, lambda: place.outbox("other"), "c", lambda: place.now)
    place.couriers.append(second)
    second.turn()
    place.tell(finding())
    second.turn()
    place.courier.turn()
    assert place.sink.arrived == ["1 opened vllm-0"]
    assert (other.arrived, second.status().backlog) == ([], 1)


def test_stop_is_heard_between_two(place: Place) -> None:
    """Nothing begins after it; what is left is delivered after the next start."""
    place.tell(*(finding(f"vllm-{number:02}") for number in range(AT_ONCE)))

    def stop(_: bytes) -> None:
        place.courier.stop()

    place.sink.fails = stop
    place.courier.turn()
    assert len(place.sink.arrived) == 1
    place.sink.fails = lambda _: None
    place.start()
    place.courier.turn()
    assert len(set(place.sink.arrived)) == AT_ONCE


def test_what_is_heard_too_late_is_no_news(place: Place) -> None:
    """A daemon that was down for a day, or a sink that was not set, does not tell of yesterday; that is no loss."""
    place.tell(finding("old"))
    place.tell(finding("young", 24 * 3600))
    place.now = BEGIN + 25 * 3600.0
    place.courier.turn()
    assert place.sink.tried == ["2 opened young"]
    assert (place.count("outdated"), place.count("expired"), place.courier.status().last_lost) == (1, 0, "")


def test_store_that_does_not_answer_is_a_problem_until_it_does(place: Place) -> None:
    """It is said in the status, and what comes meanwhile is told afterwards."""
    with closing(sqlite3.connect(place.path)) as other:
        other.execute("ALTER TABLE outbox RENAME TO elsewhere")
        other.commit()
        place.tell(finding())
        with pytest.raises(StoreError):
            place.courier.turn()
        assert "outbox" in place.courier.status().problem
        other.execute("ALTER TABLE elsewhere RENAME TO outbox")
        other.commit()
    place.courier.turn()
    assert place.courier.status().problem == ""
    assert place.sink.arrived == ["1 opened vllm-0"]
