"""Decisions about bills, exported CDRs, proposed corrections."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "billing_events",
        sa.Column("id", ID, nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("before", sa.String(), nullable=False),
        sa.Column("after", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_billing_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_billing_events_session_id", "billing_events", ["session", "id"])
    op.create_table(
        "proposals",
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=True),
        sa.Column("periods", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("session", name="pk_proposals"),
    )
    op.create_table(
        "exports",
        sa.Column("id", ID, nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("ocpi", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_exports"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "cdrs",
        sa.Column("number", ID, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("made_us", sa.BigInteger(), nullable=False),
        sa.Column("ocpi", sa.String(), nullable=False),
        sa.Column("export", sa.Integer(), nullable=True),
        sa.Column("credits", sa.String(), nullable=True),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_cdrs"),
        sa.UniqueConstraint("id", name="uq_cdrs_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_cdrs_session_number", "cdrs", ["session", "number"])
    op.create_index("ix_cdrs_export_number", "cdrs", ["export", "number"])
