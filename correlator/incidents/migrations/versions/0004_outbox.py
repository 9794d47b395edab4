"""How far each sink has heard the log of events, and what has not arrived yet."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "delivery_cursors",
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("sink", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("cluster", "sink"),
    )
    op.create_table(
        "outbox",
        sa.Column("cluster", sa.String(), nullable=False),
        sa.Column("sink", sa.String(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("part", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("order_group", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("due_us", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("cluster", "sink", "sequence", "part"),
    )
    op.create_index("ix_outbox_group", "outbox", ["cluster", "sink", "order_group", "sequence"], unique=False)
