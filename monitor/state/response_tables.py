"""What people say to alerts: acknowledgements, silences, comments, verdicts. A tick never writes these tables."""

from sqlalchemy import JSON, Column, ForeignKey, Index, String, Table, Text, text

from monitor.state.columns import Id, Moment, metadata

acknowledgements = Table(
    "acknowledgements",
    metadata,
    Column("id", Id, primary_key=True),
    Column("alert", Id, ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
    Column("by", String, nullable=False),
    Column("at_us", Moment, nullable=False),
    Column("until_us", Moment),
    Column("assignee", String, nullable=False),
    Column("ticket", String, nullable=False),
    Column("comment", String, nullable=False),
    Column("withdrawn_us", Moment),
    Column("withdrawn_by", String, nullable=False, server_default=text("''")),
    sqlite_autoincrement=True,
)
"""The newest one of an alert counts, until `until_us`, its withdrawal, or the alert's end."""

Index("ix_acknowledgements_alert_id", acknowledgements.c.alert, acknowledgements.c.id)

silences = Table(
    "silences",
    metadata,
    Column("id", Id, primary_key=True),
    Column("matchers", JSON, nullable=False),
    Column("author", String, nullable=False),
    Column("reason", String, nullable=False),
    Column("created_us", Moment, nullable=False),
    Column("starts_us", Moment, nullable=False),
    Column("ends_us", Moment, nullable=False),
    sqlite_autoincrement=True,
)

Index("ix_silences_ends_us", silences.c.ends_us)

comments = Table(
    "comments",
    metadata,
    Column("id", Id, primary_key=True),
    Column("alert", Id, ForeignKey("alerts.id", ondelete="CASCADE"), nullable=False),
    Column("by", String, nullable=False),
    Column("at_us", Moment, nullable=False),
    Column("text", Text, nullable=False),
    sqlite_autoincrement=True,
)

Index("ix_comments_alert_id", comments.c.alert, comments.c.id)

verdicts = Table(
    "verdicts",
    metadata,
    Column("alert", Id, ForeignKey("alerts.id", ondelete="CASCADE"), primary_key=True),
    Column("verdict", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at_us", Moment, nullable=False),
    Column("comment", String, nullable=False),
)
"""The last word on an alert that is over; earlier ones are in the audit log."""
