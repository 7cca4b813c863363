"""One session as a flat row, for JSON and CSV: of the API, and of commands."""

from typing import Any

from monitor.sessions.imported import split_unknown
from monitor.sessions.model import Session

PLACE = ("site", "station", "connector")
SESSION_COLUMNS = (
    "id", "subject", *PLACE, "transaction", "state", "plug_in", "started", "stopped", "plug_out", "energy_wh",
    "charging_s", "idle_s", "average_power_w", "peak_power_w", "soc_in", "soc_out", "stop_reason", "diagnosis",
    "tariff", "tariff_version", "total_excl_vat", "total_incl_vat", "currency", "flags", "needs_review",
)  # fmt: skip


def session_row(session: Session) -> dict[str, Any]:
    """The columns of SESSION_COLUMNS; money only where it is priced."""
    bill, unknown = session.bill, split_unknown(session)
    own = (
        "id", "transaction", "state", "plug_in", "started", "stopped", "plug_out", "energy_wh", "average_power_w",
        "peak_power_w", "soc_in", "soc_out", "stop_reason", "flags", "needs_review",
    )  # fmt: skip
    return {
        **{name: getattr(session, name) for name in own},
        **session.place._asdict(),
        "subject": session.place.subject,
        "charging_s": None if unknown else session.charging_time,
        "idle_s": None if unknown else session.idle_time,
        "diagnosis": session.diagnosis.code if session.diagnosis else None,
        "tariff": bill.tariff_id if bill else None,
        "tariff_version": bill.tariff_version if bill else None,
        "total_excl_vat": bill.total.excl_vat if bill else None,
        "total_incl_vat": bill.total.incl_vat if bill else None,
        "currency": bill.currency if bill else None,
    }
