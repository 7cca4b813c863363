"""What people changed, by whom and when: rows are added, never changed."""

from sqlalchemy import JSON, Column, Index, String, Table

from monitor.state.columns import Id, Moment, metadata

audit = Table(
    "audit",
    metadata,
    Column("id", Id, primary_key=True),
    Column("at_us", Moment, nullable=False),
    Column("actor", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("details", JSON, nullable=False),
    sqlite_autoincrement=True,
)

Index("ix_audit_subject_id", audit.c.subject, audit.c.id)
Index("ix_audit_actor_id", audit.c.actor, audit.c.id)
