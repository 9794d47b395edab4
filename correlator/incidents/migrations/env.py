"""Runs migrations on the connection, and in the transaction, that `schema.migrate` hands over."""

from alembic import context

from correlator.incidents.tables import Base

context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
context.run_migrations()
