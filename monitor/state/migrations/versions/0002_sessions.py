"""Sessions, their periods and versions, and reading positions."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "positions",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_positions"),
    )
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("station", sa.String(), nullable=False),
        sa.Column("connector", sa.String(), nullable=False),
        sa.Column("transaction_id", sa.String(), nullable=False),
        sa.Column("plug_in_us", sa.BigInteger(), nullable=False),
        sa.Column("started_us", sa.BigInteger(), nullable=True),
        sa.Column("stopped_us", sa.BigInteger(), nullable=True),
        sa.Column("plug_out_us", sa.BigInteger(), nullable=True),
        sa.Column("closed_us", sa.BigInteger(), nullable=True),
        sa.Column("user_token", sa.String(), nullable=True),
        sa.Column("user_group", sa.String(), nullable=True),
        sa.Column("stop_reason", sa.String(), nullable=True),
        sa.Column("energy_mwh", sa.BigInteger(), nullable=True),
        sa.Column("register_start_mwh", sa.BigInteger(), nullable=True),
        sa.Column("register_stop_mwh", sa.BigInteger(), nullable=True),
        sa.Column("integrated_mwh", sa.BigInteger(), nullable=True),
        sa.Column("charging_us", sa.BigInteger(), nullable=False),
        sa.Column("idle_us", sa.BigInteger(), nullable=False),
        sa.Column("average_power_w", sa.Float(), nullable=True),
        sa.Column("peak_power_w", sa.Float(), nullable=True),
        sa.Column("soc_in", sa.Float(), nullable=True),
        sa.Column("soc_out", sa.Float(), nullable=True),
        sa.Column("phases", sa.Integer(), nullable=True),
        sa.Column("flags", sa.JSON(), nullable=False),
        sa.Column("diagnosis", sa.JSON(), nullable=True),
        sa.Column("services", sa.JSON(), nullable=False),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("tariff_reason", sa.String(), nullable=False),
        sa.Column("currency", sa.String(), nullable=True),
        sa.Column("excl_vat_micro", sa.BigInteger(), nullable=True),
        sa.Column("incl_vat_micro", sa.BigInteger(), nullable=True),
        sa.Column("bill", sa.JSON(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_sessions"),
    )
    op.create_index("ix_sessions_plug_in_us_id", "sessions", ["plug_in_us", "id"], unique=False)
    op.create_index("ix_sessions_site_plug_in_us", "sessions", ["site", "plug_in_us", "id"], unique=False)
    op.create_index("ix_sessions_state_plug_in_us", "sessions", ["state", "plug_in_us", "id"], unique=False)
    op.create_index(
        "ix_sessions_place_plug_in_us", "sessions", ["site", "station", "connector", "plug_in_us"], unique=False
    )
    op.create_index(
        "ix_sessions_not_closed",
        "sessions",
        ["plug_in_us"],
        unique=False,
        sqlite_where=sa.text("closed_us IS NULL"),
        postgresql_where=sa.text("closed_us IS NULL"),
    )
    op.create_table(
        "session_periods",
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("periods", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["session"], ["sessions.id"], name="fk_session_periods_session_sessions", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("session", name="pk_session_periods"),
    )
    op.create_table(
        "session_versions",
        sa.Column("id", ID, nullable=False),
        sa.Column("session", sa.String(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("summary", sa.JSON(), nullable=False),
        sa.Column("periods", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_session_versions"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_session_versions_session", "session_versions", ["session"], unique=False)
