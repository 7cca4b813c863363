"""A session's OCPI CDR, for its page and as JSON."""

from dataclasses import dataclass

from dashboards.sources import Service
from monitor.errors import InputError
from monitor.sessions.cdr import Exported, export
from monitor.sessions.model import Session
from monitor.state.billing_rows import uncredited
from monitor.tariffs import exact_json
from monitor.tariffs.versions import Version


@dataclass(frozen=True)
class Shown:
    """A CDR as JSON. `sealed`: exactly what was exported; else what would be, if it were exported now."""

    text: str
    sealed: bool


def shown_cdr(source: Service, session_id: str, version: Version | None, cdr_id: str | None) -> Shown | None:
    """The CDR of a session: the one that was exported and holds, or one by its id; else as it would be exported now.

    Asking never seals. `version` None: that of the export, else 2.2.1. None where there is none, or no price.
    """
    case = source.reviews.case(session_id)
    stored = case.cdrs if case else ()
    if cdr_id is not None:
        return next((Shown(cdr.content, sealed=True) for cdr in stored if cdr.id == cdr_id), None)
    holds = uncredited(stored)
    if holds is not None and version in {None, holds.ocpi}:
        return Shown(holds.content, sealed=True)
    session = source.session(session_id)
    exported = session_cdr(source, session, version or "2.2.1") if session else None
    return Shown(exact_json.dumps(exported.cdr), sealed=False) if exported else None


def session_cdr(source: Service, session: Session, version: Version) -> Exported | None:
    """The CDR of a closed, priced session; None where it has no price, or its tariff cannot be said in that version."""
    bill = session.bill
    tariff = source.tariffs.version(bill.tariff_id, bill.tariff_version) if bill else None
    if tariff is None or session.closed_at is None:
        return None
    until, policy = source.settings.sessions.bill_until, source.tariffs.policy
    try:
        return export(session, tariff, source.register, until, policy=policy, now=source.now(), version=version)
    except InputError:
        return None
