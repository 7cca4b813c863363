"""What each connector's finished sessions say of it, in one row."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0011"


def upgrade() -> None:
    """Create the table; the first start fills it."""
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
