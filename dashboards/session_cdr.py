"""A session's OCPI CDR, for its page and as JSON."""

from dashboards.sources import Service
from monitor.errors import InputError
from monitor.sessions.cdr import Exported, export
from monitor.sessions.model import Session
from monitor.tariffs.versions import Version


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
