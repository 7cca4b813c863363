"""A CDR with our price, as `laddvakt tariffs price` says it: OCPI's totals, lines and warnings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from monitor.tariffs.cdr import FoundCdr
from monitor.tariffs.cdr_usage import doubts, usage_of
from monitor.tariffs.model import Amount, Bill, BillLine, Usage
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.pricing import Kind, kind_of, price
from monitor.tariffs.rounding import OCPI_DIGITS, Policy, rounded
from monitor.tariffs.splits import splits
from monitor.tariffs.values import tidy

COSTS: Mapping[str, Kind] = {
    "total_fixed_cost": "fixed",
    "total_energy_cost": "energy",
    "total_time_cost": "time",
    "total_parking_cost": "parking",
    "total_reservation_cost": "reservation",
}
"""OCPI's name of a sum -> ours."""

RATELESS = "Taxes"


@dataclass(frozen=True)
class PricedCdr:
    """A foreign CDR under a tariff."""

    found: FoundCdr
    usage: Usage
    tariff: Tariff
    bill: Bill
    warnings: tuple[str, ...]


def price_cdr(found: FoundCdr, tariff: Tariff, zone: ZoneInfo, policy: Policy, said: Iterable[str] = ()) -> PricedCdr:
    """Price what its periods used; `said`: warnings so far. Raises InputError where its times cannot be."""
    read = usage_of(found, tariff)
    bill = price(read.usage, tariff, zone, policy)
    warnings = [
        *said,
        *found.said,
        *read.warnings,
        *doubts(found.cdr, tariff),
        *splits(read.usage, tariff, zone),
        *bill.warnings,
    ]
    return PricedCdr(found, read.usage, tariff, bill, tuple(dict.fromkeys(warnings)))


def to_json(priced: PricedCdr, policy: Policy) -> dict[str, Any]:
    """The answer for one CDR."""
    return bill_to_json(priced.found.cdr.id, priced.bill, priced.tariff, policy, priced.warnings)


def bill_to_json(
    name: str | None, bill: Bill, tariff: Tariff, policy: Policy, warnings: Iterable[str]
) -> dict[str, Any]:
    """The answer for one bill; money and hours with OCPI's decimals, lines with all that the bill keeps."""
    with_taxes = tariff.tax_included is not None
    return {
        "id": name,
        "tariff_id": bill.tariff_id,
        "currency": bill.currency,
        "total_cost": cost(bill.total, bill.lines, policy, with_taxes=with_taxes),
        **{
            each: cost(bill.by_kind[kind], lines_of(bill, kind), policy, with_taxes=with_taxes)
            for each, kind in COSTS.items()
        },
        "total_energy": bill.total_energy_kwh,
        "total_time": hours(bill.total_time_h),
        "total_parking_time": hours(bill.total_parking_h),
        "lines": [_line(line, tariff) for line in bill.lines],
        "warnings": list(warnings),
    }


def lines_of(bill: Bill, kind: Kind) -> list[BillLine]:
    """The lines that a sum by kind is made of."""
    return [line for line in bill.lines if kind_of(line) == kind]


def hours(value: Decimal) -> Decimal:
    """Hours with the decimals of an OCPI number."""
    return tidy(rounded(value, OCPI_DIGITS))


def cost(amount: Amount, lines: Iterable[BillLine], policy: Policy, *, with_taxes: bool) -> dict[str, Any]:
    """An amount as 2.2.1's Price; with the fields of 2.3.0's beside where the tariff is of that version."""
    total = policy.total(amount)
    price_2_2_1 = {"excl_vat": total.excl_vat, "incl_vat": total.incl_vat}
    return {**price_2_2_1, **taxes_of(amount, lines, policy)} if with_taxes else price_2_2_1


def taxes_of(amount: Amount, lines: Iterable[BillLine], policy: Policy) -> dict[str, Any]:
    """2.3.0's Price: before taxes, and one TaxAmount a rate, which sum to what is between both totals.

    `before_taxes` None and no taxes: unknown.
    """
    total = policy.total(amount)
    if total.excl_vat is None or total.incl_vat is None:
        return {"before_taxes": total.excl_vat, "taxes": []}
    by_rate: dict[Decimal | None, Decimal] = {}
    for line in lines:
        excl_vat, incl_vat = line.amount.excl_vat, line.amount.incl_vat
        if excl_vat is not None and incl_vat is not None and excl_vat != incl_vat:
            by_rate[line.vat_percent] = by_rate.get(line.vat_percent, Decimal(0)) + incl_vat - excl_vat
    taxes = {rate: policy.rounded(tax) for rate, tax in by_rate.items()}
    if taxes:
        # Each rate is rounded by itself; the largest takes what that leaves, so that they sum to the total's tax.
        largest = max(taxes, key=lambda rate: abs(taxes[rate]))
        taxes[largest] += total.incl_vat - total.excl_vat - sum(taxes.values(), Decimal(0))
    return {"before_taxes": total.excl_vat, "taxes": [_tax(rate, tax) for rate, tax in taxes.items() if tax]}


def _tax(rate: Decimal | None, amount: Decimal) -> dict[str, Any]:
    said = {} if rate is None else {"percentage": rate}
    return {"name": "VAT" if rate is not None else RATELESS, **said, "amount": tidy(amount)}


def _line(line: BillLine, tariff: Tariff) -> dict[str, Any]:
    tariff_id, element = (tariff.id, None) if line.element is None else tariff.origin(line.element)
    return {
        "tariff_id": tariff_id,
        "element": element,
        "dimension": line.dimension,
        "reservation": line.reservation,
        "quantity": line.quantity,
        "unit": line.unit,
        "unit_price": line.unit_price,
        "vat": line.vat_percent,
        "excl_vat": line.amount.excl_vat,
        "incl_vat": line.amount.incl_vat,
        "start_date_time": line.start.isoformat().replace("+00:00", "Z"),
        "end_date_time": line.end.isoformat().replace("+00:00", "Z"),
        "reason": dict(line.reason),
    }
