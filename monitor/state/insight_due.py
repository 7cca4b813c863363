"""Which days have to be rolled up again: noted in the transaction that changes a session, whatever process does it."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Connection, func, insert, select, type_coerce

from monitor.insight.local_time import DAY_US
from monitor.state.database import chunks
from monitor.state.insight_tables import insight_due
from monitor.state.session_tables import positions, sessions
from monitor.units import to_us

_KEPT = "insight"
"""In `positions`: days are noted from here on. What was there before has to be noted once."""


def note(tx: Connection, rows: Iterable[Mapping[Any, Any]]) -> None:
    """Note the days of these rows of `sessions`; those under way are in no rollup."""
    days = {
        (row["site"], *_days(row["plug_in_us"], row["plug_out_us"])) for row in rows if row["plug_out_us"] is not None
    }
    if days:
        tx.execute(
            insert(insight_due),
            [{"site": site, "first_day": first, "last_day": last} for site, first, last in sorted(days)],
        )


def note_span(tx: Connection, site: str, start_us: int, end_us: int) -> None:
    """Note the days from one moment to another."""
    tx.execute(insert(insight_due).values(site=site, first_day=start_us // DAY_US, last_day=end_us // DAY_US))


def note_ids(tx: Connection, ids: Iterable[str]) -> None:
    """The same for sessions by id."""
    for some in chunks(list(ids)):
        columns = (sessions.c.site, sessions.c.plug_in_us, sessions.c.plug_out_us)
        note(tx, tx.execute(select(*columns).where(sessions.c.id.in_(some))).mappings())


def note_site(tx: Connection, site: str) -> None:
    """Note every day of a site."""
    _note_all(tx, site)


def note_once(tx: Connection) -> None:
    """Note every day of every site, where this database has never had rollups."""
    if tx.execute(select(positions.c.position).where(positions.c.name == _KEPT)).scalar() is None:
        _note_all(tx, None)
        tx.execute(insert(positions).values(name=_KEPT, position=1))


def _note_all(tx: Connection, site: str | None) -> None:
    first, last = (
        type_coerce(edge, BigInteger) / DAY_US
        for edge in (func.min(sessions.c.plug_in_us), func.max(sessions.c.plug_out_us))
    )
    found = select(sessions.c.site, first.label("first"), last.label("last")).where(sessions.c.plug_out_us.is_not(None))
    if site is not None:
        found = found.where(sessions.c.site == site)
    rows = [
        {"site": row.site, "first_day": int(row.first) - 1, "last_day": int(row.last) + 1}
        for row in tx.execute(found.group_by(sessions.c.site))
    ]
    if rows:
        tx.execute(insert(insight_due), rows)


def _days(plug_in: datetime, plug_out: datetime) -> tuple[int, int]:
    # A visit that goes on within ten minutes belongs to the day of its first attempt.
    return to_us(plug_in - timedelta(minutes=10)) // DAY_US, to_us(plug_out) // DAY_US
