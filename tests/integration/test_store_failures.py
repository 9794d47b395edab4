"""The store under real misfortune: no space, no permission, no lock, no database. Nothing that was stored is lost."""

import multiprocessing
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from correlator.incidents.book import Book, advance
from correlator.incidents.errors import (
    StoreBusyError,
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreUnavailableError,
)
from correlator.incidents.query import IncidentQuery
from correlator.incidents.reader import Incidents
from correlator.incidents.store import Store
from correlator.model.incident import Feedback, Incident
from tests.factories import make_logs
from tests.small_disks import fill
from tests.small_disks import small_disk as mounted
from tests.unit.incidents.findings import BEGIN, finding, story, tell

LIFE = story([finding("vllm-0", 0), finding("vllm-0", 0, at=60), finding("vllm-0", 0, at=120, ended=105)])


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of two megabytes."""
    with mounted(tmp_path / "small", 2) as folder:
        yield folder


def test_a_full_disk_fails_the_step_and_keeps_the_last(small_disk: Path) -> None:
    """Without space a commit fails as retriable and the last step stays; with space the same step succeeds."""
    path = small_disk / "store.db"
    with Store.open(path) as store, Incidents.open(path) as incidents:
        store.commit_step(LIFE[0], b"first")
        filler = fill(small_disk)
        with pytest.raises(StoreError, match=r"small/store\.db: .*nothing stored is lost") as refused:
            store.commit_step(LIFE[1], bytes(500_000))
        assert isinstance(refused.value, StoreFullError | StoreUnavailableError)
        assert refused.value.retriable
        assert incidents.last_step("c") == BEGIN
        assert incidents.search().items == (LIFE[0].transitions[0].incident,)
        filler.unlink()
        store.commit_step(LIFE[1], b"second")
        resumed = store.resume("c")
        assert resumed is not None
        assert (resumed.memory, resumed.book) == (b"second", LIFE[1].book)


def test_a_full_disk_at_the_start_is_retriable(small_disk: Path) -> None:
    """A store that cannot be made for lack of space is made as soon as there is some."""
    filler = fill(small_disk)
    with pytest.raises(StoreError) as refused:
        Store.open(small_disk / "store.db")
    assert refused.value.retriable
    filler.unlink()
    Store.open(small_disk / "store.db").close()


def test_a_step_beyond_the_size_limit_of_sqlite_is_a_full_store(tmp_path: Path) -> None:
    """When the database itself may not grow, that is a full store too, and the last step stays."""
    with Store.open(tmp_path / "store.db") as store:
        store.commit_step(LIFE[0], b"first")
        with store._database._writer.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count=1")
        with pytest.raises(StoreFullError, match="free some space"):
            store.commit_step(LIFE[1], bytes(500_000))
        resumed = store.resume("c")
        assert resumed is not None
        assert resumed.memory == b"first"


def test_a_read_only_disk_is_retriable(small_disk: Path) -> None:
    """A store on a disk that became read-only cannot be opened, which may pass."""
    with Store.open(small_disk / "store.db") as store:
        store.commit_step(LIFE[0], b"first")
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(StoreUnavailableError) as refused:
        Store.open(small_disk / "store.db")
    assert refused.value.retriable
    subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
    with Store.open(small_disk / "store.db") as store:
        assert store.resume("c") is not None


def test_a_folder_that_cannot_be_is_named(tmp_path: Path) -> None:
    """Where a file is in the way of the path's folder, the message names it."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreUnavailableError, match=r"file/store\.db: "):
        Store.open(tmp_path / "file" / "store.db")


def test_a_folder_in_place_of_the_file_is_refused(tmp_path: Path) -> None:
    """A path that is a folder is no database, and says so."""
    with pytest.raises(StoreUnavailableError, match="unable to open"):
        Store.open(tmp_path)


def test_a_lock_held_by_another_is_retriable(tmp_path: Path) -> None:
    """While another holds the write lock, reading goes on; writing fails after the busy timeout, later succeeds."""
    path = tmp_path / "store.db"
    with Store.open(path, busy_seconds=0.01) as store, Incidents.open(path, busy_seconds=0.01) as incidents:
        store.commit_step(LIFE[0], b"first")
        identity = LIFE[0].transitions[0].incident.id
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            for write in (
                lambda: store.commit_step(LIFE[1], b""),
                lambda: incidents.add_feedback(identity, Feedback(verdict_right=True)),
                store.check_writable,
            ):
                with pytest.raises(StoreBusyError, match="another process is writing") as refused:
                    write()
                assert refused.value.retriable
            assert incidents.get(identity) == LIFE[0].transitions[0].incident
        assert len(store.commit_step(LIFE[1], b"")) == 1


def test_readers_see_whole_steps(tmp_path: Path) -> None:
    """A reader that began before a commit sees nothing of it, and holds nobody up."""
    path = tmp_path / "store.db"
    with Store.open(path) as store, Incidents.open(path) as incidents:
        store.commit_step(LIFE[0], b"")
        with incidents._database.read() as connection:
            count = "SELECT count(*) FROM events"
            assert connection.exec_driver_sql(count).scalar_one() == 1
            store.commit_step(LIFE[1], b"")
            assert connection.exec_driver_sql(count).scalar_one() == 1
        assert incidents.last_sequence() == 2


