"""Comments on alerts, verdicts on those that are over, and who took an acknowledgement back."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables and the column."""
    op.create_table(
        "comments",
        sa.Column("id", ID, nullable=False),
        sa.Column("alert", ID, nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["alerts.id"], name="fk_comments_alert_alerts", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_comments"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_comments_alert_id", "comments", ["alert", "id"])
    op.create_table(
        "verdicts",
        sa.Column("alert", ID, nullable=False),
        sa.Column("verdict", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at_us", sa.BigInteger(), nullable=False),
        sa.Column("comment", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["alert"], ["alerts.id"], name="fk_verdicts_alert_alerts", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("alert", name="pk_verdicts"),
    )
    withdrawn_by = sa.Column("withdrawn_by", sa.String(), nullable=False, server_default=sa.text("''"))
    op.add_column("acknowledgements", withdrawn_by)
