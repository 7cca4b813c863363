"""Alerts, their events, the groups they are told in, and the outbox. Sessions have `session_tables.py`."""

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text, false

from monitor.state.columns import Id, Moment, metadata

alerts = Table(
    "alerts",
    metadata,
    Column("id", Id, primary_key=True),
    Column("rule", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("site", String, nullable=False),
    Column("station", String),
    Column("connector", String),
    Column("state", String, nullable=False),
    Column("level", String, nullable=False),
    Column("labels", JSON, nullable=False),
    Column("pending_us", Moment, nullable=False),
    Column("firing_us", Moment),
    Column("resolved_us", Moment),
    Column("resolved_reason", String, nullable=False),
    Column("true_since_us", Moment),
    Column("false_since_us", Moment),
    Column("next_level", String),
    Column("next_level_since_us", Moment),
    Column("no_data_since_us", Moment),
    Column("condition", String, nullable=False),
    Column("measured", JSON, nullable=False),
    Column("texts", JSON, nullable=False),
    # Links to alerts are in mails for ever, so a number is never given out twice.
    sqlite_autoincrement=True,
)
"""One row per alert, active or past. `measured` holds `Alert.values` (VALUES is a keyword of SQL)."""

Index(
    "uq_alerts_active",
    alerts.c.rule,
    alerts.c.subject,
    unique=True,
    sqlite_where=alerts.c.state != "resolved",
    postgresql_where=alerts.c.state != "resolved",
)
Index("ix_alerts_state_resolved_us", alerts.c.state, alerts.c.resolved_us)
Index("ix_alerts_site_id", alerts.c.site, alerts.c.id)
Index("ix_alerts_rule_id", alerts.c.rule, alerts.c.id)
Index("ix_alerts_rule_firing_us", alerts.c.rule, alerts.c.firing_us)

events = Table(
    "events",
    metadata,
    Column("id", Id, primary_key=True),
    Column("alert", Id, ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String, nullable=False),
    Column("at_us", Moment, nullable=False),
    Column("level", String, nullable=False),
    Column("reason", String, nullable=False),
)

evaluations = Table(
    "evaluations",
    metadata,
    Column("rule", String, primary_key=True),
    Column("at_us", Moment, nullable=False),
)
"""When each rule was last evaluated without an error: one row a rule instead of one write an alert at every tick."""

flapping = Table(
    "flapping",
    metadata,
    Column("rule", String, primary_key=True),
    Column("subject", String, primary_key=True),
    Column("alert", Id, ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
    Column("level", String, nullable=False),
)
"""What comes and goes; `alert` is the one with which that began."""

groups = Table(
    "groups",
    metadata,
    Column("receiver", String, primary_key=True),
    Column("address", String, primary_key=True),
    Column("name", String, primary_key=True),
    Column("opened_us", Moment, nullable=False),
    Column("told_us", Moment),
    Column("sequence", Integer, nullable=False),
    Column("thread", String, nullable=False),
    Column("waiting", JSON, nullable=False),
    Column("told", JSON, nullable=False),
)
"""Groups with something to tell or told and not yet resolved; `name` is the group's labels as canonical JSON."""

outbox = Table(
    "outbox",
    metadata,
    Column("id", Id, primary_key=True),
    Column("key", String, nullable=False, unique=True),
    Column("receiver", String, nullable=False),
    Column("address", String, nullable=False),
    Column("channel", String, nullable=False, server_default="mail"),
    Column("name", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("payload", Text, nullable=False),
    Column("state", String, nullable=False),
    Column("created_us", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first_tried_us", Moment),
    Column("next_try_us", Moment, nullable=False),
    Column("lease_owner", String),
    Column("lease_until_us", Moment),
    Column("sent_us", Moment),
    Column("error", String, nullable=False),
    Column("doubtful", Boolean, nullable=False, server_default=false()),
    sqlite_autoincrement=True,
)
"""One row per message and address; a waiting one with a lease is being sent.

`state`: waiting, sent, dead, or superseded by a digest. `doubtful`: it may have arrived already, an answer was lost.
"""

Index("ix_outbox_state_address_name_id", outbox.c.state, outbox.c.address, outbox.c.name, outbox.c.id)

message_alerts = Table(
    "message_alerts",
    metadata,
    Column("alert", Id, ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
    Column("message", Id, ForeignKey("outbox.id", ondelete="CASCADE"), primary_key=True, index=True),
)
"""Which alerts a message told of, also those beyond its twenty rows."""

trend = Table(
    "trend",
    metadata,
    Column("at_us", Moment, primary_key=True, autoincrement=False),
    *(Column(name, Float) for name in ("taken", "power_w", "usable", "sessions", "energy_wh", "revenue")),
)
"""The network's key figures at quarters of an hour."""
