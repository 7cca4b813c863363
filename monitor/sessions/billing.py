"""A session with its price, or with the reason why a person has to look at it first."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from monitor.register import Register
from monitor.sessions.model import REVIEW_FLAGS, Session
from monitor.sessions.summary import BillUntil
from monitor.tariffs.files import TariffBook
from monitor.tariffs.model import Service, Usage, UsagePeriod
from monitor.tariffs.pricing import price
from monitor.tariffs.rounding import currency_digits, rounded
from monitor.units import Money

NO_TARIFF = "no tariff is assigned to this connector for this group and date"
UNTIL_LATER = "the energy is not known yet"


def usage_of(session: Session, bill_until: BillUntil) -> Usage:
    """What is billed: from `started` to plug-out (or stop), as far as readings reach while the session is under way.

    The energies of the periods are exact decimals, and their sum is exactly the session's energy.
    """
    start = session.started or session.plug_in
    end = _end(session, bill_until)
    periods = [
        UsagePeriod(
            period.start,
            min(period.end, end),
            period.kind,
            _exact(period.energy_wh),
            _decimal(period.power_w),
            _decimal(period.current_a),
        )
        for period in session.periods
        if period.start < end
    ]
    rest = _exact(session.energy_wh or 0.0) - sum((period.energy_wh for period in periods), Decimal(0))
    if rest and periods:
        periods[-1] = replace(periods[-1], energy_wh=periods[-1].energy_wh + rest)
    return with_services(Usage(start, end, tuple(periods)), session.services)


def with_services(usage: Usage, told: Iterable[Mapping[str, str]]) -> Usage:
    """The usage with what was sold beside it, and with the reservation before it, as a period of its own."""
    services, unpriced = services_of(told)
    usage = replace(usage, services=services, unpriced_services=unpriced)
    if not usage.periods or not (reserved := reservation_of(told, usage.start)):
        return usage
    return replace(usage, start=reserved.start, periods=(reserved, *usage.periods))


def reservation_of(told: Iterable[Mapping[str, str]], start: datetime) -> UsagePeriod | None:
    """The reservation that ended in this session: `{"reserved_from": "2026-03-01T08:00:00Z", "reserved_to": ...}`.

    Without `reserved_to`, or where that is later, it lasted until the session's start. None: there was none, or its
    times cannot be read.
    """
    for said in told:
        begun, ended = (_moment(said[key]) if key in said else None for key in ("reserved_from", "reserved_to"))
        until = min(ended or start, start)
        if begun and begun < until:
            return UsagePeriod(begun, until, "reservation", Decimal(0))
    return None


def _moment(text: str) -> datetime | None:
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found.astimezone(UTC) if found.tzinfo else None


def services_of(told: Iterable[Mapping[str, str]]) -> tuple[tuple[Service, ...], tuple[str, ...]]:
    """The services that a price can be read of, and the names of the others.

    The CSMS writes them as `[{"name": "Car wash", "price": 80, "vat": 25, "quantity": 1, "currency": "SEK"}]`; price
    without tax, all but name and price may be missing. A reservation is priced by the tariff: see `reservation_of`.
    """
    found, unpriced = [], []
    for number, said in enumerate(told, 1):
        if "reserved_from" in said:
            if not _moment(said["reserved_from"]):
                unpriced.append("reservation")
            continue
        name = said.get("name") or f"service {number}"
        numbers = {key: _number(said[key]) for key in ("price", "vat", "quantity") if key in said}
        if "price" not in numbers or None in numbers.values():
            unpriced.append(name)
        else:
            found.append(Service(name, currency=said.get("currency"), **numbers))  # type: ignore[arg-type]
    return tuple(found), tuple(unpriced)


def _number(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except InvalidOperation:
        return None
    return number if number.is_finite() and number >= 0 else None


def bill(session: Session, book: TariffBook, register: Register, bill_until: BillUntil) -> Session:
    """The session priced; in review when it is closed and doubtful, its reasons in `details["review"]`.

    While it is under way it stays open and has the price so far. Without a tariff it stays open, unpriced, and
    `tariff_reason` says so. The tariff is the one that is valid at plug-in.
    """
    doubts = tuple(review_reasons(session))
    if doubts:
        details = {**session.details, "review": ", ".join(doubts)}
        state = session.state if session.closed_at is None else "review"
        return replace(session, state=state, bill=None, details=details)
    return priced(session, book, register, bill_until)


def priced(session: Session, book: TariffBook, register: Register, bill_until: BillUntil) -> Session:
    """The session with its price, whatever is doubtful of it: a person has looked, or there is nothing to look at.

    Without energy or a tariff it is left unpriced, and `tariff_reason` says so.
    """
    if session.energy_wh is None:
        return replace(session, bill=None, tariff_reason=UNTIL_LATER)
    zone, outlet = register.zone(session.place.site), register.connectors.get(session.place)
    current = outlet.current if outlet else None
    assigned = book.tariff_for(session.place, current, session.group, session.plug_in, zone)
    if assigned is None:
        return replace(session, bill=None, tariff_reason=NO_TARIFF)
    return replace(
        session,
        state=session.state if session.closed_at is None else "priced",
        bill=price(usage_of(session, bill_until), assigned.tariff, zone, book.policy),
        tariff_reason=assigned.reason,
    )


def price_so_far(session: Session | None) -> Money | None:
    """What a customer is told that the session costs; None: it has no price."""
    if session is None or session.bill is None:
        return None
    total, currency = session.bill.total, session.bill.currency
    amount = total.excl_vat if total.incl_vat is None else total.incl_vat
    if amount is None:
        return None
    return Money(rounded(amount, currency_digits(currency)), currency, taxed=total.incl_vat is not None)


def review_reasons(session: Session) -> Iterator[str]:
    """Why a person has to decide: flags after which energy or times cannot be trusted, and what is missing.

    Energy that is missing is a reason once the session is closed: until then it may still come.
    """
    yield from sorted(session.flags & REVIEW_FLAGS)
    if session.details.get("energy_from") == "power":
        yield "energy_from_power"
    if session.closed_at is None:
        return
    if session.details.get("end") == "unseen":
        yield "end_unknown"
    if session.started is None:
        yield "start_unknown"
    if session.energy_wh is None:
        yield "energy_unknown"
    elif session.energy_wh > 0 and not session.periods:
        yield "energy_without_time"


def _end(session: Session, bill_until: BillUntil) -> datetime:
    ends = (session.stopped, session.plug_out) if bill_until == "stopped" else (session.plug_out,)
    reached = session.periods[-1].end if session.periods else session.started or session.plug_in
    return next((end for end in ends if end is not None), reached)


def _exact(wh: float) -> Decimal:
    """Watt-hours as the whole milliwatt-hours that they are stored in."""
    return Decimal(round(wh * 1000)).scaleb(-3)


def _decimal(value: float | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))
