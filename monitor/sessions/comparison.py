"""What other prices would have meant: tables over sessions that were priced again. Money is in 1e-4 of the currency."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pandas as pd

UNIT = Decimal("0.0001")
COLUMNS = ("site", "user", "hour", "old_excl", "new_excl", "old_incl", "new_incl")
"""A row is a session; `hour`: local hour of plug-in; amounts are whole numbers of UNIT."""

QUANTILES = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
MOST_USERS = 10


@dataclass(frozen=True)
class Comparison:
    """All tables. Amounts are exact sums of bills that are rounded to four decimals each, as they leave the service."""

    currency: str
    sessions: int
    not_compared: int
    totals: dict[str, Decimal]
    break_even: Decimal | None
    sessions_by_change: dict[str, int]
    change_quantiles: dict[str, Decimal]
    users_by_change: dict[str, int]
    user_change_quantiles: dict[str, Decimal]
    cost_per_user: dict[str, Decimal]
    winners: list[dict[str, Any]]
    losers: list[dict[str, Any]]
    hours: list[dict[str, Any]]
    sites: list[dict[str, Any]]


def compared(frame: pd.DataFrame, currency: str, not_compared: int) -> Comparison:
    """The tables of sessions that have both prices. Changes are new minus old with tax: what customers pay."""
    change = frame["new_incl"] - frame["old_incl"]
    sums = {name: int(frame[name].sum()) for name in ("old_excl", "new_excl", "old_incl", "new_incl")}
    users = _grouped(frame.dropna(subset=["user"]), "user")
    ordered = users.sort_values(["change", "user"])
    return Comparison(
        currency=currency,
        sessions=len(frame),
        not_compared=not_compared,
        totals={name: amount * UNIT for name, amount in sums.items()},
        # Prices of the new tariff times this earn what the old ones did, where it has no limits and no steps.
        break_even=(Decimal(sums["old_excl"]) / sums["new_excl"]).quantize(UNIT) if sums["new_excl"] else None,
        sessions_by_change=_signs(change),
        change_quantiles=_quantiles(change),
        users_by_change=_signs(users["change"]),
        user_change_quantiles=_quantiles(users["change"]),
        cost_per_user=_means(users),
        winners=_rows(ordered[ordered["change"] < 0].head(MOST_USERS)),
        losers=_rows(ordered[ordered["change"] > 0].tail(MOST_USERS).iloc[::-1]),
        hours=_rows(_grouped(frame, "hour")),
        sites=_rows(_grouped(frame, "site")),
    )


def _quantiles(change: "pd.Series[int]") -> dict[str, Decimal]:
    if change.empty:
        return {}
    found = change.quantile(list(QUANTILES), interpolation="lower")
    return {f"p{round(100 * float(str(share)))}": int(value) * UNIT for share, value in found.items()}


def _means(users: pd.DataFrame) -> dict[str, Decimal]:
    if users.empty:
        return {}
    return {name: (int(users[name].sum()) * UNIT / len(users)).quantize(UNIT) for name in ("old_incl", "new_incl")}


def _grouped(frame: pd.DataFrame, by: str) -> pd.DataFrame:
    table = frame.groupby(by, sort=True).agg(
        sessions=("old_incl", "size"), old_incl=("old_incl", "sum"), new_incl=("new_incl", "sum")
    )
    table["change"] = table["new_incl"] - table["old_incl"]
    return table.reset_index()


def _signs(change: "pd.Series[int]") -> dict[str, int]:
    return {
        "cheaper": int((change < 0).sum()),
        "same": int((change == 0).sum()),
        "dearer": int((change > 0).sum()),
    }


def _rows(table: pd.DataFrame) -> list[dict[str, Any]]:
    money = {"old_incl", "new_incl", "change"}
    return [
        {str(name): int(value) * UNIT if name in money else value for name, value in record.items()}
        for record in table.to_dict("records")
    ]
