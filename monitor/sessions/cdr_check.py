"""A CDR from elsewhere against its own periods at our price, and against what our meter readings say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal
from zoneinfo import ZoneInfo

from monitor.documents import Number
from monitor.sessions.billing import usage_of
from monitor.sessions.cdr_periods_check import differing_periods
from monitor.sessions.model import Session
from monitor.sessions.summary import BillUntil
from monitor.tariffs.cdr import FoundCdr
from monitor.tariffs.model import Amount, Bill
from monitor.tariffs.priced_cdr import COSTS, PricedCdr, hours, lines_of
from monitor.tariffs.pricing import Kind, price
from monitor.tariffs.rounding import Policy
from monitor.tariffs.switching import Merged

REQUIRED = (
    "country_code", "party_id", "id", "start_date_time", "end_date_time", "cdr_token", "auth_method", "cdr_location",
    "currency", "charging_periods", "total_cost", "total_energy", "total_time", "last_updated",
)  # fmt: skip
"""What a CDR of 2.2.1 and of 2.3.0 must have."""

TOLERANCES = {"energy": Decimal("0.0001"), "time": Decimal("0.0001"), "money": Decimal(0)}
"""Numbers in OCPI have four decimals; money that differs in the fourth differs."""


DIGITS = (2, 3, 4)
"""Decimals that senders round to."""
LONGEST = 200
"""Charging periods up to which roundings of each are looked for."""


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
        *_costs(found, bill, _Roundings(priced, bill, zone, policy), "price"),
    ]
    if session is not None:
        used = usage_of(session, bill_until)
        measured = price(used, priced.tariff, zone, policy)
        roundings = _Roundings(replace(priced, usage=used), measured, zone, policy)
        differences += _quantities(found, measured, "meter")
        differences += [Difference(*each) for each in differing_periods(found.cdr, used)]
        if not isinstance(priced.tariff, Merged):  # our readings do not know when the driver chose another tariff
            differences += _costs(found, measured, roundings, "meter")
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


def _costs(
    found: FoundCdr, bill: Bill, roundings: "_Roundings", against: Literal["price", "meter"]
) -> Iterator[Difference]:
    sums = {"total_cost": (bill.total, list(bill.lines))}
    sums |= {name: (bill.by_kind[kind], lines_of(bill, kind)) for name, kind in COSTS.items()}
    for name, (amount, lines) in sums.items():
        content = found.content.get(name)
        if not isinstance(content, Mapping):
            continue
        total, stated = roundings.policy.total(amount), _stated(content)
        for field, said, ours, parts in (
            ("excl_vat", stated.excl_vat, total.excl_vat, [line.amount.excl_vat for line in lines]),
            ("incl_vat", stated.incl_vat, total.incl_vat, [line.amount.incl_vat for line in lines]),
        ):
            if said is not None and ours is not None and said != ours:
                note = roundings.note(said, ours, parts, COSTS.get(name), field)
                yield Difference("price", against, f"{name}.{field}", said, ours, note)


class _Roundings:
    """How rounding alone would give what a CDR states."""

    def __init__(self, priced: PricedCdr, bill: Bill, zone: ZoneInfo, policy: Policy) -> None:
        self._priced, self._bill, self._zone, self.policy = priced, bill, zone, policy

    def note(self, stated: Decimal, ours: Decimal, lines: list[Decimal | None], kind: Kind | None, field: str) -> str:
        """Which rounding explains it; empty: none does. `kind` None: of all costs."""
        for digits in DIGITS:
            rounded = Policy("line", "half-up", digits).rounded
            if stated == rounded(ours):
                return f"rounding: the total to {digits} decimals"
            if None not in lines and stated == sum((rounded(part) for part in lines if part is not None), Decimal(0)):
                return f"rounding: each line to {digits} decimals"
        for digits in DIGITS:
            rounded = Policy("line", "half-up", digits).rounded
            parts = [getattr(amount, field) for amount in self._of_periods(kind)]
            if parts and None not in parts and stated == sum(map(rounded, parts), Decimal(0)):
                return f"rounding: each period to {digits} decimals"
        return ""

    def _of_periods(self, kind: Kind | None) -> Iterator[Amount]:
        """What each period adds to the price, in their order."""
        before = Amount(Decimal(0), Decimal(0))
        for bill in self._so_far:
            total = bill.by_kind[kind] if kind else bill.total
            yield Amount(_minus(total.excl_vat, before.excl_vat), _minus(total.incl_vat, before.incl_vat))
            before = total

    @cached_property
    def _so_far(self) -> list[Bill]:
        """The price after each period; none for very long CDRs, which would take long."""
        usage = self._priced.usage
        if len(usage.periods) > LONGEST:
            return []
        ends = range(1, len(usage.periods) + 1)
        so_far = [replace(usage, end=usage.periods[end - 1].end, periods=usage.periods[:end]) for end in ends]
        return [price(each, self._priced.tariff, self._zone, self.policy) for each in so_far]


def _minus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    return None if one is None or other is None else one - other


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
