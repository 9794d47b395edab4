"""A connection to the database, its migrations, and its failures in our words."""

import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, SQLAlchemyError

from correlator.incidents import schema
from correlator.incidents.errors import (
    StoreBusyError,
    StoreCorruptError,
    StoreError,
    StoreFullError,
    StoreUnavailableError,
)

BUSY_SECONDS = 10.0
"""How long a writer waits for another's transaction; ours last milliseconds."""


_TURNS: dict[str, threading.Lock] = {}
"""By file: writers of one process take turns, or SQLite would have them sleep and look whether the other is done."""


class Database:
    """One database, migrated when opened. Every failure leaves as a StoreError; nothing is ever deleted to recover."""

    def __init__(self, url: URL, busy_seconds: float) -> None:
        """Use `open`."""
        self.url = url
        self.is_sqlite = url.get_backend_name() == "sqlite"
        self._busy_seconds = busy_seconds
        self._turn = _turn_of(url)
        self.where = (url.database or "") if self.is_sqlite else url.render_as_string(hide_password=True)
        try:
            self._writer = self._engine(busy_seconds, writes=True)
            self._reader = self._engine(busy_seconds, writes=False)
        except (ArgumentError, NoSuchModuleError, ModuleNotFoundError) as error:
            raise StoreError(self.where, f"cannot be used: {error}", "give a path, or install the driver") from error

    @classmethod
    def open(cls, location: str | Path, *, busy_seconds: float = BUSY_SECONDS) -> "Database":
        """The database at a path (SQLite) or SQLAlchemy URL, created when it is not there, migrated when it is old."""
        database = cls(_url(location), busy_seconds)
        try:
            database._make_room()
            with database.write() as connection:
                schema.migrate(connection, database.where)
        except BaseException:
            database.close()
            raise
        return database

    def close(self) -> None:
        """Give all connections back."""
        self._writer.dispose()
        self._reader.dispose()

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """A transaction that is committed when the block ends, and rolled back when it raises."""
        with self._in_turn(), self._translated(), self._writer.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write_or_undo(self) -> Iterator[Connection]:
        """A transaction that is always rolled back: a trial of whether writing would work."""
        with (
            self._in_turn(),
            self._translated(),
            self._writer.connect() as connection,
            connection.begin() as transaction,
        ):
            yield connection
            transaction.rollback()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A view of one moment that cannot write."""
        with self._translated(), self._reader.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if self._turn is None:
            yield
            return
        if not self._turn.acquire(timeout=self._busy_seconds):
            raise StoreBusyError(self.where, "database is locked", "another thread is writing; try again")
        try:
            yield
        finally:
            self._turn.release()

    def _make_room(self) -> None:
        if self.is_sqlite and self.url.database:
            try:
                Path(self.url.database).parent.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise StoreUnavailableError(
                    self.where, f"no such directory: {error}", "make it or change it"
                ) from error

    def _engine(self, busy_seconds: float, *, writes: bool) -> Engine:
        if self.is_sqlite:
            engine = create_engine(self.url, connect_args={"timeout": busy_seconds})
            _prepare_sqlite(engine, writes=writes)
            return engine
        options = f"-c lock_timeout={round(busy_seconds * 1000)}"
        if not writes:
            options += " -c default_transaction_read_only=on"
        return create_engine(self.url, pool_pre_ping=True, connect_args={"connect_timeout": 10, "options": options})

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise self._ours(error.orig or error, lost=error.connection_invalidated) from error
        except sqlite3.Error as error:  # from a pragma, which SQLAlchemy does not see
            raise self._ours(error, lost=False) from error
        except SQLAlchemyError as error:
            raise StoreError(self.where, f"{type(error).__name__}: {error}", "report this") from error

    def _ours(self, error: BaseException, *, lost: bool) -> StoreError:
        if isinstance(error, sqlite3.Error):
            return _of_sqlite(error, self.where)
        return _of_server(error, self.where, lost=lost)


def _turn_of(url: URL) -> "threading.Lock | None":
    """That of the file; a server needs none."""
    if url.get_backend_name() != "sqlite" or not url.database:
        return None
    return _TURNS.setdefault(os.path.realpath(url.database), threading.Lock())


def _url(location: str | Path) -> URL:
    if isinstance(location, Path) or "://" not in location:
        return URL.create("sqlite", database=str(location))
    try:
        url = make_url(location)
    except ArgumentError as error:
        raise StoreError("store", f"not an address of a database: {error}", "give a path or an URL") from error
    return url.set(drivername="postgresql+psycopg") if url.drivername in {"postgresql", "postgres"} else url


def _prepare_sqlite(engine: Engine, *, writes: bool) -> None:
    """WAL, so that readers and the writer never wait for each other; FULL, so that a power cut loses no step."""

    @event.listens_for(engine, "connect")
    def on_connect(connection: sqlite3.Connection, _record: object) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves: the driver would not for DDL
        if writes:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
        else:
            connection.execute("PRAGMA query_only=ON")

    @event.listens_for(engine, "begin")
    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


_SQLITE: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_BUSY: (StoreBusyError, "another process is writing; try again"),
    sqlite3.SQLITE_LOCKED: (StoreBusyError, "another connection is writing; try again"),
    sqlite3.SQLITE_FULL: (StoreFullError, "free some space; nothing stored is lost"),
    sqlite3.SQLITE_IOERR: (StoreUnavailableError, "check the disk and its free space; nothing stored is lost"),
    sqlite3.SQLITE_READONLY: (StoreUnavailableError, "make the file and its directory writable"),
    sqlite3.SQLITE_CANTOPEN: (StoreUnavailableError, "check that the directory exists and may be written"),
    sqlite3.SQLITE_PERM: (StoreUnavailableError, "check the file's permissions"),
    sqlite3.SQLITE_CORRUPT: (StoreCorruptError, "restore a copy, or move the file away to begin anew"),
    sqlite3.SQLITE_NOTADB: (StoreCorruptError, "give the path of the store, or move the file away to begin anew"),
}


def _of_sqlite(error: sqlite3.Error, where: str) -> StoreError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    kind, remedy = _SQLITE.get(code, (StoreError, ""))
    return kind(where, str(error), remedy)


_SERVER: dict[str, tuple[type[StoreError], str]] = {
    "08": (StoreUnavailableError, "check that the server runs and can be reached"),
    "25": (StoreUnavailableError, "the server takes no writes: is it a replica?"),
    "28": (StoreUnavailableError, "check user and password"),
    "3D": (StoreUnavailableError, "create the database"),
    "40": (StoreBusyError, "another transaction was in the way; try again"),
    "42501": (StoreUnavailableError, "grant the user what it needs"),
    "53": (StoreFullError, "the server lacks space, memory or connections"),
    "55P03": (StoreBusyError, "another process is writing; try again"),
    "57": (StoreUnavailableError, "the server is stopping or starting; try again"),
    "XX": (StoreCorruptError, "the server reports damage: see its log"),
}
"""What a server says, by SQLSTATE or its class (https://www.postgresql.org/docs/current/errcodes-appendix.html)."""


def _of_server(error: BaseException, where: str, *, lost: bool) -> StoreError:
    state: Any = getattr(error, "sqlstate", None)
    said = str(error).strip()
    if state is None or lost:
        return StoreUnavailableError(where, said, "check that the server runs and can be reached")
    kind, remedy = _SERVER.get(state) or _SERVER.get(state[:2]) or (StoreError, "")
    return kind(where, said, remedy)
