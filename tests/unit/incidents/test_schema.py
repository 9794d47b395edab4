"""The schema and its migrations."""

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from correlator.incidents.database import Database
from correlator.incidents.errors import StoreCorruptError, StoreTooNewError
from correlator.incidents.reader import Incidents
from correlator.incidents.schema import scripts
from correlator.incidents.store import Store
from correlator.incidents.tables import Base
from tests.factories import make_logs
from tests.unit.incidents.findings import finding, tell


def test_migrations_make_the_tables_that_the_code_knows(tmp_path: Path) -> None:
    """After all migrations nothing is left to change."""
    database = Database.open(tmp_path / "store.db")
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []
    database.close()


def test_opening_again_changes_nothing(tmp_path: Path) -> None:
    """A store that is up to date is opened without writing."""
    path = tmp_path / "store.db"
    Database.open(path).close()
    before = path.read_bytes()
    Database.open(path).close()
    assert path.read_bytes() == before


def test_directories_are_made(tmp_path: Path) -> None:
    """The path's folders need not be there."""
    path = tmp_path / "some" / "where" / "store.db"
    Database.open(path).close()
    assert path.exists()


def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    """A store that a newer version migrated is refused with what to do, and not a byte is changed."""
    path = tmp_path / "store.db"
    Database.open(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreTooNewError, match=r"store\.db: has schema 9999.*upgrade this program") as refused:
        Database.open(path)
    assert not refused.value.retriable
    assert path.read_bytes() == before


def test_a_table_of_somebody_else_is_left_alone(tmp_path: Path) -> None:
    """A database of another program that has a table with one of our names is refused."""
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE incidents (pager TEXT)")
    connection.close()
    with pytest.raises(StoreCorruptError, match="a table incidents that is not ours"):
        Database.open(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (1,)
    connection.close()


def test_an_older_store_is_brought_up_to_date(tmp_path: Path) -> None:
    """A store of the first schema keeps its incidents and gets room for what came later."""
    path = tmp_path / "store.db"
    incident = tell(finding()).transitions[0].incident
    with Store.open(path) as store:
        store.commit_step(tell(finding()), b"")
    with sqlite3.connect(path) as connection:
        later_ones = (
            "incident_logs", "series_steps", "series_blocks", "series_names", "delivery_cursors", "outbox",
            "dead_letters", "alert_notifications", "alert_fingerprints",
        )  # fmt: skip
        for later in later_ones:
            connection.execute(f"DROP TABLE {later}")
        connection.execute("UPDATE alembic_version SET version_num = '0001'")
    connection.close()
    with Incidents.open(path) as incidents:
        assert incidents.get(incident.id) == incident
        assert incidents.keep_logs(incident.id, make_logs())
        assert incidents.logs(incident.id) == make_logs()


def test_new_stores_open_side_by_side(tmp_path: Path) -> None:
    """Each in a thread of its own, all made anew: every one has the whole schema."""
    paths = [tmp_path / f"{number}.db" for number in range(8)]

    def revision(path: Path) -> str | None:
        with Store.open(path) as store, store.database.read() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    with ThreadPoolExecutor(len(paths)) as pool:
        assert set(pool.map(revision, paths)) == {ScriptDirectory.from_config(scripts()).get_current_head()}
