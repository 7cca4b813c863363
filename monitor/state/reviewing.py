"""What people decide about bills: the one way in which a decision changes a session, audited, in one transaction."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from monitor.errors import InputError
from monitor.register import Register
from monitor.sessions import billing_states
from monitor.sessions.billing import priced, review_reasons
from monitor.sessions.billing_states import Action, Conflict, Event
from monitor.sessions.cdr import credit
from monitor.sessions.correction import Correction, corrected, from_decided, measured
from monitor.sessions.fingerprint import WITHDRAWN, fingerprint
from monitor.sessions.imported import warned
from monitor.sessions.model import BillingState, Session
from monitor.sessions.summary import BillUntil
from monitor.state import audit, session_saving
from monitor.state.billing_rows import (
    Change,
    Proposal,
    StoredCdr,
    add_cdrs,
    add_event,
    cdrs_of,
    drop_proposals,
    events_of,
    proposals_of,
    uncredited,
)
from monitor.state.billing_saving import CHANGED, in_review
from monitor.state.database import Database
from monitor.state.session_rows import periods_from_blob, session_of, timed
from monitor.state.session_tables import session_versions
from monitor.tariffs import exact_json
from monitor.tariffs.files import TariffBook

Pricing = Callable[[Session], Session]
"""Prices a session whatever is doubtful of it: `billing.priced` with the tariffs in force."""
_UNPRICEABLE = {
    "start_unknown": "its start is not known",
    "energy_unknown": "its energy is not known",
    "energy_without_time": "its energy has no time to flow in",
}


@dataclass(frozen=True)
class Decision:
    """What who decides, when and why. `seen`: the `Case.token` of what was looked at; None decides on what is there."""

    action: Action
    reason: str
    actor: str
    at: datetime
    correction: Correction = field(default_factory=Correction)
    seen: str | None = None


@dataclass(frozen=True)
class Case:
    """A session with all that is known of its bill."""

    session: Session
    events: tuple[Event, ...]
    cdrs: tuple[StoredCdr, ...]
    proposal: Proposal | None

    @property
    def token(self) -> str:
        """Another one as soon as anything has changed that a decision rests on."""
        last = self.events[-1].id if self.events else 0
        proposed = self.proposal.evidence if self.proposal else ""
        return f"{last}-{fingerprint(self.session)}{self.session.state}{proposed}"

    @property
    def correction(self) -> Correction:
        """The correction in force; an empty one where there is none, or later rows propose another bill."""
        if self.proposal is not None or "corrected" not in self.session.details:
            return Correction()
        of_corrections = [event.details["decided"] for event in self.events if event.action == "correct"]
        return from_decided(of_corrections[-1]) if of_corrections else Correction()

    @property
    def possible(self) -> tuple[Action, ...]:
        """What can be decided."""
        closed = self.session.closed_at is not None
        return tuple(billing_states.possible(self.session.state, closed=closed, proposed=self.proposal is not None))


def case_of(connection: Connection, session_id: str, *, lock: bool = False) -> Case | None:
    """Everything about one session; None when there is none of this id. `lock`: nobody else changes it meanwhile."""
    row = session_saving.rows(connection, [session_id], lock=lock).get(session_id)
    if row is None:
        return None
    periods = periods_from_blob(session_saving.blobs(connection, [session_id]).get(session_id, b""))
    return Case(
        session_of(row, periods),
        tuple(events_of(connection, [session_id]).get(session_id, ())),
        tuple(cdrs_of(connection, session_id)),
        proposals_of(connection, [session_id]).get(session_id),
    )


def decide(database: Database, session_id: str, decision: Decision, price: Pricing) -> Session:
    """Take a decision and return the session after it.

    Raises InputError when the session is unknown or cannot be decided so, Conflict when it is no longer what was seen:
    of two people who decide at once, the second one is told what the first one did.
    """
    if not decision.reason.strip():
        raise InputError("a reason is missing: whoever reads the bill later has to know why")
    if not decision.actor.strip():
        raise InputError("a decision needs somebody who takes it")
    with database.begin() as tx:
        case = case_of(tx, session_id, lock=True)
        if case is None:
            raise InputError("there is no session %(session)r", session=session_id)
        _refuse_unseen(case, decision)
        return _taken(tx, case, decision, price)


def _refuse_unseen(case: Case, decision: Decision) -> None:
    last, state = case.events[-1] if case.events else None, case.session.state
    done = f"{last.actor}: {last.action} at {last.at.isoformat()}, {last.reason}" if last else "its readings changed"
    if decision.seen is not None and decision.seen != case.token:
        raise Conflict(
            "session %(session)s is not as you saw it (%(done)s); look again, then decide",
            session=case.session.id, done=done,
        )  # fmt: skip
    if decision.action not in case.possible and last is not None and state not in {"review", "open"}:
        possible = ", ".join(case.possible) or "nothing"
        raise Conflict(
            "session %(session)s is %(state)s already (%(done)s); possible now: %(possible)s",
            session=case.session.id, state=state, done=done, possible=possible,
        )  # fmt: skip


def _taken(tx: Connection, case: Case, decision: Decision, price: Pricing) -> Session:
    before, proposal = case.session, case.proposal
    closed = before.closed_at is not None
    state = billing_states.after(before.state, decision.action, closed=closed, proposed=proposal is not None)
    base = _base(tx, case)
    if decision.action == "approve" and base is None:
        state = "credited"
    found = _decided(case, decision, base, state, price)
    evidence = _evidence(case, base)
    details: dict[str, Any] = {}
    if before.state == "sealed" and state != "sealed":
        details["credit"] = _take_back(tx, case, decision.at)
    if decision.action == "correct":
        details |= {"decided": decision.correction.decided, "measured": measured(base or before)}
        if case.proposal is not None and case.proposal.session is not None:
            _write(tx, in_review(case.proposal.session, CHANGED))  # the version that what is decided is kept beside
    if decision.action != "keep":
        _write(tx, found)
    if decision.action == "correct":
        details["version"] = _corrected_version(case) or session_saving.newest_version(tx, before.id)
    drop_proposals(tx, [before.id])
    add_event(
        tx, before.id, decision.at, decision.actor,
        Change(decision.action, before.state, found.state, evidence, decision.reason.strip(), details),
    )  # fmt: skip
    audit.record(
        tx, decision.at, decision.actor, f"session.{decision.action}", before.id,
        {"reason": decision.reason.strip(), "before": before.state, "after": found.state, **details},
    )  # fmt: skip
    return found


def _decided(case: Case, decision: Decision, base: Session | None, state: BillingState, price: Pricing) -> Session:
    match decision.action:
        case "keep":
            return case.session
        case "write_off":
            return replace(case.session, state=state, bill=None, tariff_reason=f"{state}: {decision.reason.strip()}")
        case "approve":
            if base is None:
                return replace(case.session, state=state, bill=None, tariff_reason="the readings know no such session")
            for doubt in review_reasons(base):
                if doubt in _UNPRICEABLE:
                    raise _unpriceable(base, f"{_UNPRICEABLE[doubt]}; correct it")
            return _priced(base, price)
        case "correct":
            return _priced(corrected(base or case.session, decision.correction), price)


def _unpriceable(session: Session, why: str) -> InputError:
    return InputError("session %(session)s cannot be priced: %(why)s", session=session.id, why=why)


def _priced(session: Session, price: Pricing) -> Session:
    details = {name: text for name, text in session.details.items() if name != "review"}
    found = price(replace(session, details=details))
    if found.bill is None:
        raise _unpriceable(session, found.tariff_reason or "")
    return replace(found, state="priced")


def _base(tx: Connection, case: Case) -> Session | None:
    """What was measured: by later rows where there are such, else before anybody corrected it. None: nothing was."""
    if case.proposal is not None:
        return case.proposal.session
    version = _corrected_version(case)
    if version is None:
        return case.session
    row = tx.execute(select(session_versions).where(session_versions.c.id == version)).one_or_none()
    if row is None:
        return case.session
    kept = session_of(timed(row.summary), periods_from_blob(row.periods))
    return replace(kept, details={**kept.details, **_erased(case.session)}, user=case.session.user)


def _corrected_version(case: Case) -> int | None:
    """The version that a correction in force was made of."""
    for event in reversed(case.events):
        if event.action == "lapse":
            return None
        if event.action == "correct":
            found: int | None = event.details.get("version")
            return found
        if event.action == "approve":
            return None
    return None


def _erased(session: Session) -> dict[str, str]:
    return {name: text for name, text in session.details.items() if name == "erased"}


def _evidence(case: Case, base: Session | None) -> str:
    if case.proposal is not None:
        return case.proposal.evidence
    return WITHDRAWN if base is None else fingerprint(base)


def _write(tx: Connection, session: Session) -> None:
    known = session_saving.rows(tx, [session.id], lock=True)
    session_saving.write(tx, [session], known, session_saving.position(tx))


def _take_back(tx: Connection, case: Case, at: datetime) -> str:
    """Make the credit CDR of the CDR that holds, which goes out with the next export; its id."""
    sealed = uncredited(case.cdrs)
    if sealed is None:
        raise InputError(f"session {case.session.id} is sealed, but its CDR is not stored")
    made = credit(exact_json.loads(sealed.content), at)
    text = exact_json.dumps(made)
    session_saving.set_state(tx, [case.session.id], "credited")
    add_cdrs(tx, [StoredCdr(made["id"], case.session.id, at, sealed.ocpi, None, sealed.id, text)])
    return str(made["id"])


def pricing(book: TariffBook, register: Register, bill_until: BillUntil) -> Pricing:
    """Prices under the tariffs of a book."""
    return lambda session: warned(priced(session, book, register, bill_until), book)
