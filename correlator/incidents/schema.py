"""Brings a database to the schema that this program knows."""

import threading
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect, text

from correlator.incidents.errors import StoreCorruptError, StoreTooNewError
from correlator.incidents.tables import Base

MIGRATION_LOCK = 0x10C0_47E1
"""Any number: whoever holds it on a server is the only one that migrates."""

_ONE_AT_A_TIME = (
    threading.Lock()
)  # what Alembic upgrades is global to the process, and databases open in several threads


def scripts() -> Config:
    """Where the migrations are."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    return config


def migrate(connection: Connection, where: str) -> None:
    """Bring the database up to date within the transaction of `connection`.

    Raises StoreTooNewError when it knows more than this program, StoreCorruptError when its tables are not ours.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
    config = scripts()
    directory = ScriptDirectory.from_config(config)
    revision = MigrationContext.configure(connection).get_current_revision()
    if revision == directory.get_current_head():
        return
    if revision is None:
        _refuse_foreign(connection, where)
    elif revision not in {script.revision for script in directory.walk_revisions()}:
        raise StoreTooNewError(
            where, f"has schema {revision}, which this version does not know", "upgrade this program"
        )
    config.attributes["connection"] = connection
    with _ONE_AT_A_TIME:
        command.upgrade(config, "head")


def _refuse_foreign(connection: Connection, where: str) -> None:
    taken = set(inspect(connection).get_table_names()) & set(Base.metadata.tables)
    if taken:
        raise StoreCorruptError(where, f"has a table {min(taken)} that is not ours", "give a database of its own")
