"""What starts and stops of transactions say of a visit. Procedures change the visit."""

from monitor.sessions.laying import lay
from monitor.sessions.measuring import register_read
from monitor.sessions.outlet import Outlet
from monitor.sessions.presence import marks, seen, skew
from monitor.sessions.registers import Registers
from monitor.sessions.rows import TransactionRow
from monitor.sessions.shared import Shared
from monitor.sessions.slices import nothing_packed
from monitor.sessions.visit import NO_SPANS, Visit


def stop(visit: Visit, row: TransactionRow, status: str | None, outlet: Outlet) -> None:
    """The transaction's end; the first one counts, another is only noted."""
    seen(visit, row)
    visit.flags |= marks(row) | skew(row)
    if visit.has_stop:
        visit.flags |= {"duplicate_stop"}
        return
    at_us = min(row.time_us, visit.plug_out_us or row.time_us)
    lay(visit, at_us, status, outlet)
    if row.meter_mwh is not None:
        register_read(visit, row.meter_mwh, at_us, outlet, event=True)
    visit.has_stop, visit.stopped_us = True, at_us
    visit.power_w = None
    visit.register_stop_mwh = row.meter_mwh
    visit.stop_reason = row.reason
    visit.user = visit.user or row.user
    visit.group = visit.group or row.group
    visit.services = visit.services or row.services
    visit.token = joined_token(visit.token, row.token)


def started_late(visit: Visit, row: TransactionRow) -> None:
    """Other rows began the visit, and its start comes a moment later: what lies before the start is not billed.

    The last register reading stays as the base where the start has none of its own.
    """
    known = row.meter_mwh is None
    visit.registers = Registers(None, visit.registers.last_mwh, visit.registers.last_us) if known else Registers()
    visit.source, visit.transaction = "transaction", row.session
    visit.started_us = visit.laid_us = row.time_us
    visit.slices, visit.settled = Shared([]), nothing_packed()
    visit.spans = visit.open_spans = NO_SPANS
    visit.integrated_mwh, visit.unlaid_mwh, visit.idle_since_us = None, 0, None
    visit.flags |= marks(row)


def started(visit: Visit, row: TransactionRow, outlet: Outlet) -> None:
    """What a start says of who charges, and of the register."""
    visit.has_start = True
    visit.user, visit.group, visit.services, visit.token = row.user, row.group, row.services, row.token
    visit.register_start_mwh = row.meter_mwh
    visit.flags |= skew(row)
    if row.meter_mwh is not None:
        register_read(visit, row.meter_mwh, row.time_us, outlet, event=True)


def joined_token(first: tuple[tuple[str, str], ...], then: tuple[tuple[str, str], ...]) -> tuple[tuple[str, str], ...]:
    """What start and stop say of the token: of the two the later, as OCPI wants it of the authorisation."""
    return tuple((dict(first) | dict(then)).items()) if then else first
