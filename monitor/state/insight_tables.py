"""Rollups of sessions by connector and local day, by pool and local day, and what of them is due to be made anew."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Column, Float, Index, Integer, LargeBinary, String, Table
from sqlalchemy.types import TypeEngine

from monitor.insight.daily import SUMS
from monitor.state.columns import Id, Moment, metadata


def _sums() -> list[Column[Any]]:
    """One column for each of `monitor.insight.daily.SUMS`."""
    types: dict[str, type[TypeEngine[Any]]] = {
        "currency": String,
        "currency_2": String,
        "peak_w": Float,
        "soc_in": Float,
        "soc_out": Float,
    }
    return [
        Column(name, types.get(name, BigInteger), nullable=name in {"currency", "currency_2", "peak_w"})
        for name in SUMS
    ]


insight_days = Table(
    "insight_days",
    metadata,
    Column("site", String, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("station", String, primary_key=True),
    Column("connector", String, primary_key=True),
    *_sums(),
)
"""`monitor.insight.daily.SUMS` by connector and local day (days since 1970-01-01 in the site's zone) of plug-in."""

insight_months = Table(
    "insight_months",
    metadata,
    Column("site", String, primary_key=True),
    Column("month", Integer, primary_key=True, autoincrement=False),
    Column("station", String, primary_key=True),
    Column("connector", String, primary_key=True),
    *_sums(),
)
"""The same by calendar month (months since 1970-01), so that a year is twelve rows of a connector."""

insight_pools = Table(
    "insight_pools",
    metadata,
    Column("site", String, primary_key=True),
    Column("day", Integer, primary_key=True, autoincrement=False),
    Column("pool", String, primary_key=True),
    Column("evses", Integer, nullable=False),
    Column("full_us", BigInteger, nullable=False),
    Column("taken_us", BigInteger, nullable=False),
    Column("arrivals", Integer, nullable=False),
    Column("after_full", Integer, nullable=False),
    Column("hours", LargeBinary, nullable=False),
)
"""How a pool was taken on a local day; `hours`: see `monitor.insight.occupancy.HOURS`."""

insight_pool_months = Table(
    "insight_pool_months",
    metadata,
    Column("site", String, primary_key=True),
    Column("month", Integer, primary_key=True, autoincrement=False),
    Column("pool", String, primary_key=True),
    Column("evses", Integer, nullable=False),
    Column("full_us", BigInteger, nullable=False),
    Column("week", LargeBinary, nullable=False),
)
"""The same by calendar month; `week`: the sums of `hours` by day of the week, Monday first."""

insight_sites = Table(
    "insight_sites",
    metadata,
    Column("site", String, primary_key=True),
    Column("shape", String, nullable=False),
    Column("longest_us", BigInteger, nullable=False),
    Column("first_us", BigInteger, nullable=False),
)
"""What a site's rollups were made with: its zone, connectors and pools; its longest stay, which says how far back a
session can reach into a day; its first plug-in."""

insight_due = Table(
    "insight_due",
    metadata,
    Column("id", Id, primary_key=True),
    Column("site", String, nullable=False),
    Column("first_day", Integer, nullable=False),
    Column("last_day", Integer, nullable=False),
    sqlite_autoincrement=True,
)
"""Days (UTC) of which the rollups of a site are to be made anew, written with each change of a session."""

Index("ix_insight_due_site", insight_due.c.site)

insight_anomalies = Table(
    "insight_anomalies",
    metadata,
    Column("site", String, primary_key=True),
    Column("station", String, primary_key=True),
    Column("connector", String, primary_key=True),
    Column("figure", String, primary_key=True),
    Column("since_us", Moment, primary_key=True, autoincrement=False),
    Column("found_us", Moment, nullable=False),
    Column("before", Float, nullable=False),
    Column("after", Float, nullable=False),
)
"""When a connector stopped being what it was (`monitor.insight.cusum`), in the last year of its sessions."""

insight_stations = Table(
    "insight_stations",
    metadata,
    Column("site", String, primary_key=True),
    Column("station", String, primary_key=True),
    Column("watch", JSON, nullable=False),
)
"""What `monitor.insight.watching` has to know of each station to go on."""

insight_ports = Table(
    "insight_ports",
    metadata,
    Column("site", String, primary_key=True),
    Column("station", String, primary_key=True),
    Column("connector", String, primary_key=True),
    Column("first_us", Moment, nullable=False),
)
"""When each connector's first status came: its uptime counts from there."""

insight_spells = Table(
    "insight_spells",
    metadata,
    Column("site", String, primary_key=True),
    Column("station", String, primary_key=True),
    Column("connector", String, primary_key=True),
    Column("condition", String, primary_key=True),
    Column("start_us", Moment, primary_key=True, autoincrement=False),
    Column("end_us", Moment),
    Column("status", String, nullable=False),
    Column("error_code", String, nullable=False),
)
"""When a connector was `down`, and when `unseen`; without an end it lasts."""

insight_exclusions = Table(
    "insight_exclusions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("site", String, nullable=False),
    Column("station", String),
    Column("connector", String),
    Column("start_us", Moment, nullable=False),
    Column("end_us", Moment, nullable=False),
    Column("reason", String, nullable=False),
    Column("author", String, nullable=False),
    sqlite_autoincrement=True,
)
"""Outages that NEVI excuses, each with its reason: of a site, a station or a connector."""
