"""Sessions in the state database: saved as they change, listed for pages, with their older versions."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Unpack

from sqlalchemy import ColumnElement, Connection, and_, func, or_, select

from monitor.errors import InputError
from monitor.ids import Place
from monitor.sessions.history import ConnectorHistory
from monitor.sessions.model import Session
from monitor.state import histories, session_saving, session_users
from monitor.state.database import Database
from monitor.state.session_filters import Chosen, conditions
from monitor.state.session_rows import periods_from_blob, session_of
from monitor.state.session_tables import session_versions, sessions


@dataclass(frozen=True)
class SessionTotals:
    """Sums over sessions; money by currency, of those that are priced. Energy is None when none is known."""

    sessions: int
    energy_wh: float | None
    charging_time: timedelta
    idle_time: timedelta
    excl_vat: Mapping[str, Decimal]
    incl_vat: Mapping[str, Decimal]


@dataclass(frozen=True)
class Outcome:
    """What became of sessions that were imported: stored, there already just so, there already from readings."""

    stored: int
    unchanged: int
    assembled: int


class SessionStore:
    """All methods raise StateUnavailable when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def save(
        self,
        changed: Sequence[Session],
        *,
        position: int | None = None,
        reassembled: Mapping[Place, datetime] | None = None,
    ) -> None:
        """Store sessions, how far the assembler has read, and what it cut anew, in one transaction.

        Saving the same again changes nothing. A closed session that changes, or is withdrawn because it is no longer
        among those of its connector since the moment in `reassembled`, leaves its old version behind.
        """
        with self._database.begin() as tx:
            reached = session_saving.position(tx) if position is None else position
            session_saving.withdraw(tx, changed, reassembled or {}, reached)
            session_saving.upsert(tx, changed, reached)
            session_saving.set_position(tx, reached)
            histories.refresh(tx, {*_closed(changed), *(reassembled or {})})

    def import_finished(self, found: Sequence[Session]) -> Outcome:
        """Store sessions that came finished, in one transaction; those known from readings stay as they are."""
        with self._database.begin() as tx:
            assembled = session_saving.assembled(tx, [session.id for session in found])
            ours = {session.id: session for session in found if session.id not in assembled}
            stored = session_saving.upsert(tx, list(ours.values()), session_saving.position(tx))
            if stored:
                session_saving.note_import(tx)
                histories.refresh(tx, _closed(ours.values()))
        return Outcome(stored, len(ours) - stored, len(assembled))

    def imports(self) -> int:
        """How often finished sessions were imported that changed something."""
        with self._database.read() as connection:
            return session_saving.imports(connection)

    def position(self) -> int:
        """The sequence number up to which readings are in what is saved; 0 before the first."""
        with self._database.read() as connection:
            return session_saving.position(connection)

    def get(self, session_id: str) -> Session | None:
        """One session with its periods; None when there is none of this id."""
        with self._database.read() as connection:
            row = connection.execute(select(sessions).where(sessions.c.id == session_id)).mappings().one_or_none()
            blob = session_saving.blobs(connection, [session_id]).get(session_id)
        return session_of(row, periods_from_blob(blob) if blob else ()) if row else None

    def under_way(self) -> list[Session]:
        """Sessions that are not closed, without periods: the car is there, or left less than the grace ago."""
        with self._database.read() as connection:
            rows = connection.execute(select(sessions).where(sessions.c.closed_us.is_(None))).mappings().all()
        return [session_of(row) for row in rows]

    def list(self, *, before: str | None = None, limit: int = 100, **chosen: Unpack[Chosen]) -> list[Session]:
        """Sessions, newest first, without periods.

        `before`: the id of the last session of the page before this one; raises InputError when there is none.
        """
        statement = select(sessions).where(*conditions(chosen))
        with self._database.read() as connection:
            if before is not None:
                statement = statement.where(_after_in_list(connection, before))
            ordered = statement.order_by(sessions.c.plug_in_us.desc(), sessions.c.id.desc()).limit(limit)
            rows = connection.execute(ordered).mappings().all()
        return [session_of(row) for row in rows]

    def totals(self, **chosen: Unpack[Chosen]) -> SessionTotals:
        """The sums over what `list` selects."""
        columns = (
            sessions.c.currency,
            func.count().label("sessions"),
            func.sum(sessions.c.energy_mwh).label("energy_mwh"),
            func.sum(sessions.c.charging_us).label("charging_us"),
            func.sum(sessions.c.idle_us).label("idle_us"),
            func.sum(sessions.c.excl_vat_micro).label("excl_vat_micro"),
            func.sum(sessions.c.incl_vat_micro).label("incl_vat_micro"),
        )
        statement = select(*columns).where(*conditions(chosen))
        with self._database.read() as connection:
            rows = connection.execute(statement.group_by(sessions.c.currency)).mappings().all()
        energies = [int(row["energy_mwh"]) for row in rows if row["energy_mwh"] is not None]
        return SessionTotals(
            sessions=sum(row["sessions"] for row in rows),
            energy_wh=sum(energies) / 1000 if energies else None,
            charging_time=timedelta(microseconds=sum(int(row["charging_us"]) for row in rows)),
            idle_time=timedelta(microseconds=sum(int(row["idle_us"]) for row in rows)),
            excl_vat=_money(rows, "excl_vat_micro"),
            incl_vat=_money(rows, "incl_vat_micro"),
        )

    def unbilled_since(self) -> datetime | None:
        """When the oldest session that waits for a person's decision was unplugged; None when none waits."""
        oldest = select(func.min(sessions.c.plug_out_us)).where(sessions.c.state == "review")
        with self._database.read() as connection:
            moment: datetime | None = connection.execute(oldest).scalar()
        return moment

    def histories(self, places: Iterable[Place] | None = None) -> dict[Place, ConnectorHistory]:
        """What connectors' finished sessions say of them; `places`: only of these connectors."""
        if places is None:
            with self._database.begin() as tx:
                histories.make_once(tx)
        with self._database.read() as connection:
            return histories.load(connection, places)

    def forget_users(self, before: datetime) -> Iterator[int]:
        """See `session_users.forget_users`."""
        return session_users.forget_users(self._database, before)

    def versions(self, session_id: str) -> Sequence[Session]:
        """What a session was before it changed, oldest first, with periods."""
        statement = select(session_versions).where(session_versions.c.session == session_id)
        with self._database.read() as connection:
            rows = connection.execute(statement.order_by(session_versions.c.id)).mappings().all()
        return [session_of(session_saving.timed(row["summary"]), periods_from_blob(row["periods"])) for row in rows]


def _closed(changed: Iterable[Session]) -> set[Place]:
    return {session.place for session in changed if session.closed_at is not None}


def _after_in_list(connection: Connection, session_id: str) -> ColumnElement[bool]:
    plug_in = connection.execute(select(sessions.c.plug_in_us).where(sessions.c.id == session_id)).scalar()
    if plug_in is None:
        raise InputError(f"there is no session {session_id!r} to go on after; begin with the first page")
    earlier = sessions.c.plug_in_us < plug_in
    return or_(earlier, and_(sessions.c.plug_in_us == plug_in, sessions.c.id < session_id))


def _money(rows: Iterable[Mapping[Any, Any]], column: str) -> dict[str, Decimal]:
    return {
        row["currency"]: Decimal(int(row[column])).scaleb(-6)
        for row in rows
        if row["currency"] is not None and row[column] is not None
    }
