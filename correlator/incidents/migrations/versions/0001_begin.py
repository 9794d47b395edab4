"""The first schema: incidents, their keys, bodies and evidence, episodes, events, progress and counts."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Make all tables, and the one row that numbers events."""
    op.create_table(
        "episodes",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("detected_us", sa.BigInteger(), nullable=False),
        sa.Column("updated_us", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_episodes_detected", "episodes", ["detected_us", "id"], unique=False)
    op.create_index(
        "ix_episodes_open",
        "episodes",
        ["detected_us", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("ix_episodes_updated", "episodes", ["updated_us"], unique=False)
    op.create_table(
        "event_sequence",
        sa.Column("id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "events",
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
    )
    op.create_index("ix_events_incident", "events", ["incident_id"], unique=False)
    op.create_table(
        "incident_bodies",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("feedback", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("incident_id"),
    )
    op.create_table(
        "incident_counts",
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("total", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cluster", "verdict"),
    )
    op.create_table(
        "incident_evidence",
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("incident_id"),
    )
    op.create_table(
        "incident_keys",
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("detected_us", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("incident_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "key", "detected_us", "incident_id"),
    )
    op.create_index("ix_incident_keys_incident", "incident_keys", ["incident_id"], unique=False)
    op.create_table(
        "incidents",
        sa.Column("detected_us", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("episode_id", sa.String(), nullable=False),
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("confidence", sa.Float(), nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("pod", sa.String(), nullable=False),
        sa.Column("counted_verdicts", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("detected_us", "id"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_incidents_episode", "incidents", ["episode_id"], unique=False)
    op.create_index("ix_incidents_id", "incidents", ["id"], unique=True)
    op.create_index(
        "ix_incidents_namespace",
        "incidents",
        ["namespace", "detected_us", "id", "state", "cluster", "verdict", "pod", "confidence"],
        unique=False,
    )
    op.create_index(
        "ix_incidents_open",
        "incidents",
        ["detected_us", "id"],
        unique=False,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index(
        "ix_incidents_pod",
        "incidents",
        ["pod", "detected_us", "id", "state", "cluster", "verdict", "namespace", "confidence"],
        unique=False,
    )
    op.create_index(
        "ix_incidents_verdict",
        "incidents",
        ["verdict", "detected_us", "id", "state", "cluster", "namespace", "pod", "confidence"],
        unique=False,
    )
    op.create_table(
        "progress",
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("step", sa.BigInteger(), nullable=False),
        sa.Column("memory", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("cluster"),
    )
    op.execute("INSERT INTO event_sequence (id, last) VALUES (1, 0)")
