"""How sessions get into the state database: rows that changed, their periods, and what they were before."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, insert, select, update

from monitor.ids import Place
from monitor.sessions.imported import SEEN_BY
from monitor.sessions.model import Session
from monitor.state.database import chunks
from monitor.state.session_rows import periods_to_blob, row_of
from monitor.state.session_tables import positions, session_periods, session_versions, sessions
from monitor.units import from_us, to_us

_READER, _IMPORTS = "sessions", "imports"


def at(place: Place) -> ColumnElement[bool]:
    """The condition that a session is of this connector."""
    return and_(
        sessions.c.site == place.site,
        sessions.c.station == place.station,
        sessions.c.connector == place.connector,
    )


def position(connection: Connection) -> int:
    """How far the assembler has read in what is saved; 0 before the first."""
    found = connection.execute(select(positions.c.position).where(positions.c.name == _READER)).scalar()
    return 0 if found is None else int(found)


def set_position(tx: Connection, reached: int) -> None:
    """Note how far the assembler has read."""
    changed = tx.execute(update(positions).where(positions.c.name == _READER).values(position=reached))
    if not changed.rowcount:
        tx.execute(insert(positions).values(name=_READER, position=reached))


def blobs(connection: Connection, ids: Sequence[str]) -> dict[str, bytes]:
    """Stored periods by session id, of those that have any."""
    rows = connection.execute(select(session_periods).where(session_periods.c.session.in_(ids))).all()
    return {row.session: row.periods for row in rows}


def withdraw(tx: Connection, changed: Sequence[Session], reassembled: Mapping[Place, datetime], reached: int) -> None:
    """Remove sessions of connectors that were cut anew and are no longer among theirs."""
    present = {session.id for session in changed}
    for place, since in reassembled.items():
        rows = tx.execute(select(sessions).where(at(place), sessions.c.plug_in_us >= since)).mappings().all()
        gone = [row for row in rows if row["id"] not in present and not is_imported(row)]
        if gone:
            _keep_versions(tx, gone, reached)
            tx.execute(delete(sessions).where(sessions.c.id.in_([row["id"] for row in gone])))


def is_imported(row: Mapping[Any, Any]) -> bool:
    """Whether a session came finished, without readings: none of those can change or withdraw it."""
    return bool(row["details"].get("seen_by") == SEEN_BY)


def assembled(tx: Connection, ids: Sequence[str]) -> set[str]:
    """Which of these sessions are there already, made of readings."""
    found: set[str] = set()
    for some in chunks(list(ids)):
        rows = tx.execute(select(sessions.c.id, sessions.c.details).where(sessions.c.id.in_(some))).mappings()
        found |= {row["id"] for row in rows if not is_imported(row)}
    return found


def imports(connection: Connection) -> int:
    """How often finished sessions were imported that changed something."""
    found = connection.execute(select(positions.c.position).where(positions.c.name == _IMPORTS)).scalar()
    return 0 if found is None else int(found)


def note_import(tx: Connection) -> None:
    """Count an import, so that whoever keeps figures of sessions in memory reads them anew."""
    more = update(positions).where(positions.c.name == _IMPORTS).values(position=positions.c.position + 1)
    if not tx.execute(more).rowcount:
        tx.execute(insert(positions).values(name=_IMPORTS, position=1))


def upsert(tx: Connection, changed: Sequence[Session], reached: int) -> int:
    """Write the sessions that differ from what is stored, and return how many did.

    A closed one that differs leaves a version behind.
    """
    count = 0
    for some in chunks(list({session.id: session for session in changed}.values()), 200):
        ids = [session.id for session in some]
        known = {row["id"]: dict(row) for row in tx.execute(select(sessions).where(sessions.c.id.in_(ids))).mappings()}
        stored = blobs(tx, ids)
        fresh = {session.id: (row_of(session), periods_to_blob(session.periods)) for session in some}
        other = {name for name, (row, blob) in fresh.items() if known.get(name) != row or stored.get(name) != blob}
        _keep_versions(tx, [known[name] for name in ids if name in other and name in known], reached)
        _write(tx, [fresh[name] for name in ids if name in other and name not in known], new=True)
        _write(tx, [fresh[name] for name in ids if name in other and name in known], new=False)
        count += len(other)
    return count


def _write(tx: Connection, rows: Sequence[tuple[dict[str, Any], bytes]], *, new: bool) -> None:
    if not rows:
        return
    blobs = [{"session": row["id"], "periods": blob} for row, blob in rows]
    if new:
        tx.execute(insert(sessions), [row for row, _ in rows])
        tx.execute(insert(session_periods), blobs)
        return
    values = {column.name: bindparam(f"v_{column.name}", type_=column.type) for column in sessions.c}
    named = [{f"v_{name}": value for name, value in row.items()} for row, _ in rows]
    tx.execute(update(sessions).where(sessions.c.id == bindparam("v_id")).values(values), named)
    by_session = update(session_periods).where(session_periods.c.session == bindparam("v_session"))
    tx.execute(
        by_session.values(periods=bindparam("v_periods")),
        [{"v_session": blob["session"], "v_periods": blob["periods"]} for blob in blobs],
    )


def _keep_versions(tx: Connection, rows: Sequence[Mapping[Any, Any]], reached: int) -> None:
    """Keep what closed sessions were; one that was under way changes all the time and leaves nothing."""
    closed = [dict(row) for row in rows if row["closed_us"] is not None]
    stored = blobs(tx, [row["id"] for row in closed])
    kept = [
        {"session": row["id"], "position": reached, "summary": _untimed(row), "periods": stored.get(row["id"], b"")}
        for row in closed
    ]
    if kept:
        tx.execute(insert(session_versions), kept)


_TIMES = ("plug_in_us", "started_us", "stopped_us", "plug_out_us", "closed_us")


def _untimed(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as JSON can hold it: moments as epoch microseconds."""
    return {name: to_us(value) if name in _TIMES and value is not None else value for name, value in row.items()}


def timed(summary: Mapping[str, Any]) -> dict[str, Any]:
    """A version's summary with its moments as datetimes, as a row of `sessions` has them."""
    return {name: _moment(value) if name in _TIMES else value for name, value in summary.items()}


def _moment(epoch_us: int | None) -> datetime | None:
    return None if epoch_us is None else from_us(epoch_us)
