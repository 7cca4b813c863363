"""What becomes of a session's bill: decisions, what was exported, and the corrections that late rows propose."""

from sqlalchemy import JSON, BigInteger, Column, Index, Integer, LargeBinary, String, Table, Text

from monitor.state.columns import Id, Moment, metadata

billing_events = Table(
    "billing_events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("session", String, nullable=False),
    Column("at_us", Moment, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("before", String, nullable=False),
    Column("after", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("evidence", String, nullable=False),
    Column("details", JSON, nullable=False),
    sqlite_autoincrement=True,
)
"""Every change of a bill that is more than an assembly: decisions, seals, and readings after which they do not hold.

`evidence`: the fingerprint of what was measured then. No foreign key: a session may be withdrawn, what was decided
about it stays."""

Index("ix_billing_events_session_id", billing_events.c.session, billing_events.c.id)

proposals = Table(
    "proposals",
    metadata,
    Column("session", String, primary_key=True),
    Column("at_us", Moment, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("evidence", String, nullable=False),
    Column("summary", JSON(none_as_null=True)),
    Column("periods", LargeBinary, nullable=False),
)
"""What a sealed session would be by rows that came later; no `summary`: there would be no such session."""

exports = Table(
    "exports",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at_us", Moment, nullable=False),
    Column("actor", String, nullable=False),
    Column("ocpi", String, nullable=False),
    sqlite_autoincrement=True,
)
"""One row per export that sealed sessions."""

cdrs = Table(
    "cdrs",
    metadata,
    Column("number", Id, primary_key=True),
    Column("id", String, nullable=False, unique=True),
    Column("session", String, nullable=False),
    Column("made_us", Moment, nullable=False),
    Column("ocpi", String, nullable=False),
    Column("export", Integer),
    Column("credits", String),
    Column("content", Text, nullable=False),
    sqlite_autoincrement=True,
)
"""CDRs exactly as they were exported, and credit CDRs (`credits`: the id of the one they take back), which wait for the
next export while `export` is null."""

Index("ix_cdrs_session_number", cdrs.c.session, cdrs.c.number)
Index("ix_cdrs_export_number", cdrs.c.export, cdrs.c.number)