def test_the_read_side_cannot_write(tmp_path: Path) -> None:
    """Its connections refuse to write."""
    with (
        Incidents.open(tmp_path / "store.db") as incidents,
        pytest.raises(StoreUnavailableError, match="readonly"),
        incidents._database.read() as connection,
    ):
        connection.exec_driver_sql("DELETE FROM events")


@pytest.mark.parametrize(
    "damage",
    [
        lambda _: b"this is a letter, not a database, and a long one " * 100,
        lambda data: data[: len(data) // 2 // 4096 * 4096],
        lambda data: data[:16] + bytes(84) + data[100:],
        lambda data: data[:4096] + b"\xff" * (len(data) - 4096),
    ],
    ids=["foreign", "truncated", "no header", "overwritten"],
)
def test_a_damaged_file_is_refused_and_kept(tmp_path: Path, damage: Callable[[bytes], bytes]) -> None:
    """A file that is no sound database is a permanent error that names it, and stays as it is to the last byte."""
    path = tmp_path / "store.db"
    with Store.open(path) as store:
        store.commit_step(tell(*(finding(f"vllm-{n}", 0) for n in range(50))), b"m" * 50_000)
    path.write_bytes(damage(path.read_bytes()))
    before = path.read_bytes()
    with (
        pytest.raises(StoreCorruptError, match=r"store\.db: .*(restore a copy|move the file away)") as refused,
        Store.open(path) as store,
    ):
        store.resume("c")
    assert not refused.value.retriable
    assert path.read_bytes() == before


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE incident_bodies SET body = x'00'", "incident {id} cannot be read"),
        ("UPDATE incident_bodies SET feedback = '{{'", "incident {id} cannot be read"),
        ("UPDATE incident_evidence SET body = x'00'", "evidence of incident {id} cannot be read"),
        ("UPDATE incident_logs SET body = x'00'", "logs of incident {id} cannot be read"),
        ("UPDATE episodes SET body = '{{}}'", "episode {episode_id} cannot be read"),
    ],
)
def test_a_damaged_document_is_named(tmp_path: Path, statement: str, named: str) -> None:
    """A stored document that cannot be decoded is an error that says which one it is."""
    path = tmp_path / "store.db"
    incident = LIFE[0].transitions[0].incident
    with Store.open(path) as store, Incidents.open(path) as incidents:
        store.commit_step(LIFE[0], b"")
        incidents.keep_logs(incident.id, make_logs())
        with closing(sqlite3.connect(path)) as other, other:
            other.execute(statement.format(id="", episode_id=""))
        with pytest.raises(StoreCorruptError, match=named.format(id=incident.id, episode_id=incident.episode_id)):
            read_all(incidents, incident)


def read_all(incidents: Incidents, incident: Incident) -> None:
    """Read every document that belongs to an incident."""
    incidents.search(IncidentQuery())
    incidents.evidence(incident.id)
    incidents.logs(incident.id)
    incidents.episode(incident.episode_id)


def test_damaged_feedback_fails_a_step_by_name(tmp_path: Path) -> None:
    """Feedback that cannot be decoded is named when its incident changes."""
    with Store.open(tmp_path / "store.db") as store:
        store.commit_step(LIFE[0], b"")
        with closing(sqlite3.connect(tmp_path / "store.db")) as other, other:
            other.execute("UPDATE incident_bodies SET feedback = '{'")
        with pytest.raises(StoreCorruptError, match="feedback of incident"):
            store.commit_step(LIFE[1], b"")


@pytest.mark.parametrize("location", ["nonsense://", "://", "mysql+nodriver://localhost/x"])
def test_an_address_that_is_none_is_refused(location: str) -> None:
    """An address of a database that cannot be used is a permanent error in words."""
    with pytest.raises(StoreError) as refused:
        Store.open(location)
    assert not refused.value.retriable


def test_an_url_of_sqlite_is_as_good_as_a_path(tmp_path: Path) -> None:
    """The same file can be opened by its SQLAlchemy URL."""
    with Store.open(f"sqlite:///{tmp_path}/store.db") as store:
        store.commit_step(LIFE[0], b"")
    with Incidents.open(str(tmp_path / "store.db")) as incidents:
        assert incidents.last_step("c") == BEGIN


def test_many_processes_may_open_a_new_store_at_once(tmp_path: Path) -> None:
    """Engine and web processes that start together do not trip over each other's migrations."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload([__name__])
    processes = [context.Process(target=open_and_commit, args=(tmp_path / "store.db", f"c{n}")) for n in range(4)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0] * 4
    with Incidents.open(tmp_path / "store.db") as incidents:
        assert len(incidents.search(limit=100).items) == 40
        assert [event.sequence for event in incidents.events_after(0)] == list(range(1, 41))


def open_and_commit(path: Path, cluster: str) -> None:
    """What each of the processes does."""
    book = Book(cluster=cluster)
    with Store.open(path) as store:
        for number in range(10):
            step = advance(book, BEGIN + 15 * number, [finding(f"vllm-{number}", 15 * number)])
            store.commit_step(step, b"")
            book = step.book
