"""The network's key figures of the last days, for the lines beside them."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the table."""
    op.create_table(
        "trend",
        sa.Column("at_us", sa.BigInteger(), nullable=False, autoincrement=False),
        *(sa.Column(name, sa.Float()) for name in ("taken", "power_w", "usable", "sessions", "energy_wh", "revenue")),
        sa.PrimaryKeyConstraint("at_us", name="pk_trend"),
    )
