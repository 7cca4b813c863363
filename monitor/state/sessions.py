"""Sessions in the state database: saved as they change, listed for pages, with their older versions."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Unpack

from sqlalchemy import and_, func, or_, select

from monitor.ids import Place
from monitor.sessions.glance import Glance
from monitor.sessions.history import ConnectorHistory, Past
from monitor.sessions.model import Session
from monitor.state import histories, ordering, session_saving, session_users
from monitor.state.billing_saving import Saving
from monitor.state.database import Database
from monitor.state.session_filters import Chosen, conditions
from monitor.state.session_rows import periods_from_blob, session_of, timed
from monitor.state.session_tables import UNBILLED, session_versions, sessions

WALK = 1_000
"""Sessions in a piece of `walk`."""

ORDERS: ordering.Orders = {
    "plug_in": (sessions.c.plug_in_us, sessions.c.id),
    "id": (sessions.c.id,),
    "site": (sessions.c.site, sessions.c.plug_in_us, sessions.c.id),
    "state": (sessions.c.state, sessions.c.plug_in_us, sessions.c.id),
}
"""How `list` can be ordered. Each has its index."""


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
        renamed: Collection[str] = (),
        progress: Sequence[Glance] = (),
        now: datetime | None = None,
        frozen_by: Collection[str] = frozenset(),
    ) -> None:
        """Store sessions, how far the assembler has read, what it cut anew and `progress` of sessions that are stored
        already, in one transaction.

        Saving the same again changes nothing. A closed session that changes, or is withdrawn because it is no longer
        among those of its connector since the moment in `reassembled` or has another id now (`renamed` has its old
        one), leaves its old version behind. What a person
        has decided or an export has sealed does not change: see `billing_states.arrival`; `now` is when that came up.
        `frozen_by`: see `histories.refresh`.
        """
        with self._database.begin() as tx:
            reached = session_saving.position(tx) if position is None else position
            saving = Saving(tx, reached, now)
            session_saving.withdraw(saving, changed, reassembled or {}, renamed)
            session_saving.upsert(saving, changed)
            session_saving.note_progress(tx, progress)
            session_saving.set_position(tx, reached)
            histories.refresh(tx, {*_closed(changed), *(reassembled or {})}, frozen_by)

    def import_finished(self, found: Sequence[Session]) -> Outcome:
        """Store sessions that came finished, in one transaction; those known from readings stay as they are.

        After the last of them: `end_import`.
        """
        with self._database.begin() as tx:
            assembled = session_saving.assembled(tx, [session.id for session in found])
            ours = {session.id: session for session in found if session.id not in assembled}
            stored = session_saving.upsert(Saving(tx, session_saving.position(tx)), list(ours.values()))
        return Outcome(stored, len(ours) - stored, len(assembled))

    def end_import(self, places: Iterable[Place], frozen_by: Collection[str] = frozenset()) -> None:
        """Make the histories of connectors that sessions were imported of, and tell whoever has them in memory.

        `frozen_by`: see `histories.refresh`.
        """
        with self._database.begin() as tx:
            session_saving.note_import(tx)
            histories.refresh(tx, places, frozen_by)

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

    def list(
        self, *, before: str | None = None, limit: int = 100, sort: str = "-plug_in", **chosen: Unpack[Chosen]
    ) -> list[Session]:
        """Sessions in one of `ORDERS`, without periods.

        `before`: the id of the last session of the page before this one; raises InputError when there is none.
        """
        statement = select(sessions).where(*conditions(chosen)).limit(limit)
        with self._database.read() as connection:
            rows = connection.execute(ordering.page(connection, statement, ORDERS, sort, before)).mappings().all()
        return [session_of(row) for row in rows]

    def walk(
        self, start: datetime | None = None, end: datetime | None = None, *, periods: bool = False
    ) -> Iterator[Sequence[Session]]:
        """All sessions with start <= plug_in < end, oldest first, in pieces; `periods`: with theirs.

        Each piece is a reading of its own: nothing is held while somebody writes a file of a million.
        """
        ordered = (
            select(sessions)
            .where(*conditions(Chosen(start=start, end=end)))
            .order_by(sessions.c.plug_in_us, sessions.c.id)
            .limit(WALK)
        )
        statement = ordered
        while True:
            with self._database.read() as connection:
                rows = connection.execute(statement).mappings().all()
                ids = [row["id"] for row in rows] if periods else []
                blobs = session_saving.blobs(connection, ids) if ids else {}
            if not rows:
                return
            yield [session_of(row, periods_from_blob(blobs.get(row["id"], b""))) for row in rows]
            last = rows[-1]
            later = and_(sessions.c.plug_in_us == last["plug_in_us"], sessions.c.id > last["id"])
            statement = ordered.where(
                sessions.c.plug_in_us >= last["plug_in_us"], or_(sessions.c.plug_in_us > last["plug_in_us"], later)
            )

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
        """When the oldest session closed that is in review or has no price; None: all are billed."""
        oldest = select(func.min(sessions.c.closed_us)).where(UNBILLED)
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

    def history_before(self, place: Place, moment: datetime) -> ConnectorHistory:
        """What the finished sessions of a connector that were plugged in before `moment` say of it."""
        with self._database.read() as connection:
            return histories.before(connection, place, moment)

    def finished_before(self, moment: datetime) -> Mapping[Place, Sequence[Past]]:
        """By connector the sessions that had closed by `moment`, newest first, as many as its history takes in."""
        with self._database.read() as connection:
            return {place: histories.finished(connection, place, moment) for place in histories.load(connection)}

    def forget_users(self, before: datetime) -> Iterator[int]:
        """See `session_users.forget_users`."""
        return session_users.forget_users(self._database, before)

    def versions(self, session_id: str) -> Sequence[Session]:
        """What a session was before it changed, oldest first, with periods."""
        statement = select(session_versions).where(session_versions.c.session == session_id)
        with self._database.read() as connection:
            rows = connection.execute(statement.order_by(session_versions.c.id)).mappings().all()
        return [session_of(timed(row["summary"]), periods_from_blob(row["periods"])) for row in rows]


def _closed(changed: Iterable[Session]) -> set[Place]:
    return {session.place for session in changed if session.closed_at is not None}


def _money(rows: Iterable[Mapping[Any, Any]], column: str) -> dict[str, Decimal]:
    return {
        row["currency"]: Decimal(int(row[column])).scaleb(-6)
        for row in rows
        if row["currency"] is not None and row[column] is not None
    }
