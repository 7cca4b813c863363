"""A CDR from elsewhere against its own periods at our price, and against what our meter readings say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal
from zoneinfo import ZoneInfo

from monitor.documents import Number
from monitor.sessions.billing import usage_of
from monitor.sessions.model import Session
from monitor.sessions.summary import BillUntil
from monitor.tariffs.cdr import FoundCdr
from monitor.tariffs.model import Amount, Bill
from monitor.tariffs.priced_cdr import COSTS, PricedCdr, hours, lines_of
from monitor.tariffs.pricing import price
from monitor.tariffs.rounding import Policy
from monitor.tariffs.switching import Merged

REQUIRED = (
    "country_code", "party_id", "id", "start_date_time", "end_date_time", "cdr_token", "auth_method", "cdr_location",
    "currency", "charging_periods", "total_cost", "total_energy", "total_time", "last_updated",
)  # fmt: skip
"""What a CDR of 2.2.1 and of 2.3.0 must have."""

TOLERANCES = {"energy": Decimal("0.0001"), "time": Decimal("0.0001"), "money": Decimal(0)}
"""Numbers in OCPI have four decimals; money that differs in the fourth differs."""


@dataclass(frozen=True)
class Difference:
    """`kind`: price, energy, time, parking, missing or periods; `against`: our price of its periods, or our meter."""

    kind: Literal["price", "energy", "time", "parking", "missing", "periods"]
    against: Literal["price", "meter", "ocpi"]
    field: str
    stated: Decimal | None
    ours: Decimal | None
    note: str = ""


def check(
    priced: PricedCdr,
    zone: ZoneInfo,
    policy: Policy,
    session: Session | None = None,
    bill_until: BillUntil = "plug_out",
) -> list[Difference]:
    """Every difference with its name; none: the CDR is right. `session`: what our readings say happened."""
    found, bill = priced.found, priced.bill
    differences = [
        *(Difference("missing", "ocpi", name, None, None) for name in REQUIRED if found.content.get(name) is None),
        *(Difference("periods", "ocpi", "charging_periods", None, None, warning) for warning in priced.warnings),
        *_unpriced(priced),
        *_quantities(found, bill, "price"),
        *_costs(found, bill, policy, "price"),
    ]
    if session is not None:
        measured = price(usage_of(session, bill_until), priced.tariff, zone, policy)
        differences += _quantities(found, measured, "meter")
        if not isinstance(priced.tariff, Merged):  # our readings do not know when the driver chose another tariff
            differences += _costs(found, measured, policy, "meter")
    return differences


def _unpriced(priced: PricedCdr) -> Iterator[Difference]:
    """Dimensions that the CDR states and no element of the tariff prices."""
    elements = priced.tariff.elements
    names = {c.type for each in elements if each.restrictions.reservation is None for c in each.price_components}
    for name in ("ENERGY", "TIME", "PARKING_TIME"):
        volume = sum((p.volume(name) or Decimal(0) for p in priced.found.cdr.charging_periods), Decimal(0))
        if volume and name not in names:
            yield Difference("periods", "ocpi", name, volume, None, "the tariff does not price this dimension")


def _quantities(found: FoundCdr, bill: Bill, against: Literal["price", "meter"]) -> Iterator[Difference]:
    cdr = found.cdr
    for kind, field, stated, ours in (
        ("energy", "total_energy", cdr.total_energy, bill.total_energy_kwh),
        ("time", "total_time", cdr.total_time, hours(bill.total_time_h)),
        ("parking", "total_parking_time", cdr.total_parking_time, hours(bill.total_parking_h)),
    ):
        # total_parking_time is optional: not to say it says nothing wrong.
        if stated is not None and abs(stated - ours) > TOLERANCES["energy" if kind == "energy" else "time"]:
            yield Difference(kind, against, field, stated, ours)  # type: ignore[arg-type]


def _costs(found: FoundCdr, bill: Bill, policy: Policy, against: Literal["price", "meter"]) -> Iterator[Difference]:
    sums = {"total_cost": (bill.total, list(bill.lines))}
    sums |= {name: (bill.by_kind[kind], lines_of(bill, kind)) for name, kind in COSTS.items()}
    for name, (amount, lines) in sums.items():
        content = found.content.get(name)
        if not isinstance(content, Mapping):
            continue
        total, stated = policy.total(amount), _stated(content)
        for field, said, ours, parts in (
            ("excl_vat", stated.excl_vat, total.excl_vat, [line.amount.excl_vat for line in lines]),
            ("incl_vat", stated.incl_vat, total.incl_vat, [line.amount.incl_vat for line in lines]),
        ):
            if said is not None and ours is not None and said != ours:
                note = _rounding(said, ours, parts)
                yield Difference("price", against, f"{name}.{field}", said, ours, note)


def _rounding(stated: Decimal, ours: Decimal, parts: list[Decimal | None]) -> str:
    """How rounding alone would give what was stated; empty: it does not."""
    for digits in (2, 3, 4):
        by_line = Policy("line", "half-up", digits)
        if stated == by_line.rounded(ours):
            return f"rounding: the total to {digits} decimals"
        if None not in parts and stated == sum(
            (by_line.rounded(part) for part in parts if part is not None), Decimal(0)
        ):
            return f"rounding: each line to {digits} decimals"
    return ""


def _stated(content: Mapping[str, Any]) -> Amount:
    """A Price of either version."""
    if "before_taxes" not in content:
        return Amount(_decimal(content.get("excl_vat")), _decimal(content.get("incl_vat")))
    net = _decimal(content["before_taxes"])
    taxes = [_decimal(tax.get("amount")) for tax in content.get("taxes") or ()]
    known = net is not None and None not in taxes
    return Amount(net, sum((tax for tax in taxes if tax is not None), net) if known and net is not None else None)


def _decimal(value: object) -> Decimal | None:
    if isinstance(value, Number):
        return Decimal(value.written)
    return Decimal(value) if isinstance(value, int) and not isinstance(value, bool) else None


def to_json(difference: Difference) -> dict[str, Any]:
    """As the command says it."""
    return {
        "kind": difference.kind, "against": difference.against, "field": difference.field,
        "stated": difference.stated, "ours": difference.ours, "note": difference.note,
    }  # fmt: skip
