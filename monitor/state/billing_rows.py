"""Events of bills, CDRs and proposals in the state database, read and added in a transaction of the caller's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from monitor.sessions.billing_states import Event, Happening
from monitor.sessions.model import BillingState, Session
from monitor.state.billing_tables import billing_events, cdrs, proposals
from monitor.state.session_rows import periods_from_blob, periods_to_blob, row_of, session_of, timed, untimed


@dataclass(frozen=True)
class Proposal:
    """What a sealed session would be by rows that came later; `session` None: there would be no such session."""

    at: datetime
    evidence: str
    session: Session | None


@dataclass(frozen=True)
class Change:
    """An event to add. See `billing_states.Event`."""

    action: Happening
    before: BillingState
    after: BillingState
    evidence: str
    reason: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class StoredCdr:
    """A CDR as it was exported, or a credit CDR (`credits`: of which), waiting for an export while `export` is None."""

    id: str
    session: str
    made_at: datetime
    ocpi: str
    export: int | None
    credits: str | None
    content: str


def events_of(connection: Connection, ids: Sequence[str]) -> dict[str, list[Event]]:
    """Events by session, oldest first, of those that have any."""
    statement = select(billing_events).where(billing_events.c.session.in_(ids)).order_by(billing_events.c.id)
    found: dict[str, list[Event]] = {}
    for row in connection.execute(statement):
        event = Event(
            row.id, row.at_us, row.actor, row.action, row.before, row.after, row.reason, row.evidence, row.details
        )
        found.setdefault(row.session, []).append(event)
    return found


def add_event(tx: Connection, session: str, at: datetime, actor: str, change: Change) -> None:
    """Add an event in the transaction of the change that it tells of."""
    row = {**vars(change), "details": dict(change.details), "session": session, "at_us": at, "actor": actor}
    tx.execute(insert(billing_events), row)


def proposals_of(connection: Connection, ids: Sequence[str] | None = None) -> dict[str, Proposal]:
    """Proposals by session; without `ids` all there are."""
    statement = select(proposals).order_by(proposals.c.at_us, proposals.c.session)
    if ids is not None:
        statement = statement.where(proposals.c.session.in_(ids))
    return {row["session"]: _proposal(row) for row in connection.execute(statement).mappings()}


def propose(tx: Connection, session: str, proposal: Proposal, position: int) -> None:
    """Put a proposal in place of an older one; the same again changes nothing."""
    known = proposals_of(tx, [session]).get(session)
    if known is not None and known.evidence == proposal.evidence:
        return
    drop_proposals(tx, [session])
    summary = untimed(row_of(proposal.session)) if proposal.session else None
    blob = periods_to_blob(proposal.session.periods) if proposal.session else b""
    row = {"session": session, "at_us": proposal.at, "position": position, "evidence": proposal.evidence}
    tx.execute(insert(proposals).values(**row, summary=summary, periods=blob))


def drop_proposals(tx: Connection, ids: Sequence[str]) -> None:
    """Take back what was proposed."""
    tx.execute(delete(proposals).where(proposals.c.session.in_(ids)))


def cdrs_where(connection: Connection, *conditions: ColumnElement[bool]) -> list[StoredCdr]:
    """Stored CDRs in the order in which they were made."""
    rows = connection.execute(select(cdrs).where(*conditions).order_by(cdrs.c.number)).all()
    return [StoredCdr(row.id, row.session, row.made_us, row.ocpi, row.export, row.credits, row.content) for row in rows]


def cdrs_of(connection: Connection, session: str) -> list[StoredCdr]:
    """All of one session."""
    return cdrs_where(connection, cdrs.c.session == session)


def uncredited(found: Sequence[StoredCdr]) -> StoredCdr | None:
    """The CDR of a session that holds: exported and not taken back."""
    taken_back = {each.credits for each in found}
    return next((each for each in found if each.credits is None and each.id not in taken_back), None)


def add_cdrs(tx: Connection, made: Sequence[StoredCdr]) -> None:
    """Keep CDRs."""
    rows = [{"made_us" if name == "made_at" else name: value for name, value in vars(each).items()} for each in made]
    if rows:
        tx.execute(insert(cdrs), rows)


def export_credits(tx: Connection, export: int, ids: Sequence[str]) -> None:
    """Note with which export waiting credit CDRs went out."""
    tx.execute(update(cdrs).where(cdrs.c.id.in_(ids), cdrs.c.export.is_(None)).values(export=export))


def _proposal(row: Mapping[Any, Any]) -> Proposal:
    summary = row["summary"]
    session = session_of(timed(summary), periods_from_blob(row["periods"])) if summary else None
    return Proposal(row["at_us"], row["evidence"], session)
