"""Who charged, erased from stored sessions: summaries, older versions, proposals and the CDRs that were exported."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, Select, Table, cast, or_, select, union, update

from monitor.errors import InputError
from monitor.readings.schema import NAMES_OF_USERS
from monitor.sessions.erasing import erased_cdr, erased_details
from monitor.state import audit
from monitor.state.billing_tables import cdrs, proposals
from monitor.state.database import Database, chunks
from monitor.state.session_tables import session_versions, sessions
from monitor.tariffs import exact_json
from monitor.units import to_us

Summary = Mapping[str, Any]
_IN_DETAILS = tuple(name for name in NAMES_OF_USERS if name != "user")
NAMELESS = {"user_token": None}
"""What retention changes of a row: `details` are what a CDR is proved with, and go with other spans."""


def sessions_of(connection: Connection, tokens: Collection[str]) -> list[str]:
    """Ids of all sessions that name one of the tokens (a contract counts, too), now or in an older version; the oldest
    first.
    """
    named = [select(table.c[name].label("id")).where(_names(table, tokens)) for table, name in _SUMMARIES]
    theirs = union(select(sessions.c.id).where(_asked_for(tokens)), *named).subquery()
    there = select(theirs.c.id).join(sessions, sessions.c.id == theirs.c.id, isouter=True)
    return list(connection.execute(there.order_by(sessions.c.plug_in_us, theirs.c.id)).scalars())


def erase_user(database: Database, tokens: Collection[str], *, at: datetime, actor: str, unbilled: bool) -> int:
    """Erase all that leads to the user of these tokens from the sessions, and audit that without naming anybody.

    Returns how many sessions there were. Raises InputError while one of them is under way, because its readings still
    name the user; and for sessions that are priced or in review and not exported, unless `unbilled`: nobody could be
    billed for them.
    """
    with database.read() as connection:
        ids = sessions_of(connection, tokens)
        _refuse(connection, ids, unbilled=unbilled)
    for some in list(chunks(ids)) or [[]]:
        with database.begin() as tx:
            _scrub_pages(tx)
            _change(tx, some, lambda row: {"user_token": None, "details": erased_details(row["details"])})
            for row in tx.execute(select(cdrs.c.number, cdrs.c.content).where(cdrs.c.session.in_(some))).all():
                text = exact_json.dumps(erased_cdr(exact_json.loads(row.content)))
                tx.execute(update(cdrs).where(cdrs.c.number == row.number).values(content=text))
            audit.record(tx, at, actor, "user.erase", "", {"sessions": len(some)})
    database.shorten_log()
    return len(ids)


def forget_users(database: Database, before: datetime) -> Iterator[int]:
    """Erase users of closed sessions plugged in before a moment; after each piece how many it was.

    In pieces with transactions of their own, because a tick waits while another one writes.
    """
    old = select(sessions.c.id).where(
        sessions.c.plug_in_us < before, sessions.c.user_token.is_not(None), sessions.c.closed_us.is_not(None)
    )
    yield from _forget(database, old)
    for table, name in _SUMMARIES:
        plug_in = cast(table.c.summary["plug_in_us"].as_string(), BigInteger)  # an INTEGER of PostgreSQL has 32 bits
        yield from _forget(database, select(table.c[name]).where(_names(table, None), plug_in < to_us(before)))


def _forget(database: Database, theirs: Select[Any]) -> Iterator[int]:
    with database.read() as connection:
        ids = list(dict.fromkeys(connection.execute(theirs).scalars()))
    for some in chunks(ids):
        with database.begin() as tx:
            _change(tx, some, lambda _: NAMELESS)
            for row in tx.execute(select(cdrs.c.number, cdrs.c.content).where(cdrs.c.session.in_(some))).all():
                cdr = exact_json.loads(row.content)
                token = {key: value for key, value in cdr.get("cdr_token", {}).items() if key != "uid"}
                text = exact_json.dumps({**cdr, "cdr_token": token})
                tx.execute(update(cdrs).where(cdrs.c.number == row.number).values(content=text))
        yield len(some)


_SUMMARIES: Sequence[tuple[Table, str]] = ((session_versions, "session"), (proposals, "session"))
"""Tables with a session's row as JSON in `summary`, and the column of its id."""


def _names(table: Table, tokens: Collection[str] | None) -> ColumnElement[bool]:
    """Whether a stored summary names somebody, of `tokens` where those are given."""
    user: ColumnElement[str] = table.c.summary["user_token"].as_string()
    if tokens is None:
        return user.is_not(None)
    others = (table.c.summary[("details", name)].as_string() for name in _IN_DETAILS)
    return or_(user.in_(tokens), *(each.in_(tokens) for each in others))


def _asked_for(tokens: Collection[str]) -> ColumnElement[bool]:
    others = (sessions.c.details[name].as_string() for name in _IN_DETAILS)
    return or_(sessions.c.user_token.in_(tokens), *(each.in_(tokens) for each in others))


def _change(tx: Connection, ids: Sequence[str], changed: Callable[[Summary], Summary]) -> None:
    """Change what every row of these sessions says of its user, in all tables."""
    for found in tx.execute(select(sessions.c.id, sessions.c.details).where(sessions.c.id.in_(ids))).all():
        values = changed({"details": found.details})
        tx.execute(update(sessions).where(sessions.c.id == found.id).values(**values))
    for table, name in _SUMMARIES:
        key = table.primary_key.columns[0]
        for row in tx.execute(select(key.label("key"), table.c.summary).where(table.c[name].in_(ids))).all():
            if row.summary is not None:
                summary = {**row.summary, **changed(row.summary)}
                tx.execute(update(table).where(key == row.key).values(summary=summary))


def _refuse(connection: Connection, ids: Sequence[str], *, unbilled: bool) -> None:
    waiting = []
    for some in chunks(list(ids)):
        rows = connection.execute(
            select(sessions.c.id, sessions.c.state, sessions.c.closed_us).where(sessions.c.id.in_(some))
        ).all()
        if under_way := [row.id for row in rows if row.closed_us is None]:
            raise InputError(f"session {under_way[0]} is still under way; erase when it has closed")
        waiting += [row.id for row in rows if row.state in {"open", "review", "priced"}]
    if waiting and not unbilled:
        raise InputError(
            f"{len(waiting)} sessions are not exported yet ({', '.join(waiting[:3])}...): without a user nobody can be "
            "billed for them; export or write them off first, or say --unbilled"
        )


def _scrub_pages(tx: Connection) -> None:
    """Let SQLite write zeros over what is erased, instead of leaving it in pages that are free."""
    if tx.dialect.name == "sqlite":
        tx.exec_driver_sql("PRAGMA secure_delete = ON")
