"""What each connector's finished sessions say of it, in one row; and what lists of sessions are filtered by."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Create the table, which the first start fills, the column of the tariff, and the filters' indexes."""
    op.create_table(
        "connector_history",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("station", sa.String(), nullable=False),
        sa.Column("connector", sa.String(), nullable=False),
        sa.Column("usual_power_w", sa.Float()),
        sa.Column("slow_share_10", sa.Float()),
        sa.Column("failed_share_10", sa.Float()),
        sa.Column("users_10", sa.Integer()),
        sa.Column("delivered_us", sa.BigInteger()),
        sa.Column("usual_gap_us", sa.BigInteger()),
        sa.Column("last_stop_reason", sa.String()),
        sa.PrimaryKeyConstraint("site", "station", "connector", name="pk_connector_history"),
    )
    op.add_column("sessions", sa.Column("tariff", sa.String()))
    sessions = sa.table("sessions", sa.column("tariff"), sa.column("bill", sa.JSON))
    op.execute(
        sessions.update().where(sessions.c.bill.is_not(None)).values(tariff=sessions.c.bill["tariff_id"].as_string())
    )
    for name in ("user_group", "tariff"):
        op.create_index(f"ix_sessions_{name}_plug_in_us", "sessions", [name, "plug_in_us", "id"])
    for name in ("transaction_id", "user_token"):
        op.create_index(f"ix_sessions_{name}", "sessions", [name])
    flagged = sa.text("CAST(flags AS VARCHAR) <> '[]'")
    op.create_index(
        "ix_sessions_flagged", "sessions", ["plug_in_us", "id"], sqlite_where=flagged, postgresql_where=flagged
    )
