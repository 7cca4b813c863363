"""The outbox while mail is down: what has waited long is superseded by one digest for each address."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select, update
from sqlalchemy.sql.elements import ColumnElement

from monitor.alerts.digest import WAITED, digest
from monitor.alerts.model import Message
from monitor.state.payload import message_from_json
from monitor.state.tables import alerts, message_alerts, outbox


def overdue(connection: Connection, channel: str, now: datetime) -> Sequence[str]:
    """The addresses with several messages that have waited long, and of which it is certain that none has arrived."""
    late = (*_waiting(channel), outbox.c.created_us <= now - WAITED)
    several = select(outbox.c.address).where(*late).group_by(outbox.c.address).having(func.count() > 1)
    return connection.execute(several).scalars().all()


def supersede(tx: Connection, channel: str, address: str, now: datetime) -> tuple[Message, set[int], datetime] | None:
    """Mark what waits as superseded; the digest to be put in its place, its alerts, and since when is being tried.

    What is younger goes in too: sent beside the digest it would be read in the wrong order. None when another service
    has just done it.
    """
    chosen = select(outbox).where(*_waiting(channel), outbox.c.address == address).order_by(outbox.c.id)
    rows = tx.execute(chosen.with_for_update()).all()
    if len(rows) < 2:
        return None
    numbers = [row.id for row in rows]
    tx.execute(update(outbox).where(outbox.c.id.in_(numbers)).values(state="superseded"))
    ends = _ends(tx, numbers)
    tried_from = min(row.first_tried_us or now for row in rows)
    return digest([message_from_json(row.payload) for row in rows], ends, now), set(ends), tried_from


def _waiting(channel: str) -> tuple[ColumnElement[bool], ...]:
    return (
        outbox.c.state == "waiting",
        outbox.c.channel == channel,
        outbox.c.kind != "report",
        outbox.c.lease_owner.is_(None),
        ~outbox.c.doubtful,
    )


def _ends(tx: Connection, messages: Sequence[int]) -> dict[int, datetime | None]:
    """The alerts that these messages tell of, each with the end that the last of them could tell."""
    told = (
        select(alerts.c.id, alerts.c.resolved_us, func.max(outbox.c.created_us).label("at_us"))
        .join_from(message_alerts, outbox)
        .join(alerts, alerts.c.id == message_alerts.c.alert)
        .where(outbox.c.id.in_(messages))
        .group_by(alerts.c.id, alerts.c.resolved_us)
    )
    return {
        row.id: row.resolved_us if row.resolved_us and row.resolved_us <= row.at_us else None
        for row in tx.execute(told)
    }
