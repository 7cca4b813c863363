"""What pricing reads (`Usage`) and what it returns (`Bill`). Pure values; money and quantities are Decimal."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

UsageKind = Literal["charging", "parking", "neither", "reservation"]
"""charging counts as TIME, parking as PARKING_TIME, reservation as RESERVATION_TIME, neither as no time at all."""

Dimension = Literal["ENERGY", "TIME", "PARKING_TIME", "FLAT"]


@dataclass(frozen=True)
class UsagePeriod:
    """A stretch of a session with one kind and (taken as) constant power; start < end, aware UTC.

    `power_w` and `current_a` (sum over phases) are what restrictions compare; None: energy over time, and unknown.
    `time_s` is the time to bill where a CDR states another volume than end - start; None: end - start.
    `elements`: which of the tariff's may price it, where a session changed its tariff; None: all.
    """

    start: datetime
    end: datetime
    kind: UsageKind
    energy_wh: Decimal
    power_w: Decimal | None = None
    current_a: Decimal | None = None
    time_s: Decimal | None = None
    elements: range | None = None


@dataclass(frozen=True)
class Service:
    """An extra service: `price` without tax a piece; `vat` None: none applies; `currency` None: the tariff's."""

    name: str
    price: Decimal
    quantity: Decimal = Decimal(1)
    vat: Decimal | None = None
    currency: str | None = None


@dataclass(frozen=True)
class Usage:
    """What is billed: contiguous periods in order. `start` is what durations and validity count from.

    Reservation periods come first; then durations count from where they end. Nothing but reservation periods is a
    reservation that expired; no period at all is a session of no length. `unpriced_services`: names of services whose
    price nobody could read.
    """

    start: datetime
    end: datetime
    periods: tuple[UsagePeriod, ...]
    services: tuple[Service, ...] = ()
    unpriced_services: tuple[str, ...] = ()


@dataclass(frozen=True)
class Amount:
    """Money without and with tax. None: the tariff does not say (2.3.0 prices with or without taxes, and no rate)."""

    excl_vat: Decimal | None
    incl_vat: Decimal | None


@dataclass(frozen=True)
class BillLine:
    """One line: quantity x unit price = amount. `element` is the index in the tariff; services and limits have none.

    `quantity` is in `unit` (kWh, h, session), after `step_size`; `unit_price` is as in the tariff: without tax, unless
    its `tax_included` is YES.
    `reason` says in words why this price held, per language. `reservation`: the time before the session was priced.
    """

    dimension: Dimension | Literal["MIN_PRICE", "MAX_PRICE", "SERVICE"]
    element: int | None
    quantity: Decimal
    unit: Literal["kWh", "h", "session"]
    unit_price: Decimal
    vat_percent: Decimal | None
    amount: Amount
    start: datetime
    end: datetime
    reason: Mapping[str, str]
    reservation: bool = False


@dataclass(frozen=True)
class PricePeriod:
    """A stretch in which one energy and one time price held; shaded on the session's curve.

    `label` is those prices with tax, in signs that need no translation: `4.99 SEK/kWh + 0.50 SEK/min`.
    """

    start: datetime
    end: datetime
    element: int | None
    label: str


@dataclass(frozen=True)
class Bill:
    """A priced session. The sum of the lines is the total; totals by kind as in an OCPI CDR.

    Amounts carry up to twelve decimals, so that nothing is lost before output (`rounding.py`). Lines of min_price and
    max_price belong to no kind. `total_time_h` is from plug to unplug without a reservation, `total_parking_h` the
    parked part of it, both before `step_size`.
    """

    tariff_id: str
    tariff_version: str
    currency: str
    lines: tuple[BillLine, ...]
    periods: tuple[PricePeriod, ...]
    total: Amount
    by_kind: Mapping[Literal["fixed", "energy", "time", "parking", "reservation"], Amount]
    total_energy_kwh: Decimal
    total_time_h: Decimal
    total_parking_h: Decimal
    warnings: tuple[str, ...] = ()
