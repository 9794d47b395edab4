"""Notifications of Alertmanager, and deliveries that were given up."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "dead_letters",
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("sink", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("part", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("order_group", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("died_us", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("cluster", "sink", "sequence", "part"),
    )
    op.create_table(
        "alert_notifications",
        sa.Column("sequence", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("order_group", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("repeat", sa.BigInteger(), nullable=False),
        sa.Column("received_us", sa.BigInteger(), nullable=False),
        sa.Column("progress", sa.String(), nullable=False),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sequence"),
        sqlite_autoincrement=True,
    )
    notifications = {
        "ix_alert_notifications_progress": ["cluster", "progress", "sequence"],
        "ix_alert_notifications_group": ["cluster", "order_group", "content"],
        "ix_alert_notifications_received": ["cluster", "received_us"],
    }
    for name, columns in notifications.items():
        op.create_index(name, "alert_notifications", columns, unique=False)
    op.create_table(
        "alert_fingerprints",
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("cluster", "fingerprint", "sequence"),
    )
    op.create_index("ix_alert_fingerprints_sequence", "alert_fingerprints", ["sequence"], unique=False)
