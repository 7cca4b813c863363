"""What readings that were assembled anew may change of sessions that somebody has decided on, or that are sealed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from monitor.sessions.billing_states import READINGS, Event, arrival
from monitor.sessions.erasing import ERASED, erased
from monitor.sessions.fingerprint import WITHDRAWN, fingerprint
from monitor.sessions.model import Session
from monitor.state.billing_rows import Change, Proposal, add_event, drop_proposals, events_of, propose
from monitor.state.billing_tables import proposals
from monitor.state.session_rows import session_of
from monitor.state.session_tables import sessions

CHANGED = "evidence_changed"
"""A reason for a review: what was decided rests on readings that say something else now."""
BILLED_AS = "billed_as"
"""A reason for a review, followed by a session's id: its CDR is out, and is of the same visit."""


@dataclass(frozen=True)
class Saving:
    """The transaction that saves, how far it has read, and when; without `at` events are of when a session closed."""

    tx: Connection
    position: int
    at: datetime | None = None


def to_write(saving: Saving, fresh: Sequence[Session], known: Mapping[str, Mapping[str, Any]]) -> list[Session]:
    """The sessions that may replace what is stored, in review where a decision holds no more.

    `known`: their rows, locked by this transaction. What may not change stays; for what is sealed and was measured
    otherwise a correction is proposed.
    """
    tx = saving.tx
    fresh = [erased(each) if _is_erased(known.get(each.id)) else each for each in fresh]
    closed = [each.id for each in fresh if each.id in known and known[each.id]["closed_us"] is not None]
    events = events_of(tx, closed) if closed else {}
    withdrawn = _withdrawn(tx)
    written = []
    for each in fresh:
        decided = events.get(each.id)
        if decided:
            found = _on(saving, each, known[each.id], decided)
            written += [found] if found else []
        else:
            written.append(_doubted(each, withdrawn))
    return written


def may_withdraw(saving: Saving, rows: Sequence[Mapping[Any, Any]]) -> list[str]:
    """Which of these sessions, of which the readings know nothing any more, may go; of sealed ones a credit is
    proposed.
    """
    tx, gone = saving.tx, []
    events = events_of(tx, [row["id"] for row in rows])
    for row in rows:
        decided, when = events.get(row["id"], []), saving.at or row["closed_us"] or row["plug_in_us"]
        match arrival(row["state"], decided, WITHDRAWN):
            case "hold":
                drop_proposals(tx, [row["id"]])
            case "propose":
                propose(tx, row["id"], Proposal(when, WITHDRAWN, None), saving.position)
            case "ask":
                add_event(tx, row["id"], when, READINGS, Change("lapse", row["state"], "open", WITHDRAWN, WITHDRAWN))
                gone.append(row["id"])
            case "take":
                gone.append(row["id"])
    return gone


def _on(saving: Saving, fresh: Session, row: Mapping[str, Any], events: Sequence[Event]) -> Session | None:
    """What to write over a session that there are events of; None: nothing."""
    tx, evidence = saving.tx, fingerprint(fresh)
    at = saving.at or fresh.closed_at or fresh.plug_in
    match arrival(row["state"], events, evidence):
        case "hold":
            drop_proposals(tx, [fresh.id])
            return None
        case "propose":
            propose(tx, fresh.id, Proposal(at, evidence, fresh), saving.position)
            return None
        case "ask":
            add_event(tx, fresh.id, at, READINGS, Change("lapse", row["state"], "review", evidence, CHANGED))
            return in_review(fresh, CHANGED)
        case "take":
            return in_review(fresh, CHANGED) if _still_asked(row, fresh) else fresh


def in_review(session: Session, why: str) -> Session:
    """The session for a person to decide, with one more reason."""
    reasons = [why, *filter(None, session.details.get("review", "").split(", "))]
    details = {**session.details, "review": ", ".join(dict.fromkeys(reasons))}
    return replace(session, state="review", bill=None, details=details)


def _still_asked(row: Mapping[str, Any], fresh: Session) -> bool:
    """Whether a person was asked to look again, and has not: readings alone do not take that back."""
    return CHANGED in row["details"].get("review", "") and fresh.closed_at is not None


def _doubted(fresh: Session, withdrawn: Sequence[Session]) -> Session:
    """In review where the CDR of a session that is none any more is of the same visit: it would be billed twice."""
    for other in withdrawn:
        ends = other.plug_out or other.stopped or other.plug_in
        same = other.place == fresh.place and fresh.plug_in <= ends and (fresh.plug_out or ends) >= other.plug_in
        if same and other.id != fresh.id and fresh.closed_at is not None:
            return in_review(fresh, f"{BILLED_AS} {other.id}")
    return fresh


def _withdrawn(tx: Connection) -> list[Session]:
    """Sealed sessions that a credit is proposed for because there is no such visit; hardly ever any."""
    statement = select(sessions).join(proposals, proposals.c.session == sessions.c.id)
    rows = tx.execute(statement.where(proposals.c.evidence == WITHDRAWN)).mappings()
    return [session_of(row) for row in rows]


def _is_erased(row: Mapping[str, Any] | None) -> bool:
    return row is not None and ERASED in row["details"]
