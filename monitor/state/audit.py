"""The audit log. A change and its entry are written in one transaction: neither is ever there without the other."""

import builtins
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select

from monitor.state import ordering
from monitor.state.audit_tables import audit

ORDERS: ordering.Orders = {
    "id": (audit.c.id,), "actor": (audit.c.actor, audit.c.id), "subject": (audit.c.subject, audit.c.id),
}  # fmt: skip
"""How `list` can be ordered. Each has its index."""


@dataclass(frozen=True)
class Entry:
    """Who did what to what, when. `details` is JSON: what it was before, what was decided, and why."""

    id: int
    at: datetime
    actor: str
    action: str
    subject: str
    details: Mapping[str, Any]


def record(  # noqa: PLR0917 - who did what to what, as a sentence has it
    tx: Connection, at: datetime, actor: str, action: str, subject: str, details: Mapping[str, Any] | None = None
) -> None:
    """Add an entry in the transaction of the change that it tells of.

    `action` is `noun.verb` (`session.approve`, `alert.acknowledge`), `subject` the id of what was changed. Never put
    secrets or tokens of users into it: entries are kept as they are.
    """
    said = dict(details or {})
    tx.execute(insert(audit).values(at_us=at, actor=actor, action=action, subject=subject, details=said))


def list(  # noqa: A001 - read as `audit.list`
    connection: Connection,
    *,
    actor: str | None = None,
    action: str | None = None,
    subject: str | None = None,
    before: int | None = None,
    limit: int = 100,
    sort: str = "-id",
) -> builtins.list[Entry]:
    """Entries that match all that is given, in one of `ORDERS`; `before`: id of the last entry of the page before."""
    wanted = {"actor": actor, "action": action, "subject": subject}
    statement = select(audit).where(*(audit.c[name] == value for name, value in wanted.items() if value is not None))
    rows = connection.execute(ordering.page(connection, statement.limit(limit), ORDERS, sort, before)).all()
    return [Entry(row.id, row.at_us, row.actor, row.action, row.subject, row.details) for row in rows]
