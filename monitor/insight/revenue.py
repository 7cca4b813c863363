"""What sessions earned: by part of the price, tariff, group of users and hour. Pure; money without VAT."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, NamedTuple

import pandas as pd

PARTS = ("energy", "time", "parking", "fixed", "reservation")
"""Kinds of a bill, as OCPI sums them; parking is what idle cars paid."""


class Earned(NamedTuple):
    """Sums over sessions of one key."""

    key: str
    sessions: int
    energy_wh: float
    amount: Decimal

    @property
    def per_kwh(self) -> Decimal | None:
        """Revenue over energy; None without any."""
        return self.amount * 1000 / Decimal(str(self.energy_wh)) if self.energy_wh else None


class Element(NamedTuple):
    """What one price of one tariff earned. `element`: its index in the tariff, None of services and price limits.

    `quantity` in `unit` and `unit_price` are as on the bills: after `step_size`, and with tax where the tariff has it.
    """

    tariff: str
    element: int | None
    dimension: str
    unit: str
    unit_price: Decimal
    sessions: int
    quantity: Decimal
    amount: Decimal


class Priced(NamedTuple):
    """The lines of one bill, as `monitor.tariffs.codec` writes them."""

    currency: str
    tariff: str
    lines: Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Revenue:
    """The tables of one currency. `under_cost`: sessions that earned less than their energy cost, and how much less.

    `elements`: None where there are too many sessions to read every bill.
    """

    currency: str
    total: Earned
    parts: Mapping[str, Decimal]
    tariffs: Sequence[Earned]
    groups: Sequence[Earned]
    hours: Sequence[Earned]
    under_cost: Earned | None
    elements: Sequence[Element] | None


def revenue(
    sessions: pd.DataFrame, cost_per_kwh: Decimal | None, bills: Sequence[Priced] | None = None
) -> list[Revenue]:
    """By currency. `sessions`, one row each: `amount` and PARTS in millionths, `energy_mwh`, `tariff`, `user_group`,
    `hour`, `currency`; `bills`: of the same sessions.
    """
    elements = None if bills is None else by_element(bills)
    return [
        _of(str(currency), its, cost_per_kwh, None if elements is None else elements.get(str(currency), []))
        for currency, its in sessions.groupby("currency")
    ]


def by_element(bills: Iterable[Priced]) -> dict[str, list[Element]]:
    """What each price earned, by currency; the largest amount first. A line whose amount without tax is not known is
    in none.
    """
    found: dict[tuple[Any, ...], list[Decimal]] = {}
    for currency, tariff, lines in bills:
        told = set()
        for line in lines:
            if (amount := line["amount"]["excl_vat"]) is None:
                continue
            dimension = f"reservation {line['dimension']}" if line["reservation"] else line["dimension"]
            key = (currency, tariff, line["element"], dimension, line["unit"], line["unit_price"])
            sums = found.setdefault(key, [Decimal(0)] * 3)
            for at, more in enumerate((key not in told, line["quantity"], amount)):
                sums[at] += Decimal(more)
            told.add(key)
    tables: dict[str, list[Element]] = {}
    for (currency, tariff, element, dimension, unit, unit_price), sums in found.items():
        row = Element(tariff, element, dimension, unit, Decimal(unit_price), int(sums[0]), sums[1], sums[2])
        tables.setdefault(currency, []).append(row)
    return {
        currency: sorted(rows, key=lambda row: (-row.amount, row.tariff, -1 if row.element is None else row.element))
        for currency, rows in tables.items()
    }


def _of(currency: str, its: pd.DataFrame, cost: Decimal | None, elements: Sequence[Element] | None) -> Revenue:
    return Revenue(
        currency=currency,
        total=_earned("", its),
        parts={part: _money(its[part].sum()) for part in PARTS},
        tariffs=_table(its, "tariff"),
        groups=_table(its.assign(user_group=its["user_group"].fillna("")), "user_group"),
        hours=_table(its, "hour"),
        under_cost=None if cost is None else _under(its, cost),
        elements=elements,
    )


def _under(its: pd.DataFrame, cost: Decimal) -> Earned:
    """`amount`: what they lack."""
    costs = its["energy_mwh"].fillna(0) * float(cost)  # mWh x money/kWh = millionths of money
    lacking = costs - its["amount"]
    under = its[lacking > 0]
    return _earned("", under)._replace(amount=_money(lacking[lacking > 0].sum()))


def _table(its: pd.DataFrame, by: str) -> list[Earned]:
    return [_earned(str(key), group) for key, group in its.groupby(by, sort=True)]


def _earned(key: str, its: pd.DataFrame) -> Earned:
    return Earned(key, len(its), float(its["energy_mwh"].sum()) / 1000, _money(its["amount"].sum()))


def _money(micro: float) -> Decimal:
    return Decimal(round(micro)).scaleb(-6)
