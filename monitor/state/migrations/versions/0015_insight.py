"""Rollups of sessions and spells of connectors for insight, and when a session's first kWh was reached."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0012"

_SUMS = (
    "sessions", "judged", "delivered", "started", "tries", "served", "energy_known", "energy_mwh", "plugged_us",
    "timed", "timed_plugged_us", "charging_us", "idle_us", "speed_mwh", "speed_us", "peak_w", "first_kwh",
    "first_kwh_us", "soc_known", "soc_in", "soc_out", "diagnosed", "limited", "short", "moved", "stopped_by_fault",
    "priced", "excl_vat_micro", "currency", "currency_2",
)  # fmt: skip
_FRACTIONS, _TEXTS = {"peak_w", "soc_in", "soc_out"}, {"currency", "currency_2"}


def upgrade() -> None:
    """Create the tables, which the first start fills."""
    op.add_column("sessions", sa.Column("first_kwh_us", sa.BigInteger()))
    for table, time in (("insight_days", "day"), ("insight_months", "month")):
        op.create_table(
            table,
            *_texts("site"),
            sa.Column(time, sa.Integer(), nullable=False, autoincrement=False),
            *_texts("station", "connector"),
            *_sums(),
            sa.PrimaryKeyConstraint("site", time, "station", "connector", name=f"pk_{table}"),
        )
    op.create_table(
        "insight_pools",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("pool", sa.String(), nullable=False),
        sa.Column("evses", sa.Integer(), nullable=False),
        sa.Column("full_us", sa.BigInteger(), nullable=False),
        sa.Column("taken_us", sa.BigInteger(), nullable=False),
        sa.Column("arrivals", sa.Integer(), nullable=False),
        sa.Column("after_full", sa.Integer(), nullable=False),
        sa.Column("hours", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("site", "day", "pool", name="pk_insight_pools"),
    )
    op.create_table(
        "insight_pool_months",
        *_texts("site"),
        sa.Column("month", sa.Integer(), nullable=False, autoincrement=False),
        *_texts("pool"),
        sa.Column("evses", sa.Integer(), nullable=False),
        sa.Column("full_us", sa.BigInteger(), nullable=False),
        sa.Column("week", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("site", "month", "pool", name="pk_insight_pool_months"),
    )
    op.create_table(
        "insight_sites",
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("shape", sa.String(), nullable=False),
        sa.Column("longest_us", sa.BigInteger(), nullable=False),
        sa.Column("first_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", name="pk_insight_sites"),
    )
    op.create_table(
        "insight_due",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("first_day", sa.Integer(), nullable=False),
        sa.Column("last_day", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_insight_due"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_insight_due_site", "insight_due", ["site"])
    _create_spells()


def _create_spells() -> None:
    op.create_table(
        "insight_stations",
        *_texts("site", "station"),
        sa.Column("watch", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("site", "station", name="pk_insight_stations"),
    )
    op.create_table(
        "insight_ports",
        *_texts("site", "station", "connector"),
        sa.Column("first_us", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("site", "station", "connector", name="pk_insight_ports"),
    )
    op.create_table(
        "insight_spells",
        *_texts("site", "station", "connector"),
        sa.Column("condition", sa.String(), nullable=False),
        sa.Column("start_us", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("end_us", sa.BigInteger()),
        sa.Column("status", sa.String(), nullable=False),
        sa.Column("error_code", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("site", "station", "connector", "condition", "start_us", name="pk_insight_spells"),
    )
    op.create_table(
        "insight_anomalies",
        *_texts("site", "station", "connector", "figure"),
        sa.Column("since_us", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("found_us", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.Float(), nullable=False),
        sa.Column("after", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("site", "station", "connector", "figure", "since_us", name="pk_insight_anomalies"),
    )
    op.create_table(
        "insight_exclusions",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("site", sa.String(), nullable=False),
        sa.Column("station", sa.String()),
        sa.Column("connector", sa.String()),
        sa.Column("start_us", sa.BigInteger(), nullable=False),
        sa.Column("end_us", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("author", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_insight_exclusions"),
        sqlite_autoincrement=True,
    )


def _texts(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.String(), nullable=False) for name in names]


def _sums() -> list[sa.Column[Any]]:
    return [
        sa.Column(
            name,
            sa.Float() if name in _FRACTIONS else sa.String() if name in _TEXTS else sa.BigInteger(),
            nullable=name in {"peak_w", *_TEXTS},
        )
        for name in _SUMS
    ]
