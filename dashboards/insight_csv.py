"""Answers of insight that are several tables, as one table for a spreadsheet: a row a number, with what it is of."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from monitor.insight.behaviour import Behaviour
from monitor.insight.congestion import WEEK_HOURS
from monitor.insight.revenue import Earned, Revenue

BEHAVIOUR = ("figure", "key", "value")
REVENUE = ("currency", "table", "key", "sessions", "energy_wh", "quantity", "unit", "amount", "per_kwh")
ANOMALIES = ("site", "station", "connector", "figure", "since", "found", "before", "after")


def behaviour_rows(found: Behaviour) -> Iterator[Mapping[str, Any]]:
    """By figure; hours of the week are 0 to 167, Monday 00-01 first, months as 2026-03."""
    yield {"figure": "arrivals", "key": "", "value": found.arrivals}
    for name in ("arrivals_by_hour", "stay_by_hour", "energy_by_hour", "idle_by_hour"):
        values = getattr(found, name)
        yield from ({"figure": name, "key": hour, "value": values[hour]} for hour in range(WEEK_HOURS))
    for month, count in sorted(found.by_month.items()):
        yield {"figure": "by_month", "key": f"{1970 + month // 12}-{month % 12 + 1:02d}", "value": count}
    for name in ("stays", "energies", "soc_in", "soc_out", "problems"):
        yield from ({"figure": name, "key": key, "value": value} for key, value in getattr(found, name).items())
    yield from ({"figure": "returning", "key": key, "value": count} for key, count in found.returning.cells.items())


def revenue_rows(found: Sequence[Revenue]) -> Iterator[Mapping[str, Any]]:
    """By currency and table; an element's key is its tariff, its number, what it prices, and at how much."""
    for each in found:
        yield _earned(each, "total", each.total)
        for part, amount in each.parts.items():
            yield {"currency": each.currency, "table": "parts", "key": part, "amount": amount}
        for table in ("tariffs", "groups", "hours"):
            yield from (_earned(each, table, row) for row in getattr(each, table))
        for element in each.elements or ():
            number = "" if element.element is None else element.element
            yield {
                "currency": each.currency, "table": "elements",
                "key": f"{element.tariff}/{number}/{element.dimension}/{element.unit_price}",
                "sessions": element.sessions, "quantity": element.quantity, "unit": element.unit,
                "amount": element.amount,
            }  # fmt: skip
        if each.under_cost is not None:
            yield _earned(each, "under_cost", each.under_cost)


def _earned(each: Revenue, table: str, row: Earned) -> dict[str, Any]:
    return {**row._asdict(), "currency": each.currency, "table": table, "per_kwh": row.per_kwh}
