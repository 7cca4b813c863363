"""Acknowledgements and silences. Each change is written with its entry in the audit log; a tick only reads."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from monitor.alerts.responses import Acknowledgement, Silence
from monitor.errors import InputError
from monitor.state import audit, ordering
from monitor.state.audit_tables import audit as audit_table
from monitor.state.database import Database, chunks
from monitor.state.response_tables import acknowledgements, silences
from monitor.state.tables import alerts

SILENCE_ORDERS: ordering.Orders = {
    "id": (silences.c.id,),
    "starts_at": (silences.c.starts_us, silences.c.id),
    "ends_at": (silences.c.ends_us, silences.c.id),
}
"""How `silences` can be ordered. There are few enough of them to be sorted each time."""


class ResponseStore:
    """What people said to the alerts of one state database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def acknowledge(
        self,
        alert: int,
        *,
        by: str,
        at: datetime,
        until: datetime | None = None,
        assignee: str = "",
        ticket: str = "",
        comment: str = "",
        details: Mapping[str, Any] | None = None,
    ) -> Acknowledgement:
        """Say that somebody sees to an active alert; raises InputError when it is over or does not exist."""
        row = {
            "alert": alert, "by": by, "at_us": at, "until_us": until, "assignee": assignee, "ticket": ticket,
            "comment": comment,
        }  # fmt: skip
        said = {
            name: value for name, value in (("assignee", assignee), ("ticket", ticket), ("comment", comment)) if value
        }
        with self._database.begin() as tx:
            state = tx.execute(select(alerts.c.state).where(alerts.c.id == alert)).scalar()
            if state is None:
                raise InputError("alert %(alert)s does not exist: nothing to acknowledge", alert=alert)
            if state == "resolved":
                raise InputError("alert %(alert)s is over: nothing to acknowledge", alert=alert)
            made = tx.execute(insert(acknowledgements).returning(acknowledgements), row).one()
            audit.record(tx, at, by, "alert.acknowledge", str(alert), {**said, **(details or {})})
        return _to_acknowledgement(made)

    def withdraw(self, alert: int, *, by: str, at: datetime) -> bool:
        """Take the acknowledgements of an alert back; False when there was none to take back."""
        here = update(acknowledgements).where(
            acknowledgements.c.alert == alert, acknowledgements.c.withdrawn_us.is_(None)
        )
        with self._database.begin() as tx:
            if not tx.execute(here.values(withdrawn_us=at, withdrawn_by=by)).rowcount:
                return False
            audit.record(tx, at, by, "alert.unacknowledge", str(alert))
        return True

    def acknowledged(self, numbers: Iterable[int], now: datetime) -> Mapping[int, Acknowledgement]:
        """The acknowledgement that counts at `now`, by alert."""
        with self._database.read() as connection:
            return self.in_force(connection, numbers, now)

    def acknowledgements(self, alert: int) -> Sequence[Acknowledgement]:
        """All that were ever given to an alert, in order."""
        chosen = select(acknowledgements).where(acknowledgements.c.alert == alert).order_by(acknowledgements.c.id)
        with self._database.read() as connection:
            return [_to_acknowledgement(row) for row in connection.execute(chosen)]

    def in_force(self, tx: Connection, numbers: Iterable[int], now: datetime) -> Mapping[int, Acknowledgement]:
        """The same, in somebody's transaction."""
        found: dict[int, Acknowledgement] = {}
        for some in chunks(sorted(numbers)):
            here = (acknowledgements.c.alert.in_(some), acknowledgements.c.withdrawn_us.is_(None))
            newest = select(func.max(acknowledgements.c.id)).where(*here).group_by(acknowledgements.c.alert)
            for row in tx.execute(select(acknowledgements).where(acknowledgements.c.id.in_(newest))):
                found[row.alert] = _to_acknowledgement(row)
        return {number: said for number, said in found.items() if said.holds(now)}

    def silence(
        self,
        matchers: Mapping[str, Sequence[str]],
        *,
        author: str,
        reason: str,
        starts_at: datetime,
        ends_at: datetime,
        at: datetime,
        details: Mapping[str, Any] | None = None,
    ) -> Silence:
        """Mute alerts; raises InputError when it matches everything, has no reason, or ends before it starts."""
        if not matchers:
            raise InputError("a silence needs a matcher, else it would mute everything: for example site")
        if not reason.strip():
            raise InputError("a silence needs a reason: others have to know why they hear nothing")
        if ends_at <= max(starts_at, at):
            raise InputError("a silence has to end after it starts, and after now")
        row = {
            "matchers": {name: list(globs) for name, globs in matchers.items()}, "author": author, "reason": reason,
            "created_us": at, "starts_us": starts_at, "ends_us": ends_at,
        }  # fmt: skip
        with self._database.begin() as tx:
            made = tx.execute(insert(silences).returning(silences), row).one()
            said = {"matchers": row["matchers"], "reason": reason, "ends_at": ends_at.isoformat(), **(details or {})}
            audit.record(tx, at, author, "silence.add", str(made.id), said)
        return _to_silence(made)

    def end_silence(self, number: int, *, by: str, at: datetime) -> Silence | None:
        """End a silence now; None when there is none of this number. One that is over stays as it is."""
        with self._database.begin() as tx:
            over = update(silences).where(silences.c.id == number, silences.c.ends_us > at)
            if tx.execute(over.values(ends_us=at)).rowcount:
                audit.record(tx, at, by, "silence.end", str(number))
            row = tx.execute(select(silences).where(silences.c.id == number)).first()
        return _to_silence(row) if row else None

    def get_silence(self, number: int) -> Silence | None:
        """One of them."""
        with self._database.read() as connection:
            row = connection.execute(select(silences).where(silences.c.id == number)).first()
        return _to_silence(row) if row else None

    def silences(
        self, *, now: datetime | None = None, before: int | None = None, limit: int = 100, sort: str = "-id"
    ) -> Sequence[Silence]:
        """In one of `SILENCE_ORDERS`; `now`: only those that are not over by then; `before`: the last one's id of the
        page before.
        """
        chosen = select(silences).limit(limit)
        if now is not None:
            chosen = chosen.where(silences.c.ends_us > now)
        with self._database.read() as connection:
            ordered = ordering.page(connection, chosen, SILENCE_ORDERS, sort, before)
            return [_to_silence(row) for row in connection.execute(ordered)]

    def silences_between(self, start: datetime, end: datetime) -> Sequence[Silence]:
        """Those that muted at some moment from `start` to before `end`, oldest first."""
        here = select(silences).where(silences.c.starts_us < end, silences.c.ends_us > start).order_by(silences.c.id)
        with self._database.read() as connection:
            return [_to_silence(row) for row in connection.execute(here)]

    def muting(self, tx: Connection, now: datetime) -> Sequence[Silence]:
        """The silences that mute at `now`, oldest first, in somebody's transaction."""
        here = select(silences).where(silences.c.starts_us <= now, silences.c.ends_us > now).order_by(silences.c.id)
        return [_to_silence(row) for row in tx.execute(here)]

    def stamp(self) -> int | None:
        """Changes whenever anything here does: each change has its entry in the audit log."""
        with self._database.read() as connection:
            return connection.execute(select(func.max(audit_table.c.id))).scalar()


def _to_acknowledgement(row: Row[Any]) -> Acknowledgement:
    return Acknowledgement(
        row.id, row.alert, row.by, row.at_us, row.until_us, row.assignee, row.ticket, row.comment, row.withdrawn_us,
        row.withdrawn_by,
    )  # fmt: skip


def _to_silence(row: Row[Any]) -> Silence:
    matchers = {name: tuple(globs) for name, globs in row.matchers.items()}
    return Silence(row.id, matchers, row.author, row.reason, row.created_us, row.starts_us, row.ends_us)
