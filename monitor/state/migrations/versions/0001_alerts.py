"""Alerts, events, groups and the outbox."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create them."""
    op.create_table(
        "alerts",
        sa.Column("id", ID, nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("station", sa.String(), nullable=True),
        sa.Column("connector", sa.String(), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("labels", sa.JSON(), nullable=False),
        sa.Column("pending_us", sa.BigInteger(), nullable=False),
        sa.Column("firing_us", sa.BigInteger(), nullable=True),
        sa.Column("resolved_us", sa.BigInteger(), nullable=True),
        sa.Column("resolved_reason", sa.String(), nullable=False),
        sa.Column("true_since_us", sa.BigInteger(), nullable=True),
        sa.Column("false_since_us", sa.BigInteger(), nullable=True),
        sa.Column("next_level", sa.String(), nullable=True),
        sa.Column("next_level_since_us", sa.BigInteger(), nullable=True),
        sa.Column("no_data_since_us", sa.BigInteger(), nullable=True),
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("measured", sa.JSON(), nullable=False),
        sa.Column("texts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alerts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_alerts_rule_id", "alerts", ["rule", "id"], unique=False)
    op.create_index("ix_alerts_site_id", "alerts", ["site", "id"], unique=False)
    op.create_index("ix_alerts_state_resolved_us", "alerts", ["state", "resolved_us"], unique=False)
    op.create_index(
        "uq_alerts_active",
        "alerts",
        ["rule", "subject"],
        unique=True,
        sqlite_where=sa.text("state != 'resolved'"),
        postgresql_where=sa.text("state != 'resolved'"),
    )
    op.create_table(
        "evaluations",
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rule", name="pk_evaluations"),
    )
    op.create_table(
        "groups",
        sa.Column("receiver", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("opened_us", sa.BigInteger(), nullable=False),
        sa.Column("told_us", sa.BigInteger(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.Column("thread", sa.String(), nullable=False),
        sa.Column("waiting", sa.JSON(), nullable=False),
        sa.Column("told", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("receiver", "address", "name", name="pk_groups"),
    )
    op.create_table(
        "outbox",
        sa.Column("id", ID, nullable=False),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("receiver", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("created_us", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_tried_us", sa.BigInteger(), nullable=True),
        sa.Column("next_try_us", sa.BigInteger(), nullable=False),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("lease_until_us", sa.BigInteger(), nullable=True),
        sa.Column("sent_us", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_outbox"),
        sa.UniqueConstraint("key", name="uq_outbox_key"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_outbox_state_address_name_id", "outbox", ["state", "address", "name", "id"], unique=False)
    op.create_table(
        "events",
        sa.Column("id", ID, nullable=False),
        sa.Column("alert", ID, nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["alerts.id"], name="fk_events_alert_alerts", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
    )
    op.create_index("ix_events_alert", "events", ["alert"], unique=False)
    op.create_table(
        "message_alerts",
        sa.Column("alert", ID, nullable=False),
        sa.Column("message", ID, nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["alerts.id"], name="fk_message_alerts_alert_alerts", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["message"], ["outbox.id"], name="fk_message_alerts_message_outbox", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("alert", "message", name="pk_message_alerts"),
    )
    op.create_index("ix_message_alerts_message", "message_alerts", ["message"], unique=False)
