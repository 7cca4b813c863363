"""What sessions earned: by part of the price, tariff, group of users and hour. Pure; money without VAT."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

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


@dataclass(frozen=True)
class Revenue:
    """The tables of one currency. `under_cost`: sessions that earned less than their energy cost, and how much less."""

    currency: str
    total: Earned
    parts: Mapping[str, Decimal]
    tariffs: Sequence[Earned]
    groups: Sequence[Earned]
    hours: Sequence[Earned]
    under_cost: Earned | None


def revenue(sessions: pd.DataFrame, cost_per_kwh: Decimal | None) -> list[Revenue]:
    """By currency. `sessions`, one row each: `amount` and PARTS in millionths, `energy_mwh`, `tariff`, `user_group`,
    `hour`, `currency`.
    """
    return [_of(str(currency), its, cost_per_kwh) for currency, its in sessions.groupby("currency")]


def _of(currency: str, its: pd.DataFrame, cost: Decimal | None) -> Revenue:
    return Revenue(
        currency=currency,
        total=_earned("", its),
        parts={part: _money(its[part].sum()) for part in PARTS},
        tariffs=_table(its, "tariff"),
        groups=_table(its.assign(user_group=its["user_group"].fillna("")), "user_group"),
        hours=_table(its, "hour"),
        under_cost=None if cost is None else _under(its, cost),
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
