"""How sessions get into the state database: rows that changed, their periods, and what they were before."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, bindparam, delete, func, insert, select, update

from monitor.ids import Place
from monitor.sessions.gathering import LOOK_BACK
from monitor.sessions.glance import Glance
from monitor.sessions.imported import SEEN_BY
from monitor.sessions.model import BillingState, Session
from monitor.state import insight_due
from monitor.state.billing_saving import Saving, may_withdraw, to_write
from monitor.state.database import chunks
from monitor.state.session_rows import periods_to_blob, row_of, untimed
from monitor.state.session_tables import positions, session_periods, session_versions, sessions

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


def withdraw(
    saving: Saving, changed: Sequence[Session], reassembled: Mapping[Place, datetime], renamed: Collection[str]
) -> None:
    """Remove sessions that have another id now, or are no longer among those of a connector that was cut anew.

    What is sealed stays.
    """
    tx, present = saving.tx, {session.id for session in changed}
    began = func.coalesce(sessions.c.started_us, sessions.c.stopped_us, sessions.c.plug_in_us)
    gone: list[ColumnElement[bool]] = [sessions.c.id.in_(some) for some in chunks(list(renamed))]
    for place, since in reassembled.items():
        # The bound is for the index: a car is plugged in before it charges, though not so long.
        gone.append(and_(at(place), sessions.c.plug_in_us >= since - LOOK_BACK[-1], began >= since))
    for condition in gone:
        found = tx.execute(select(sessions).where(condition).with_for_update()).mappings().all()
        missing = [row for row in found if row["id"] not in present and not is_imported(row)]
        free = may_withdraw(saving, missing) if missing else []
        if free:
            _keep_versions(tx, [row for row in missing if row["id"] in free], saving.position)
            insight_due.note(tx, [row for row in missing if row["id"] in free])
            tx.execute(delete(sessions).where(sessions.c.id.in_(free)))


def is_imported(row: Mapping[Any, Any]) -> bool:
    """Whether a session came finished, without readings: none of those can change or withdraw it."""
    return bool(row["details"].get("seen_by") == SEEN_BY)


def assembled(tx: Connection, ids: Sequence[str]) -> set[str]:
    """Which of these sessions are there already, made of readings."""
    found: set[str] = set()
    for some in chunks(list(ids)):
        known = tx.execute(select(sessions.c.id, sessions.c.details).where(sessions.c.id.in_(some))).mappings()
        found |= {row["id"] for row in known if not is_imported(row)}
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


def upsert(saving: Saving, changed: Sequence[Session]) -> int:
    """Write the sessions that differ from what is stored, and return how many did.

    A closed one that differs leaves a version behind. What somebody has decided or sealed is left to `billing_saving`.
    """
    tx, count = saving.tx, 0
    for some in chunks(list({session.id: session for session in changed}.values()), 200):
        known = rows(tx, [session.id for session in some], lock=True)
        count += write(tx, to_write(saving, some, known), known, saving.position)
    return count


_NUMBERS = (
    "energy_mwh", "integrated_mwh", "charging_us", "idle_us", "average_power_w", "peak_power_w", "soc_out", "phases",
)  # fmt: skip
"""What meter values alone change of a session under way: nobody decides on those, and nothing is priced."""

_PROGRESS = (
    update(sessions)
    .where(sessions.c.id == bindparam("session"), sessions.c.closed_us.is_(None))
    .values({name: bindparam(name) for name in _NUMBERS})
)


def note_progress(tx: Connection, progress: Sequence[Glance]) -> None:
    """Write `_NUMBERS` of sessions under way over those that are stored."""
    values = [{"session": glance.id, **{name: getattr(glance, name) for name in _NUMBERS}} for glance in progress]
    if values:
        tx.execute(_PROGRESS, values)


def rows(connection: Connection, ids: Sequence[str], *, lock: bool) -> dict[str, dict[str, Any]]:
    """Rows by id; `lock`: no other transaction changes them before this one has ended."""
    statement = select(sessions).where(sessions.c.id.in_(ids))
    found = connection.execute(statement.with_for_update() if lock else statement).mappings()
    return {row["id"]: dict(row) for row in found}


def newest_version(connection: Connection, session_id: str) -> int | None:
    """The number of what a session was last."""
    newest = select(func.max(session_versions.c.id)).where(session_versions.c.session == session_id)
    found: int | None = connection.execute(newest).scalar()
    return found


def set_state(tx: Connection, ids: Sequence[str], state: BillingState) -> None:
    """Change the state alone, and leave no version behind."""
    for some in chunks(list(ids)):
        tx.execute(update(sessions).where(sessions.c.id.in_(some)).values(state=state))
    if state == "credited":
        insight_due.note_ids(tx, ids)


def write(tx: Connection, changed: Sequence[Session], known: Mapping[str, Mapping[str, Any]], reached: int) -> int:
    """Write sessions over their `known` rows where they differ, whatever was decided; how many did."""
    ids = [session.id for session in changed]
    stored = blobs(tx, ids)
    fresh = {session.id: (row_of(session), periods_to_blob(session.periods)) for session in changed}
    other = {name for name, (row, blob) in fresh.items() if known.get(name) != row or stored.get(name) != blob}
    _keep_versions(tx, [known[name] for name in ids if name in other and name in known], reached)
    _write(tx, [fresh[name] for name in ids if name in other and name not in known], new=True)
    _write(tx, [fresh[name] for name in ids if name in other and name in known], new=False)
    insight_due.note(tx, [row for name in other for row in (fresh[name][0], known.get(name)) if row is not None])
    return len(other)


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
        {"session": row["id"], "position": reached, "summary": untimed(row), "periods": stored.get(row["id"], b"")}
        for row in closed
    ]
    if kept:
        tx.execute(insert(session_versions), kept)
