"""The store on a real PostgreSQL: the same SQL, the same promises."""

import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text

from correlator.incidents.book import Book, advance
from correlator.incidents.database import Database
from correlator.incidents.delivery_log import DeliveryLog, DeliveryState
from correlator.incidents.errors import StoreBusyError, StoreConflictError, StoreUnavailableError
from correlator.incidents.inbox import Arrival, Inbox, Progress, Telling
from correlator.incidents.outbox import Dead, Kept, Number, Outbox, Postponed
from correlator.incidents.query import IncidentQuery
from correlator.incidents.reader import Incidents
from correlator.incidents.store import Store
from correlator.incidents.tables import Base
from correlator.model.finding import Verdict
from correlator.model.incident import Feedback, State
from correlator.timeseries.exported import Family
from correlator.timeseries.keeper import Keeper
from correlator.timeseries.reader import KeptSeries
from tests.factories import make_logs
from tests.servers_postgres import postgres
from tests.unit.incidents.findings import BEGIN, EVIDENCE, culprit, finding, moment, story

HOUR = 3600
STORY = story(
    [
        finding("vllm-0", 0, suspects=[culprit("rag/a"), culprit("rag/b", workload="Job/b")]),
        finding("vllm-1", 15, verdict=Verdict.UNDETERMINED, volume=None),
        finding("vllm-1", 15, at=60),
        finding("vllm-0", 0, at=90, ended=75, suspects=[culprit("rag/b", workload="Job/b")]),
        finding("vllm-1", 15, at=120, ended=105),
    ]
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A server for all tests of this file."""
    with postgres() as url:
        yield url


@pytest.fixture
def url(server: str) -> str:
    """An empty database."""
    with closing(Database.open(server)) as database, database.write() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    return server


def test_migrations_make_the_tables_that_the_code_knows(url: str) -> None:
    """After all migrations nothing is left to change."""
    with closing(Database.open(url)) as database, database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_logs_are_kept_beside_an_incident(url: str) -> None:
    """The newest look is kept, told again or not; of an incident that is not there nothing is."""
    identity = STORY[0].transitions[0].incident.id
    with Store.open(url) as store, Incidents.open(url) as incidents:
        store.commit_step(STORY[0], b"")
        assert not incidents.keep_logs("nobody", make_logs())
        assert [incidents.keep_logs(identity, make_logs(is_final=final)) for final in (False, True, False)] == [
            True,
            True,
            False,
        ]
        assert incidents.logs(identity) == make_logs(is_final=True)


def test_outbox_keeps_order_and_cursor(url: str) -> None:
    """What waits holds up its group, what is settled is gone, and the cursor outlives the process."""
    kept = [
        Kept(number=Number(number), group=group, at=moment(0), body=b"\x00")
        for number, group in [(1, "a"), (2, "a"), (3, "b")]
    ]
    with closing(Outbox.open(url, "c", "loki")) as outbox:
        assert outbox.cursor() is None
        outbox.take_in(2, kept[:2])
        outbox.take_in(3, kept[2:])
        assert outbox.due(moment(0), 10) == tuple(kept)
        outbox.settle([], Postponed(Number(1), moment(60)))
        assert [each.number.sequence for each in outbox.due(moment(59), 10)] == [3]
        outbox.settle([Number(3), Number(1)])
    with closing(Outbox.open(url, "c", "loki")) as outbox:
        assert (outbox.cursor(), outbox.waiting(), outbox.due(moment(0), 10)) == (3, 1, (kept[1],))


def test_alerts_are_kept_told_and_tried_again_as_in_sqlite(url: str, tmp_path: Path) -> None:
    """From the post to the dead letter's second try, with a restart; and it is the story that it should be."""
    told = [pass_alerts_on(location) for location in (url, str(tmp_path / "store.db"))]
    assert told[0] == told[1]
    assert told[0] == [
        (True, True, False),
        (True,),
        [("a", 0, b"1\x00"), ("b", 0, b"2"), ("a", 1, b"3")],
        [b"told 0", b"told 1", b"told 2"],
        [("a", "it said no")],
        (True, [b"told 0"], 0),
        (0, 3, None),
    ]


def pass_alerts_on(location: str) -> list[object]:
    """Three posts and a double are kept; all are told; the first is refused, and tried again."""

    def arrival(group: str, body: bytes, at: int = 0) -> Arrival:
        return Arrival(group=group, content="firing", received_at=moment(at), fingerprints=["f", group], body=body)

    within = timedelta(minutes=5)
    with closing(Inbox.open(location, "c")) as inbox:
        read: list[object] = [
            inbox.keep([arrival("a", b"1\x00"), arrival("b", b"2"), arrival("a", b"double")], within),
            inbox.keep([arrival("a", b"3", at=301)], within),
        ]
    with (
        closing(Inbox.open(location, "c")) as inbox,
        closing(Outbox.open(location, "c", "s")) as outbox,
        closing(DeliveryLog.open(location, "c")) as log,
    ):
        waiting = inbox.pending(Progress.WAITING, 0, 10)
        read.append([(each.group, each.repeat, each.body) for each in waiting])
        tellings = [
            Telling(
                sequence=each.sequence,
                group=each.group,
                revision=0,
                told="t",
                progress=Progress.DONE,
                at=each.received_at,
                body=f"told {number}".encode(),
            )
            for number, each in enumerate(waiting)
        ]
        inbox.tell(tellings, ["s"])
        inbox.tell(tellings, ["s"])
        due = outbox.due(moment(302), 10)
        read.append([each.body for each in due])
        numbers = [each.number for each in due]
        outbox.settle(numbers, None, [Dead(numbers[0], moment(303), "it said no")])
        (dead,) = log.search(DeliveryState.DEAD).items
        read.append([(dead.group, dead.reason)])
        is_back = log.retry(dead.id, moment(304))
        read.append((is_back, [each.body for each in outbox.due(moment(304), 10)], outbox.dead()))
        read.append((inbox.prune(moment(0)), inbox.prune(moment(9 * HOUR)), inbox.newest_of("f")))
    return read


def test_it_tells_the_same_story_as_sqlite(url: str, tmp_path: Path) -> None:
    """Whatever is read after the same steps, with feedback and pruning, is equal in both databases."""
    told = [tell_story(location) for location in (url, str(tmp_path / "store.db"))]
    assert told[0] == told[1]


def tell_story(location: str) -> list[object]:
    """Commit the story, with a restart, and read all that can be read."""
    quiet = advance(STORY[-1].book, BEGIN + 9 * HOUR, [])
    late = advance(quiet.book, BEGIN + 9 * HOUR + 15, [finding("vllm-9", 9 * HOUR + 15)])
    read: list[object] = []
    with Store.open(location) as store, Incidents.open(location) as incidents:
        read += [store.commit_step(step, b"\x00\xff") for step in STORY[:3]]
        assert incidents.add_feedback("nobody", Feedback(verdict_right=True)) is None
        read.append(
            incidents.add_feedback(STORY[0].transitions[0].incident.id, Feedback(verdict_right=True, note="é\"'"))
        )
    with Store.open(location) as store, Incidents.open(location) as incidents:
        read.append(store.resume("c"))
        read += [store.commit_step(step, b"") for step in STORY[3:]]
        read += [store.commit_step(STORY[0], b""), list(incidents.every()), incidents.episodes(), incidents.counts()]
        queries = (
            IncidentQuery(suspect="Job/b", node="n1", volume="disk/n1/nvme0n1", state=State.RESOLVED),
            IncidentQuery(suspect="rag/a"),
            IncidentQuery(cluster="c", namespace="inference", pod="vllm-1", since=moment(0), until=moment(16)),
            IncidentQuery(verdict=Verdict.CONTENTION, min_confidence=0.5),
        )
        read += [incidents.search(query) for query in queries]
        first = incidents.search(limit=1)
        read += [first, incidents.search(limit=1, cursor=first.next_cursor), incidents.events_after(1, limit=2)]
        read += [incidents.evidence(STORY[0].transitions[0].incident.id), incidents.last_step("c")]
        store.commit_step(quiet, b"")
        store.commit_step(late, b"")
        store.check_writable()
        read += [store.prune(moment(8 * HOUR)), list(incidents.every()), incidents.counts(), incidents.last_sequence()]
        read += [incidents.evidence(late.transitions[0].incident.id) == EVIDENCE]
    return read


def test_series_are_kept_as_in_sqlite(url: str, tmp_path: Path) -> None:
    """The same cycles, restarts, packed hours and pruning leave the same series, in both databases."""
    kept = [keep_series(location) for location in (url, str(tmp_path / "store.db"))]
    assert kept[0] == kept[1]
    assert len(kept[0][0]) == 2  # the rest is pruned


def keep_series(location: str) -> tuple[list[int], list[tuple[frozenset[tuple[str, str]], str]], int]:
    """Keep some hours in two lives; the cycles, series and number of incident annotations that are read."""
    begin = BEGIN // HOUR * HOUR
    with Store.open(location) as store:
        store.commit_step(STORY[0], b"")
        for life in range(2):
            keeper = Keeper(store.database, "c")
            for at in range(begin + life * 2 * HOUR, begin + (life + 1) * 2 * HOUR, HOUR // 2):
                values: dict[tuple[str, ...], float] = {("n1/sda",): at / 7, (f"n{at % 11}/sda",): 0.5}
                exported = {"correlator_volume_queue_depth": Family(("volume",), values)}
                with store.database.write() as connection:
                    keeper.append(connection, at, exported)
                keeper.appended()
            keeper.pack(begin + (life + 1) * 2 * HOUR - HOUR)
        assert keeper.prune(begin + 3 * HOUR, 10**9) == 3
    with KeptSeries.open(location, "c") as series:
        everything = series.select([], 0, 2**50)
        old = series.select([], 0, (begin + 3 * HOUR) * 1000 - 1)
        read = [
            (frozenset(labels.items()), str(row))
            for labels, row in zip(everything.labels, everything.values.tolist(), strict=True)
            if labels["__name__"] == "correlator_volume_queue_depth"
        ]
        cycles = [at for at in everything.times.tolist() if at >= (begin + 3 * HOUR) * 1000]
        return cycles, read, len(old.labels)


def test_a_conflict_is_refused(url: str) -> None:
    """A step that does not follow the stored one is refused."""
    with Store.open(url) as store:
        store.commit_step(STORY[0], b"")
        with pytest.raises(StoreConflictError):
            store.commit_step(STORY[2], b"")


def test_writers_of_two_clusters_take_turns(url: str) -> None:
    """Two daemons that write at once, and migrate at once, log all their events in one sequence without gaps."""
    threads = [threading.Thread(target=commit_many, args=(url, cluster)) for cluster in ("blue", "green")]
    Store.open(url).close()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with Incidents.open(url) as incidents:
        assert [event.sequence for event in incidents.events_after(0)] == list(range(1, 41))


def commit_many(url: str, cluster: str) -> None:
    """Twenty steps with an incident each."""
    book = Book(cluster=cluster)
    with Store.open(url) as store:
        for number in range(20):
            step = advance(book, BEGIN + 15 * number, [finding(f"vllm-{number}", 15 * number)])
            store.commit_step(step, b"")
            book = step.book


def test_a_lock_held_by_another_is_retriable(url: str) -> None:
    """A writer waits for another's transaction as long as the busy timeout, and may try again."""
    with Store.open(url, busy_seconds=0.05) as store, Store.open(url) as other:
        store.commit_step(STORY[0], b"")
        with other._database.write() as connection:
            connection.execute(text("SELECT * FROM event_sequence FOR UPDATE"))
            with pytest.raises(StoreBusyError) as refused:
                store.commit_step(STORY[1], b"")
        assert refused.value.retriable
        assert len(store.commit_step(STORY[1], b"")) == 1


def test_the_read_side_cannot_write(url: str) -> None:
    """Its connections refuse to write."""
    with (
        Incidents.open(url) as incidents,
        pytest.raises(StoreUnavailableError, match="read-only"),
        incidents._database.read() as connection,
    ):
        connection.execute(text("DELETE FROM events"))


def test_a_server_that_is_gone_is_retriable() -> None:
    """While nobody listens the store is unavailable, and the message has no password."""
    with postgres() as url:
        address = url.replace("postgres@", "postgres:secret@")
        store = Store.open(address)
        store.commit_step(STORY[0], b"")
    with pytest.raises(StoreUnavailableError, match=r"\*\*\*@127\.0\.0\.1") as refused:
        store.commit_step(STORY[1], b"")
    assert refused.value.retriable
    assert "secret" not in str(refused.value)
    with pytest.raises(StoreUnavailableError):
        Store.open(address)
    store.close()
