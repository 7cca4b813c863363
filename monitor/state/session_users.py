"""Who charged, erased from stored sessions: summaries and their older versions."""

from collections.abc import Iterator
from datetime import datetime

from sqlalchemy import select, update

from monitor.state.database import Database, chunks
from monitor.state.session_tables import session_versions, sessions
from monitor.units import to_us


def forget_users(database: Database, before: datetime) -> Iterator[int]:
    """Erase users of closed sessions plugged in before a moment; after each piece how many it was.

    In pieces with transactions of their own, because a tick waits while another one writes.
    """
    old = select(sessions.c.id).where(
        sessions.c.plug_in_us < before, sessions.c.user_token.is_not(None), sessions.c.closed_us.is_not(None)
    )
    with database.read() as connection:
        ids = list(connection.execute(old).scalars())
    for some in chunks(ids):
        with database.begin() as tx:
            tx.execute(update(sessions).where(sessions.c.id.in_(some)).values(user_token=None))
        yield len(some)
    yield from _of_versions(database, to_us(before))


def _of_versions(database: Database, before_us: int) -> Iterator[int]:
    named = select(session_versions.c.id, session_versions.c.summary).where(
        session_versions.c.summary["user_token"].as_string().is_not(None)
    )
    with database.read() as connection:
        rows = connection.execute(named).all()
    for some in chunks([row for row in rows if row.summary["plug_in_us"] < before_us]):
        with database.begin() as tx:
            for row in some:
                erased = {**row.summary, "user_token": None}
                tx.execute(update(session_versions).where(session_versions.c.id == row.id).values(summary=erased))
        yield len(some)
