"""Rows of performance as the page, JSON and CSV have them, in the order asked for."""

from typing import Any

from dashboards.api.ordering import by as keys_of
from dashboards.api.ordering import in_order
from monitor.insight.figures import PERFORMANCE
from monitor.insight.performance import Row, worst_first

GROUP = ("subject", "site", "station", "connector", "label")
COLUMNS = (*GROUP, *PERFORMANCE, "connectors", "currency")


def row_of(row: Row) -> dict[str, Any]:
    """One row by COLUMNS, and `faults_by_code`."""
    group = {name: getattr(row.group, name) for name in GROUP}
    return {
        **group,
        **{name: row.figures[name] for name in PERFORMANCE},
        "connectors": row.connectors,
        "currency": row.currency,
        "faults_by_code": dict(row.faults_by_code),
    }


def ordered(rows: list[Row], sort: str) -> list[dict[str, Any]]:
    """All rows in an order of `PerformanceQuery.sort`."""
    keys = keys_of(*PERFORMANCE) | {"place": lambda row: [row[name] or "" for name in GROUP[1:]]}
    return in_order(map(row_of, worst_first(rows)), sort, keys)
