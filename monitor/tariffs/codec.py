"""A bill as plain JSON values and back, without losing a digit: decimals are text, times RFC 3339 in UTC."""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from monitor.tariffs.model import Amount, Bill, BillLine, PricePeriod


def bill_to_json(bill: Bill) -> dict[str, Any]:
    """The bill as an object that `json.dumps` takes; `bill_from_json` gives back an equal bill."""
    return {
        "tariff_id": bill.tariff_id,
        "tariff_version": bill.tariff_version,
        "currency": bill.currency,
        "lines": [_line_to_json(line) for line in bill.lines],
        "periods": [
            {"start": _time(period.start), "end": _time(period.end), "element": period.element, "label": period.label}
            for period in bill.periods
        ],
        "total": _amount_to_json(bill.total),
        "by_kind": {kind: _amount_to_json(amount) for kind, amount in bill.by_kind.items()},
        "total_energy_kwh": str(bill.total_energy_kwh),
        "total_time_h": str(bill.total_time_h),
        "total_parking_h": str(bill.total_parking_h),
        "warnings": list(bill.warnings),
    }


def bill_from_json(document: Mapping[str, Any]) -> Bill:
    """The bill that `bill_to_json` wrote; a KeyError or ValueError means that it was not written by it."""
    return Bill(
        tariff_id=document["tariff_id"],
        tariff_version=document["tariff_version"],
        currency=document["currency"],
        lines=tuple(_line(line) for line in document["lines"]),
        periods=tuple(
            PricePeriod(_moment(period["start"]), _moment(period["end"]), period["element"], period["label"])
            for period in document["periods"]
        ),
        total=_amount(document["total"]),
        by_kind={kind: _amount(amount) for kind, amount in document["by_kind"].items()},
        total_energy_kwh=Decimal(document["total_energy_kwh"]),
        total_time_h=Decimal(document["total_time_h"]),
        total_parking_h=Decimal(document["total_parking_h"]),
        warnings=tuple(document["warnings"]),
    )


def _line_to_json(line: BillLine) -> dict[str, Any]:
    return {
        "dimension": line.dimension,
        "element": line.element,
        "quantity": str(line.quantity),
        "unit": line.unit,
        "unit_price": str(line.unit_price),
        "vat_percent": None if line.vat_percent is None else str(line.vat_percent),
        "amount": _amount_to_json(line.amount),
        "start": _time(line.start),
        "end": _time(line.end),
        "reason": dict(line.reason),
        "reservation": line.reservation,
    }


def _line(document: Mapping[str, Any]) -> BillLine:
    vat = document["vat_percent"]
    return BillLine(
        dimension=document["dimension"],
        element=document["element"],
        quantity=Decimal(document["quantity"]),
        unit=document["unit"],
        unit_price=Decimal(document["unit_price"]),
        vat_percent=None if vat is None else Decimal(vat),
        amount=_amount(document["amount"]),
        start=_moment(document["start"]),
        end=_moment(document["end"]),
        reason=dict(document["reason"]),
        reservation=document["reservation"],
    )


def _amount_to_json(amount: Amount) -> dict[str, str | None]:
    return {
        "excl_vat": None if amount.excl_vat is None else str(amount.excl_vat),
        "incl_vat": None if amount.incl_vat is None else str(amount.incl_vat),
    }


def _amount(document: Mapping[str, Any]) -> Amount:
    excl_vat, incl_vat = document["excl_vat"], document["incl_vat"]
    return Amount(None if excl_vat is None else Decimal(excl_vat), None if incl_vat is None else Decimal(incl_vat))


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
