"""Alerts that come and go, and the index by which their firings are counted."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Create the table and the index."""
    op.create_table(
        "flapping",
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("alert", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["alerts.id"], name="fk_flapping_alert_alerts", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("rule", "subject", name="pk_flapping"),
    )
    op.create_index("ix_alerts_rule_firing_us", "alerts", ["rule", "firing_us"])
