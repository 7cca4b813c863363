"""Sessions: summaries in columns for lists and sums, periods and older versions beside them."""

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    String,
    Table,
    literal_column,
    text,
)

from monitor.state.columns import Id, Moment, metadata

sessions = Table(
    "sessions",
    metadata,
    Column("id", String, primary_key=True),
    Column("site", String, nullable=False),
    Column("station", String, nullable=False),
    Column("connector", String, nullable=False),
    Column("transaction_id", String, nullable=False),
    Column("plug_in_us", Moment, nullable=False),
    Column("started_us", Moment),
    Column("stopped_us", Moment),
    Column("plug_out_us", Moment),
    Column("closed_us", Moment),
    Column("user_token", String),
    Column("user_group", String),
    Column("stop_reason", String),
    Column("energy_mwh", BigInteger),
    Column("register_start_mwh", BigInteger),
    Column("register_stop_mwh", BigInteger),
    Column("integrated_mwh", BigInteger),
    Column("charging_us", BigInteger, nullable=False),
    Column("idle_us", BigInteger, nullable=False),
    Column("average_power_w", Float),
    Column("peak_power_w", Float),
    Column("soc_in", Float),
    Column("soc_out", Float),
    Column("phases", Integer),
    Column("first_kwh_us", BigInteger),
    Column("flags", JSON, nullable=False),
    Column("diagnosis", JSON(none_as_null=True)),
    Column("services", JSON, nullable=False),
    Column("details", JSON, nullable=False),
    Column("state", String, nullable=False),
    Column("tariff", String),
    Column("tariff_reason", String, nullable=False),
    Column("currency", String),
    Column("excl_vat_micro", BigInteger),
    Column("incl_vat_micro", BigInteger),
    Column("bill", JSON(none_as_null=True)),
)
"""One row per session. Energies are whole mWh, durations us; money is in millionths of `currency`, for sums: `bill` has
the exact amounts."""

Index("ix_sessions_plug_in_us_id", sessions.c.plug_in_us, sessions.c.id)
Index("ix_sessions_site_plug_in_us", sessions.c.site, sessions.c.plug_in_us, sessions.c.id)
Index("ix_sessions_state_plug_in_us", sessions.c.state, sessions.c.plug_in_us, sessions.c.id)
Index(
    "ix_sessions_place_plug_in_us",
    sessions.c.site,
    sessions.c.station,
    sessions.c.connector,
    sessions.c.plug_in_us,
)
Index("ix_sessions_user_group_plug_in_us", sessions.c.user_group, sessions.c.plug_in_us, sessions.c.id)
Index("ix_sessions_tariff_plug_in_us", sessions.c.tariff, sessions.c.plug_in_us, sessions.c.id)
Index("ix_sessions_transaction_id", sessions.c.transaction_id)
Index("ix_sessions_user_token", sessions.c.user_token)
FLAGGED: ColumnElement[bool] = literal_column("CAST(flags AS VARCHAR) <> '[]'", Boolean)
"""The condition that a session has a flag: few have."""
Index("ix_sessions_flagged", sessions.c.plug_in_us, sessions.c.id, sqlite_where=FLAGGED, postgresql_where=FLAGGED)
Index(
    "ix_sessions_not_closed",
    sessions.c.plug_in_us,
    sqlite_where=sessions.c.closed_us.is_(None),
    postgresql_where=sessions.c.closed_us.is_(None),
)

UNBILLED = text("closed_us IS NOT NULL AND state IN ('open', 'review')")
"""Closed, and nobody has billed it. As text: SQLite uses a partial index only for the very condition that it has."""

Index("ix_sessions_unbilled", sessions.c.closed_us, sqlite_where=UNBILLED, postgresql_where=UNBILLED)

session_periods = Table(
    "session_periods",
    metadata,
    Column("session", String, ForeignKey("sessions.id", ondelete="CASCADE"), primary_key=True),
    Column("periods", LargeBinary, nullable=False),
)
"""The periods of a session as one compressed Arrow IPC stream, apart, so that lists do not read past them."""

session_versions = Table(
    "session_versions",
    metadata,
    Column("id", Id, primary_key=True),
    Column("session", String, nullable=False, index=True),
    Column("position", BigInteger, nullable=False),
    Column("summary", JSON, nullable=False),
    Column("periods", LargeBinary, nullable=False),
    sqlite_autoincrement=True,
)
"""What a closed session was before rows that came late changed it, or withdrew it; `position`: of those rows."""

tariff_versions = Table(
    "tariff_versions",
    metadata,
    Column("tariff", String, primary_key=True),
    Column("since_us", Moment, primary_key=True),
    Column("version", String, nullable=False),
    Column("content", String, nullable=False),
)
"""What a tariff said from when on, as OCPI JSON; `version` is its fingerprint, which bills name."""

positions = Table(
    "positions",
    metadata,
    Column("name", String, primary_key=True),
    Column("position", BigInteger, nullable=False),
)
"""How far readers of the readings have come, by name: a sequence number of the store."""
