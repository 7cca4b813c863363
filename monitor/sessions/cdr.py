"""A priced session as an OCPI CDR, and the credit CDR that takes one back. What is missing is named, never invented."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from monitor.errors import InputError
from monitor.register import Register
from monitor.sessions.billing import usage_of
from monitor.sessions.cdr_location import location_of
from monitor.sessions.model import Session
from monitor.sessions.summary import BillUntil
from monitor.tariffs.cdr_periods import charging_periods
from monitor.tariffs.model import Amount, Bill, BillLine
from monitor.tariffs.ocpi import Tariff
from monitor.tariffs.priced_cdr import COSTS, cost, hours, lines_of, taxes_of
from monitor.tariffs.rounding import Policy
from monitor.tariffs.versions import Version, tariff_to_json

_CONTRACT = re.compile(r"([A-Z]{2})[-*]?([A-Z0-9]{3})[-*]?[A-Z0-9]")
"""An eMA ID begins with the country and the party of who issued it."""


@dataclass(frozen=True)
class Exported:
    """A CDR, and the paths of what OCPI requires and nobody told us. It is complete when `missing` is empty."""

    cdr: Mapping[str, Any]
    missing: tuple[str, ...] = field(default=())


def export(
    session: Session,
    tariff: Tariff,
    register: Register,
    bill_until: BillUntil,
    *,
    policy: Policy,
    now: datetime,
    version: Version = "2.2.1",
    cdr_id: str | None = None,
) -> Exported:
    """The CDR of a session; `tariff` is the version that its bill names. Raises InputError where it has no bill.

    `cdr_id`: another id than the session's, for the CDR that replaces one that was credited.
    """
    bill = session.bill
    if bill is None:
        raise InputError(f"session {session.id} has no price: {session.tariff_reason or session.state}")
    if bill.tariff_version != tariff.version:
        raise InputError(f"session {session.id} was priced by version {bill.tariff_version} of {bill.tariff_id!r}")
    operator, usage = register.file.operator, usage_of(session, bill_until)
    cdr = {
        "country_code": operator.country_code or tariff.country_code,
        "party_id": operator.party_id or tariff.party_id,
        "id": cdr_id or session.id,
        "start_date_time": _time(usage.start),
        "end_date_time": _time(usage.end),
        "session_id": session.id,
        "cdr_token": _token(session),
        "auth_method": session.details.get("auth_method"),
        **_present("authorization_reference", session.details.get("auth_reference")),
        "cdr_location": location_of(session.place, register),
        "currency": bill.currency,
        "tariffs": [_tariff(tariff, register, version, now)],
        "charging_periods": charging_periods(usage, tariff, register.zone(session.place.site)),
        **_totals(bill, policy, version),
        **_present("remark", session.stop_reason),
        "last_updated": _time(now),
    }
    missing = tuple(_missing(cdr, ""))
    return Exported(_without_none(cdr), missing)


def credit(exported: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The credit CDR of a CDR that was sent: all its data, and the negative of `total_cost` (mod_cdrs, Credit CDRs)."""
    total = exported["total_cost"]
    negative = {name: -amount for name, amount in total.items() if name != "taxes"}
    if "taxes" in total:
        negative["taxes"] = [{**tax, "amount": -tax["amount"]} for tax in total["taxes"]]
    return {
        **exported,
        "id": f"{exported['id']}-C",
        "total_cost": negative,
        "credit": True,
        "credit_reference_id": exported["id"],
        "last_updated": _time(now),
    }


def _token(session: Session) -> dict[str, str | None]:
    contract = session.details.get("contract_id")
    issuer = _CONTRACT.match(contract.upper()) if contract else None
    return {
        "country_code": issuer[1] if issuer else None,
        "party_id": issuer[2] if issuer else None,
        "uid": session.user,
        "type": session.details.get("token_type"),
        "contract_id": contract,
    }


def _tariff(tariff: Tariff, register: Register, version: Version, now: datetime) -> dict[str, Any]:
    """What OCPI requires of a tariff and an operator's file may leave out comes from the register and the clock."""
    operator = register.file.operator
    said = tariff_to_json(tariff, version)
    return {
        "country_code": operator.country_code or None,
        "party_id": operator.party_id or None,
        "last_updated": _time(now),
        **said,
    }


def _totals(bill: Bill, policy: Policy, version: Version) -> dict[str, Any]:
    sums: dict[str, tuple[Amount, Sequence[BillLine]]] = {"total_cost": (bill.total, bill.lines)}
    for name, kind in COSTS.items():
        if lines := lines_of(bill, kind):
            sums[name] = (bill.by_kind[kind], lines)
    if version == "2.3.0":
        money = {name: taxes_of(amount, lines, policy) for name, (amount, lines) in sums.items()}
    else:
        money = {name: cost(amount, lines, policy, with_taxes=False) for name, (amount, lines) in sums.items()}
        money = {name: {key: value for key, value in each.items() if value is not None} for name, each in money.items()}
    return {
        **money,
        "total_energy": bill.total_energy_kwh,
        "total_time": hours(bill.total_time_h),
        "total_parking_time": hours(bill.total_parking_h),
    }


def _missing(value: Any, path: str) -> list[str]:
    if value is None or value == "":
        return [path]
    if isinstance(value, Mapping):
        return [found for key, item in value.items() for found in _missing(item, f"{path}.{key}" if path else key)]
    if isinstance(value, list | tuple):
        return [found for index, item in enumerate(value) for found in _missing(item, f"{path}[{index}]")]
    return []


def _without_none(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_none(item) for key, item in value.items() if item is not None and item != ""}
    return [_without_none(item) for item in value] if isinstance(value, list | tuple) else value


def _present(name: str, value: str | Decimal | None) -> dict[str, Any]:
    return {name: value} if value else {}


def _time(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
