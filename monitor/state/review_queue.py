"""What waits for a person: doubtful sessions, those without a price, and corrections that late rows propose."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from sqlalchemy import ColumnElement, Connection, func, select

from monitor.sessions.correction import measured
from monitor.sessions.model import Session
from monitor.state import ordering
from monitor.state.billing_tables import proposals
from monitor.state.database import Database
from monitor.state.reviewing import Case, Decision, Pricing, case_of, decide
from monitor.state.session_tables import sessions
from monitor.state.sessions import ORDERS

Kind = Literal["review", "unpriced", "correction"]
KINDS: tuple[Kind, ...] = ("review", "unpriced", "correction")


@dataclass(frozen=True)
class Waiting:
    """One session in the queue: why, and since when it waits."""

    kind: Kind
    case: Case
    reasons: tuple[str, ...]
    since: datetime

    @property
    def differences(self) -> dict[str, tuple[object, object]]:
        """What later rows say otherwise than the sealed bill: name -> (sealed, proposed)."""
        proposed = self.case.proposal.session if self.case.proposal else None
        if proposed is None:
            return {}
        before, now = measured(self.case.session), measured(proposed)
        return {name: (before[name], now[name]) for name in before if before[name] != now[name]}


class ReviewStore:
    """The queue and the decisions about it. All methods raise StateUnavailable when the database is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def queue(
        self, kind: Kind | None = None, *, after: str | None = None, limit: int = 100, sort: str = "plug_in"
    ) -> list[Waiting]:
        """What waits, by plug-in (`plug_in`, `-plug_in`); `after`: the id of the last one of the page before."""
        with self._database.read() as connection:
            ids = _ids(connection, KINDS if kind is None else (kind,), after, limit, sort)
            cases = [case_of(connection, name) for name in ids]
        return [_waiting(case) for case in cases if case is not None]

    def counts(self) -> dict[Kind, int]:
        """How many of each kind wait."""
        with self._database.read() as connection:
            return {
                kind: connection.execute(select(func.count()).select_from(sessions).where(_is(kind))).scalar_one()
                for kind in KINDS
            }

    def case(self, session_id: str) -> Case | None:
        """One session with all that is known of its bill; None when there is none of this id."""
        with self._database.read() as connection:
            return case_of(connection, session_id)

    def decide(self, session_id: str, decision: Decision, price: Pricing) -> Session:
        """See `reviewing.decide`."""
        return decide(self._database, session_id, decision, price)


def _is(kind: Kind) -> ColumnElement[bool]:
    if kind == "correction":
        return sessions.c.id.in_(select(proposals.c.session))
    state = "review" if kind == "review" else "open"
    return (sessions.c.state == state) & sessions.c.closed_us.is_not(None)


def _ids(connection: Connection, kinds: Sequence[Kind], after: str | None, limit: int, sort: str) -> list[str]:
    """Each kind by an index of its own, then together: one statement over all would sort every session there is."""
    found: set[tuple[datetime, str]] = set()
    for kind in kinds:
        statement = select(sessions.c.plug_in_us, sessions.c.id).where(_is(kind)).limit(limit)
        rows = connection.execute(ordering.page(connection, statement, ORDERS, sort, after)).all()
        found |= {(row.plug_in_us, row.id) for row in rows}
    return [name for _, name in sorted(found, reverse=sort.startswith("-"))[:limit]]


def _waiting(case: Case) -> Waiting:
    session = case.session
    since = session.plug_out or session.closed_at or session.plug_in
    if case.proposal is not None:
        reason = "withdrawn" if case.proposal.session is None else "evidence_changed"
        return Waiting("correction", case, (reason,), case.proposal.at)
    if session.state == "review":
        lapsed = [event.at for event in case.events if event.action == "lapse"]
        reasons = tuple(filter(None, session.details.get("review", "").split(", ")))
        return Waiting("review", case, reasons, lapsed[-1] if lapsed else since)
    return Waiting("unpriced", case, (session.tariff_reason,), since)
